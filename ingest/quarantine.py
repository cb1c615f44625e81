"""What becomes of quarantined events: replayed once their cause is mended, or given up.

A replay puts events back into the inbox, marked so that the digest goes around the
ledger, where their keys already stand. What still cannot be used is quarantined anew.
"""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction

from accounts.audit import record
from accounts.models import AppId, AuditEntry, User, Workspace
from ingest.hints import hint_digest
from ingest.models import QuarantinedEvent
from ingest.statements import statement


def replay(
    workspace: Workspace | None,
    *,
    reason: str | None = None,
    subject: str | None = None,
    ids: Iterable[int] | None = None,
    actor: User | None = None,
    ip: str | None = None,
) -> int:
    """Send waiting events through the digest again; return how many.

    All that fit every choice given: reason, subject (a folded metric key or an app),
    ids; of one workspace, or with None of those whose app nobody has. Each event keeps
    its times, and becomes at most one event however often and by however many it is
    replayed. Without an ``actor`` an operator did it.
    """
    chosen = _choice(workspace, reason, subject, ids)
    with transaction.atomic():
        number = _settle("quarantine_replay", chosen)
        if number:
            action = AuditEntry.Action.QUARANTINE_REPLAYED
            _audit(workspace, action, chosen, number=number, actor=actor, ip=ip)
            transaction.on_commit(hint_digest, robust=True)
    return number


def replay_app(app: AppId, *, actor: User | None = None, ip: str | None = None) -> int:
    """Send what has waited for an app through the digest again; return how many.

    In its own workspace, and among those of apps that nobody had. An app that is not
    enabled takes nothing.
    """
    if not app.is_enabled:
        return 0
    causes = (
        (app.workspace, QuarantinedEvent.Reason.UNKNOWN_APP),
        (app.workspace, QuarantinedEvent.Reason.APP_DISABLED),
        (None, QuarantinedEvent.Reason.UNKNOWN_APP),
    )
    return sum(
        replay(workspace, reason=reason, subject=app.folded_id, actor=actor, ip=ip)
        for workspace, reason in causes
    )


def discard(
    workspace: Workspace | None,
    *,
    reason: str | None = None,
    subject: str | None = None,
    ids: Iterable[int] | None = None,
    actor: User | None = None,
    ip: str | None = None,
) -> int:
    """Give up waiting events, chosen as in `replay`; return how many. They stay."""
    chosen = _choice(workspace, reason, subject, ids)
    with transaction.atomic():
        number = _settle("quarantine_discard", chosen)
        if number:
            action = AuditEntry.Action.QUARANTINE_DISCARDED
            _audit(workspace, action, chosen, number=number, actor=actor, ip=ip)
    return number


def _choice(
    workspace: Workspace | None,
    reason: str | None,
    subject: str | None,
    ids: Iterable[int] | None,
) -> dict[str, Any]:
    return {
        "workspace": workspace.pk if workspace else None,
        "reason": None if reason is None else str(reason),
        "subject": subject,
        "ids": None if ids is None else list(ids),
    }


def _settle(name: str, chosen: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement(name), chosen)
        return int(cursor.rowcount)


def _audit(
    workspace: Workspace | None,
    action: AuditEntry.Action,
    chosen: dict[str, Any],
    *,
    number: int,
    actor: User | None,
    ip: str | None,
) -> None:
    record(
        workspace=workspace,
        action=action,
        subject=str(chosen["subject"] or chosen["reason"] or f"{number} events"),
        actor=actor,
        ip=ip,
        detail={
            "events": number,
            "reason": chosen["reason"],
            "subject": chosen["subject"],
            "chosen_by_id": chosen["ids"] is not None,
        },
    )
