"""Guessing passwords is slow, from one place and from many."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from accounts.login import LIMITS, WINDOW, forget_attempt, register_attempt
from accounts.models import LoginAttempts, User
from tests.factories import PASSWORD, make_member, make_workspace

pytestmark = pytest.mark.django_db

LOGIN = reverse("admin:login")


@pytest.fixture
def mia():
    return make_member(make_workspace(), email="mia@example.com")


def log_in(client, password=PASSWORD, email="mia@example.com", **extra):
    return client.post(LOGIN, {"username": email, "password": password}, **extra)


def past(minutes):
    """Let the buckets be older than they are: the database keeps its own time."""
    since = LoginAttempts.objects.first().since - timedelta(minutes=minutes)
    LoginAttempts.objects.update(since=since)


def test_people_log_in_by_address_in_any_case(client, mia):
    assert log_in(client, email="Mia@Example.COM").status_code == 302
    assert client.session["_auth_user_id"] == str(mia.pk)


def test_ten_wrong_passwords_and_the_right_one_has_to_wait(client, mia):
    for _ in range(LIMITS["pair"]):
        assert "correct" in log_in(client, "wrong").content.decode()
    answer = log_in(client)
    assert "Too many attempts" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    # From elsewhere she still gets in.
    assert log_in(client, REMOTE_ADDR="203.0.113.9").status_code == 302
    client.logout()
    past(minutes=16)
    assert log_in(client).status_code == 302


def test_a_success_forgets_the_failures(client, mia):
    for _ in range(3):
        for _ in range(LIMITS["pair"] - 1):
            log_in(client, "wrong")
        assert log_in(client).status_code == 302
        client.logout()


def test_one_place_cannot_try_many_people():
    for number in range(LIMITS["address"]):
        assert register_attempt(f"p{number}@example.com", "203.0.113.9") == 0
    assert register_attempt("one-more@example.com", "203.0.113.9") == 15
    assert register_attempt("one-more@example.com", "203.0.113.10") == 0


def test_many_places_cannot_try_one_person():
    for number in range(LIMITS["email"]):
        assert register_attempt("mia@example.com", f"203.0.113.{number}") == 0
    assert register_attempt("Mia@example.com ", "198.51.100.1") == 15


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("203.0.113.1", "::ffff:203.0.113.1", True),
        ("203.0.113.1", "203.0.113.2", False),
        ("", "unix:", False),
    ],
)
def test_what_counts_as_one_place(one, other, same):
    for _ in range(LIMITS["pair"]):
        register_attempt("mia@example.com", one)
    assert bool(register_attempt("mia@example.com", other)) == same


def test_old_buckets_are_cleared_away():
    register_attempt("old@example.com", "203.0.113.9")
    past(minutes=WINDOW.seconds // 60 + 1)
    register_attempt("new@example.com", "203.0.113.10")
    assert LoginAttempts.objects.count() == 6
    forget_attempt("new@example.com", "203.0.113.10")
    assert {row.attempts for row in LoginAttempts.objects.all()} == {0}
    assert LoginAttempts.objects.count() == 2


def test_nobody_stands_in_the_table_by_name():
    register_attempt("mia@example.com", "203.0.113.9")
    assert "mia" not in str(list(LoginAttempts.objects.values()))


def test_people_without_a_workspace_are_told(client):
    User.objects.create_user("new@example.com", PASSWORD)
    log_in(client, email="new@example.com")
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_member_changes_the_password(client, mia):
    client.force_login(mia)
    form = {
        "old_password": PASSWORD,
        "new_password1": "another-horse-8",
        "new_password2": "another-horse-8",
    }
    assert client.post(reverse("admin:password_change"), form).status_code == 302
    mia.refresh_from_db()
    assert mia.check_password("another-horse-8")


def test_the_minutes_go_down():
    for _ in range(LIMITS["pair"]):
        register_attempt("mia@example.com", "203.0.113.9")
    assert register_attempt("mia@example.com", "203.0.113.9") == 15
    since = LoginAttempts.objects.first().since
    with time_machine.travel(since + timedelta(minutes=13, seconds=30), tick=False):
        assert register_attempt("mia@example.com", "203.0.113.9") == 2
