"""The opt-out register: whose events are never kept, without saying who they are.

An identity is stored as a keyed hash of its kind and normalised value, another one in
each workspace. Whoever knows an identity can ask whether it opted out; the register
alone, or a copy of the database without the secret, names nobody.
"""

import hmac
from collections.abc import Collection, Iterable
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from accounts.audit import record
from accounts.errors import AccountsError
from accounts.kinds import hash_again, normalise
from accounts.locks import own_usage
from accounts.models import AuditEntry, Identity, OptOut, User, Workspace

# What people type for the user of an app: the value that its SDK sends.
CLIENT_USER = "client_user"
# Kinds that can be typed. Pre-counted use of a company has no person to opt out.
TYPED_KINDS: tuple[tuple[str, str], ...] = (
    *(
        (kind.value, str(kind.label))
        for kind in Identity.Kind
        if kind != Identity.Kind.AGGREGATE
    ),
    (CLIENT_USER, "User of an app, as its SDK sends it"),
)
DIGEST_BYTES = 16


def digest_of(workspace_id: int, kind: str, value: str) -> UUID:
    """Return the keyed hash under which a normalised identity is registered."""
    return UUID(bytes=digest_bytes(workspace_id, kind, value))


def digest_bytes(workspace_id: int, kind: str, value: str) -> bytes:
    """Return the same as bytes: making a UUID takes as long as the hash."""
    message = f"opt_out:{workspace_id}:{kind}:{value}".encode()
    whole = hmac.digest(settings.KEY_PEPPER.encode(), message, "sha256")
    return whole[:DIGEST_BYTES]


def understood(kind: str, value: str) -> tuple[str, str]:
    """Return the identity that somebody typed, as events carry it.

    Raises:
        AccountsError: there is no such kind, or the value names nobody.
    """
    if kind == CLIENT_USER:
        kind, written = Identity.Kind.USER_HASH.value, hash_again(value)
    elif kind in dict(TYPED_KINDS):
        written = normalise(kind, value)
    else:
        raise AccountsError(f"There is no kind of identity {kind}.")
    if not written:
        raise AccountsError("This names nobody.")
    return kind, written


def everything_of(
    workspace: Workspace, identity: tuple[str, str]
) -> list[tuple[str, str]]:
    """Return the identities of whoever is known by this one, this one first."""
    kind, value = identity
    known = Identity.objects.filter(
        workspace=workspace,
        developer__in=Identity.objects.filter(
            workspace=workspace, kind=kind, value=value
        ).values("developer"),
    ).exclude(kind=Identity.Kind.AGGREGATE)
    others = known.order_by("kind", "value").values_list("kind", "value")
    return list(dict.fromkeys([identity, *others]))


def is_opted_out(workspace: Workspace, identity: tuple[str, str]) -> bool:
    """Say whether an identity, as `understood` returns it, is in the register."""
    digest = digest_of(workspace.pk, *identity)
    return OptOut.objects.filter(workspace=workspace, digest=digest).exists()


def add(
    workspace: Workspace,
    identities: Iterable[tuple[str, str]],
    *,
    actor: User | None,
    reason: str = OptOut.Reason.ASKED,
    label: str = "",
    ip: str | None = None,
) -> int:
    """Register identities; return how many were not registered before.

    From the commit on no event of theirs is digested any more; the web processes turn
    away new ones within two seconds. What is stored already stays: erase the developer
    to have it gone.

    Raises:
        AccountsError: the label names one of them.
    """
    by_digest = {digest_of(workspace.pk, *one): one for one in identities}
    for _, value in by_digest.values():
        if value.lower() in label.lower():
            raise AccountsError("The label must not name the identity itself.")
    with transaction.atomic(), connection.cursor() as cursor:
        # No digest of the workspace is under way that looked before this.
        own_usage(cursor, workspace.pk)
        known = OptOut.objects.filter(workspace=workspace, digest__in=list(by_digest))
        missing = by_digest.keys() - set(known.values_list("digest", flat=True))
        made = OptOut.objects.bulk_create(
            OptOut(
                workspace=workspace,
                kind=by_digest[digest][0],
                digest=digest,
                label=label,
                reason=reason,
                actor=actor,
            )
            for digest in sorted(missing)
        )
        if made:
            _changed(workspace, made, AuditEntry.Action.OPT_OUT_ADDED, actor, ip)
    return len(made)


def remove(
    opt_outs: Collection[OptOut], *, actor: User | None, ip: str | None = None
) -> int:
    """Let these opt back in; return how many stood in the register."""
    removed = 0
    for workspace in Workspace.objects.filter(
        pk__in={one.workspace_id for one in opt_outs}
    ):
        theirs = [one for one in opt_outs if one.workspace_id == workspace.pk]
        with transaction.atomic():
            number, _ = OptOut.objects.filter(
                workspace=workspace, pk__in=[one.pk for one in theirs]
            ).delete()
            if number:
                action = AuditEntry.Action.OPT_OUT_REMOVED
                _changed(workspace, theirs, action, actor, ip)
        removed += number
    return removed


def find(workspace: Workspace, identities: Iterable[tuple[str, str]]) -> list[OptOut]:
    """Return the register's rows of these identities."""
    digests = [digest_of(workspace.pk, *one) for one in identities]
    return list(OptOut.objects.filter(workspace=workspace, digest__in=digests))


def _changed(
    workspace: Workspace,
    opt_outs: Collection[OptOut],
    action: AuditEntry.Action,
    actor: User | None,
    ip: str | None,
) -> None:
    """Have everybody read the register anew, and write the audit log."""
    Workspace.objects.filter(pk=workspace.pk).update(
        opt_out_version=F("opt_out_version") + 1
    )
    first = next(iter(opt_outs))
    several = f" and {len(opt_outs) - 1} more" if len(opt_outs) > 1 else ""
    record(
        workspace=workspace,
        action=action,
        subject=f"{first}{several}",
        actor=actor,
        ip=ip,
        detail={"identities": len(opt_outs), "reason": first.reason},
    )
