"""The opt-out register at every door: the same answers, and nothing is kept."""

import json
import time

import pytest
from django.test import Client
from django.utils import timezone

from accounts import opt_outs as accounts_opt_outs
from accounts.applications import define_application
from accounts.errors import AccountsError
from accounts.keys import revoke
from accounts.kinds import hash_again, visitor_of_day
from accounts.models import (
    ApiKey,
    AuditEntry,
    Developer,
    Identity,
    OptOut,
    ProvisionedUser,
    Role,
    Workspace,
)
from ingest import counters, opt_outs
from ingest.credentials import access_tokens
from ingest.dialects import DIALECTS
from ingest.dialects.productiv.access import forget_applications
from ingest.dialects.reamaze import door
from ingest.digest import digest_until_empty
from ingest.importing import import_lines
from ingest.models import InboxEntry, QuarantinedEvent, RefusedRequest
from ingest.quarantine import replay
from ingest.rehearsal import rehearse
from tests.factories import (
    make_app,
    make_key,
    make_license,
    make_member,
    make_metric,
    make_workspace,
)
from tests.ingest import test_productiv, test_reamaze
from tests.ingest.conftest import Sender, kept, refusals
from tests.ingest.digesting import event, stored
from tests.ingest.digesting import put as put_events
from tests.ingest.test_license import RECORD, SEND
from tests.ingest.test_reo import TELEMETRY
from tests.ingest.test_telemetrydeck import SIGNAL
from tests.ingest.test_telemetrydeck import post as signal_post
from tests.ingest.whole_tables import where

EMAIL = "ann@initech.example"


@pytest.fixture(autouse=True)
def fresh_dialects():
    door.forget()
    access_tokens.clear()
    forget_applications()


def opt_out(workspace, kind, value, **more):
    """Register an identity as an admin types it, and have the door see it."""
    more.setdefault("actor", None)
    identity = accounts_opt_outs.understood(kind, value)
    number = accounts_opt_outs.add(workspace, [identity], **more)
    opt_outs.register.forget()
    return number


# ---- One row for each dialect and way of naming somebody: what an admin types, and
# ---- what a client sends. ``n`` makes each request another one.


def reo(named_by, user_id):
    def send(workspace, token, n):
        payload = {**TELEMETRY, "user_id_type": named_by, "user_id": user_id}
        return Sender(token).usage({**payload, "event_id": f"e{n}"})

    return send


def native(**user):
    def send(workspace, token, n):
        sent = {"metric": "CALL_HOME", "product": "sdk", "user": user}
        return Sender(token).events([{**sent, "event_id": f"n{n}"}])

    return send


def licence(workspace, token, n):
    make_license(workspace, f"{RECORD['license_key']}-{n}")
    record = {**RECORD, "license_key": f"{RECORD['license_key']}-{n}"}
    return Client().post(
        SEND,
        json.dumps(record),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )


def signal(workspace, token, n):
    return signal_post("/v2/namespace/acme/", [{**SIGNAL, "sessionID": str(n)}])


def page_view(workspace, token, n):
    body = {"appID": SIGNAL["appID"], "url": "https://a.example/x"}
    return signal_post("/v2/w/", body, user_agent="Firefox")


def profile(workspace, token, n):
    return test_reamaze.Shop(token).user({"id": "c-1", "email": EMAIL, "sms": str(n)})


def purchase(workspace, token, n):
    user = {"id": "c-1", "email": EMAIL}
    return test_reamaze.Shop(token).event({"value": n}, user=user)


def productiv(workspace, token, n):
    sent = {**test_productiv.SEED, "email": EMAIL, "timestamp": 1566340678676 + n}
    return pusher(workspace).push(sent)


def pusher(workspace):
    if not workspace.applications.exists():
        define_application(workspace, test_productiv.DRIVE)
    secret = make_key(workspace, kind=ApiKey.Kind.CLIENT)[1]
    return test_productiv.Pusher(test_productiv.token_of(secret))


TABLE = {
    "reo e-mail": ("email", f"Ann <{EMAIL.upper()}>", reo("EMAIL", EMAIL)),
    "reo GitHub": ("github", "https://github.com/Ann", reo("GITHUB", "ann")),
    "reo LinkedIn": (
        "linkedin",
        "ann-smith",
        reo("LINKEDIN", "https://www.linkedin.com/in/ann-smith/"),
    ),
    "reo social": ("social", "@ann", reo("SOCIAL", "Ann")),
    "reo user name": ("username", "ann", reo("USERNAME", "ann")),
    "reo anonymous": ("anonymous", "abc-1", reo("ANONYMOUS", "abc-1")),
    "native e-mail": ("email", EMAIL, native(email=EMAIL)),
    "native GitHub": ("github", "ann", native(github="ann")),
    "native, any of several": ("github", "ann", native(email=EMAIL, github="@Ann")),
    "native user name": ("username", "ann", native(username="ann")),
    "licence user": ("license_user", RECORD["user_identifier"], licence),
    "signal's user": ("client_user", SIGNAL["clientUser"], signal),
    "signal's user as stored": (
        "user_hash",
        lambda: hash_again(SIGNAL["clientUser"]),
        signal,
    ),
    "visitor of a page": (
        "anonymous",
        lambda: visitor_of_day("127.0.0.1", "Firefox", timezone.now().date()),
        page_view,
    ),
    "reamaze profile by id": ("customer_id", "c-1", profile),
    "reamaze profile by address": ("email", EMAIL, profile),
    "reamaze event by id": ("customer_id", "c-1", purchase),
    "reamaze event by address": ("email", EMAIL, purchase),
    "productiv e-mail": ("email", EMAIL, productiv),
}


def said(response):
    """Status and body, without what is the time of day in a signed answer."""
    body = response.json()
    if "signature" in body:
        del body["response"]["timestamp"]
        body = (body["response"], set(body))
    return response.status_code, body


@pytest.mark.parametrize("name", TABLE)
def test_every_dialect_and_kind(workspace, token, name):
    kind, value, send = TABLE[name]
    value = value() if callable(value) else value
    make_app(workspace)
    before = send(workspace, token, 1)
    assert before.status_code < 300
    assert len(kept()) == 1
    InboxEntry.objects.all().delete()

    opt_out(workspace, kind, value)
    after = send(workspace, token, 2)

    assert said(after) == said(before)
    assert kept() == []
    digest_until_empty()
    assert not InboxEntry.objects.exists()
    assert not Identity.objects.filter(workspace=workspace).exists()
    assert refusals() == {"opted_out": 1}


def test_every_kind_of_identity_has_a_row():
    kinds = {kind for kind, _, _ in TABLE.values()}
    assert kinds == {kind for kind, _ in accounts_opt_outs.TYPED_KINDS}


def test_every_dialect_has_a_row():
    senders = {"reo", "native", "licence", "signal's", "reamaze", "productiv"}
    assert {name.split()[0] for name in TABLE} >= senders
    assert len(DIALECTS) == len(senders)


def test_a_seat_of_theirs_is_answered_and_not_kept(workspace):
    sender = pusher(workspace)
    people = [
        {"appUserId": "1", "email": EMAIL},
        {"appUserId": "2", "email": "bob@initech.example"},
    ]
    opt_out(workspace, "email", EMAIL)
    response = test_productiv.put(sender, *people)
    assert (response.status_code, response.content) == (200, test_productiv.OK)
    assert ProvisionedUser.objects.get().email == "bob@initech.example"
    assert refusals() == {"opted_out": 1}


# ---- Others, and batches


def test_only_theirs_are_left_out_of_a_batch(workspace, sender):
    opt_out(workspace, "email", EMAIL)
    sent = [
        {"metric": "CALL_HOME", "product": "sdk", "user": {"email": address}}
        for address in (EMAIL, "bob@initech.example", EMAIL, "cid@initech.example")
    ]
    assert sender.events(sent).status_code == 202
    assert [one.identities[0][1] for one in kept()] == [
        "bob@initech.example",
        "cid@initech.example",
    ]
    assert refusals() == {"opted_out": 2}


def test_another_workspace_goes_on(workspace, token):
    other = make_workspace("other")
    opt_out(other, "email", EMAIL)
    assert reo("EMAIL", EMAIL)(workspace, token, 1).status_code == 200
    assert len(kept()) == 1


def test_pre_counted_use_has_no_person_to_opt_out(workspace):
    with pytest.raises(AccountsError):
        accounts_opt_outs.understood("aggregate", "initech.example")
    with pytest.raises(AccountsError):
        accounts_opt_outs.understood("shoe size", "42")
    with pytest.raises(AccountsError):
        accounts_opt_outs.understood("email", "  ")


def test_a_revoked_key_is_told_so_whoever_it_names(workspace):
    key, token = make_key(workspace)
    opt_out(workspace, "email", EMAIL)
    assert reo("EMAIL", EMAIL)(workspace, token, 1).status_code == 200
    revoke(key, actor=None)
    assert reo("EMAIL", EMAIL)(workspace, token, 2).status_code == 400


def test_a_repeat_under_an_idempotency_key_counts_once(workspace, sender):
    opt_out(workspace, "email", EMAIL)
    body = [{"metric": "CALL_HOME", "product": "sdk", "user": {"email": EMAIL}}]
    first = sender.events(body, Idempotency_Key="k1")
    again = sender.events(body, Idempotency_Key="k1")
    assert first.content == again.content
    assert again["Idempotent-Replayed"] == "true"
    assert refusals() == {"opted_out": 1}


def test_a_rehearsal_counts_nothing(workspace, token):
    opt_out(workspace, "email", EMAIL)
    with rehearse() as seen:
        assert reo("EMAIL", EMAIL)(workspace, token, 1).status_code == 200
    assert seen.events == []
    assert refusals() == {}


# ---- The net behind the door


def test_what_slips_through_is_dropped_by_the_digest(workspace, token):
    """As in the second in which a web process does not know yet."""
    assert reo("EMAIL", EMAIL)(workspace, token, 1).status_code == 200
    identity = accounts_opt_outs.understood("email", EMAIL)
    accounts_opt_outs.add(workspace, [identity], actor=None)
    assert reo("EMAIL", EMAIL)(workspace, token, 2).status_code == 200
    assert len(kept()) == 2
    digest_until_empty()
    assert stored() == []
    assert not Developer.objects.filter(workspace=workspace).exists()
    assert refusals() == {"opted_out": 2}


def test_a_web_process_sees_a_change_within_two_seconds(workspace, token, monkeypatch):
    monkeypatch.undo()
    assert opt_outs.LOOK_SECONDS <= 1.0
    opt_outs.register.forget()
    reo("EMAIL", EMAIL)(workspace, token, 1)
    identity = accounts_opt_outs.understood("email", EMAIL)
    accounts_opt_outs.add(workspace, [identity], actor=None)
    time.sleep(opt_outs.LOOK_SECONDS + 0.05)
    reo("EMAIL", EMAIL)(workspace, token, 2)
    assert len(kept()) == 1
    accounts_opt_outs.remove(list(OptOut.objects.all()), actor=None)
    time.sleep(opt_outs.LOOK_SECONDS + 0.05)
    reo("EMAIL", EMAIL)(workspace, token, 3)
    assert len(kept()) == 2


def test_an_empty_register_costs_a_look_up(workspace):
    opt_outs.register.forget()
    events = [event(), event()]
    assert opt_outs.without(workspace.pk, events) is events


def test_a_replay_honours_it(workspace):
    put_events(workspace, event(EMAIL, metric="LATER", key="1"))
    digest_until_empty()
    make_metric(workspace, "LATER")
    opt_out(workspace, "email", EMAIL)
    assert replay(workspace) == 1
    digest_until_empty()
    assert stored() == []
    assert not QuarantinedEvent.objects.filter(status="waiting").exists()


def test_what_cannot_be_used_yet_is_not_quarantined(workspace):
    put_events(workspace, event(EMAIL, metric="UNKNOWN"))
    identity = accounts_opt_outs.understood("email", EMAIL)
    accounts_opt_outs.add(workspace, [identity], actor=None)
    digest_until_empty()
    assert not QuarantinedEvent.objects.exists()


def test_an_import_honours_it(workspace):
    opt_out(workspace, "email", EMAIL)
    lines = [
        json.dumps(
            [{"metric": "CALL_HOME", "product": "sdk", "user": {"email": address}}]
        ).encode()
        for address in (EMAIL, "bob@initech.example")
    ]
    result = import_lines(
        lines, workspace=workspace, dialect=DIALECTS["native"], report=print
    )
    assert (result.lines, result.events, result.errors) == (2, 1, 0)
    assert [one.identities[0][1] for one in kept()] == ["bob@initech.example"]
    assert refusals() == {"opted_out": 1}


@pytest.mark.parametrize(
    "written", [EMAIL, f"<{EMAIL.upper()}>", "ann%40initech.example"]
)
def test_a_refused_request_that_names_them_is_not_kept(workspace, token, written):
    opt_out(workspace, "email", EMAIL)
    for n, address in enumerate((written, "bob@initech.example")):
        body = {"metric": 7, "user": {"email": address}, "event_id": f"{n}"}
        assert Sender(token).events([body]).status_code == 422
    counters.flush()
    kept_text = RefusedRequest.objects.get().request
    assert "bob@initech.example" in kept_text
    assert refusals()["refused:invalid"] == 2


# ---- The register


def test_the_register_names_nobody(workspace):
    admin = make_member(workspace, Role.ADMIN)
    assert opt_out(workspace, "email", EMAIL, actor=admin, label="T-7") == 1
    assert opt_out(workspace, "email", EMAIL.upper(), actor=admin) == 0
    assert where(EMAIL) == set()
    [row] = OptOut.objects.all()
    assert (row.kind, row.label, row.actor) == ("email", "T-7", admin)
    assert AuditEntry.objects.filter(action="opt_out_added").count() == 1


def test_the_same_person_is_another_number_elsewhere(workspace):
    other = make_workspace("other")
    identity = ("email", EMAIL)
    assert accounts_opt_outs.digest_of(
        workspace.pk, *identity
    ) != accounts_opt_outs.digest_of(other.pk, *identity)


def test_a_label_must_not_name_them(workspace):
    with pytest.raises(AccountsError, match="label"):
        opt_out(workspace, "email", EMAIL, label=f"wrote from {EMAIL}")


def test_opting_back_in(workspace, token):
    opt_out(workspace, "email", EMAIL)
    assert accounts_opt_outs.remove(list(OptOut.objects.all()), actor=None) == 1
    opt_outs.register.forget()
    reo("EMAIL", EMAIL)(workspace, token, 1)
    digest_until_empty()
    assert len(stored()) == 1
    assert AuditEntry.objects.filter(action="opt_out_removed").count() == 1
    assert Workspace.objects.get(pk=workspace.pk).opt_out_version == 2


def test_everything_known_of_somebody(workspace):
    put_events(
        workspace,
        event(identities=[("email", EMAIL), ("github", "ann")]),
        event("bob@x"),
    )
    digest_until_empty()
    found = accounts_opt_outs.everything_of(workspace, ("github", "ann"))
    assert found == [("github", "ann"), ("email", EMAIL)]
    assert accounts_opt_outs.everything_of(workspace, ("github", "eve")) == [
        ("github", "eve")
    ]


def test_the_counters_page_word(workspace):
    counters.count_opted_out("reo", 2, workspace_id=workspace.pk)
    assert refusals() == {"opted_out": 2}
