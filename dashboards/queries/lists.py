"""What the two lists share: bounded counts, day-by-day trends."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, QuerySet, Sum

from accounts.models import DailyUsage
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


def trends(
    owner: str, ids: Iterable[int], *, today: date
) -> dict[int, charts.Sparkline]:
    """Return a sparkline of the last days' uses for each of some rows, in one query.

    `owner` leads from usage to the rows: `developer_id`, `developer__account_id`.
    """
    period = periods.last_days(TREND_DAYS, today=today)
    wanted = list(ids)
    found: dict[int, dict[date, float]] = defaultdict(dict)
    rows = (
        DailyUsage.objects.filter(
            day__range=(period.first, period.last), **{f"{owner}__in": wanted}
        )
        .values_list(F(owner), "day")
        .annotate(Sum("count"))
    )
    for pk, day, count in rows:
        found[pk][day] = float(count)
    return {pk: charts.sparkline(period.fill(found[pk])) for pk in wanted}
