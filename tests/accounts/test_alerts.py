import json
from datetime import date, timedelta
from email import message_from_string, policy

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from standardwebhooks.webhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from accounts import deliveries
from accounts.alert_messages import MOST_LINES
from accounts.alerts import (
    follow,
    follows,
    mark_read,
    plan_digests,
    tell,
    unfollow,
    unread,
)
from accounts.corrections import merge_developers
from accounts.deliveries import BACKOFF, claim, deliver
from accounts.happenings import happening, look, note, prune_happenings
from accounts.lists import Entry, add_entries, create_list
from accounts.models import (
    Alert,
    AlertSettings,
    AuditEntry,
    Delivery,
    DeliveryAttempt,
    Follow,
    Happening,
    RedFlag,
    Segment,
    Watch,
)
from accounts.models.alert import HappeningKind
from accounts.score_store import score_workspace
from accounts.stages import set_stage, stages_of
from accounts.webhooks import (
    OVERLAP,
    create_webhook,
    rotate_secret,
    send_test,
    set_url,
)
from tests.dashboards.data import make_account, make_developer, use
from tests.factories import make_member, make_metric, make_product, make_workspace
from tests.receiving import Mailbox, Receiver

pytestmark = pytest.mark.allow_hosts(["127.0.0.1", "127.0.0.2"])


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def kim(workspace):
    return make_member(workspace, email="kim@vendor.example")


@pytest.fixture
def acme(workspace):
    return make_account(workspace, "Acme", domain="acme.com")


@pytest.fixture
def ann(workspace, acme):
    return make_developer(workspace, acme, email="ann@acme.com")


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.2/32"]
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def mailbox(settings):
    made = Mailbox()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", made.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.PUBLIC_URL = "https://uptick.example.com"
    yield made
    made.close()


def told(user):
    rows = Alert.objects.filter(user=user).order_by("pk").select_related("happening")
    return [(row.happening.kind, row.happening.text) for row in rows]


def happen(workspace, text="did something", kind=HappeningKind.BAND, **more):
    note([happening(workspace.pk, kind, text, **more)])
    return Happening.objects.latest("pk")


def warm(workspace, developer, uses):
    metric = make_metric(workspace, f"M{uses}", weight=50.0)
    use(developer, metric, make_product(workspace, f"p{uses}"), {0: uses})
    score_workspace(workspace)


# ---- Noticing


def test_a_first_look_tells_nothing(workspace, kim, acme, ann):
    warm(workspace, ann, 500)
    follow(workspace, kim, acme)
    assert look() == 0
    assert Watch.objects.get().band == "high"
    assert look() == 0


def test_a_band_that_changes_and_a_surge_are_noticed_once(workspace, kim, acme, ann):
    ann.first_seen_at = acme.first_seen_at = timezone.now() - timedelta(days=60)
    ann.save()
    acme.save()
    follow(workspace, kim, acme)
    look()
    warm(workspace, ann, 500)

    assert look() == 2
    assert look() == 0
    tell()
    assert [kind for kind, _ in told(kim)] == ["band", "surge"]
    assert told(kim)[0][1].startswith("moved from Low to High: the score is ")
    assert Happening.objects.filter(account=acme).count() == 2


def test_a_stage_that_changes_is_noticed_with_its_reason(workspace, kim, acme):
    stage = stages_of(workspace, "account").last()
    follow(workspace, kim, acme)
    look()
    set_stage(acme, stage, actor=kim, reason="They signed")
    assert look() == 1
    found = Happening.objects.get()
    assert found.text == f"entered {stage.name}: They signed"
    assert found.data["by_hand"] is True


def test_red_flags_are_noticed_and_again_when_they_open_again(
    workspace, kim, acme, ann
):
    now = timezone.now()
    common = {"workspace": workspace, "developer": ann, "first_at": now, "last_at": now}
    RedFlag.objects.create(kind="clock", subject_key="old", **common)
    follow(workspace, kim, acme)
    follow(workspace, kim, ann)
    look()
    flag = RedFlag.objects.create(kind="clock", subject_key="x", **common)
    assert look() == 2
    assert look() == 0
    flag.reopened_at = timezone.now() + timedelta(minutes=1)
    flag.save()
    assert look() == 2
    assert look() == 0
    assert {row.account_id or row.developer_id for row in Happening.objects.all()} == {
        acme.pk,
        ann.pk,
    }


def test_who_is_not_followed_any_more_is_not_watched(workspace, kim, acme):
    follow(workspace, kim, acme)
    look()
    unfollow(workspace, kim, acme)
    look()
    assert not Watch.objects.exists()


def test_many_followed_cost_as_many_queries_as_one(workspace, kim):
    counts = []
    for number in (1, 20):
        for index in range(number):
            one = make_account(workspace, f"C{number}-{index}")
            follow(workspace, kim, one)
        look()
        with CaptureQueriesContext(connection) as queries:
            look()
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_merge_keeps_one_watch_and_all_follows(workspace, kim, acme, ann):
    anna = make_developer(workspace, acme, email="anna@acme.com")
    other = make_member(workspace)
    for user, one in ((kim, ann), (kim, anna), (other, anna)):
        follow(workspace, user, one)
    look()
    merge_developers(ann, anna, actor=kim)
    assert [watch.developer_id for watch in Watch.objects.all()] == [ann.pk]
    assert {(one.user_id, one.developer_id) for one in Follow.objects.all()} == {
        (kim.pk, ann.pk),
        (other.pk, ann.pk),
    }


# ---- Telling


def test_followers_are_told_and_nobody_else(workspace, kim, acme, ann):
    gone, inactive, outsider = (make_member(workspace) for _ in range(3))
    for user in (kim, gone, inactive, outsider):
        follow(workspace, user, acme)
    gone.memberships.all().delete()
    inactive.is_active = False
    inactive.save()
    unfollow(workspace, outsider, acme)
    other = make_workspace("other")
    theirs = make_account(other, "Acme")

    happen(workspace, "one", account=acme)
    happen(workspace, "two", developer=ann)
    happen(other, "three", account=theirs)
    assert tell() == 3
    assert tell() == 0
    assert told(kim) == [("band", "one")]
    assert Alert.objects.count() == 1


def test_segments_and_the_workspace_can_be_followed(workspace, kim):
    segment = Segment.objects.create(
        workspace=workspace,
        subject="account",
        name="Warm",
        rule={"all": []},
        is_shared=True,
    )
    follow(workspace, kim, segment)
    happen(workspace, "entered", HappeningKind.ENTERED, segment=segment)
    happen(workspace, "grew", HappeningKind.QUARANTINE)
    tell()
    assert [kind for kind, _ in told(kim)] == ["entered"]
    follow(workspace, kim)
    happen(workspace, "grew more", HappeningKind.QUARANTINE)
    happen(workspace, "of nobody's", HappeningKind.BAND)
    tell()
    assert [kind for kind, _ in told(kim)] == ["entered", "quarantine"]


def test_nobody_is_told_of_who_is_on_an_exclude_list(workspace, kim, acme, receiver):
    rivals = create_list(workspace, name="Rivals", subject="account", is_exclude=True)
    follow(workspace, kim, acme)
    hook(workspace, receiver)
    add_entries(rivals, [Entry("acme.com")])
    happen(workspace, account=acme)
    tell()
    assert told(kim) == []
    assert not Delivery.objects.exists()


def test_an_exclude_list_holds_for_people_too(workspace, kim, acme, ann, receiver):
    bob = make_developer(workspace, email="bob@mail.example")
    ours = create_list(workspace, name="Ours", subject="developer", is_exclude=True)
    rivals = create_list(workspace, name="Rivals", subject="account", is_exclude=True)
    hook(workspace, receiver)
    for developer, curated, value in (
        (bob, ours, "bob@mail.example"),
        (ann, rivals, "acme.com"),
    ):
        follow(workspace, kim, developer)
        add_entries(curated, [Entry(value)])
        happen(workspace, developer=developer)
    tell()
    assert told(kim) == []
    assert not Delivery.objects.exists()


def test_a_private_segment_is_told_to_its_owner_alone(workspace, kim, acme, receiver):
    other = make_member(workspace)
    segment = Segment.objects.create(
        workspace=workspace,
        subject="account",
        name="My secret plan",
        rule={"all": []},
        owner=other,
    )
    hook(workspace, receiver)
    # Followed while it was shared; the account is followed as well.
    follow(workspace, kim, segment)
    follow(workspace, kim, acme)
    follow(workspace, other, segment)
    happen(
        workspace,
        "entered My secret plan",
        HappeningKind.ENTERED,
        segment=segment,
        account=acme,
    )
    tell()
    assert told(kim) == []
    assert told(other) == [("entered", "entered My secret plan")]
    assert not Delivery.objects.exists()

    Segment.objects.filter(pk=segment.pk).update(is_shared=True)
    happen(
        workspace, "left", HappeningKind.LEFT, segment=segment, account=acme, data={}
    )
    tell()
    assert told(kim) == [("left", "left")]
    assert Delivery.objects.count() == 1


def test_what_has_a_key_happens_once(workspace):
    for _ in range(2):
        note([happening(workspace.pk, HappeningKind.SILENT, "x", key="silent:1")])
    assert Happening.objects.count() == 1


def test_following_is_once_and_stops(workspace, kim, acme):
    for subject in (acme, None):
        follow(workspace, kim, subject)
        follow(workspace, kim, subject)
        assert follows(workspace, kim, subject)
    assert Follow.objects.count() == 2
    unfollow(workspace, kim, acme)
    assert not follows(workspace, kim, acme)
    assert follows(workspace, kim)


def test_alerts_are_read(workspace, kim, acme):
    follow(workspace, kim, acme)
    for _ in range(3):
        happen(workspace, account=acme)
    tell()
    assert unread(workspace, kim) == 3
    first = Alert.objects.earliest("pk")
    assert mark_read(workspace, kim, alerts=[first.pk]) == 1
    assert mark_read(workspace, make_member(workspace)) == 0
    assert mark_read(workspace, kim) == 2
    assert unread(workspace, kim) == 0


def test_what_is_old_is_dropped(workspace, kim, acme):
    follow(workspace, kim, acme)
    old = happen(workspace, account=acme)
    tell()
    Happening.objects.update(at=timezone.now() - timedelta(days=91))
    new = happen(workspace, account=acme)
    prune_happenings()
    assert [row.pk for row in Happening.objects.all()] == [new.pk]
    assert not Alert.objects.filter(happening=old.pk).exists()


# ---- Webhooks


def hook(workspace, receiver, **more):
    return create_webhook(workspace, name="Ours", url=f"{receiver.url}/in", **more)


def test_a_webhook_gets_what_happened_signed(workspace, receiver, acme, settings):
    settings.PUBLIC_URL = "https://uptick.example.com"
    _, secret = hook(workspace, receiver)
    happen(
        workspace,
        "moved from Low to High",
        account=acme,
        data={"from": "low", "to": "high"},
    )
    tell()
    assert deliver() == 1
    [(path, headers, body)] = receiver.seen
    assert path == "/in"
    sent = Verifier(secret).verify(body, headers)
    assert sent == json.loads(body)
    assert sent["type"] == "uptick.band"
    assert sent["data"] == {
        "workspace": "acme",
        "text": "Acme moved from Low to High",
        "url": f"https://uptick.example.com/w/acme/accounts/{acme.pk}/",
        "from": "low",
        "to": "high",
        "account": {"id": acme.pk, "name": "Acme", "domain": "acme.com"},
    }
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body + b" ", headers)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("sent", 1)
    assert headers["webhook-id"] == f"msg_{delivery.pk.hex}"
    tried = DeliveryAttempt.objects.get()
    assert (tried.status, tried.said) == (200, "thanks")
    assert deliver() == 0


def test_only_the_kinds_that_were_chosen_are_sent(workspace, receiver, acme):
    hook(workspace, receiver, kinds=["red_flag"])
    happen(workspace, account=acme)
    happen(workspace, "flag", HappeningKind.RED_FLAG, account=acme)
    tell()
    deliver()
    assert [json.loads(body)["type"] for *_, body in receiver.seen] == [
        "uptick.red_flag"
    ]


def test_after_a_rotation_both_secrets_sign_for_a_day(workspace, receiver, acme):
    webhook, old = hook(workspace, receiver)
    new = rotate_secret(webhook)
    happen(workspace, account=acme)
    tell()
    deliver()
    _, headers, body = receiver.seen[0]
    for secret in (old, new):
        assert Verifier(secret).verify(body, headers)
    with time_machine.travel(timezone.now() + OVERLAP + timedelta(minutes=1)):
        happen(workspace, account=acme)
        tell()
        deliver()
        _, headers, body = receiver.seen[1]
        assert Verifier(new).verify(body, headers)
        with pytest.raises(WebhookVerificationError):
            Verifier(old).verify(body, headers)
    assert [entry.detail["what"] for entry in AuditEntry.objects.order_by("pk")] == [
        "made",
        "secret rotated",
    ]
    assert old not in str(list(AuditEntry.objects.values()))


def test_a_chat_gets_a_message_that_no_name_can_abuse(workspace, receiver):
    evil = make_account(workspace, "<!channel> & Co", domain="evil.example")
    hook(workspace, receiver, format="slack")
    happen(workspace, "is <b>surging</b>", account=evil)
    tell()
    deliver()
    _, headers, body = receiver.seen[0]
    assert json.loads(body) == {
        "text": "*&lt;!channel&gt; &amp; Co* is &lt;b&gt;surging&lt;/b&gt;"
    }
    assert "webhook-signature" not in {name.lower() for name in headers}


def test_failures_are_tried_again_later_and_later_then_given_up(
    workspace, receiver, acme
):
    webhook, _ = hook(workspace, receiver)
    receiver.answer = (500, {}, b"broken")
    happen(workspace, account=acme)
    tell()
    now = timezone.now()
    spent = timedelta()
    for number in range(len(BACKOFF) + 1):
        with time_machine.travel(now, tick=False):
            assert deliver() == 1, number
            assert deliver() == 0
            delivery = Delivery.objects.get()
            if delivery.state == "waiting":
                pause = delivery.next_at - now
                seconds = BACKOFF[number]
                assert 0.89 * seconds <= pause.total_seconds() <= 1.11 * seconds
                spent += pause
                now = delivery.next_at
    assert delivery.state == "given_up"
    assert timedelta(days=2.5) < spent < timedelta(days=4)
    assert DeliveryAttempt.objects.count() == len(BACKOFF) + 1
    webhook.refresh_from_db()
    assert webhook.is_active
    assert webhook.failing_since is not None
    assert len({headers["webhook-id"] for _, headers, _ in receiver.seen}) == 1


def test_a_webhook_that_never_works_is_switched_off(workspace, receiver, acme):
    webhook, _ = hook(workspace, receiver)
    receiver.answer = (500, {}, b"")
    happen(workspace, account=acme)
    tell()
    deliver()
    with time_machine.travel(timezone.now() + timedelta(days=6), tick=False):
        deliver()
        webhook.refresh_from_db()
        assert not webhook.is_active


def test_one_success_makes_it_healthy_again(workspace, receiver, acme):
    webhook, _ = hook(workspace, receiver)
    receiver.answer = (500, {}, b"")
    happen(workspace, account=acme)
    tell()
    deliver()
    receiver.answer = (204, {}, b"")
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=False):
        deliver()
    webhook.refresh_from_db()
    assert webhook.failing_since is None
    assert Delivery.objects.get().state == "sent"


def test_gone_is_believed(workspace, receiver, acme):
    webhook, _ = hook(workspace, receiver)
    receiver.answer = (410, {}, b"")
    happen(workspace, account=acme)
    tell()
    deliver()
    webhook.refresh_from_db()
    assert (webhook.is_active, Delivery.objects.get().state) == (False, "given_up")


def test_an_address_inside_is_refused_when_it_is_sent_to(workspace, receiver, acme):
    """As typed in before its name came to lead inside."""
    webhook, _ = hook(workspace, receiver)
    happen(workspace, account=acme)
    tell()
    receiver_port = receiver.port
    from django.conf import settings as live  # noqa: PLC0415

    live.WEBHOOK_ALLOWED_NETWORKS = []
    try:
        deliver()
    finally:
        live.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.2/32"]
    assert receiver_port
    assert not receiver.seen
    assert Delivery.objects.get().state == "waiting"
    assert webhook.pk


def test_what_a_worker_took_and_lost_is_sent_by_the_next(workspace, receiver, acme):
    hook(workspace, receiver)
    happen(workspace, account=acme)
    tell()
    assert len(claim()) == 1
    assert deliver() == 0
    later = timezone.now() + deliveries.LEASE + timedelta(seconds=1)
    with time_machine.travel(later, tick=False):
        assert deliver() == 1
    assert len(receiver.seen) == 1


def test_what_cannot_be_written_keeps_nobody_waiting(workspace, receiver, acme):
    hook(workspace, receiver)
    broken, _ = hook(workspace, receiver)
    # Sealed under another server's key, for one.
    broken.url_sealed = "not sealed here"
    broken.save()
    happen(workspace, account=acme)
    tell()
    assert deliver() == 2
    assert len(receiver.seen) == 1
    assert DeliveryAttempt.objects.get(delivery__webhook=broken).said
    assert Delivery.objects.get(webhook=broken).attempts == 1


def test_what_was_erased_since_it_was_claimed_is_not_sent(workspace, receiver, acme):
    hook(workspace, receiver)
    happen(workspace, account=acme)
    tell()
    [claimed] = claim()
    acme.delete()
    assert not deliveries.attempt(claimed).is_sent
    assert not receiver.seen
    assert not Delivery.objects.exists()


def test_a_test_message_goes_to_one_webhook_only(workspace, receiver, kim):
    webhook, _ = hook(workspace, receiver)
    hook(workspace, receiver)
    follow(workspace, kim)
    delivery = send_test(webhook, actor=kim)
    result = deliveries.attempt(delivery)
    assert (result.is_sent, result.status) == (True, 200)
    tell()
    deliver()
    assert len(receiver.seen) == 1
    assert json.loads(receiver.seen[0][2])["type"] == "uptick.test"


def test_its_address_is_neither_stored_nor_logged_in_clear(workspace, receiver, kim):
    webhook, secret = create_webhook(
        workspace, name="Chat", url=f"{receiver.url}/T000/B000/secret", actor=kim
    )
    webhook.refresh_from_db()
    stored = str(
        [getattr(webhook, field.attname) for field in webhook._meta.concrete_fields]
    )
    assert "T000" not in stored
    assert secret not in stored
    assert "T000" not in str(list(AuditEntry.objects.values()))
    assert webhook.host == receiver.url
    set_url(webhook, "https://hooks.example.com/x")
    assert webhook.host == "https://hooks.example.com"


# ---- Mail


def test_an_alert_is_mailed_at_once(workspace, kim, acme, mailbox):
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="at_once")
    follow(workspace, kim, acme)
    happen(workspace, "moved from Low to High", account=acme)
    tell()
    assert deliver() == 1
    [(to, text)] = mailbox.messages
    assert to == ["kim@vendor.example"]
    assert "Subject: Acme moved from Low to High" in text
    assert f"https://uptick.example.com/w/acme/accounts/{acme.pk}/" in text
    assert "List-Unsubscribe:" in text
    assert "text/html" in text


def test_who_left_in_between_gets_no_mail(workspace, kim, acme, mailbox):
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="at_once")
    follow(workspace, kim, acme)
    happen(workspace, account=acme)
    tell()
    kim.memberships.all().delete()
    deliver()
    assert not mailbox.messages
    assert Delivery.objects.get().state == "given_up"


def test_a_mail_that_is_refused_is_sent_later(workspace, kim, acme, mailbox):
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="at_once")
    follow(workspace, kim, acme)
    happen(workspace, account=acme)
    tell()
    mailbox.refuses = True
    deliver()
    assert Delivery.objects.get().state == "waiting"
    assert "451" in DeliveryAttempt.objects.get().said
    mailbox.refuses = False
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=False):
        deliver()
    assert len(mailbox.messages) == 1


def test_an_address_that_is_refused_for_good_gets_no_more(
    workspace, kim, acme, mailbox
):
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="at_once")
    follow(workspace, kim, acme)
    happen(workspace, account=acme)
    tell()
    mailbox.unknown = kim.email
    deliver()

    assert Delivery.objects.get().state == "given_up"
    assert "No such user" in DeliveryAttempt.objects.get().said
    assert AlertSettings.objects.get().mail == "none"


def test_mail_that_waits_is_not_sent_after_it_was_stopped(
    workspace, kim, acme, mailbox
):
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="at_once")
    follow(workspace, kim, acme)
    happen(workspace, account=acme)
    tell()
    AlertSettings.objects.update(mail="none")
    deliver()

    assert not mailbox.messages
    assert DeliveryAttempt.objects.get().said == "Mail was stopped."


def test_every_mail_has_a_link_that_ends_it(workspace, kim, acme, mailbox, client):
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="at_once")
    follow(workspace, kim, acme)
    happen(workspace, account=acme)
    tell()
    deliver()
    [(_, text)] = mailbox.messages
    message = message_from_string(text, policy=policy.default)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = message["List-Unsubscribe"].strip(" <>")
    assert address in message.get_body(("plain",)).get_content()
    path = address.removeprefix("https://uptick.example.com")

    # Looking stops nothing: mail scanners follow links.
    assert "kim@vendor.example" in client.get(path).content.decode()
    assert AlertSettings.objects.get().mail == "at_once"
    stopped = client.post(path, {"List-Unsubscribe": "One-Click"})
    assert "No more mail" in stopped.content.decode()
    assert AlertSettings.objects.get().mail == "none"
    assert client.post(f"{path[:-1]}x/").status_code == 404


def test_a_name_cannot_add_a_header(workspace, kim, mailbox):
    evil = make_account(workspace, "Evil\r\nBcc: all@example.com", domain="e.example")
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="at_once")
    follow(workspace, kim, evil)
    happen(workspace, account=evil)
    tell()
    deliver()
    [(to, text)] = mailbox.messages
    assert to == ["kim@vendor.example"]
    assert "\nBcc:" not in text.partition("\r\n\r\n")[0]


def test_a_workspace_s_name_cannot_add_a_header_to_a_digest(workspace, kim, mailbox):
    workspace.name = "Acme\r\nBcc: all@example.com"
    workspace.save()
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="daily")
    follow(workspace, kim)
    happen(workspace, "grew", HappeningKind.QUARANTINE)
    tell()
    tomorrow = timezone.now() + timedelta(days=1)
    plan_digests(tomorrow.date())
    deliver()
    [(_, text)] = mailbox.messages
    assert "\nBcc:" not in text.partition("\r\n\r\n")[0]


@pytest.mark.parametrize(
    ("mail", "day", "said"),
    [
        ("daily", date(2026, 11, 3), "Acme: what happened on 2 November"),
        ("weekly", date(2026, 11, 9), "Acme: the last 7 days"),
    ],
)
def test_a_digest_says_who_came_and_went(  # noqa: PLR0917
    workspace, kim, acme, mailbox, mail, day, said
):
    with time_machine.travel("2026-11-02 12:00:00Z", tick=False):
        AlertSettings.objects.create(workspace=workspace, user=kim, mail=mail)
        segment = Segment.objects.create(
            workspace=workspace,
            subject="account",
            name="Warm",
            rule={"all": []},
            is_shared=True,
        )
        follow(workspace, kim, segment)
        why = "entered Warm: the score is at least 60"
        happen(workspace, why, HappeningKind.ENTERED, segment=segment, account=acme)
        happen(workspace, "left Warm", HappeningKind.LEFT, segment=segment)
        tell()
    with time_machine.travel(f"{day}T07:00:00Z", tick=False):
        assert plan_digests(day) == 1
        assert plan_digests(day) == 0
        deliver()
    [(_, text)] = mailbox.messages
    assert f"Subject: {said}" in text
    assert "Entered a segment" in text
    assert "Acme entered Warm: the score is at least 60" in text
    assert "Left a segment" in text


def test_a_long_digest_says_how_many_more_there_are(workspace, kim, acme, mailbox):
    with time_machine.travel("2026-11-02 12:00:00Z", tick=False):
        AlertSettings.objects.create(workspace=workspace, user=kim, mail="daily")
        follow(workspace, kim, acme)
        note(
            happening(workspace.pk, HappeningKind.BAND, f"moved {number}", account=acme)
            for number in range(MOST_LINES + 3)
        )
        tell()
    with time_machine.travel("2026-11-03T07:00:00Z", tick=False):
        plan_digests(date(2026, 11, 3))
        deliver()
    [(_, text)] = mailbox.messages
    assert f"Acme moved {MOST_LINES - 1}" in text
    assert f"Acme moved {MOST_LINES}" not in text
    assert "And 3 more" in text


def test_a_segment_left_by_very_many_is_told_to_all_receivers(
    workspace, kim, receiver, mailbox, client
):
    segment = Segment.objects.create(
        workspace=workspace,
        subject="account",
        name="Warm",
        rule={"all": []},
        is_shared=True,
    )
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="at_once")
    hook(workspace, receiver)
    follow(workspace, kim, segment)
    happen(
        workspace,
        "was left by 1,240 more accounts",
        HappeningKind.LEFT,
        segment=segment,
        data={"segment": segment.pk, "reasons": [], "more": 1240},
    )
    tell()
    assert deliver() == 2

    said = "Warm was left by 1,240 more accounts"
    [(_, text)] = mailbox.messages
    assert f"Subject: {said}" in text
    [(_, _, body)] = receiver.seen
    sent = json.loads(body)
    assert (sent["data"]["text"], sent["data"]["more"]) == (said, 1240)
    assert sent["data"]["segment"] == {"id": segment.pk, "name": "Warm"}
    client.force_login(kim)
    assert b"was left by 1,240 more accounts" in client.get("/w/acme/alerts/").content


def test_a_day_without_anything_sends_no_digest(workspace, kim, mailbox):
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="daily")
    AlertSettings.objects.create(
        workspace=workspace, user=make_member(workspace), mail="weekly"
    )
    assert plan_digests(date(2026, 11, 3)) == 1
    deliver()
    assert not mailbox.messages
    assert Delivery.objects.get().state == "sent"


def test_a_member_who_left_gets_no_digest(workspace, kim, mailbox):
    AlertSettings.objects.create(workspace=workspace, user=kim, mail="daily")
    kim.memberships.all().delete()
    assert plan_digests(date(2026, 11, 3)) == 0
