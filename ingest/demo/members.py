"""Who of the demo's people does what people do by hand."""

from accounts.models import Membership, Role, User, Workspace


def somebody(workspace: Workspace, role: Role | None = None) -> User | None:
    """Return the first member, of all or of one role; None where there is none."""
    members = Membership.objects.filter(workspace=workspace).order_by("pk")
    if role is not None:
        members = members.filter(role=role)
    first = members.select_related("user").first()
    return first.user if first else None
