"""Plain functions that make the rows tests start from; each returns what it made."""

from itertools import count

from accounts.keys import create_key
from accounts.models import (
    Account,
    AppId,
    Developer,
    Identity,
    License,
    Membership,
    Metric,
    Product,
    Role,
    User,
)
from accounts.services import create_workspace

PASSWORD = "correct-horse-7"
_numbers = count(1)


def make_workspace(slug="acme", name="", **fields):
    """A workspace as the product itself makes it: with CALL_HOME and a score model."""
    return create_workspace(slug, name or slug.title(), **fields)


def make_user(email=None, *, password=PASSWORD, **fields):
    """Someone who may log in, member of nothing yet."""
    return User.objects.create_user(
        email or f"person{next(_numbers)}@example.com", password, **fields
    )


def make_operator(email="operator@example.com"):
    return User.objects.create_superuser(email, PASSWORD)


def make_member(workspace, role=Role.MEMBER, email=None, **fields):
    """A new user with a role in the workspace."""
    email = email or f"{Role(role).value}{next(_numbers)}@example.com"
    user = make_user(email, **fields)
    Membership.objects.create(workspace=workspace, user=user, role=role)
    return user


def make_key(workspace, name="test key", **fields):
    """Return (ApiKey, its text)."""
    return create_key(workspace=workspace, name=name, **fields)


def make_product(workspace, key="sdk", **fields):
    fields.setdefault("name", key.title())
    return Product.objects.create(workspace=workspace, key=key, **fields)


def make_app(workspace, app_id="AAAA-BBBBBBBB-CCCC-DDDD", product=None, **fields):
    """An app id and, unless one is given, the product that it stands for."""
    product = product or make_product(workspace, "ios-app", name="iOS app")
    return AppId.objects.create(
        workspace=workspace, app_id=app_id, product=product, **fields
    )


def make_metric(workspace, key="INSTALL", **fields):
    return Metric.objects.create(workspace=workspace, key=key, **fields)


def make_account(workspace, name="Initech", **fields):
    fields.setdefault("domain", f"{name.lower()}.example")
    return Account.objects.create(workspace=workspace, name=name, **fields)


def make_developer(workspace, email="dev@example.com", **fields):
    """A developer known by one e-mail address."""
    fields.setdefault("display_name", email)
    developer = Developer.objects.create(workspace=workspace, **fields)
    Identity.objects.create(
        workspace=workspace, developer=developer, kind="email", value=email
    )
    return developer


def make_license(workspace, key="KEY-1", **fields):
    return License.objects.create(workspace=workspace, key=key, **fields)
