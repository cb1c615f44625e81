"""Links with which someone who was invited sets their first password.

The link is computed from the person's own row, so nothing secret is stored, and it
dies with its first use. Someone who has a password never gets one, and someone who is
in several workspaces only from who manages them all: an admin of one workspace could
take over a member of another with it.
"""

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import User
from accounts.roles import Action, can


def invitation_link(user: User, request: HttpRequest) -> str | None:
    """Return the whole address to hand over, or None where there is none to give."""
    if user.has_usable_password() or not _manages(request, user):
        return None
    path = reverse(
        "invitation",
        kwargs={
            "uidb64": urlsafe_base64_encode(force_bytes(user.pk)),
            "token": default_token_generator.make_token(user),
        },
    )
    return (
        f"{settings.PUBLIC_URL}{path}"
        if settings.PUBLIC_URL
        else (request.build_absolute_uri(path))
    )


def _manages(request: HttpRequest, user: User) -> bool:
    """Say whether the visitor manages whatever this person may do."""
    if user.is_superuser:
        return request.user.is_superuser
    return all(
        can(request.user, Action.MANAGE_MEMBERS, workspace)
        for workspace in user.memberships.values_list("workspace", flat=True)
    )
