"""What happens to a workspace as a whole: its quarantine grows, a product goes silent.

Asked every few minutes, told once a day each (`accounts.happenings`), to the members
who follow the workspace and to its webhooks.
"""

from datetime import date, datetime, timedelta

from django.db import connection
from django.utils import timezone

from accounts.clock import today_utc
from accounts.happenings import happening, note
from accounts.models import Happening
from accounts.models.alert import HappeningKind
from ingest.statements import statement

# Quarantined within one or two hours: fewer are somebody trying something out.
FEWEST = 20
# Times the mean of the week before.
GROWTH = 2.0
WEEK = timedelta(days=7)
# (days with use among the fortnight before the silence, days of silence that count):
# what is used at weekends too is missed sooner.
SILENCE = ((13, 2), (8, 4))
LOOKED_BACK = 14


def watch_workspaces(now: datetime | None = None) -> int:
    """Note what grew and what fell silent; return how much of it is news."""
    now = now or timezone.now()
    found = [*growing(now), *silent(today_utc())]
    return note(found)


def growing(now: datetime) -> list[Happening]:
    """Return a happening for each workspace whose quarantine grows.

    Growing is at least `FEWEST` events in this hour and the one before, and `GROWTH`
    times as many as in two mean hours of the week before.
    """
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    recent = this_hour - timedelta(hours=1)
    with connection.cursor() as cursor:
        cursor.execute(
            statement("quarantine_growth"),
            {
                "recent": recent,
                "week": recent - WEEK,
                "hours": WEEK.total_seconds() / 3600,
                "fewest": FEWEST,
                "growth": GROWTH,
            },
        )
        rows = cursor.fetchall()
    return [
        happening(
            workspace,
            HappeningKind.QUARANTINE,
            f"put {int(number):,} events into quarantine since {recent:%H:%M} UTC",
            key=f"quarantine:{now:%Y-%m-%d}",
            data={"events": int(number), "since": recent.isoformat()},
        )
        for workspace, number in rows
    ]


def silent(today: date) -> list[Happening]:
    """Return a happening for each product that nobody uses any more.

    Silent is no use for two days after a fortnight of use on every day or all but one;
    for four days after use on at least eight of its days.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            statement("silent_products"),
            {
                "today": today,
                "days": [days for days, _ in SILENCE],
                "quiet": [quiet for _, quiet in SILENCE],
                "looked_back": LOOKED_BACK,
                "since": today - timedelta(days=LOOKED_BACK + SILENCE[-1][1] + 1),
            },
        )
        rows = cursor.fetchall()
    return [
        happening(
            workspace,
            HappeningKind.SILENT,
            f"has gone silent: no use since {last:%-d %B %Y}",
            key=f"silent:{product}:{last}",
            product_id=product,
            data={"last_used_on": last.isoformat()},
        )
        for workspace, product, last in rows
    ]
