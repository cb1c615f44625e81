"""The demo workspace: who may log in, and the key that its example uses.

What it holds is made by `ingest/demo/`. Its password belongs to this installation: it
is derived from a secret, so it can be shown at every start and guessed by nobody.
"""

import base64
import hmac
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from accounts.errors import AccountsError
from accounts.keys import create_key
from accounts.models import ApiKey, Role, User, Workspace
from accounts.sealing import unseal
from accounts.services import create_workspace, set_role

SLUG = "demo"
NAME = "Northwind Tools (demo)"
KEY_NAME = "Demo key"
# (e-mail, name, role); the first is who the demo shows itself to.
PEOPLE = (
    ("demo@uptick.example", "Dana Demo", Role.ADMIN),
    ("member@uptick.example", "Morgan Member", Role.MEMBER),
    ("viewer@uptick.example", "Vic Viewer", Role.VIEWER),
)


@dataclass(frozen=True, slots=True)
class DemoCredentials:
    """How to log in to the demo workspace, and how to send to it."""

    email: str
    password: str
    api_key: str
    workspace_slug: str


def demo_workspace() -> Workspace | None:
    """Return the demo workspace, if there is one."""
    return Workspace.objects.filter(slug=SLUG, is_demo=True).first()


def demo_password() -> str:
    """Return the password of the demo people on this installation."""
    digest = hmac.digest(settings.KEY_PEPPER.encode(), b"demo password", "sha256")
    letters = base64.b32encode(digest).decode().lower()
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:12]}"


def create_demo_workspace() -> tuple[Workspace, ApiKey]:
    """Create the demo workspace with its people and its key.

    Raises:
        AccountsError: the slug is taken, or a demo person is a member elsewhere.
    """
    with transaction.atomic():
        workspace = create_workspace(SLUG, NAME, is_demo=True)
        # So that the vendor's curl lines work here as they are printed.
        workspace.reamaze_authkey_alone = True
        workspace.save(update_fields=["reamaze_authkey_alone"])
        for email, name, role in PEOPLE:
            set_role(workspace, _person(email, name), role)
        key, _ = create_key(workspace=workspace, name=KEY_NAME)
    return workspace, key


def demo_credentials() -> DemoCredentials | None:
    """Return the log-in and the key to show at start, or None without a demo."""
    workspace = demo_workspace()
    if workspace is None:
        return None
    key = (
        ApiKey.objects.filter(
            workspace=workspace, name=KEY_NAME, revoked_at__isnull=True
        )
        .order_by("-pk")
        .first()
    )
    return DemoCredentials(
        email=PEOPLE[0][0],
        password=demo_password(),
        api_key=unseal(key.sealed) if key else "",
        workspace_slug=workspace.slug,
    )


def _person(email: str, name: str) -> User:
    """Return the demo person of this address, with the password of now."""
    user = User.objects.filter(email=email).first()
    if user is None:
        return User.objects.create_user(email, demo_password(), name=name)
    # Someone may have made real use of the address; then it is not ours to reset.
    if user.is_superuser or user.memberships.exists():
        raise AccountsError(f"{email} exists and is not a demo log-in.")
    user.set_password(demo_password())
    user.save(update_fields=["password"])
    return user
