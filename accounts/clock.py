"""What time it is, in the one zone that days are counted in."""

from datetime import UTC, date, datetime


def now_utc() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(tz=UTC)


def today_utc() -> date:
    """Return the day that usage arriving now is counted on."""
    return now_utc().date()
