"""Writes the audit log: who did what to keys, people and data."""

from typing import Any

from accounts.models import AuditEntry, User, Workspace

COMMAND_LINE = "command line"


def record(
    *,
    workspace: Workspace | None,
    action: AuditEntry.Action,
    subject: str,
    actor: User | None = None,
    ip: str | None = None,
    detail: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write one line; ``actor`` None is an operator at the command line.

    Call it in the transaction of the act itself, so that neither exists without the
    other. The actor's address is copied: it outlives the user's row.
    """
    return AuditEntry.objects.create(
        workspace=workspace,
        action=action,
        subject=subject[:200],
        actor=actor,
        actor_label=actor.email if actor else COMMAND_LINE,
        ip=ip,
        detail=detail or {},
    )
