"""Months of the event table: made ahead of time, dropped when they are too old."""

import re
from datetime import UTC, date, datetime
from typing import NamedTuple

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.clock import today_utc
from ingest.models import EventHorizon

MONTHS_BEHIND = 12
MONTHS_AHEAD = 3
MONTHS_PER_YEAR = 12
# A partition is attached and dropped under a lock that stops digests and pages: do not
# queue for it, and have them queue behind, for longer than this.
LOCK_TIMEOUT = "5s"
DEFAULT = "ingest_event_default"
_NAME = re.compile(r"^ingest_event_(\d{4})_(\d{2})$")


class Month(NamedTuple):
    """A calendar month, UTC."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Month":
        """Return the month of a day."""
        return cls(day.year, day.month)

    def shifted(self, months: int) -> "Month":
        """Return the month that many months later, or earlier."""
        total = self.year * MONTHS_PER_YEAR + self.number - 1 + months
        return Month(total // MONTHS_PER_YEAR, total % MONTHS_PER_YEAR + 1)

    @property
    def first_day(self) -> date:
        """The day it begins, at midnight UTC."""
        return date(self.year, self.number, 1)

    @property
    def partition(self) -> str:
        """The name of its partition."""
        return f"ingest_event_{self.year:04d}_{self.number:02d}"


def ensure_partitions(
    *,
    behind: int = MONTHS_BEHIND,
    ahead: int = MONTHS_AHEAD,
    today: date | None = None,
) -> list[str]:
    """Create the months around today that are missing; return their names.

    Events of such a month that arrived before it had a partition are moved there from
    the default partition. Idempotent; safe to run twice at the same time.
    """
    this = Month.of(today or today_utc())
    wanted = [this.shifted(step) for step in range(-behind, ahead + 1)]
    horizon = event_horizon()
    if horizon is not None:
        wanted = [month for month in wanted if month >= Month.of(horizon)]
    missing = set(wanted) - set(existing_months())
    return [_create(month) for month in sorted(missing)]


def existing_months() -> list[Month]:
    """Return the months that have a partition, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relid::regclass::text FROM pg_partition_tree('ingest_event')"
            " WHERE isleaf"
        )
        names = [_NAME.match(name) for (name,) in cursor.fetchall()]
    return sorted(Month(int(name[1]), int(name[2])) for name in names if name)


def event_horizon() -> date | None:
    """Return the day from which all raw events are kept; None when they always were.

    A workspace's own horizon is not asked: it has let go of some events only.
    """
    rows = EventHorizon.objects.filter(workspace=None).order_by("-day")
    return rows.values_list("day", flat=True).first()


def drop_months_before(first: Month, *, dry_run: bool = False) -> list[str]:
    """Drop raw events of all months before ``first``; return what was dropped.

    Usage and scores stay. The horizon is noted in the same transaction, so that a
    recount never takes dropped events for missing ones.
    """
    doomed = [month for month in existing_months() if month < first]
    names = [month.partition for month in doomed]
    older = _count_older(first)
    if older:
        names.append(f"{DEFAULT} ({older} events)")
    if dry_run or not names:
        return names
    with transaction.atomic(), connection.cursor() as cursor:
        _be_impatient(cursor)
        for month in doomed:
            cursor.execute(f"DROP TABLE {month.partition}")
        cursor.execute(
            f"DELETE FROM {DEFAULT} WHERE occurred_at < %s",  # noqa: S608
            [_midnight(first)],
        )
        EventHorizon.objects.create(day=first.first_day)
    return names


def _create(month: Month) -> str:
    """Create one month's partition around what the default one already has of it."""
    name, begin, end = month.partition, _midnight(month), _midnight(month.shifted(1))
    with transaction.atomic(), connection.cursor() as cursor:
        _be_impatient(cursor)
        # Whoever comes second finds the table and has nothing to do.
        cursor.execute("LOCK TABLE ingest_event IN SHARE UPDATE EXCLUSIVE MODE")
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone() != (None,):
            return name
        cursor.execute(
            f"CREATE TABLE {name} (LIKE ingest_event INCLUDING DEFAULTS"
            " INCLUDING CONSTRAINTS INCLUDING STORAGE)"
        )
        # Nobody may add to the month in the default partition from here on.
        cursor.execute(f"LOCK TABLE {DEFAULT} IN ACCESS EXCLUSIVE MODE")
        cursor.execute(
            f"WITH moved AS (DELETE FROM {DEFAULT} WHERE occurred_at >= %(begin)s"  # noqa: S608
            " AND occurred_at < %(end)s RETURNING *)"
            f" INSERT INTO {name} SELECT * FROM moved",
            {"begin": begin, "end": end},
        )
        cursor.execute(
            f"ALTER TABLE ingest_event ATTACH PARTITION {name}"
            " FOR VALUES FROM (%(begin)s) TO (%(end)s)",
            {"begin": begin, "end": end},
        )
    return name


def _count_older(first: Month) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count(*) FROM {DEFAULT} WHERE occurred_at < %s",  # noqa: S608
            [_midnight(first)],
        )
        return int(cursor.fetchone()[0])


def _be_impatient(cursor: CursorWrapper) -> None:
    cursor.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")


def _midnight(month: Month) -> datetime:
    return datetime(month.year, month.number, 1, tzinfo=UTC)
