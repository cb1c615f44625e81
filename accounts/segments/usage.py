"""Usage conditions as sets of accounts or developers, out of daily usage.

Each is one grouping of the rows of its days, found through ``usage_by_day`` (workspace
and day), which the planner joins with the rest by hashing. The other way, a look-up by
developer (the primary key) for each row that the other conditions leave, costs some
microseconds each: better for a thousand, 100 times worse for a million. The planner
takes it by itself where ``only`` names the developers. Counts are of docs/segments.md.
"""

from datetime import date
from typing import Any

from django.db.models import (
    Count as Number,
)
from django.db.models import (
    Exists,
    F,
    FloatField,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.db.models.functions import Greatest, Least

from accounts.models import DailyUsage, Developer, Metric, Subject
from accounts.segments.asking import LOOKUPS
from accounts.segments.context import Context
from accounts.segments.operators import Operator
from accounts.segments.schema import Count, UsageCondition, holds_for_nothing
from accounts.segments.sql import Among, InSet

# Of a sum of values on one day; beyond, doubles overflow.
LARGEST_VALUE = 1e250
OWNERS = {Subject.DEVELOPER: "developer_id", Subject.ACCOUNT: "developer__account_id"}


def usage_filter(asked: UsageCondition, subject: Subject, context: Context) -> Q:
    """Return the condition as a filter; never NULL."""
    if asked.is_first:
        return _first(asked, subject, context)
    rows = _rows(asked, subject, context)
    if asked.is_never:
        return ~_in_set(_owners(rows, subject))
    if asked.developers is not None:
        each = _counted(rows, asked, "developer_id", context, holds=True)
        return _in_set(_several(each, asked.developers, context))
    # Whoever is not in the table did nothing; where that is enough, the set is of
    # those who did too much.
    holds = not holds_for_nothing(asked.compare)
    if holds and _is_any(asked):
        chosen = _owners(rows, subject)
    else:
        chosen = _counted(rows, asked, OWNERS[subject], context, holds=holds)
    return _in_set(chosen) if holds else ~_in_set(chosen)


def _in_set(chosen: QuerySet[Any, Any]) -> Q:
    return Q(InSet("pk", chosen))


def _rows(
    asked: UsageCondition,
    subject: Subject,
    context: Context,
    *,
    until: date | None = None,
) -> QuerySet[DailyUsage]:
    """Return the usage asked about: of the days, or of all days until one."""
    rows = DailyUsage.objects.filter(workspace=context.workspace)
    if until is not None:
        rows = rows.filter(day__lt=until)
    else:
        rows = rows.filter(day__lte=context.today)
        if asked.days is not None:
            rows = rows.filter(day__gte=context.first_day(asked.days))
    metric, product = "metric", "product"
    if context.only is not None:
        rows = rows.filter(Among(F(OWNERS[subject]), context.only))
        # Behind the developer in the primary key, after the day. Taken for a part of
        # the look-up they would seem to need one for each day and metric (skip scans),
        # and a pass over everybody's usage the better way.
        metric, product = "_metric", "_product"
        rows = rows.alias(_metric=F("metric") + 0, _product=F("product") + 0)
    if asked.metric or asked.level:
        rows = rows.filter(**{f"{metric}__in": _metrics(asked, context)})
    if asked.product:
        found = context.names.products.get(asked.product)
        rows = rows.filter(**{f"{product}__in": [found.pk] if found else []})
    return rows


def _metrics(asked: UsageCondition, context: Context) -> list[int]:
    metrics: list[Metric | None]
    if asked.metric:
        metrics = [context.names.metric(asked.metric)]
    else:
        everything = context.names.metrics.values()
        metrics = [one for one in everything if one.level == asked.level]
    return [metric.pk for metric in metrics if metric is not None]


def _owners(rows: QuerySet[DailyUsage], subject: Subject) -> QuerySet[Any, Any]:
    owner = OWNERS[subject]
    if subject == Subject.ACCOUNT:
        rows = rows.filter(developer__account__isnull=False)
    owners: QuerySet[Any, Any] = rows.values(owner)
    return owners


def _is_any(asked: UsageCondition) -> bool:
    """Say whether a single row is enough: no need to count."""
    return asked.count not in {Count.VALUE, Count.DEVELOPERS} and asked.compare in {
        ((Operator.AT_LEAST, 1),),
        ((Operator.ABOVE, 0),),
    }


def _counted(
    rows: QuerySet[DailyUsage],
    asked: UsageCondition,
    owner: str,
    context: Context,
    *,
    holds: bool,
) -> QuerySet[Any, Any]:
    """Return whose count meets the comparisons, or fails them."""
    if owner != "developer_id":
        rows = rows.filter(**{f"{owner}__isnull": False})
    compared = Q()
    for operator, bound in asked.compare:
        compared &= Q(**{f"counted__{LOOKUPS[operator]}": bound})
    grouped: QuerySet[Any, Any] = rows.values(owner).annotate(
        counted=_number(asked.count, context)
    )
    return grouped.filter(compared if holds else ~compared).values(owner)


def _number(count: Count, context: Context) -> Any:
    match count:
        case Count.USES:
            return Sum("count")
        case Count.DAYS:
            return Number("day", distinct=True)
        case Count.WEEKS:
            week = Func(
                Value(context.today),
                F("day"),
                template="((%(expressions)s) / 7)",
                arg_joiner=" - ",
                output_field=IntegerField(),
            )
            return Number(week, distinct=True)
        case Count.METRICS:
            return Number("metric_id", distinct=True)
        case Count.DEVELOPERS:
            people = Q(developer__is_aggregate=False)
            return Number("developer_id", distinct=True, filter=people)
        case Count.VALUE:
            largest = Value(LARGEST_VALUE, output_field=FloatField())
            smallest = Value(-LARGEST_VALUE, output_field=FloatField())
            return Sum(Greatest(Least(F("value_sum"), largest), smallest))


def _several(
    each: QuerySet[Any, Any], least: int, context: Context
) -> QuerySet[Any, Any]:
    """Return the accounts that have at least so many of some developers."""
    people = Developer.objects.filter(
        InSet("pk", each),
        workspace=context.workspace,
        account__isnull=False,
        is_aggregate=False,
    )
    grouped: QuerySet[Any, Any] = (
        people.order_by().values("account_id").annotate(people=Number("pk"))
    )
    return grouped.filter(people__gte=least).values("account_id")


def _first(asked: UsageCondition, subject: Subject, context: Context) -> Q:
    """Return who did it within the days and never before."""
    days = asked.days or 1
    recent = _rows(asked, subject, context)
    before = _rows(asked, subject, context, until=context.first_day(days))
    if subject == Subject.ACCOUNT and asked.developers is None:
        return _in_set(_owners(recent, subject)) & ~_in_set(_owners(before, subject))
    # By the primary key of usage: those who did it lately are few.
    earlier = before.filter(developer=OuterRef("developer"))
    fresh = recent.filter(~Exists(earlier)).values("developer_id")
    if asked.developers is None:
        return _in_set(fresh)
    return _in_set(_several(fresh.distinct(), asked.developers, context))
