"""Webhooks: making them, their secrets, and changing those without losing a message."""

import base64
import secrets
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone

from accounts.audit import record
from accounts.models import AuditEntry, Delivery, Happening, User, Webhook, Workspace
from accounts.models.alert import HappeningKind
from accounts.outgoing import check_url
from accounts.sealing import seal, unseal

PREFIX = "whsec_"
SECRET_BYTES = 32
# How long the secret before signs as well.
OVERLAP = timedelta(hours=24)


def new_secret() -> str:
    """Return a random secret as the Standard Webhooks specification writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def create_webhook(
    workspace: Workspace,
    *,
    name: str,
    url: str,
    format: str = Webhook.Format.STANDARD,  # noqa: A002 (the field's name)
    kinds: list[str] | None = None,
    actor: User | None = None,
    ip: str | None = None,
) -> tuple[Webhook, str]:
    """Make a webhook; return it with its secret, which signs what it sends.

    Raises:
        AccountsError: the address is none, or not a public one.
    """
    secret = new_secret()
    webhook = Webhook(
        workspace=workspace,
        name=name,
        format=format,
        kinds=kinds or [],
        secret_sealed=seal(secret),
        created_by=actor,
    )
    set_url(webhook, url)
    with transaction.atomic():
        webhook.save()
        log(webhook, "made", actor=actor, ip=ip)
    return webhook, secret


def set_url(webhook: Webhook, url: str) -> None:
    """Give a webhook another address; the caller saves it.

    Raises:
        AccountsError: it is none, or not a public one as far as text can tell.
    """
    check_url(url)
    webhook.url_sealed = seal(url)
    parts = urlsplit(url)
    webhook.host = f"{parts.scheme}://{parts.netloc}"[:260]


def url_of(webhook: Webhook) -> str:
    """Return where a webhook sends to."""
    return unseal(webhook.url_sealed)


def secrets_of(webhook: Webhook, now: datetime) -> list[str]:
    """Return the secrets that sign at a moment, the newest first."""
    found = [unseal(webhook.secret_sealed)]
    until = webhook.old_secret_until
    if webhook.old_secret_sealed and until is not None and now < until:
        found.append(unseal(webhook.old_secret_sealed))
    return found


def rotate_secret(
    webhook: Webhook, *, actor: User | None = None, ip: str | None = None
) -> str:
    """Give a webhook a new secret and return it; the old one signs too for a day."""
    secret = new_secret()
    with transaction.atomic():
        fresh = Webhook.objects.select_for_update().get(pk=webhook.pk)
        fresh.old_secret_sealed = fresh.secret_sealed
        fresh.old_secret_until = timezone.now() + OVERLAP
        fresh.secret_sealed = seal(secret)
        fresh.save(
            update_fields=("secret_sealed", "old_secret_sealed", "old_secret_until")
        )
        log(fresh, "secret rotated", actor=actor, ip=ip)
    webhook.refresh_from_db()
    return secret


def send_test(webhook: Webhook, *, actor: User | None = None) -> Delivery:
    """Plan a test message for this webhook alone; `deliveries.attempt` sends it."""
    with transaction.atomic():
        happening = Happening.objects.create(
            workspace_id=webhook.workspace_id,
            kind=HappeningKind.TEST,
            text=f"A test of “{webhook.name}”, by {actor or 'an operator'}",
            key=f"test:{secrets.token_hex(8)}",
            told_at=timezone.now(),
        )
        return Delivery.objects.create(
            workspace_id=webhook.workspace_id, webhook=webhook, happening=happening
        )


def log(
    webhook: Webhook, what: str, *, actor: User | None = None, ip: str | None = None
) -> None:
    """Write down what was done to a webhook; neither its address nor its secret."""
    record(
        workspace=webhook.workspace,
        action=AuditEntry.Action.WEBHOOK_CHANGED,
        subject=webhook.name,
        actor=actor,
        ip=ip,
        detail={"what": what, "host": webhook.host},
    )
