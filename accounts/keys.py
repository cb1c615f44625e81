"""API keys: made, found, shown, replaced and revoked.

A key is found by HMAC-SHA256 of its text under ``KEY_PEPPER`` and kept sealed so that
members can copy it again. Whoever caches a key compares its ``version`` when it
writes: every change here raises it.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.audit import record
from accounts.errors import AccountsError
from accounts.models import ApiKey, AuditEntry, Product, User, Workspace
from accounts.models.fields import normalise_network
from accounts.sealing import reseal, seal, unseal
from accounts.statements import statement
from accounts.tokens import checksum_ok, new_token, shown_prefix

__all__ = [
    "change",
    "checksum_ok",
    "create_key",
    "digest_of",
    "find_key",
    "mark_used",
    "network_allowed",
    "reseal_keys",
    "reveal",
    "revoke",
    "rotate",
]

CHANGEABLE = (
    *("name", "dialects", "product", "expires_at", "allowed_networks"),
    "scopes",
    "sdk_signature",
)


def digest_of(token: str) -> bytes:
    """Return the 32 bytes by which a key is looked up."""
    return hmac.digest(settings.KEY_PEPPER.encode(), token.encode(), hashlib.sha256)


def find_key(token: str) -> ApiKey | None:
    """Return the key of this text, usable or not, with its workspace and product.

    A text with a wrong checksum costs no query. The caller still asks `is_usable`,
    `dialects`, `kind` and `network_allowed`.
    """
    if not checksum_ok(token):
        return None
    digest = digest_of(token)
    key = (
        ApiKey.objects.select_related("workspace", "product")
        .filter(digest=digest)
        .first()
    )
    # The index has compared already, and not in constant time; what it compared is a
    # keyed hash, so its timing says nothing about a key. This is for whoever one day
    # finds rows another way.
    if key is None or not hmac.compare_digest(bytes(key.digest), digest):
        return None
    return key


def network_allowed(networks: Sequence[str], address: str) -> bool:
    """Say whether a sender's address lies in one of the networks; none means yes."""
    if not networks:
        return True
    try:
        peer = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped:
        peer = peer.ipv4_mapped
    return any(peer in _network(network) for network in networks)


@lru_cache(maxsize=1024)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text)


def create_key(
    *,
    workspace: Workspace,
    name: str,
    dialects: Sequence[str] = (),
    product: Product | None = None,
    expires_at: datetime | None = None,
    networks: Sequence[str] = (),
    kind: str = ApiKey.Kind.INGEST,
    scopes: Sequence[str] = (),
    sdk_signature: bool = False,
    actor: User | None = None,
    ip: str | None = None,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its text, which is stored only sealed.

    Raises:
        AccountsError: the kind is unknown or the product is another workspace's.
        ValidationError: a network is not one.
    """
    if kind not in ApiKey.Kind.values:
        raise AccountsError(f"“{kind}” is not a kind of key.")
    if product is not None and product.workspace_id != workspace.pk:
        raise AccountsError("The product belongs to another workspace.")
    key = ApiKey(
        workspace=workspace,
        name=name,
        kind=kind,
        dialects=sorted(set(dialects)),
        scopes=sorted(set(scopes)),
        product=product,
        expires_at=expires_at,
        allowed_networks=[normalise_network(network) for network in networks],
        sdk_signature=sdk_signature,
        created_by=actor,
    )
    with transaction.atomic():
        token = _give_token(key)
        _log(AuditEntry.Action.KEY_CREATED, key, actor=actor, ip=ip)
    return key, token


def reveal(key: ApiKey, *, actor: User | None, ip: str | None) -> str:
    """Return the text of a key, and write down who asked for it."""
    with transaction.atomic():
        _log(AuditEntry.Action.KEY_VIEWED, key, actor=actor, ip=ip)
        return unseal(key.sealed)


def change(
    key: ApiKey,
    values: dict[str, Any],
    *,
    actor: User | None = None,
    ip: str | None = None,
) -> ApiKey:
    """Set some of `CHANGEABLE` on a key that is not revoked, and raise its version.

    Values that are the same as before change nothing, the version neither.
    """
    unknown = set(values) - set(CHANGEABLE)
    if unknown:
        raise AccountsError(f"A key's {min(unknown)} cannot be changed.")
    with transaction.atomic():
        fresh = _locked(key)
        new = {
            name: value
            for name, value in values.items()
            if getattr(fresh, name) != value
        }
        if not new:
            return fresh
        before = {name: str(getattr(fresh, name)) for name in new}
        for name, value in new.items():
            setattr(fresh, name, value)
        after = {name: str(getattr(fresh, name)) for name in new}
        _save(fresh, *new)
        _log(
            AuditEntry.Action.KEY_CHANGED,
            fresh,
            actor=actor,
            ip=ip,
            before=before,
            after=after,
        )
    return fresh


def rotate(
    key: ApiKey, *, actor: User | None, overlap: timedelta, ip: str | None = None
) -> tuple[ApiKey, str]:
    """Replace a key: the new one inherits everything, both work during ``overlap``.

    Raises:
        AccountsError: the key is revoked, expired or has been replaced before.
    """
    now = timezone.now()
    with transaction.atomic():
        old = _locked(key)
        if not old.is_usable(now):
            raise AccountsError("Only a key that still works can be replaced.")
        if ApiKey.objects.filter(rotated_from=old).exists():
            raise AccountsError("This key has been replaced already.")
        new = ApiKey(
            workspace_id=old.workspace_id,
            name=old.name,
            kind=old.kind,
            dialects=old.dialects,
            scopes=old.scopes,
            product=old.product,
            expires_at=old.expires_at,
            allowed_networks=old.allowed_networks,
            sdk_signature=old.sdk_signature,
            rotated_from=old,
            created_by=actor,
        )
        token = _give_token(new)
        ends = now + overlap
        old.expires_at = ends if old.expires_at is None else min(ends, old.expires_at)
        _save(old, "expires_at")
        _log(
            AuditEntry.Action.KEY_ROTATED,
            old,
            actor=actor,
            ip=ip,
            replaced_by=new.prefix,
            old_key_expires_at=old.expires_at.isoformat(),
        )
    return new, token


def revoke(key: ApiKey, *, actor: User | None, ip: str | None = None) -> ApiKey:
    """Stop a key for ever; a key that is revoked already stays as it is."""
    with transaction.atomic():
        fresh = ApiKey.objects.select_for_update(of=("self",)).get(pk=key.pk)
        if fresh.revoked_at is None:
            fresh.revoked_at = timezone.now()
            _save(fresh, "revoked_at")
            _log(AuditEntry.Action.KEY_REVOKED, fresh, actor=actor, ip=ip)
    return fresh


def mark_used(cursor: CursorWrapper, uses: Iterable[tuple[int, datetime]]) -> None:
    """Note when keys were last used: (key id, time) pairs, in one statement.

    For the digest, once per batch and **after** its commit: two workers that digest
    the same key would wait for each other's row lock otherwise. The version stays.
    """
    pairs = list(uses)
    if pairs:
        ids, times = zip(*pairs, strict=True)
        cursor.execute(
            statement("mark_keys_used"), {"ids": list(ids), "times": list(times)}
        )


def reseal_keys() -> int:
    """Seal every key with the first of the ``FIELD_KEY``s, and return how many.

    The workspaces' SSO secrets too. All or nothing.
    """
    with transaction.atomic():
        workspaces = list(
            Workspace.objects.select_for_update()
            .exclude(reamaze_sso_sealed="")
            .order_by("pk")
        )
        for workspace in workspaces:
            workspace.reamaze_sso_sealed = reseal(workspace.reamaze_sso_sealed)
        Workspace.objects.bulk_update(workspaces, ["reamaze_sso_sealed"])
        keys = list(ApiKey.objects.select_for_update(of=("self",)).order_by("pk"))
        for key in keys:
            key.sealed = reseal(key.sealed)
        ApiKey.objects.bulk_update(keys, ["sealed"], batch_size=1000)
    return len(keys)


def _give_token(key: ApiKey) -> str:
    token = new_token(key.kind)
    key.prefix = shown_prefix(token)
    key.digest = digest_of(token)
    key.sealed = seal(token)
    key.save(force_insert=True)
    return token


def _locked(key: ApiKey) -> ApiKey:
    fresh = ApiKey.objects.select_for_update(of=("self",)).get(pk=key.pk)
    if fresh.revoked_at is not None:
        raise AccountsError("This key is revoked.")
    return fresh


def _save(key: ApiKey, *fields: str) -> None:
    """Write fields of a locked row with the next version."""
    key.version += 1
    key.save(update_fields=[*fields, "version"])


def _log(
    action: AuditEntry.Action,
    key: ApiKey,
    *,
    actor: User | None,
    ip: str | None,
    **detail: Any,
) -> None:
    record(
        workspace=key.workspace,
        action=action,
        subject=str(key),
        actor=actor,
        ip=ip,
        detail={"key_id": key.pk, **detail},
    )
