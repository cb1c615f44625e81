"""Lists of days: always some, because no list reads all of time."""

from datetime import date
from typing import Any, ClassVar

import django_filters  # type: ignore[import-untyped]

from dashboards.filters.base import ListFilter

DEFAULT_DAYS = 30


class PeriodFilter(ListFilter):
    """Rows of some UTC days; the last 30 where none are named."""

    longest_days: ClassVar[int] = 366

    first = django_filters.DateFilter(
        method="of_day", help_text="First day; 29 days before the last."
    )
    last = django_filters.DateFilter(method="of_day", help_text="Last day; today.")

    def of_day(self, rows: Any, _name: str, _day: date) -> Any:
        """Leave it to who knows the column."""
        return rows

    @property
    def errors(self) -> Any:
        """Refuse no period, and one too long."""
        form = self.form
        if not {"first", "last"} & set(form.errors):
            first, last = self.period
            days = (last - first).days + 1
            if days < 1:
                form.add_error("last", "The last day lies before the first.")
            elif days > self.longest_days:
                message = f"Ask for up to {self.longest_days} days; these are {days:,}."
                form.add_error("first", message)
        return form.errors

    @property
    def period(self) -> tuple[date, date]:
        """The first and the last day."""
        last = self.value("last") or self.today
        earliest = max(last.toordinal() - DEFAULT_DAYS + 1, 1)
        return self.value("first") or date.fromordinal(earliest), last
