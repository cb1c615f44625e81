import json

import pytest

from accounts.lists import create_list
from accounts.models import ApiKey, AuditEntry, CuratedList, ListEntry
from tests.dashboards.data import make_account
from tests.factories import make_key, make_workspace

URL = "/api/v1/lists/"


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def call(client, workspace):
    _, text = make_key(workspace, kind=ApiKey.Kind.MANAGE)

    def call(method, path="", body=None, *, key=text):
        return client.generic(
            method,
            URL + path,
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {key}"},
        )

    return call


def test_make_fill_read_take_off_and_delete(call, workspace):
    account = make_account(workspace, "Acme", domain="acme.com")
    made = call("POST", "", {"name": "Targets", "subject": "account"})
    assert made.status_code == 201
    number = made.json()["id"]
    assert made.json()["size"] == 0

    entries = [
        {"value": "https://acme.com", "data": {"tier": 1}},
        {"value": "later.example"},
        {"value": "nonsense"},
    ]
    added = call("POST", f"{number}/entries/", {"entries": entries}).json()
    assert (added["added"], added["known"]) == (2, 0)
    assert [(one["index"], one["value"]) for one in added["refused"]] == [
        (2, "nonsense")
    ]
    rows = call("GET", f"{number}/entries/").json()["results"]
    assert {(row["value"], row["account_id"]) for row in rows} == {
        ("acme.com", account.pk),
        ("later.example", None),
    }
    gone = call(
        "POST", f"{number}/entries/remove/", {"values": ["acme.com", "x.example"]}
    )
    assert gone.json() == {"removed": 1}
    assert call("DELETE", f"{number}/").status_code == 204
    assert not CuratedList.objects.exists()
    assert all(
        entry.detail["via"]
        for entry in AuditEntry.objects.exclude(action__startswith="key")
    )


@pytest.mark.parametrize(
    ("path", "body", "names"),
    [
        ("", {"subject": "account"}, {"name"}),
        ("", {"name": "x", "subject": "team"}, {"subject"}),
        ("", {"name": "Taken", "subject": "account"}, {"name"}),
        ("", [], {"body"}),
        ("{pk}/entries/", {}, {"entries"}),
        ("{pk}/entries/", {"entries": [{"data": {}}]}, {"entries[0].value"}),
        ("{pk}/entries/", {"entries": [{"value": "a.com"}] * 1001}, {"entries"}),
    ],
)
def test_what_is_wrong_is_named(call, workspace, path, body, names):
    curated = create_list(workspace, name="Taken", subject="account")
    answer = call("POST", path.format(pk=curated.pk), body)
    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert {error["parameter"] for error in answer.json()["errors"]} == names
    assert not ListEntry.objects.exists()


def test_who_may(call, workspace):
    curated = create_list(workspace, name="Targets", subject="account")
    theirs = create_list(make_workspace("other"), name="Theirs", subject="account")
    read = make_key(workspace, kind=ApiKey.Kind.READ)[1]
    narrow = make_key(workspace, kind=ApiKey.Kind.MANAGE, scopes=["events:read"])[1]
    body = {"name": "New", "subject": "account"}
    assert call("GET", "", key=read).status_code == 200
    assert call("POST", "", body, key=read).status_code == 403
    assert call("DELETE", f"{curated.pk}/", key=read).status_code == 403
    assert call("POST", "", body, key=narrow).status_code == 403
    assert call("POST", "", body, key="").status_code == 401
    for method, path, sent in (
        ("DELETE", f"{theirs.pk}/", None),
        ("POST", f"{theirs.pk}/entries/", {"entries": [{"value": "a.com"}]}),
        ("POST", f"{theirs.pk}/entries/remove/", {"values": ["a.com"]}),
    ):
        assert call(method, path, sent).status_code == 404
    assert CuratedList.objects.count() == 2
