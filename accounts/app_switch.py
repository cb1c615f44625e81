"""Changes to apps, each with its line in the audit log.

An app id is public, so switching it off is what stops a sender that misuses it; who did
that, and when, matters later. Admin and commands come through here.
"""

from collections.abc import Iterable

from django.db import transaction

from accounts.audit import record
from accounts.models import AppId, AuditEntry, User


def switch_apps(
    apps: Iterable[AppId],
    *,
    is_enabled: bool,
    actor: User | None = None,
    ip: str | None = None,
) -> list[AppId]:
    """Switch apps on or off; return those that were not so before."""
    ids = [app.pk for app in apps]
    with transaction.atomic():
        changed = list(
            AppId.objects.select_for_update(of=("self",))
            .select_related("workspace", "product")
            .filter(pk__in=ids)
            .exclude(is_enabled=is_enabled)
            .order_by("pk")
        )
        AppId.objects.filter(pk__in=[app.pk for app in changed]).update(
            is_enabled=is_enabled
        )
        for app in changed:
            app.is_enabled = is_enabled
            note_switched(app, actor=actor, ip=ip)
    return changed


def note_switched(app: AppId, *, actor: User | None, ip: str | None) -> None:
    """Write down that an app was switched on or off, as it is now."""
    on, off = AuditEntry.Action.APP_SWITCHED_ON, AuditEntry.Action.APP_SWITCHED_OFF
    note_app(on if app.is_enabled else off, app, actor=actor, ip=ip)


def note_app(
    action: AuditEntry.Action,
    app: AppId,
    *,
    actor: User | None = None,
    ip: str | None = None,
) -> None:
    """Write down what was done to one app; call it in the transaction of the act."""
    record(
        workspace=app.workspace,
        action=action,
        subject=app.app_id,
        actor=actor,
        ip=ip,
        detail={"product": app.product.key},
    )
