"""What each role may do in a workspace: the one table, and the questions about it."""

from enum import StrEnum

from django.contrib.auth.models import AnonymousUser

from accounts.models import Role, User, Workspace


class Action(StrEnum):
    """Something that a role may be allowed to do in a workspace."""

    # Look at pages, accounts, developers, events and scores.
    VIEW = "view"
    # Change accounts, developers and what people write about them.
    EDIT = "edit"
    # Merge, split and move developers, and take that back.
    CORRECT = "correct"
    # Put quarantined events through the digest again.
    REPLAY = "replay"
    # See and copy the text of API keys.
    VIEW_KEY = "view_key"
    # Give up quarantined events.
    DISCARD = "discard"
    # Change the workspace, products, metrics, networks and score models.
    CONFIGURE = "configure"
    # Create, change, rotate and revoke API keys.
    MANAGE_KEYS = "manage_keys"
    # Erase and export developers, keep the opt-out register, settle flags, say how
    # long data is kept.
    CARE = "care"
    # Add and remove members, change their roles, read the audit log.
    MANAGE_MEMBERS = "manage_members"


VIEWER_MAY = frozenset({Action.VIEW})
MEMBER_MAY = VIEWER_MAY | {
    Action.EDIT,
    Action.CORRECT,
    Action.REPLAY,
    Action.VIEW_KEY,
}
ALLOWED: dict[str, frozenset[Action]] = {
    Role.VIEWER: VIEWER_MAY,
    Role.MEMBER: MEMBER_MAY,
    Role.ADMIN: frozenset(Action),
}


def role_of(user: User | AnonymousUser, workspace: Workspace | int) -> Role | None:
    """Return a person's role; an operator is admin everywhere, a stranger is None.

    Asks the database once per user object, that is once per request.
    """
    if isinstance(user, AnonymousUser) or not user.is_active:
        return None
    if user.is_superuser:
        return Role.ADMIN
    workspace_id = workspace if isinstance(workspace, int) else workspace.pk
    role = user.roles.get(workspace_id)
    return Role(role) if role else None


def can(
    user: User | AnonymousUser, action: Action | str, workspace: Workspace | int
) -> bool:
    """Say whether a person may do something in a workspace.

    Raises:
        ValueError: there is no such action.
    """
    role = role_of(user, workspace)
    return role is not None and Action(action) in ALLOWED[role]


def can_anywhere(user: User | AnonymousUser, action: Action | str) -> bool:
    """Say whether there is a workspace in which a person may do something."""
    if isinstance(user, AnonymousUser) or not user.is_active:
        return False
    if user.is_superuser:
        return True
    return any(Action(action) in ALLOWED[role] for role in user.roles.values())


def workspace_ids(user: User, action: Action | str) -> list[int]:
    """Return the workspaces in which a member may do something; not for operators."""
    wanted = Action(action)
    return [pk for pk, role in user.roles.items() if wanted in ALLOWED[role]]
