import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail as django_mail
from django.utils import timezone

from accounts.alerts import follow, tell
from accounts.happenings import happening, note
from accounts.models import (
    Alert,
    AlertSettings,
    Delivery,
    DeliveryAttempt,
    Follow,
    HappeningKind,
    Role,
    Segment,
)
from tests.dashboards.data import make_account, make_developer
from tests.factories import make_member, make_operator, make_workspace


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


def test_a_followed_segment_that_became_private_is_not_named(member, workspace, kim):
    segment = Segment.objects.create(
        workspace=workspace,
        subject="account",
        name="Open to all",
        rule={"all": []},
        owner=make_member(workspace),
        is_shared=True,
    )
    follow(workspace, kim, segment)
    assert "Open to all" in member.get("/w/acme/alerts/").content.decode()
    Segment.objects.update(name="Secret plan", is_shared=False)
    html = member.get("/w/acme/alerts/").content.decode()
    assert "Secret plan" not in html
    assert f"/segments/{segment.pk}/" not in html


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
    refused = member.post("/w/acme/alerts/mail/", {"mail": "weekly"}, follow=True)
    assert "No mail server is configured yet.</li>" in refused.content.decode()
    assert not AlertSettings.objects.exists()
    settings.EMAIL_HOST = "smtp.example.com"
    assert "No mail server" not in member.get("/w/acme/alerts/").content.decode()
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="daily")
    member.post("/w/acme/alerts/mail/", {"mail": "weekly"})
    assert AlertSettings.objects.get(user=kim).mail == "weekly"
    member.post("/w/acme/alerts/mail/", {"mail": "hourly"})
    assert AlertSettings.objects.get(user=kim).mail == "weekly"
    member.post("/w/acme/alerts/mail/", {"mail": "none"})
    assert AlertSettings.objects.get(user=kim).mail == "none"


def confirmation(member, mail="daily"):
    """Choose when to be mailed; return the path that the mail leads to."""
    mailoutbox = django_mail.outbox
    mailoutbox.clear()
    member.post("/w/acme/alerts/mail/", {"mail": mail})
    [message] = mailoutbox
    assert message.to == ["kim@vendor.example"]
    return re.search(r"http://testserver(\S+)", message.body)[1]


def test_nothing_is_mailed_to_an_address_before_it_is_confirmed(
    client, member, workspace, kim, settings
):
    settings.EMAIL_HOST = "smtp.example.com"
    path = confirmation(member)
    assert not AlertSettings.objects.exists()

    client.force_login(make_member(workspace))
    refused = client.get(path, follow=True).content.decode()
    assert "for another member or another address" in refused
    client.force_login(kim)
    assert "not complete" in client.get(f"{path[:-4]}x/", follow=True).content.decode()
    with time_machine.travel(timezone.now() + timedelta(days=4), tick=False):
        client.force_login(kim)
        late = client.get(path, follow=True).content.decode()
    assert "older than three days" in late
    assert not AlertSettings.objects.exists()

    client.force_login(kim)
    assert "Confirmed." in client.get(path, follow=True).content.decode()
    assert AlertSettings.objects.get(user=kim).mail == "daily"


def test_a_new_address_is_confirmed_anew(client, member, workspace, kim, settings):
    settings.EMAIL_HOST = "smtp.example.com"
    old = confirmation(member)
    client.get(old)
    client.force_login(make_operator())
    client.post(
        f"/admin/accounts/user/{kim.pk}/change/",
        {"email": "kim@vendro.example", "name": "Kim", "is_active": "on"},
    )
    kim.refresh_from_db()
    assert kim.email == "kim@vendro.example"
    assert AlertSettings.objects.get(user=kim).mail == "none"
    client.force_login(kim)
    assert "another address" in client.get(old, follow=True).content.decode()


def test_a_refused_address_is_said_on_the_page(member, workspace, kim):
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="none")
    one = Delivery.objects.create(workspace=workspace, user=kim, state="given_up")
    DeliveryAttempt.objects.create(delivery=one, said="550 No such user")

    assert "550 No such user" in member.get("/w/acme/alerts/").content.decode()


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
