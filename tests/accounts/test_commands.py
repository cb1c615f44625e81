"""The operator's commands around workspaces, people and keys."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.keys import find_key
from accounts.models import ApiKey, AuditEntry, Membership, User, Workspace
from tests.factories import make_key, make_product, make_user, make_workspace

pytestmark = pytest.mark.django_db


def run(*args):
    """The lines a command prints."""
    out = io.StringIO()
    call_command(*args, stdout=out)
    return out.getvalue().splitlines()


def test_create_workspace():
    assert run("create_workspace", "acme", "--name", "Acme Inc") == [
        "Created workspace acme (Acme Inc)."
    ]
    assert Workspace.objects.get().name == "Acme Inc"
    with pytest.raises(CommandError, match="already exists"):
        run("create_workspace", "acme")


def test_create_workspace_with_a_new_owner():
    lines = run("create_workspace", "acme", "--owner", "Mia@Example.com")
    password = lines[1].rsplit(" ", 1)[1]
    owner = User.objects.get(email="mia@example.com")
    assert owner.check_password(password)
    assert Membership.objects.get(user=owner).role == "admin"
    # Someone known keeps the password they have.
    assert len(run("create_workspace", "two", "--owner", "mia@example.com")) == 1


def test_a_failed_workspace_leaves_no_owner():
    make_workspace("acme")
    with pytest.raises(CommandError):
        run("create_workspace", "acme", "--owner", "mia@example.com")
    assert not User.objects.exists()


def test_quiet_prints_the_key_alone():
    make_workspace("acme")
    (token,) = run("create_api_key", "--workspace=acme", "--name=CI", "--quiet")
    key = find_key(token)
    assert (key.name, key.kind, key.dialects) == ("CI", "ingest", [])
    assert AuditEntry.objects.get().actor_label == "command line"


def test_a_key_with_everything():
    workspace = make_workspace("acme")
    product = make_product(workspace, "sdk")
    args = "--workspace=acme --name=CI --dialect=reo --dialect=native --product=sdk"
    more = "--expires=90d --network=203.0.113.7/24 --network=2001:db8::/32 --kind=read"
    lines = run("create_api_key", *args.split(), *more.split())
    key = find_key(lines[-1])
    assert key.dialects == ["native", "reo"]
    assert key.product == product
    assert key.allowed_networks == ["203.0.113.0/24", "2001:db8::/32"]
    assert key.kind == "read"
    left = key.expires_at - timezone.now()
    assert timedelta(days=89) < left <= timedelta(days=90)


def test_an_oauth_client_is_told_its_id():
    make_workspace("acme")
    _, told, secret = run(
        *("create_api_key", "--workspace=acme", "--name=CI", "--kind=client")
    )

    assert told == f"Client id: {secret[:16]}. Client secret:"
    assert find_key(secret).prefix == secret[:16]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--workspace=nope", "no workspace"),
        ("--product=nope", "no product"),
        ("--expires=soon", "neither"),
        ("--expires=2020-01-01", "past"),
        ("--expires=2027-13-45", "neither"),
        ("--network=elsewhere", "not an IP network"),
        ("--dialect=klingon", "invalid choice"),
        ("--kind=master", "invalid choice"),
    ],
)
def test_a_key_that_cannot_be(option, message):
    make_workspace("acme")
    with pytest.raises(CommandError, match=message):
        run("create_api_key", "--workspace=acme", "--name=CI", option)
    assert not ApiKey.objects.exists()


@pytest.mark.parametrize("form", ["prefix", "token"])
def test_revoke_api_key(form):
    key, token = make_key(make_workspace())
    run("revoke_api_key", key.prefix if form == "prefix" else token)
    key.refresh_from_db()
    assert key.revoked_at is not None
    with pytest.raises(CommandError, match="No key"):
        run("revoke_api_key", "up_ingest_000000")


def test_two_keys_of_one_prefix_need_the_workspace():
    one, _ = make_key(make_workspace("one"))
    two, _ = make_key(make_workspace("two"))
    ApiKey.objects.filter(pk=two.pk).update(prefix=one.prefix)
    with pytest.raises(CommandError, match="Several"):
        run("revoke_api_key", one.prefix)
    run("revoke_api_key", one.prefix, "--workspace=two")
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.revoked_at is None, two.revoked_at is None) == (True, False)


def test_create_user_makes_a_password():
    lines = run("create_user", "Mia@Example.com", "--name", "Mia", "--operator")
    user = User.objects.get(email="mia@example.com")
    assert user.is_superuser
    assert user.check_password(lines[1].rsplit(" ", 1)[1])
    with pytest.raises(CommandError, match="already exists"):
        run("create_user", "mia@example.com")


def test_create_user_reads_a_password(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("correct-horse-7\n"))
    assert run("create_user", "mia@example.com", "--password-stdin") == [
        "Created mia@example.com."
    ]
    assert User.objects.get().check_password("correct-horse-7")


@pytest.mark.parametrize("password", ["", "12345678", "short"])
def test_create_user_refuses_a_weak_password(monkeypatch, password):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    with pytest.raises(CommandError):
        run("create_user", "mia@example.com", "--password-stdin")
    assert not User.objects.exists()


def test_add_member():
    make_workspace("acme")
    user = make_user("mia@example.com")
    run("add_member", "mia@example.com", "--workspace=acme", "--role=viewer")
    run("add_member", "mia@example.com", "--workspace=acme", "--role=admin")
    assert Membership.objects.get(user=user).role == "admin"
    with pytest.raises(CommandError, match="last admin"):
        run("add_member", "mia@example.com", "--workspace=acme", "--role=viewer")
    with pytest.raises(CommandError, match="no user"):
        run("add_member", "bob@example.com", "--workspace=acme")
    with pytest.raises(CommandError, match="no workspace"):
        run("add_member", "mia@example.com", "--workspace=nope")


def test_reseal_api_keys(settings):
    settings.FIELD_KEY = "old"
    make_key(make_workspace())
    settings.FIELD_KEY = "new,old"
    assert run("reseal_api_keys") == ["Sealed 1 keys with the first FIELD_KEY."]
    settings.FIELD_KEY = "lost"
    with pytest.raises(CommandError, match="cannot be read"):
        run("reseal_api_keys")
