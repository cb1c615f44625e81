import pytest

from accounts.models import ApiKey, CuratedList, ListEntry, Role
from tests.factories import make_key, make_member, make_workspace

URL = "/api/product/list"


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def member(workspace):
    return make_member(workspace, email="kim@vendor.example")


@pytest.fixture
def call(client, workspace, member):
    _, text = make_key(workspace, kind=ApiKey.Kind.MANAGE)

    def call(method, url=URL, body=None, *, key=text, user=member.email):
        return getattr(client, method)(
            url,
            body,
            content_type="application/json",
            headers={"X-API-KEY": key, "user": user},
        )

    return call


def new(**changes):
    body = {"name": "Targets", "type": "ACCOUNT", "primaryKey": "domain", **changes}
    return {name: value for name, value in body.items() if value is not None}


def test_brackets_without_end_are_refused(call):
    assert call("post", URL, "[" * 100_000).status_code == 400


@pytest.mark.parametrize("odd", ['"a\\u0000b"', '"\\ud800"', "1e400"])
def test_what_postgresql_cannot_keep_is_refused(call, odd):
    made = call(
        "post",
        URL,
        f'{{"name": "N", "type": "ACCOUNT", "primaryKey": '
        f'"domain", "mapping": {{"a": {odd}}}}}',
    )
    assert made.status_code == 400
    curated = CuratedList.objects.get(pk=call("post", URL, new()).json()["data"]["id"])
    filled = call(
        "put",
        f"{URL}/{curated.pk}",
        f'{{"entities": [{{"primaryKey": "a.com", "companyData": {{"x": {odd}}}}}]}}',
    )
    assert filled.status_code == 400
    assert not ListEntry.objects.exists()


def test_a_mapping_may_be_a_list(call):
    mapping = [{"column": "Website", "field": "domain"}]
    assert call("post", URL, new(mapping=mapping)).status_code == 200
    assert CuratedList.objects.get().mapping == mapping


@pytest.mark.parametrize("slash", ["", "/"])
def test_make_list_fill_and_read(call, slash):
    made = call(
        "post", URL + slash, new(description="Our best", mapping={"domain": "Website"})
    )
    assert made.status_code == 200
    curated = CuratedList.objects.get()
    data = {
        "id": curated.pk,
        "name": "Targets",
        "type": "ACCOUNT",
        "description": "Our best",
    }
    assert made.json() == {
        "response_code": "200",
        "response": "List created",
        "status": "success",
        "data": data,
    }
    assert curated.mapping == {"domain": "Website"}
    assert call("get", URL + slash).json()["data"] == [data]

    filled = call(
        "put",
        f"{URL}/{curated.pk}{slash}",
        {
            "entities": [
                {"primaryKey": "acme.com", "companyData": {"tier": "A"}},
                {"primaryKey": "no domain"},
            ]
        },
    )
    assert filled.status_code == 200
    assert filled.json()["data"] == {
        **data,
        "added": 1,
        "known": 0,
        "refused": [
            {
                "primaryKey": "no domain",
                "message": "“no domain” is no domain such as example.com.",
            }
        ],
    }
    entry = ListEntry.objects.get()
    assert (entry.value, entry.data, entry.added_by.email) == (
        "acme.com",
        {"tier": "A"},
        "kim@vendor.example",
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (new(name=None), "name: This field is required."),
        (new(name=""), "name: This field may not be blank."),
        (new(type="TEAM"), 'type: "TEAM" is not a valid choice.'),
        (
            new(type="DEVELOPER"),
            "primaryKey: A list of type DEVELOPER has the primary key email.",
        ),
        (new(mapping=3), 'mapping: Expected a dictionary of items but got type "int".'),
    ],
)
def test_what_is_wrong_is_named(call, body, said):
    answer = call("post", body=body)
    assert (answer.status_code, answer.json()) == (
        400,
        {"response_code": 400, "response": said, "status": "failure"},
    )
    assert not CuratedList.objects.exists()


def test_a_taken_name_is_said(call):
    call("post", body=new())
    answer = call("post", body=new())
    assert answer.status_code == 400
    assert answer.json()["response"] == "This workspace has a list of that name."


@pytest.mark.parametrize(
    ("entities", "said"),
    [
        (None, "entities: This field is required."),
        ([], "entities: This list may not be empty."),
        ([{}], "entities[0].primaryKey: This field is required."),
        (
            [{"primaryKey": "x"}],
            "entities[0].primaryKey: “x” is no domain such as example.com.",
        ),
    ],
)
def test_what_is_wrong_with_entries_is_named(call, entities, said):
    call("post", body=new())
    body = {} if entities is None else {"entities": entities}
    answer = call("put", f"{URL}/{CuratedList.objects.get().pk}", body)
    assert (answer.status_code, answer.json()["response"]) == (400, said)


def test_a_thousand_and_no_more(call):
    call("post", body=new())
    url = f"{URL}/{CuratedList.objects.get().pk}"
    entities = [{"primaryKey": f"c{index}.com"} for index in range(1001)]
    assert call("put", url, {"entities": entities}).status_code == 400
    assert call("put", url, {"entities": entities[:1000]}).json()["data"]["added"] == (
        1000
    )


def test_a_list_of_another_workspace_is_not_there(call):
    other = make_workspace("other")
    theirs = CuratedList.objects.create(
        workspace=other, name="Theirs", subject="account"
    )
    answer = call(
        "put", f"{URL}/{theirs.pk}", {"entities": [{"primaryKey": "acme.com"}]}
    )
    assert answer.status_code == 404
    assert answer.json()["response"] == "id: There is no such list here."
    assert answer.json()["status"] == "failure"
    assert call("get").json()["data"] == []


def test_who_may(call, workspace):
    read, manage = (
        make_key(workspace, kind=kind)[1]
        for kind in (ApiKey.Kind.READ, ApiKey.Kind.MANAGE)
    )
    plain = make_key(workspace)[1]
    scoped = make_key(workspace, scopes=["lists"])[1]
    viewer = make_member(workspace, Role.VIEWER).email
    outsider = make_member(make_workspace("other")).email
    body = new()

    def status(method, **more):
        return call(method, body=body if method == "post" else None, **more).status_code

    assert status("get", key="") == 401
    assert status("get", key="up_manage_nonsense") == 401
    assert status("get", key=plain) == status("post", key=plain) == 403
    assert (status("get", key=read), status("post", key=read)) == (200, 403)
    assert (status("get", user=viewer), status("post", user=viewer)) == (200, 403)
    assert status("get", user=outsider) == status("get", user="") == 400
    assert (status("post", key=manage), status("get", key=scoped)) == (200, 200)


def test_a_body_that_is_no_json(client, workspace, member):
    _, text = make_key(workspace, kind=ApiKey.Kind.MANAGE)
    answer = client.post(
        URL,
        "{",
        content_type="application/json",
        headers={"X-API-KEY": text, "user": member.email},
    )
    assert answer.status_code == 400
    assert answer.json()["response"].startswith("JSON parse error")
