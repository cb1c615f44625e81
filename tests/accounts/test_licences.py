"""Licences: their states, the admin, the CSV import and the REST API."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import license_import
from accounts.models import (
    Account,
    AccountDomain,
    Activation,
    AuditEntry,
    License,
    ProductVersion,
    Role,
)
from tests.factories import (
    make_account,
    make_key,
    make_license,
    make_member,
    make_product,
    make_workspace,
)

pytestmark = pytest.mark.django_db
API = "/api/v1/licences/"
VERSIONS = "/api/v1/product-versions/"


@pytest.fixture
def workspace():
    return make_workspace("acme")


def test_states():
    workspace = make_workspace("states")
    now = timezone.now()
    active = make_license(workspace, "a", expires_at=now + timedelta(days=1))
    expired = make_license(workspace, "e", expires_at=now - timedelta(days=1))
    revoked = make_license(
        workspace, "r", expires_at=now - timedelta(days=1), revoked_at=now
    )
    for one in (active, expired, revoked):
        assert list(License.objects.in_state(one.state)) == [one]
    assert [one.state for one in (active, expired, revoked)] == [
        *("active", "expired", "revoked")
    ]


# ---- CSV import

HEADING = "key,product,account_domain,holder,seats,expires_at,status,activations,note"


def csv(*lines, heading=HEADING):
    return "\n".join([heading, *lines])


def test_good_lines_are_written_and_bad_ones_named(workspace):
    make_product(workspace, "app")
    known = make_license(workspace, "OLD", note="kept?")
    text = csv(
        'NEW,app,www.initech.com,"Initech, Inc.",5,2027-01-31,active,PC-1; PC-2,hi',
        "OLD,,,,,,,,",
        "GONE,,,,,,revoked,,",
        "BAD,nothing,,,,,,,",
        ",,,,,,,,",
        "BAD,,not a domain,,,,,,",
        "BAD,,,,many,,,,",
        "BAD,,,,,yesterday,,,",
        "BAD,,,,,,maybe,,",
        "NEW,,,,,,,,",
        "BAD,,,,,,,,,,too,many",
    )
    preview = license_import.read(text, workspace)
    assert (preview.added, preview.changed) == (2, 1)
    assert [problem.line for problem in preview.problems] == [12, 5, 6, 7, 8, 9, 10, 11]
    assert not License.objects.filter(key="NEW").exists()
    license_import.write(preview, workspace)
    new = License.objects.get(key="NEW")
    assert (new.product.key, new.account.domain, new.holder, new.seats) == (
        *("app", "initech.com", "Initech, Inc.", 5),
    )
    assert new.expires_at.isoformat() == "2027-01-31T23:59:59.999999+00:00"
    assert sorted(new.activations.values_list("identifier", flat=True)) == [
        *("PC-1", "PC-2")
    ]
    assert License.objects.get(key="GONE").state == "revoked"
    known.refresh_from_db()
    assert known.note == ""
    # Again: nothing is there twice.
    again = license_import.read(text, workspace)
    assert (again.added, again.changed) == (0, 3)
    license_import.write(again, workspace)
    assert License.objects.count() == 3
    assert Activation.objects.count() == 2


def test_columns_that_the_file_lacks_keep_what_is_there(workspace):
    buyer = make_account(workspace, "Buyer")
    known = make_license(workspace, "K", account=buyer, holder="Ann", seats=3)
    preview = license_import.read(csv("K,9", heading="Key,Seats"), workspace)
    license_import.write(preview, workspace)
    known.refresh_from_db()
    assert (known.account, known.holder, known.seats) == (buyer, "Ann", 9)


def test_a_revoked_licence_is_not_brought_back(workspace):
    make_license(workspace, "K", revoked_at=timezone.now())
    preview = license_import.read(csv("K,active", heading="key,status"), workspace)
    license_import.write(preview, workspace)
    assert License.objects.get().state == "revoked"


def test_a_further_domain_makes_no_account(workspace):
    buyer = make_account(workspace, "Buyer")
    AccountDomain.objects.create(
        workspace=workspace, account=buyer, domain="bought.com"
    )
    text = csv("K,bought.com", heading="key,account_domain")
    license_import.write(license_import.read(text, workspace), workspace)
    assert License.objects.get().account == buyer
    assert Account.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column “key”"),
        ("serial\n1", "no column “key”"),
        ("key,colour\n1,red", "Unknown: colour."),
        ('key\n"a' + "x" * 200_000, "no CSV"),
    ],
)
def test_files_that_are_none(workspace, text, message):
    preview = license_import.read(text, workspace)
    assert not preview.rows
    assert message in preview.problems[0].message


def test_reading_takes_as_many_queries_for_any_file(
    workspace, django_assert_num_queries
):
    for size in (1, 3000):
        text = csv(*(f"K{n},D{n}.com" for n in range(size)),
                   heading="key,account_domain")  # fmt: skip
        with django_assert_num_queries(2):
            assert license_import.read(text, workspace).added == size


@pytest.fixture
def member(client, workspace):
    client.force_login(make_member(workspace, Role.MEMBER))
    return client


def test_the_import_page_previews_and_then_writes(member, workspace):
    address = reverse("admin:accounts_license_import")
    assert member.get(address).status_code == 200
    text = csv("K1,app", "K2,", heading="key,product")
    upload = SimpleUploadedFile("l.csv", ("\ufeff" + text).encode())
    response = member.post(address, {"workspace": workspace.pk, "file": upload})
    html = response.content.decode()
    assert "There is no product “app”." in html
    assert "Import 1 licence" in html
    assert not License.objects.exists()
    response = member.post(
        address,
        {
            "workspace": workspace.pk,
            "text": response.context["form"].cleaned_data["text"],
            "confirmed": "1",
        },
    )
    assert response.status_code == 302
    assert [one.key for one in License.objects.all()] == ["K2"]
    entry = AuditEntry.objects.get(action="licenses_imported")
    assert entry.detail == {"added": 1, "changed": 0}


def test_the_import_page_refuses_what_is_no_text(member, workspace):
    address = reverse("admin:accounts_license_import")
    for data in (
        {"workspace": workspace.pk},
        {"workspace": workspace.pk, "file": SimpleUploadedFile("x", b"\xff\xfe\x00")},
        {"workspace": make_workspace("other").pk, "text": "key\nK"},
    ):
        response = member.post(address, {**data, "confirmed": "1"})
        assert response.status_code == 200
        assert response.context["form"].errors
    assert not License.objects.exists()


def test_a_viewer_imports_and_revokes_nothing(client, workspace):
    made = make_license(workspace)
    client.force_login(make_member(workspace, Role.VIEWER))
    assert client.get(reverse("admin:accounts_license_import")).status_code == 403
    revoke = reverse("admin:accounts_license_revoke", args=[made.pk])
    assert client.post(revoke, {"confirmed": "1"}).status_code == 403
    client.force_login(make_member(make_workspace("other"), Role.ADMIN))
    assert client.post(revoke, {"confirmed": "1"}).status_code == 404
    assert License.objects.get().revoked_at is None


def test_revoking_asks_first_and_is_audited(member, workspace):
    made = make_license(workspace)
    address = reverse("admin:accounts_license_revoke", args=[made.pk])
    assert "for ever" in member.get(address).content.decode()
    assert License.objects.get().revoked_at is None
    assert member.post(address, {"confirmed": "1"}).status_code == 302
    assert License.objects.get().state == "revoked"
    assert AuditEntry.objects.get(action="license_revoked").subject == "KEY-1"


# ---- REST


class Caller:
    def __init__(self, token):
        self.client = Client(headers={"Authorization": f"Bearer {token}"})

    def __call__(self, method, path, body=None):
        data = json.dumps(body).encode() if body is not None else b""
        return getattr(self.client, method)(
            path, data, content_type="application/json"
        ) if method != "get" else self.client.get(path)  # fmt: skip


@pytest.fixture
def manage(workspace):
    return Caller(make_key(workspace, kind="manage")[1])


@pytest.fixture
def reader(workspace):
    return Caller(make_key(workspace, kind="read")[1])


def test_a_licence_is_made_shown_changed_and_revoked(workspace, manage):
    make_product(workspace, "app")
    response = manage(
        "post",
        API,
        {"product": "app", "account_domain": "www.Initech.com", "seats": 2},
    )
    assert response.status_code == 201
    made = response.json()
    assert (made["state"], made["product"], made["account_domain"]) == (
        *("active", "app", "initech.com"),
    )
    assert len(made["key"]) == 36
    path = f"{API}{made['id']}/"
    assert manage("get", path).json() == made
    changed = manage("patch", path, {"holder": "Ann", "account_domain": ""}).json()
    assert (changed["holder"], changed["account"]) == ("Ann", None)
    assert manage("patch", path, {"key": "other"}).status_code == 400
    assert manage("post", f"{path}revoke/").json()["state"] == "revoked"
    first = License.objects.get().revoked_at
    assert manage("post", f"{path}revoke/").status_code == 200
    assert License.objects.get().revoked_at == first
    assert manage("delete", path).status_code == 405
    actions = AuditEntry.objects.filter(action__startswith="license_")
    assert sorted(actions.values_list("action", flat=True)) == [
        *("license_added", "license_changed", "license_revoked")
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"key": "K"},
        {"key": "a\nb"},
        {"key": "a\0b"},
        {"key": "x" * 201},
        {"product": "nothing"},
        {"account_domain": "no domain"},
        {"seats": -1},
        {"seats": 10**12},
        {"expires_at": "soon"},
        [],
        "x",
    ],
)
def test_what_is_no_licence(workspace, manage, body):
    make_license(workspace, "K")
    assert manage("post", API, body).status_code == 400
    assert License.objects.count() == 1


@pytest.mark.parametrize(
    "product", ["\0", "a\0b", "\ud800", {"key": "app"}, ["app"], True, 10**30]
)
@pytest.mark.parametrize("path", ["licences", "product-versions"])
def test_what_can_be_no_product(workspace, manage, path, product):
    """NUL was a server error: found by the long fuzz run."""
    body = {"product": product, "version": "1"}
    response = manage("post", f"/api/v1/{path}/", body)
    assert response.status_code == 400
    assert "product" in response.json()


def test_lists_are_filtered_and_paged(workspace, reader):
    app = make_product(workspace, "app")
    buyer = make_account(workspace, "Buyer")
    make_license(workspace, "A", product=app, holder="Ann")
    make_license(workspace, "B", account=buyer, revoked_at=timezone.now())
    make_license(make_workspace("other"), "C")
    for query, keys in (
        ("", "BA"),
        ("state=active", "A"),
        ("state=revoked", "B"),
        ("product=app", "A"),
        ("key=B", "B"),
        ("holder=an", "A"),
        (f"account={buyer.pk}", "B"),
        ("account_domain=buyer.example", "B"),
        ("expires_before=2020-01-01T00:00:00Z", ""),
    ):
        found = reader("get", f"{API}?{query}").json()["results"]
        assert "".join(one["key"] for one in found) == keys, query
    page = reader("get", f"{API}?per_page=1").json()
    assert [one["key"] for one in page["results"]] == ["B"]
    page = reader("get", page["next"]).json()
    assert [one["key"] for one in page["results"]] == ["A"]
    assert reader("get", f"{API}?state=odd").status_code == 400


def test_activations_take_seats_and_give_them_back(workspace, manage):
    made = make_license(workspace, seats=1)
    path = f"{API}{made.pk}/activations/"
    response = manage("post", path, {"identifier": "PC-1"})
    assert response.status_code == 201
    assert manage("post", path, {"identifier": "PC-2"}).status_code == 400
    listed = manage("get", path).json()["results"]
    assert [one["identifier"] for one in listed] == ["PC-1"]
    own = f"{path}{response.json()['id']}/"
    assert (
        manage("delete", f"{API}{made.pk}/activations/{'9' * 30}/").status_code == 404
    )
    assert manage("delete", own).status_code == 204
    assert manage("delete", own).status_code == 404
    made.seats = None
    made.save()
    assert manage("post", path, {"identifier": "PC-1"}).status_code == 201
    assert manage("post", path, {"identifier": "PC-1"}).status_code == 400
    made.revoked_at = timezone.now()
    made.save()
    assert manage("post", path, {"identifier": "PC-3"}).status_code == 400


def test_versions(workspace, manage):
    make_product(workspace, "app")
    body = {"product": "app", "version": "1.0", "released_on": "2026-01-31"}
    response = manage("post", VERSIONS, body)
    assert response.status_code == 201
    assert manage("post", VERSIONS, body).status_code == 400
    path = f"{VERSIONS}{response.json()['id']}/"
    assert manage("patch", path, {"is_supported": False}).json() == {
        "id": response.json()["id"],
        "is_supported": False,
        **body,
    }
    found = manage("get", f"{VERSIONS}?product=app&is_supported=false").json()
    assert len(found["results"]) == 1
    assert manage("delete", path).status_code == 204
    assert not ProductVersion.objects.exists()


def test_who_may_do_what(workspace):
    made = make_license(workspace)
    path = f"{API}{made.pk}/"
    other = make_workspace("other")
    past = timezone.now() - timedelta(minutes=1)
    cases = (
        ({"kind": "manage"}, 200, 201),
        ({"kind": "read"}, 200, 403),
        ({"kind": "ingest"}, 403, 403),
        ({"kind": "manage", "dialects": ["reo"]}, 403, 403),
        ({"kind": "manage", "dialects": ["license"]}, 200, 201),
        ({"kind": "manage", "expires_at": past}, 401, 401),
        ({"kind": "manage", "networks": ["192.0.2.0/24"]}, 401, 401),
    )
    for fields, may_read, may_write in cases:
        caller = Caller(make_key(workspace, **fields)[1])
        assert caller("get", path).status_code == may_read, fields
        assert caller("post", API, {}).status_code == may_write, fields
    stranger = Caller(make_key(other, kind="manage")[1])
    assert stranger("get", path).status_code == 404
    assert stranger("patch", path, {"note": "x"}).status_code == 404
    assert stranger("post", f"{path}revoke/").status_code == 404
    assert stranger("get", f"{path}activations/").status_code == 404
    assert Client().get(path).status_code == 401
    assert Client().get(path)["WWW-Authenticate"] == "Bearer"
    header = {"X-API-KEY": make_key(workspace, kind="read")[1]}
    assert Client().get(path, headers=header).status_code == 200


def test_a_key_for_one_product_sees_and_makes_that_one(workspace):
    app, other = make_product(workspace, "app"), make_product(workspace, "other")
    make_license(workspace, "A", product=app)
    hidden = make_license(workspace, "B", product=other)
    manage = Caller(make_key(workspace, kind="manage", product=app)[1])
    assert [one["key"] for one in manage("get", API).json()["results"]] == ["A"]
    assert manage("get", f"{API}{hidden.pk}/").status_code == 404
    assert manage("post", API, {"key": "C"}).json()["product"] == "app"
    assert manage("post", API, {"product": "other"}).status_code == 400


def test_a_list_costs_as_many_queries_for_any_number(
    workspace, reader, django_assert_max_num_queries
):
    reader("get", API)
    for number in range(30):
        make_license(
            workspace, f"K{number}", account=make_account(workspace, f"A{number}")
        )
    with django_assert_max_num_queries(4):
        assert len(reader("get", API).json()["results"]) == 30
