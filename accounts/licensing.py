"""Changes to licences that matter to somebody later: audited, one way or another in.

Admin, API and CSV import all come through here.
"""

from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.audit import record
from accounts.models import AuditEntry, License, User, Workspace


def revoke_license(
    license: License,  # noqa: A002 (the thing's name)
    *,
    actor: User | None = None,
    ip: str | None = None,
    via: str = "",
) -> License:
    """Stop a licence for ever; one that is revoked already stays as it is."""
    with transaction.atomic():
        fresh = License.objects.select_for_update(of=("self",)).get(pk=license.pk)
        if fresh.revoked_at is None:
            fresh.revoked_at = timezone.now()
            fresh.save(update_fields=["revoked_at"])
            log(AuditEntry.Action.LICENSE_REVOKED, fresh, actor=actor, ip=ip, via=via)
    return fresh


def log(
    action: AuditEntry.Action,
    license: License,  # noqa: A002
    *,
    actor: User | None = None,
    ip: str | None = None,
    via: str = "",
    changed: tuple[str, ...] = (),
) -> None:
    """Write down what was done to one licence; ``via`` names an API key, if one did."""
    detail: dict[str, Any] = {"license_id": license.pk}
    if via:
        detail["via"] = via
    if changed:
        detail["changed"] = list(changed)
    record(
        workspace=license.workspace,
        action=action,
        subject=license.key,
        actor=actor,
        ip=ip,
        detail=detail,
    )


def log_import(
    workspace: Workspace,
    *,
    actor: User | None,
    ip: str | None,
    added: int,
    changed: int,
) -> None:
    """Write down one import as one line."""
    record(
        workspace=workspace,
        action=AuditEntry.Action.LICENSES_IMPORTED,
        subject=f"{added} added, {changed} changed",
        actor=actor,
        ip=ip,
        detail={"added": added, "changed": changed},
    )
