import pytest

from accounts.alerts import follow, tell
from accounts.happenings import happening, note
from accounts.models import Alert, AlertSettings, Follow, HappeningKind, Role
from tests.dashboards.data import make_account, make_developer
from tests.factories import make_member, make_workspace


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def kim(workspace):
    return make_member(workspace, Role.VIEWER, email="kim@vendor.example")


@pytest.fixture
def member(client, kim):
    client.force_login(kim)
    return client


@pytest.fixture
def acme(workspace):
    return make_account(workspace, "Acme", domain="acme.com")


def happen(workspace, number=1, **more):
    note(
        happening(workspace.pk, HappeningKind.BAND, f"moved {index}", **more)
        for index in range(number)
    )
    tell()


def test_an_empty_inbox_says_what_to_do(member, workspace):
    html = member.get("/w/acme/alerts/").content.decode()
    assert "Nothing has happened yet" in html
    assert "Follow an account" in html


def test_following_from_a_page_and_stopping(member, workspace, acme, kim):
    ann = make_developer(workspace, acme, email="ann@acme.com")
    for what, path, pk in (
        ("account", f"/w/acme/accounts/{acme.pk}/", acme.pk),
        ("developer", f"/w/acme/developers/{ann.pk}/", ann.pk),
    ):
        assert ">Follow<" in member.get(path).content.decode()
        answer = member.post(f"/w/acme/follow/{what}/{pk}/", {"next": path})
        assert answer["Location"] == path
        assert ">Following<" in member.get(path).content.decode()
    html = member.get("/w/acme/alerts/").content.decode()
    assert html.count("following") >= 2
    member.post(f"/w/acme/follow/account/{acme.pk}/", {"stop": "1"})
    [left] = Follow.objects.all()
    member.post(f"/w/acme/follows/{left.pk}/")
    assert not Follow.objects.exists()
    member.post("/w/acme/follow/")
    assert Follow.objects.get().subject is None


def test_nobody_is_led_astray_by_the_way_back(member, acme):
    for address in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
        answer = member.post(f"/w/acme/follow/account/{acme.pk}/", {"next": address})
        assert answer["Location"] == "/w/acme/alerts/"


def test_alerts_are_shown_and_read(member, workspace, kim, acme):
    follow(workspace, kim, acme)
    happen(workspace, 3, account=acme)
    html = member.get("/w/acme/alerts/").content.decode()
    assert html.count(">new<") == 3
    assert f'href="/w/acme/accounts/{acme.pk}/"' in html
    first = Alert.objects.earliest("pk")
    member.post("/w/acme/alerts/read/", {"alert": [first.pk, "x", "-1"]})
    assert Alert.objects.filter(read_at=None).count() == 2
    html = member.get("/w/acme/alerts/?show=new").content.decode()
    assert html.count(">new<") == 2
    member.post("/w/acme/alerts/read/", {"all": "1"})
    assert not Alert.objects.filter(read_at=None).exists()
    assert "No such alert" in (
        member.get("/w/acme/alerts/?kind=surge").content.decode()
    )


def test_the_navigation_counts_what_is_unread(member, workspace, kim, acme):
    follow(workspace, kim, acme)
    happen(workspace, 3, account=acme)
    html = member.get("/w/acme/overview/").content.decode()
    assert ">3<span" in html
    member.post("/w/acme/alerts/read/", {"all": "1"})
    assert 'class="count"' not in member.get("/w/acme/overview/").content.decode()


def test_an_inbox_is_ones_own(client, member, workspace, kim, acme):
    follow(workspace, kim, acme)
    happen(workspace, account=acme)
    client.force_login(make_member(workspace))
    assert "moved 0" not in client.get("/w/acme/alerts/").content.decode()
    client.post("/w/acme/alerts/read/", {"all": "1"})
    assert Alert.objects.filter(read_at=None).count() == 1
    assert client.post(f"/w/acme/follows/{Follow.objects.get().pk}/").status_code == 404


def test_when_to_be_mailed_is_chosen(member, workspace, kim, settings):
    html = member.get("/w/acme/alerts/").content.decode()
    assert "No mail server is configured yet" in html
    settings.EMAIL_HOST = "smtp.example.com"
    assert "No mail server" not in member.get("/w/acme/alerts/").content.decode()
    member.post("/w/acme/alerts/mail/", {"mail": "weekly"})
    assert AlertSettings.objects.get(user=kim).mail == "weekly"
    member.post("/w/acme/alerts/mail/", {"mail": "hourly"})
    assert AlertSettings.objects.get(user=kim).mail == "weekly"


def test_what_is_of_another_workspace_cannot_be_followed(member):
    theirs = make_account(make_workspace("other"), "Theirs")
    answer = member.post(f"/w/acme/follow/account/{theirs.pk}/")
    assert answer.status_code == 404
    assert member.post(f"/w/other/follow/account/{theirs.pk}/").status_code == 404


def test_a_long_inbox_costs_the_same(
    member, workspace, kim, acme, django_assert_num_queries
):
    follow(workspace, kim, acme)
    happen(workspace, 60, account=acme)
    member.get("/w/acme/alerts/")
    with django_assert_num_queries(8):
        member.get("/w/acme/alerts/")
