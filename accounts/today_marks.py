"""What members answer on their Today page: done, not now, not relevant, taken back."""

from datetime import UTC, date, datetime, time, timedelta

from accounts.clock import now_utc
from accounts.errors import AccountsError
from accounts.models import Account, TodayMark, User

# Longer than this is "not relevant".
LONGEST_SNOOZE = timedelta(days=366)


def mark_done(account: Account, user: User) -> TodayMark:
    """Put an account aside until it changes again."""
    return _mark(account, user, TodayMark.Kind.DONE)


def mark_not_relevant(account: Account, user: User) -> TodayMark:
    """Put an account aside until the member takes it back."""
    return _mark(account, user, TodayMark.Kind.NOT_RELEVANT)


def snooze(account: Account, user: User, until: date) -> TodayMark:
    """Put an account aside until the beginning of a UTC day.

    Raises:
        AccountsError: the day is not ahead, or further than a year.
    """
    moment = datetime.combine(until, time.min, UTC)
    if not now_utc() < moment <= now_utc() + LONGEST_SNOOZE:
        raise AccountsError("Snooze until a day from tomorrow to a year ahead.")
    return _mark(account, user, TodayMark.Kind.SNOOZED, until=moment)


def take_back(account: Account, user: User) -> bool:
    """Undo what a member answered; False where there was nothing."""
    deleted, _ = TodayMark.objects.filter(account=account, user=user).delete()
    return bool(deleted)


def _mark(
    account: Account,
    user: User,
    kind: TodayMark.Kind,
    *,
    until: datetime | None = None,
) -> TodayMark:
    mark, _ = TodayMark.objects.update_or_create(
        account=account,
        user=user,
        defaults={
            "workspace_id": account.workspace_id,
            "kind": kind,
            "made_at": now_utc(),
            "until": until,
        },
    )
    return mark
