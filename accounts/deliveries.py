"""Messages on their way out: webhooks and mail, tried again for three days.

What is due is claimed by moving its next try forward, in one short transaction; it is
sent outside of any, so a slow receiver holds no lock. A worker that dies in between
leaves what it claimed to the next try, under the same id.
"""

import json
import logging
import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Signer

from accounts.alert_mail import forget_address, is_refused_for_good
from accounts.alert_messages import as_json, as_slack, mail_digest, mail_happening
from accounts.models import (
    AlertSettings,
    Delivery,
    DeliveryAttempt,
    Membership,
    Webhook,
)
from accounts.outgoing import OutgoingError, post
from accounts.webhooks import secrets_of, url_of

logger = logging.getLogger(__name__)

# Seconds until the next try after each failure: three days in all, as the Standard
# Webhooks specification suggests.
BACKOFF = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
# So that what failed together is not tried again together.
JITTER = 0.1
BATCH = 10
# Longer than a whole batch takes when every receiver times out.
LEASE = timedelta(minutes=10)
# A webhook that has done nothing but fail for so long is switched off.
SWITCHED_OFF_AFTER = timedelta(days=5)
GONE = 410


class Result(NamedTuple):
    """What came of one try."""

    is_sent: bool
    status: int | None
    said: str


def deliver() -> int:
    """Send what is due; return how many were tried. Safe beside other workers."""
    tried = 0
    while batch := claim():
        for delivery in batch:
            attempt(delivery)
        tried += len(batch)
    return tried


def claim(limit: int = BATCH) -> list[Delivery]:
    """Take up to ``limit`` deliveries that are due; nobody else will for a while."""
    now = timezone.now()
    with transaction.atomic():
        due = list(
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state=Delivery.State.WAITING, next_at__lte=now)
            .select_related("webhook", "user", "workspace")
            .order_by("next_at")[:limit]
        )
        Delivery.objects.filter(pk__in=[one.pk for one in due]).update(
            next_at=now + LEASE
        )
    return due


def attempt(delivery: Delivery) -> Result:
    """Send one message now, and write down what came of it."""
    started = time.monotonic()
    try:
        result = _send(delivery)
    except Exception:
        # One that cannot be written must not keep the rest of its batch waiting, nor
        # be tried for ever. Gone with what happened: erased since it was claimed.
        logger.exception("delivery %s failed", delivery.pk)
        result = Result(is_sent=False, status=None, said="It could not be written.")
    seconds = time.monotonic() - started
    now = timezone.now()
    with transaction.atomic():
        fresh = Delivery.objects.select_for_update().filter(pk=delivery.pk).first()
        if fresh is None:
            # Its webhook was deleted meanwhile.
            return result
        DeliveryAttempt.objects.create(
            delivery=fresh,
            at=now,
            seconds=seconds,
            status=result.status,
            said=result.said,
        )
        fresh.attempts += 1
        if result.is_sent:
            fresh.state, fresh.finished_at = Delivery.State.SENT, now
        elif fresh.attempts > len(BACKOFF) or result.status == GONE:
            fresh.state, fresh.finished_at = Delivery.State.GIVEN_UP, now
        else:
            fresh.next_at = now + _pause(fresh.attempts)
        fresh.save(update_fields=("attempts", "state", "next_at", "finished_at"))
        if fresh.webhook_id is not None:
            _health(fresh.webhook_id, result, now)
    return result


def send_again(delivery: Delivery) -> None:
    """Have a message sent once more, at once, whatever became of it."""
    Delivery.objects.filter(pk=delivery.pk).update(
        state=Delivery.State.WAITING,
        next_at=timezone.now(),
        attempts=0,
        finished_at=None,
    )


def _pause(attempts: int) -> timedelta:
    seconds = BACKOFF[attempts - 1]
    return timedelta(seconds=seconds * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311


def _health(webhook_id: int, result: Result, now: datetime) -> None:
    """Remember since when a webhook fails; switch it off when it is hopeless."""
    webhooks = Webhook.objects.filter(pk=webhook_id)
    if result.is_sent:
        webhooks.exclude(failing_since=None).update(failing_since=None)
        return
    webhooks.filter(failing_since=None).update(failing_since=now)
    hopeless = webhooks.filter(failing_since__lte=now - SWITCHED_OFF_AFTER)
    if result.status == GONE:
        # The receiver says that it will never want anything again.
        hopeless = webhooks
    hopeless.update(is_active=False)


def _send(delivery: Delivery) -> Result:
    if delivery.webhook is None:
        return _mail(delivery)
    if not delivery.webhook.is_active:
        return Result(is_sent=False, status=GONE, said="The webhook is switched off.")
    write: dict[str, Callable[[Delivery], dict[str, Any]]] = {
        Webhook.Format.STANDARD: as_json,
        Webhook.Format.SLACK: as_slack,
    }
    body = json.dumps(
        write[delivery.webhook.format](delivery), ensure_ascii=False
    ).encode()
    headers = {"Content-Type": "application/json", "User-Agent": "Uptick"}
    if delivery.webhook.format == Webhook.Format.STANDARD:
        headers |= _signed(delivery, body)
    try:
        answer = post(url_of(delivery.webhook), body, headers)
    except OutgoingError as error:
        return Result(is_sent=False, status=None, said=str(error))
    return Result(answer.is_success, answer.status, answer.text)


def _signed(delivery: Delivery, body: bytes) -> dict[str, str]:
    """Return the headers of the Standard Webhooks specification.

    After a rotation there are two signatures, so that receivers change over at leisure.
    """
    assert delivery.webhook is not None  # noqa: S101 narrows the type
    name, now = f"msg_{delivery.pk.hex}", timezone.now()
    signatures = [
        Signer(secret).sign(name, now, body.decode())
        for secret in secrets_of(delivery.webhook, now)
    ]
    return {
        "webhook-id": name,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _mail(delivery: Delivery) -> Result:
    members = Membership.objects.filter(
        workspace=delivery.workspace_id, user=delivery.user_id, user__is_active=True
    )
    if not members.exists():
        # Between two tries: what happens here is none of theirs any more.
        return Result(is_sent=False, status=GONE, said="No member any longer.")
    wanted = AlertSettings.objects.filter(
        workspace=delivery.workspace_id, user=delivery.user_id
    ).exclude(mail=AlertSettings.Mail.NONE)
    if not wanted.exists():
        return Result(is_sent=False, status=GONE, said="Mail was stopped.")
    try:
        sent = (
            mail_happening(delivery) if delivery.happening_id else mail_digest(delivery)
        )
    except OSError as error:
        # Of the mail server: smtplib's errors are all of this kind.
        if delivery.user is not None and is_refused_for_good(error):
            forget_address(delivery.user)
            return Result(is_sent=False, status=GONE, said=str(error)[:500])
        return Result(is_sent=False, status=None, said=str(error)[:500])
    return Result(is_sent=True, status=None, said="" if sent else "Nothing to tell.")
