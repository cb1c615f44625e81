"""Telling members what happened: inbox, mail, webhooks, and who follows whom.

What happened waits in `Happening` until `tell` has put it into inboxes and deliveries,
in one transaction: a crash loses nothing and tells nothing twice.
"""

from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import (
    Account,
    Alert,
    AlertSettings,
    Delivery,
    Developer,
    Follow,
    Happening,
    Segment,
    User,
    Workspace,
)
from accounts.models.alert import WORKSPACE_KINDS
from accounts.statements import statement

BATCH = 500
# Monday, by `date.weekday`.
DIGEST_WEEKDAY = 0


def follow(
    workspace: Workspace,
    user: User,
    subject: Account | Developer | Segment | None = None,
) -> Follow:
    """Have a member told about somebody or something; None is the whole workspace."""
    made, _ = Follow.objects.get_or_create(
        workspace=workspace, user=user, **_place(subject)
    )
    return made


def unfollow(
    workspace: Workspace,
    user: User,
    subject: Account | Developer | Segment | None = None,
) -> None:
    """Stop telling a member; what is in their inbox stays."""
    Follow.objects.filter(workspace=workspace, user=user, **_place(subject)).delete()


def follows(
    workspace: Workspace,
    user: User,
    subject: Account | Developer | Segment | None = None,
) -> bool:
    """Say whether a member follows somebody or something."""
    return Follow.objects.filter(
        workspace=workspace, user=user, **_place(subject)
    ).exists()


def tell() -> int:
    """Put what happened into inboxes and on its way; return how many happenings.

    Six statements for up to 500 of them. Safe beside other workers.
    """
    told = 0
    while number := _tell_some():
        told += number
    return told


def plan_digests(today: date) -> int:
    """Plan the digest mails that are due on a UTC day; return how many.

    A daily one is about yesterday, a weekly one, on Mondays, about the seven days
    before. Days on which nothing happened send nothing. Safe to repeat.
    """
    with transaction.atomic():
        due = list(
            AlertSettings.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(mail__in=_due_on(today), user__is_active=True)
            .filter(workspace__memberships__user=F("user"))
            .exclude(digest_on__gte=today)
            .order_by("pk")
        )
        planned = []
        for one in due:
            days = 7 if one.mail == AlertSettings.Mail.WEEKLY else 1
            first, last = today - timedelta(days=days), today - timedelta(days=1)
            planned.append(
                Delivery(
                    workspace_id=one.workspace_id,
                    user_id=one.user_id,
                    first_day=first,
                    last_day=last,
                )
            )
            one.digest_on = today
        AlertSettings.objects.bulk_update(due, ("digest_on",), batch_size=BATCH)
        Delivery.objects.bulk_create(planned, batch_size=BATCH)
    return len(planned)


def unread(workspace: Workspace, user: User) -> int:
    """Return how many alerts a member has not read, counted up to 100."""
    alerts = Alert.objects.filter(workspace=workspace, user=user, read_at=None)
    return len(alerts.order_by().values_list("pk", flat=True)[:100])


def mark_read(
    workspace: Workspace, user: User, *, alerts: list[int] | None = None
) -> int:
    """Mark a member's alerts as read, all of them or these; return how many."""
    rows = Alert.objects.filter(workspace=workspace, user=user, read_at=None)
    if alerts is not None:
        rows = rows.filter(pk__in=alerts)
    return rows.update(read_at=timezone.now())


def mail_of(workspace: Workspace, user: User) -> AlertSettings:
    """Return how a member is told, perhaps not yet saved."""
    known = AlertSettings.objects.filter(workspace=workspace, user=user).first()
    return known or AlertSettings(workspace=workspace, user=user)


def _tell_some() -> int:
    now = timezone.now()
    with transaction.atomic(), connection.cursor() as cursor:
        new = list(
            Happening.objects.select_for_update(skip_locked=True)
            .filter(told_at__isnull=True)
            .order_by("pk")
            .values_list("pk", flat=True)[:BATCH]
        )
        if not new:
            return 0
        cursor.execute(statement("alerts_tellable"), {"happenings": new})
        values: dict[str, Any] = {
            "happenings": [pk for (pk,) in cursor.fetchall()],
            "now": now,
            "workspace_kinds": [kind.value for kind in WORKSPACE_KINDS],
        }
        for name in ("alerts_tell", "alerts_mail", "alerts_webhooks"):
            cursor.execute(statement(name), values)
        Happening.objects.filter(pk__in=new).update(told_at=now)
    return len(new)


def _due_on(today: date) -> list[str]:
    due = [AlertSettings.Mail.DAILY.value]
    if today.weekday() == DIGEST_WEEKDAY:
        due.append(AlertSettings.Mail.WEEKLY.value)
    return due


def _place(
    subject: Account | Developer | Segment | None,
) -> dict[str, Any]:
    return {
        "account": subject if isinstance(subject, Account) else None,
        "developer": subject if isinstance(subject, Developer) else None,
        "segment": subject if isinstance(subject, Segment) else None,
    }
