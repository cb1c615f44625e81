"""Records that people flag as wrong, and what becomes of them."""

from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.audit import record
from accounts.errors import AccountsError
from accounts.models import (
    Account,
    AuditEntry,
    Developer,
    FlaggedRecord,
    Identity,
    User,
    Workspace,
)

Subject = FlaggedRecord.Subject
# Records whose number says nothing without the identity they hang on.
OF_AN_IDENTITY = frozenset({Subject.EVENT, Subject.LICENSE_RECORD})


@dataclass(frozen=True, slots=True)
class Target:
    """The record that is wrong."""

    subject: str
    account: Account | None = None
    developer: Developer | None = None
    identity: Identity | None = None
    event_id: int | None = None

    @property
    def workspace(self) -> Workspace:
        """Return whose record it is."""
        owner = self.account or self.developer
        if owner is None:
            raise AccountsError("A flag is about an account or a developer.")
        return owner.workspace

    def __str__(self) -> str:
        return str(Subject(self.subject).label).lower()


def of_account(account: Account) -> Target:
    """Flag an account."""
    return Target(Subject.ACCOUNT, account=account)


def of_developer(developer: Developer) -> Target:
    """Flag a developer."""
    return Target(Subject.DEVELOPER, developer=developer)


def of_identity(identity: Identity) -> Target:
    """Flag an identity of a developer."""
    return Target(Subject.IDENTITY, developer=identity.developer, identity=identity)


def of_event(
    identity: Identity, event_id: int, *, is_license_record: bool = False
) -> Target:
    """Flag one event of an identity."""
    subject = Subject.LICENSE_RECORD if is_license_record else Subject.EVENT
    return Target(
        subject, developer=identity.developer, identity=identity, event_id=event_id
    )


def flag(
    target: Target,
    *,
    problem: str,
    text: str = "",
    actor: User | None,
    ip: str | None = None,
) -> FlaggedRecord:
    """Put a record into the queue of what admins look into.

    Raises:
        AccountsError: the same is flagged for the same already, or nothing is said of
            what else is wrong.
    """
    text = text.strip()
    if problem == FlaggedRecord.Problem.OTHER and not text:
        raise AccountsError("Say in words what is wrong.")
    workspace = target.workspace
    with transaction.atomic():
        # Two people who flag the same at once make one.
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)
        same = FlaggedRecord.objects.filter(
            workspace=workspace,
            status=FlaggedRecord.Status.OPEN,
            subject=target.subject,
            account=target.account,
            developer=target.developer,
            identity=target.identity,
            event_id=target.event_id,
            problem=problem,
        )
        if same.exists():
            raise AccountsError("That is flagged already; an admin will look into it.")
        flagged = FlaggedRecord.objects.create(
            workspace=workspace,
            subject=target.subject,
            account=target.account,
            developer=target.developer,
            identity=target.identity,
            event_id=target.event_id,
            problem=problem,
            text=text[:500],
            flagged_by=actor,
        )
        _audit(flagged, AuditEntry.Action.RECORD_FLAGGED, actor, ip)
    return flagged


def settle(
    flagged: FlaggedRecord,
    status: str,
    *,
    note: str = "",
    actor: User | None,
    ip: str | None = None,
) -> FlaggedRecord:
    """Resolve or dismiss a flag, with a note for whoever asks later.

    Raises:
        AccountsError: somebody was faster, or this is no way to settle it.
    """
    if status not in {FlaggedRecord.Status.RESOLVED, FlaggedRecord.Status.DISMISSED}:
        raise AccountsError("A flag is resolved or dismissed.")
    with transaction.atomic():
        changed = FlaggedRecord.objects.filter(
            pk=flagged.pk, status=FlaggedRecord.Status.OPEN
        ).update(
            status=status,
            note=note.strip()[:500],
            settled_by=actor,
            settled_at=timezone.now(),
        )
        flagged.refresh_from_db()
        if not changed:
            raise AccountsError(
                f"It is {flagged.get_status_display().lower()} already."
            )
        _audit(flagged, AuditEntry.Action.FLAG_SETTLED, actor, ip)
    return flagged


def open_flags(workspace: Workspace) -> int:
    """Return how many records wait for an admin to look into them."""
    return FlaggedRecord.objects.filter(
        workspace=workspace, status=FlaggedRecord.Status.OPEN
    ).count()


def _audit(
    flagged: FlaggedRecord,
    action: AuditEntry.Action,
    actor: User | None,
    ip: str | None,
) -> None:
    record(
        workspace=flagged.workspace,
        action=action,
        subject=f"{flagged} ({flagged.pk})",
        actor=actor,
        ip=ip,
        detail={"flag": flagged.pk, "status": flagged.status},
    )
