"""The life of a key: made, found, shown, changed, replaced, revoked."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from accounts import keys
from accounts.errors import AccountsError
from accounts.models import ApiKey, AuditEntry
from accounts.tokens import new_token
from tests.factories import make_key, make_member, make_product, make_workspace

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace():
    return make_workspace()


def actions():
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


# ---- Made and found ----------------------------------------------------------------


def test_a_key_is_found_by_its_text(workspace):
    key, token = make_key(workspace, name="CI", dialects=["reo"])
    found = keys.find_key(token)
    assert found == key
    assert (found.name, found.dialects, found.kind) == ("CI", ["reo"], "ingest")
    assert found.is_usable()


def test_the_text_is_stored_nowhere(workspace):
    _, token = make_key(workspace)
    secret = token.split("_")[2]
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(k)::text FROM accounts_apikey k")
        (row,) = cursor.fetchone()
        cursor.execute("SELECT to_jsonb(a)::text FROM accounts_auditentry a")
        (audit,) = cursor.fetchone()
    assert secret not in row
    assert secret not in audit
    # The digest is keyed: nobody computes it without the pepper.
    assert keys.digest_of(token).hex() in row


def test_the_pepper_decides_which_key_is_found(workspace, settings):
    _, token = make_key(workspace)
    settings.KEY_PEPPER = "another"
    assert keys.find_key(token) is None


def test_a_wrong_checksum_costs_no_query(workspace, django_assert_num_queries):
    _, token = make_key(workspace)
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    with django_assert_num_queries(0):
        assert keys.find_key(wrong) is None
        assert keys.find_key("hello") is None
        assert keys.find_key("") is None
    with django_assert_num_queries(1):
        assert keys.find_key(new_token("ingest")) is None
    with django_assert_num_queries(1):
        assert keys.find_key(token).workspace.slug == "acme"


def test_a_product_of_another_workspace_is_refused(workspace):
    other = make_product(make_workspace("other"))
    with pytest.raises(AccountsError, match="another workspace"):
        make_key(workspace, product=other)


def test_an_unknown_kind_is_refused(workspace):
    with pytest.raises(AccountsError, match="kind"):
        make_key(workspace, kind="master")


def test_a_network_that_is_none_is_refused(workspace):
    with pytest.raises(ValidationError):
        make_key(workspace, networks=["300.1.1.1"])


@pytest.mark.parametrize(
    ("networks", "address", "allowed"),
    [
        ([], "198.51.100.1", True),
        ([], "", True),
        (["203.0.113.0/24"], "203.0.113.9", True),
        (["203.0.113.0/24"], "203.0.114.9", False),
        (["203.0.113.0/24"], "::ffff:203.0.113.9", True),
        (["203.0.113.7/32", "2001:db8::/32"], "2001:db8::1", True),
        (["203.0.113.0/24"], "2001:db8::1", False),
        (["203.0.113.0/24"], "", False),
        (["203.0.113.0/24"], "unix:", False),
    ],
)
def test_allowed_networks(networks, address, allowed):
    assert keys.network_allowed(networks, address) is allowed


# ---- Shown -------------------------------------------------------------------------


def test_showing_a_key_is_written_down(workspace):
    key, token = make_key(workspace)
    member = make_member(workspace, email="mia@example.com")
    assert keys.reveal(key, actor=member, ip="203.0.113.9") == token
    entry = AuditEntry.objects.get(action="key_viewed")
    assert (entry.actor, entry.actor_label) == (member, "mia@example.com")
    assert (entry.ip, entry.detail) == ("203.0.113.9", {"key_id": key.pk})


def test_a_key_sealed_with_a_lost_field_key_says_so(workspace, settings):
    key, _ = make_key(workspace)
    settings.FIELD_KEY = "lost"
    with pytest.raises(AccountsError, match="FIELD_KEY"):
        keys.reveal(key, actor=None, ip=None)
    # What was not shown is not written down as shown.
    assert actions() == ["key_created"]


def test_field_keys_are_replaced_in_two_steps(workspace, settings):
    settings.FIELD_KEY = "old"
    key, token = make_key(workspace)
    settings.FIELD_KEY = "new, old"
    assert keys.reveal(key, actor=None, ip=None) == token
    assert keys.reseal_keys() == 1
    settings.FIELD_KEY = "new"
    key.refresh_from_db()
    assert keys.reveal(key, actor=None, ip=None) == token


# ---- Changed, replaced, revoked ----------------------------------------------------


def test_every_change_raises_the_version(workspace):
    key, _ = make_key(workspace)
    versions = [key.version]
    key = keys.change(key, {"name": "renamed", "dialects": ["reo"]})
    versions.append(key.version)
    keys.rotate(key, actor=None, overlap=timedelta(days=1))
    key.refresh_from_db()
    versions.append(key.version)
    key = keys.revoke(key, actor=None)
    versions.append(key.version)
    assert versions == [1, 2, 3, 4]
    assert actions() == ["key_created", "key_changed", "key_rotated", "key_revoked"]


def test_a_change_says_what_was_and_what_is(workspace):
    key, _ = make_key(workspace, name="old name")
    keys.change(key, {"name": "new name"})
    detail = AuditEntry.objects.get(action="key_changed").detail
    assert detail["before"] == {"name": "old name"}
    assert detail["after"] == {"name": "new name"}


@pytest.mark.parametrize("field", ["digest", "workspace", "version", "revoked_at"])
def test_what_must_not_change_cannot(workspace, field):
    key, _ = make_key(workspace)
    with pytest.raises(AccountsError, match="cannot be changed"):
        keys.change(key, {field: 1})


def test_a_rotation_inherits_everything_and_both_work(workspace):
    key, old = make_key(
        workspace,
        name="CI",
        dialects=["reo"],
        product=make_product(workspace),
        networks=["203.0.113.0/24"],
    )
    new_key, new = keys.rotate(key, actor=None, overlap=timedelta(hours=24))
    inherited = "workspace name kind dialects product allowed_networks expires_at"
    for field in inherited.split():
        assert getattr(new_key, field) == getattr(key, field), field
    assert new_key.rotated_from == key
    assert new != old
    assert keys.find_key(new).is_usable()
    soon, late = timedelta(hours=23), timedelta(hours=25)
    assert keys.find_key(old).is_usable(timezone.now() + soon)
    assert not keys.find_key(old).is_usable(timezone.now() + late)


def test_a_rotation_without_overlap_ends_the_old_key_now(workspace):
    key, old = make_key(workspace)
    keys.rotate(key, actor=None, overlap=timedelta(0))
    assert not keys.find_key(old).is_usable()


def test_a_rotation_never_lengthens_the_old_keys_life(workspace):
    ends = timezone.now() + timedelta(hours=1)
    key, _ = make_key(workspace, expires_at=ends)
    new_key, _ = keys.rotate(key, actor=None, overlap=timedelta(days=7))
    key.refresh_from_db()
    assert key.expires_at == ends
    assert new_key.expires_at == ends


def test_a_key_is_replaced_only_once(workspace):
    key, _ = make_key(workspace)
    keys.rotate(key, actor=None, overlap=timedelta(days=1))
    with pytest.raises(AccountsError, match="replaced already"):
        keys.rotate(key, actor=None, overlap=timedelta(days=1))
    assert ApiKey.objects.count() == 2


def test_an_expired_key_cannot_be_replaced(workspace):
    key, _ = make_key(workspace, expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(AccountsError, match="still works"):
        keys.rotate(key, actor=None, overlap=timedelta(days=1))


def test_a_revoked_key_stays_revoked(workspace):
    key, token = make_key(workspace)
    first = keys.revoke(key, actor=None).revoked_at
    assert not keys.find_key(token).is_usable()
    assert keys.revoke(key, actor=None).revoked_at == first
    assert actions().count("key_revoked") == 1
    with pytest.raises(AccountsError, match="revoked"):
        keys.change(key, {"expires_at": None})
    with pytest.raises(AccountsError, match="revoked"):
        keys.rotate(key, actor=None, overlap=timedelta(days=1))


# ---- Last used ---------------------------------------------------------------------


def test_the_last_use_is_noted_by_the_minute(workspace, django_assert_num_queries):
    first, _ = make_key(workspace)
    second, _ = make_key(workspace)
    now = timezone.now()
    with django_assert_num_queries(1), connection.cursor() as cursor:
        uses = [(first.pk, now - timedelta(hours=1)), (first.pk, now), (second.pk, now)]
        keys.mark_used(cursor, uses)
    for key in (first, second):
        key.refresh_from_db()
        assert key.last_used_at == now
        assert key.version == 1
    with connection.cursor() as cursor:
        keys.mark_used(cursor, [(first.pk, now + timedelta(seconds=50))])
        keys.mark_used(cursor, [(second.pk, now + timedelta(seconds=70))])
        keys.mark_used(cursor, [(second.pk, now - timedelta(days=1))])
        keys.mark_used(cursor, [])
    first.refresh_from_db()
    second.refresh_from_db()
    assert first.last_used_at == now
    assert second.last_used_at == now + timedelta(seconds=70)
