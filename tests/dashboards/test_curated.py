import io

import pytest

from accounts.lists import Entry, add_entries, create_list
from accounts.models import (
    AuditEntry,
    CuratedList,
    ListEntry,
    Note,
    Role,
    Tag,
    TagMark,
)
from tests.dashboards.data import make_account, make_developer
from tests.factories import make_member, make_workspace


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def account(workspace):
    return make_account(workspace, "Acme", domain="acme.com")


@pytest.fixture
def ann(workspace, account):
    return make_developer(workspace, account, email="ann@acme.com")


@pytest.fixture
def targets(workspace):
    return create_list(workspace, name="Targets", subject="account")


@pytest.fixture
def member(client, workspace):
    client.force_login(make_member(workspace))
    return client


@pytest.fixture
def viewer(client, workspace):
    client.force_login(make_member(workspace, Role.VIEWER))
    return client


def values(curated):
    return list(curated.entries.order_by("value").values_list("value", flat=True))


def test_a_list_is_made_filled_and_deleted(member, account):
    page = member.get("/w/acme/lists/")
    assert "No list yet" in page.content.decode()

    made = member.post(
        "/w/acme/lists/new/",
        {"name": "Targets", "subject": "account", "description": "Our best"},
    )
    curated = CuratedList.objects.get()
    assert made["Location"] == f"/w/acme/lists/{curated.pk}/"

    text = "https://acme.com/\nlater.example, other.example\nno domain\n"
    member.post(f"/w/acme/lists/{curated.pk}/add/", {"values": text})
    assert values(curated) == ["acme.com", "later.example", "other.example"]
    html = member.get(f"/w/acme/lists/{curated.pk}/").content.decode()
    assert "3 accounts, 1 of them known here" in html
    assert "“no domain” is no domain" in html
    assert f'href="/w/acme/accounts/{account.pk}/"' in html

    entry = curated.entries.get(value="later.example")
    member.post(f"/w/acme/lists/{curated.pk}/remove/", {"entry": [entry.pk, "x"]})
    assert values(curated) == ["acme.com", "other.example"]
    assert "2 entries will be gone" in (
        member.get(f"/w/acme/lists/{curated.pk}/delete/").content.decode()
    )
    member.post(f"/w/acme/lists/{curated.pk}/delete/")
    assert not CuratedList.objects.exists()
    assert account.pk


def test_a_taken_name_is_said_beside_it(member, targets):
    answer = member.post(
        "/w/acme/lists/new/", {"name": "Targets", "subject": "account"}
    )
    assert answer.status_code == 422
    assert "This workspace has a list of that name." in answer.content.decode()
    other = CuratedList.objects.create(
        workspace=targets.workspace, name="Other", subject="account"
    )
    answer = member.post(f"/w/acme/lists/{other.pk}/edit/", {"name": "Targets"})
    assert answer.status_code == 422
    member.post(
        f"/w/acme/lists/{other.pk}/edit/", {"name": "Rivals", "is_exclude": "on"}
    )
    other.refresh_from_db()
    assert (other.name, other.is_exclude) == ("Rivals", True)


def upload(member, curated, text, **more):
    file = io.BytesIO(text.encode())
    file.name = "list.csv"
    return member.post(f"/w/acme/lists/{curated.pk}/upload/", {"file": file, **more})


def test_a_file_is_previewed_and_then_taken(member, targets):
    text = "Domain,Tier\nacme.com,A\nno domain,B\nbolt.io,\n"
    html = upload(member, targets, text).content.decode()
    assert "2 domains put on the list, 1 line left out" in html
    assert "tier: A" in html
    assert "“no domain” is no domain" in html
    assert not ListEntry.objects.exists()

    url = f"/w/acme/lists/{targets.pk}/upload/"
    report = member.post(url, {"text": text, "report": "1"}).content.decode()
    assert '3,“no domain” is no domain such as example.com.,"no domain,B"' in report
    member.post(url, {"text": text, "confirmed": "1"})
    entries = targets.entries.order_by("value").values_list("value", "data")
    assert list(entries) == [("acme.com", {"tier": "A"}), ("bolt.io", {})]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (" \n", "Choose a file that holds something."),
        ("name\nAcme\n", "There is no column “domain”."),
    ],
)
def test_a_file_that_cannot_be_read_says_why(member, targets, text, said):
    assert said in upload(member, targets, text).content.decode()
    assert not ListEntry.objects.exists()


def test_more_than_a_thousand_lines_are_taken(member, targets):
    lines = "".join(f"c{index}.com\n" for index in range(2500))
    member.post(
        f"/w/acme/lists/{targets.pk}/upload/",
        {"text": f"domain\n{lines}", "confirmed": "1"},
    )
    assert targets.entries.count() == 2500


def test_an_export_cannot_hold_a_formula(member, workspace, targets):
    account = make_account(workspace, "=cmd()", domain="evil.example")
    add_entries(targets, [Entry("evil.example"), Entry("later.example")])
    answer = member.get(f"/w/acme/lists/{targets.pk}/entries.csv")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert lines[0] == "domain,id,name,added_at"
    assert {line.rpartition(",")[0] for line in lines[1:]} == {
        f"evil.example,{account.pk},'=cmd()",
        "later.example,,",
    }


def test_tags_and_lists_lead_to_who_has_them(member, workspace, targets, ann):
    account = make_account(workspace, "Ours", domain="ours.example")
    make_account(workspace, "Theirs", domain="theirs.example")
    add_entries(targets, [Entry("ours.example")])
    member.post(f"/w/acme/account/{account.pk}/tags/", {"name": "Champion"})
    tag = Tag.objects.get()
    listed = f"/w/acme/accounts/?list={targets.pk}"
    tagged = f"/w/acme/accounts/?tag={tag.pk}"

    assert listed in member.get(f"/w/acme/lists/{targets.pk}/").content.decode()
    assert tagged in member.get(f"/w/acme/accounts/{account.pk}/").content.decode()
    for path, chip in ((listed, "List: Targets"), (tagged, "Tag: Champion")):
        page = member.get(path)
        assert [row.name for row in page.context["page"].rows] == ["Ours"]
        assert chip in page.content.decode()


def test_tags_are_put_and_taken(member, workspace, ann):
    url = f"/w/acme/developer/{ann.pk}/tags/"
    assert member.post(url, {"name": " Champion "})["Location"].endswith("#said")
    member.post(url, {"name": "champion"})
    tag = Tag.objects.get()
    assert (tag.name, tag.subject) == ("Champion", "developer")
    mark = TagMark.objects.get()
    assert (mark.developer, mark.by_hand, mark.is_off) == (ann, True, False)
    html = member.get(f"/w/acme/developers/{ann.pk}/").content.decode()
    assert "Take tag Champion away" in html

    member.post(f"{url}{tag.pk}/remove/")
    assert not TagMark.objects.exists()

    tag.rule = {"all": []}
    tag.save()
    member.post(url, {"name": "Champion"})
    member.post(f"{url}{tag.pk}/remove/")
    assert TagMark.objects.get().is_off
    html = member.get(f"/w/acme/developers/{ann.pk}/").content.decode()
    assert "Take tag" not in html


def test_lists_are_chosen_on_the_page(member, account, targets):
    url = f"/w/acme/account/{account.pk}/lists/"
    member.post(url, {"curated": targets.pk})
    entry = ListEntry.objects.get()
    assert (entry.value, entry.account) == ("acme.com", account)
    html = member.get(f"/w/acme/accounts/{account.pk}/").content.decode()
    assert "Take off list Targets" in html
    member.post(f"{url}{entry.pk}/remove/")
    assert not ListEntry.objects.exists()


def test_notes_are_kept_edited_and_deleted(member, client, workspace, ann):
    member.post(f"/w/acme/developer/{ann.pk}/notes/", {"text": "Met at <b>Conf</b>"})
    note = Note.objects.get()
    html = member.get(f"/w/acme/developers/{ann.pk}/").content.decode()
    assert "Met at &lt;b&gt;Conf&lt;/b&gt;" in html
    url = f"/w/acme/notes/{note.pk}/"
    assert "Met at" in member.get(url).content.decode()
    member.post(url, {"text": "Met twice"})
    note.refresh_from_db()
    assert (note.text, bool(note.edited_at)) == ("Met twice", True)

    client.force_login(make_member(workspace))
    client.post(url, {"text": "Not mine"})
    note.refresh_from_db()
    assert note.text == "Met twice"
    client.force_login(make_member(workspace, Role.ADMIN))
    client.post(url, {"delete": "1"})
    assert not Note.objects.exists()
    assert AuditEntry.objects.filter(action="note_deleted").count() == 1


def test_a_viewer_looks_and_changes_nothing(viewer, account, ann, targets):
    add_entries(targets, [Entry("acme.com")])
    html = viewer.get(f"/w/acme/lists/{targets.pk}/").content.decode()
    assert "<button" not in html[html.index("<main") :]
    for url in (
        "lists/new/",
        f"lists/{targets.pk}/edit/",
        f"lists/{targets.pk}/add/",
        f"lists/{targets.pk}/remove/",
        f"lists/{targets.pk}/upload/",
        f"lists/{targets.pk}/delete/",
        f"account/{account.pk}/tags/",
        f"account/{account.pk}/lists/",
        f"developer/{ann.pk}/notes/",
    ):
        assert viewer.post(f"/w/acme/{url}").status_code == 403, url


def test_nothing_of_another_workspace_is_reached(member):
    other = make_workspace("other")
    account = make_account(other, "Theirs")
    curated = create_list(other, name="Theirs", subject="account")
    note = Note.objects.create(workspace=other, account=account, text="Secret")
    for url in (
        f"lists/{curated.pk}/",
        f"lists/{curated.pk}/entries.csv",
        f"lists/{curated.pk}/upload/",
        f"notes/{note.pk}/",
    ):
        assert member.get(f"/w/acme/{url}").status_code == 404, url
        assert member.get(f"/w/other/{url}").status_code == 404, url
    assert (
        member.post(f"/w/acme/account/{account.pk}/tags/", {"name": "x"}).status_code
        == 404
    )


def test_a_long_list_is_paged_and_costs_the_same(
    member, workspace, targets, django_assert_num_queries
):
    for index in range(30):
        make_account(workspace, f"C{index}", domain=f"c{index}.com")
    add_entries(targets, [Entry(f"c{index}.com") for index in range(60)])
    url = f"/w/acme/lists/{targets.pk}/"
    member.get(url)
    with django_assert_num_queries(9):
        first = member.get(url)
    seen = [row.pk for row in first.context["page"].rows]
    cursor = first.context["page"].next_cursor
    while cursor:
        page = member.get(url, {"after": cursor}).context["page"]
        seen += [row.pk for row in page.rows]
        cursor = page.next_cursor
    assert len(seen) == len(set(seen)) == 60
    with django_assert_num_queries(6):
        member.get("/w/acme/lists/")


def test_somebody_signed_out_is_asked_to_sign_in(client, workspace, targets):
    answer = client.get(f"/w/acme/lists/{targets.pk}/")
    assert answer.status_code == 302
