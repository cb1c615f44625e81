"""What lists share: bounded counts, sparklines of the last days."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet, Sum

from accounts.models import DailyUsage, ScoreSnapshot
from dashboards import charts, periods

TREND_DAYS = 28
# Counting on costs a scan; beyond this the list says "more than".
COUNTED_UP_TO = 10_000


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows a list has, as far as it was counted."""

    count: int
    is_exact: bool

    @property
    def text(self) -> str:
        """Write it for people: `24` or `more than 10,000`."""
        if self.is_exact:
            return f"{self.count:,}"
        return f"more than {COUNTED_UP_TO:,}"


def total_of(queryset: QuerySet[Any]) -> Total:
    """Count a list, giving up beyond COUNTED_UP_TO."""
    count = queryset.order_by().values("pk")[: COUNTED_UP_TO + 1].count()
    return Total(min(count, COUNTED_UP_TO), is_exact=count <= COUNTED_UP_TO)


def worth_of(subject: Any) -> str:
    """Write the lifetime value of a row out of `with_worth`; "" where none is kept."""
    return charts.full(subject.worth) if subject.has_worth or subject.worth else ""


def uses_of_days(
    developers: Iterable[int], *, today: date
) -> dict[int, charts.Sparkline]:
    """Return a sparkline of the last days' uses of each developer, in one query."""
    period = periods.last_days(TREND_DAYS, today=today)
    wanted = list(developers)
    found: dict[int, dict[date, float]] = defaultdict(dict)
    rows = (
        DailyUsage.objects.filter(
            day__range=(period.first, period.last), developer_id__in=wanted
        )
        .values_list("developer_id", "day")
        .annotate(Sum("count"))
    )
    for pk, day, count in rows:
        found[pk][day] = float(count)
    return {pk: charts.sparkline(period.fill(found[pk])) for pk in wanted}


def scores_of_days(
    accounts: Collection[Any], *, today: date
) -> dict[int, charts.Sparkline]:
    """Return a sparkline of the last days' scores of each account, in one query.

    From the scores kept every night and, for today, ``score_now`` (`with_score`). Uses
    would have to be added up of everybody in the account, which may be thousands.
    """
    period = periods.last_days(TREND_DAYS, today=today)
    found: dict[int, dict[date, float]] = {
        account.pk: {today: account.score_now} for account in accounts
    }
    kept = ScoreSnapshot.objects.filter(
        account__in=found, day__range=(period.first, today - timedelta(days=1))
    )
    for pk, day, score in kept.values_list("account_id", "day", "score"):
        found[pk][day] = score
    return {pk: charts.sparkline(period.fill(days)) for pk, days in found.items()}
