"""Writes that touch several models: a new workspace, and who belongs to one."""

import secrets

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from accounts.audit import record
from accounts.errors import AccountsError
from accounts.models import (
    AuditEntry,
    Membership,
    Metric,
    Role,
    User,
    Workspace,
)
from accounts.score_models import first_model
from accounts.segments.ready_made import add_ready_made
from accounts.stage_setup import first_stages

# The metric that every workspace holds (contract `reo`, Metrics).
FIRST_METRIC = {"key": "CALL_HOME", "label": "Call home", "level": "secondary1"}


def create_workspace(
    slug: str,
    name: str = "",
    owner: User | None = None,
    *,
    actor: User | None = None,
    is_demo: bool = False,
) -> Workspace:
    """Create a workspace with its first metric, score model and perhaps an admin.

    Raises:
        AccountsError: the slug is taken or is not one.
    """
    workspace = Workspace(slug=slug, name=name or slug, is_demo=is_demo)
    try:
        workspace.full_clean()
    except ValidationError as error:
        raise AccountsError(" ".join(error.messages)) from None
    with transaction.atomic():
        workspace.save()
        prepare_workspace(workspace)
        if owner is not None:
            set_role(workspace, owner, Role.ADMIN, actor=actor)
    return workspace


def prepare_workspace(workspace: Workspace) -> None:
    """Give a new workspace its metric, score model, stages and segments."""
    Metric.objects.create(workspace=workspace, **FIRST_METRIC)
    first_model(workspace)
    first_stages(workspace)
    add_ready_made(workspace)


def new_user(
    email: str, *, name: str = "", password: str = "", is_operator: bool = False
) -> tuple[User, str]:
    """Create someone who may log in, and return them with their password.

    Without a password a random one is made, to be handed over once and changed.

    Raises:
        AccountsError: the address is taken or is not one, or the password is weak.
    """
    given = password or secrets.token_urlsafe(12)
    user = User(email=email.strip().lower(), name=name, is_superuser=is_operator)
    try:
        user.full_clean(exclude=["password"])
        validate_password(given, user)
    except ValidationError as error:
        raise AccountsError(" ".join(error.messages)) from None
    user.set_password(given)
    user.save()
    return user, given


def invite(
    workspace: Workspace,
    email: str,
    role: Role,
    *,
    actor: User | None = None,
    ip: str | None = None,
) -> Membership:
    """Make someone a member by address, creating their log-in if there is none.

    Someone new has no password; they set it through `accounts.invitations`.

    Raises:
        AccountsError: this is not an address, or `require_invitable` refuses it.
    """
    address = email.strip().lower()
    with transaction.atomic():
        user = User.objects.select_for_update().filter(email=address).first()
        require_invitable(workspace, user)
        if user is None:
            user = User(email=address)
            user.set_unusable_password()
            try:
                user.full_clean()
            except ValidationError as error:
                raise AccountsError(" ".join(error.messages)) from None
            user.save()
        elif not user.has_usable_password():
            # Another password that fits nothing: links of a workspace that gave them
            # up lead nowhere.
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return set_role(workspace, user, role, actor=actor, ip=ip)


def require_invitable(workspace: Workspace, user: User | None) -> None:
    """Raise AccountsError when somebody cannot be invited into a workspace.

    Someone who has yet to set a password is invited by one workspace at a time: the
    admins of each get a link that makes its holder that person.
    """
    if user is None:
        return
    theirs = Membership.objects.filter(user=user)
    if theirs.filter(workspace=workspace).exists():
        raise AccountsError(f"{user.email} is a member already.")
    if not user.has_usable_password() and (user.is_superuser or theirs.exists()):
        raise AccountsError(f"{user.email} has yet to accept another invitation.")


def set_role(
    workspace: Workspace,
    user: User,
    role: Role,
    *,
    actor: User | None = None,
    ip: str | None = None,
) -> Membership:
    """Make someone a member, or change what they may do; both are audited.

    Raises:
        AccountsError: the last admin of the workspace would lose that role.
    """
    with transaction.atomic():
        _lock(workspace)
        current = Membership.objects.filter(workspace=workspace, user=user).first()
        before = current.role if current else None
        if before == Role.ADMIN and role != Role.ADMIN:
            require_another_admin(workspace, user)
        membership, _ = Membership.objects.update_or_create(
            workspace=workspace, user=user, defaults={"role": role}
        )
        if before != role:
            record(
                workspace=workspace,
                action=AuditEntry.Action.MEMBER_CHANGED,
                subject=user.email,
                actor=actor,
                ip=ip,
                detail={"before": before, "after": role},
            )
    return membership


def remove_member(
    membership: Membership, *, actor: User | None = None, ip: str | None = None
) -> None:
    """End someone's membership; the person keeps their log-in.

    Raises:
        AccountsError: they are the workspace's last admin.
    """
    workspace, user = membership.workspace, membership.user
    with transaction.atomic():
        _lock(workspace)
        if membership.role == Role.ADMIN:
            require_another_admin(workspace, user)
        membership.delete()
        record(
            workspace=workspace,
            action=AuditEntry.Action.MEMBER_CHANGED,
            subject=user.email,
            actor=actor,
            ip=ip,
            detail={"before": membership.role, "after": None},
        )


def _lock(workspace: Workspace) -> None:
    """Let changes of members wait for each other: two admins may leave at once."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)


def require_another_admin(workspace: Workspace, user: User) -> None:
    """Raise AccountsError when somebody is the only admin of a workspace."""
    others = Membership.objects.filter(
        workspace=workspace, role=Role.ADMIN, user__is_active=True
    ).exclude(user=user)
    if not others.exists():
        raise AccountsError(f"{user.email} is the last admin of {workspace}.")
