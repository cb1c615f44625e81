"""Erasing a developer: nothing is left, nothing of others goes, and it wins races."""

import io
import json
import secrets
import signal
import threading
import time
import zipfile
from datetime import timedelta

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from accounts import opt_outs
from accounts.corrections import merge_developers, move_developer
from accounts.errors import AccountsError
from accounts.locks import share_usage
from accounts.models import (
    Account,
    AccountScore,
    Activation,
    Application,
    AuditEntry,
    Correction,
    CuratedList,
    DailyUsage,
    Developer,
    Erasure,
    FlaggedRecord,
    Identity,
    License,
    ListEntry,
    Note,
    OptOut,
    ProvisionedUser,
    RedFlag,
    Role,
    Stage,
    StageDay,
    StageEntry,
    Tag,
    TagMark,
    WaitingJoin,
    WorkspaceUsage,
)
from accounts.models.alert import (
    Alert,
    Delivery,
    DeliveryAttempt,
    Follow,
    Happening,
)
from accounts.personal import PERSONAL
from accounts.score_store import score_workspace
from accounts.waiting import join_waiting
from ingest.digest import digest_until_empty
from ingest.erasure import erase_developer, preview, receipt_lines, receipts_of
from ingest.models import Event, InboxEntry, QuarantinedEvent, RefusedRequest
from ingest.person_export import export_developer
from ingest.personal import everything
from ingest.quarantine import replay
from ingest.recount import check_usage, rebuild_usage
from ingest.split import split_identity, undo_correction
from tests.factories import make_member, make_metric, make_workspace
from tests.ingest import digesting, whole_tables
from tests.ingest.digesting import (
    counters,
    end_others,
    event,
    failpoint,
    hit,
    start_command,
    stored,
    usage,
    workspace_usage,
)
from tests.ingest.whole_tables import where

ANN, BOB = "ann.smith@initech.example", "bob@initech.example"
HANDLE = "annsmith-codes"
# What only the events and rows of Ann have in them.
MARKS = (ANN, HANDLE, "Ann Smith", "ann-machine-77")


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def admin(workspace):
    return make_member(workspace, Role.ADMIN)


def put(workspace, *events, received_at=None):
    """One request that has just arrived, unless it says when."""
    digesting.put(workspace, *events, received_at=received_at)


def dev(value):
    return Developer.objects.get(identities__value=value)


@pytest.fixture
def world(workspace, admin):
    """Ann in every table that can hold her, and Bob beside her."""
    make_metric(workspace, "DEPLOY")
    now = timezone.now()
    ann = [("email", ANN), ("github", HANDLE)]
    put(
        workspace,
        event(key="a1", at=now, identities=ann, traits={"name": "Ann Smith"}),
        event(key="a2", at=now, identities=ann, properties={"to": ANN}, value=2.5),
        event(key="a3", at=now, identities=ann, metric="NOT_CONFIGURED"),
        event(BOB, key="b1", at=now),
        # Bob's, and it names Ann.
        event(BOB, key="b2", at=now, properties={"invited": ANN.upper(), "n": 1}),
        event(BOB, key="b3", at=now, metric="NOT_CONFIGURED"),
    )
    digest_until_empty()
    join_waiting()
    ann, bob = dev(ANN), dev(BOB)
    score_workspace(workspace)
    _others_about(workspace, admin, ann, bob)
    return workspace


def _others_about(workspace, admin, ann, bob):
    product = workspace.products.get()
    app = Application.objects.create(
        workspace=workspace, product=product, app_id="drive"
    )
    for who, email in (("u1", ANN.title()), ("u2", BOB)):
        ProvisionedUser.objects.create(
            workspace=workspace,
            application=app,
            app_user_id=who,
            email=email,
            folded_email=email.lower(),
        )
    sold = License.objects.create(
        workspace=workspace, key="K-1", holder=f"Initech, {ANN}"
    )
    Activation.objects.create(
        workspace=workspace, license=sold, identifier="seat-1", hwid="other"
    )
    Note.objects.create(workspace=workspace, developer=ann, text="Ann Smith is nice")
    Note.objects.create(workspace=workspace, developer=bob, text=f"asks {ANN} first")
    tag = Tag.objects.create(workspace=workspace, subject="developer", name="vip")
    for one in (ann, bob):
        TagMark.objects.create(workspace=workspace, tag=tag, developer=one)
    listed = CuratedList.objects.create(
        workspace=workspace, subject="developer", name="Beta"
    )
    ListEntry.objects.create(workspace=workspace, curated_list=listed, value=ANN)
    ListEntry.objects.create(workspace=workspace, curated_list=listed, developer=bob)
    stage = Stage.objects.filter(workspace=workspace, subject="developer").first()
    if stage is None:
        stage = Stage.objects.create(
            workspace=workspace, subject="developer", name="Try", position=1
        )
    for one in (ann, bob):
        StageEntry.objects.get_or_create(
            workspace=workspace, developer=one, left_at=None, defaults={"stage": stage}
        )
    RedFlag.objects.create(
        workspace=workspace,
        kind="clock",
        developer=ann,
        identity=ann.identities.first(),
        subject_key=f"clock:{ANN}",
        first_at=timezone.now(),
        last_at=timezone.now(),
    )
    FlaggedRecord.objects.create(
        workspace=workspace,
        subject="developer",
        developer=ann,
        problem="duplicate",
        text="Ann Smith twice",
    )
    Follow.objects.create(workspace=workspace, user=admin, developer=ann)
    happened = Happening.objects.create(
        workspace=workspace,
        kind="surge",
        developer=ann,
        text="Ann Smith is surging",
        key=f"surge:{ann.pk}",
    )
    Alert.objects.create(workspace=workspace, user=admin, happening=happened)
    delivery = Delivery.objects.create(
        workspace=workspace, user=admin, happening=happened
    )
    DeliveryAttempt.objects.create(delivery=delivery, said=f"250 {ANN}")
    RefusedRequest.objects.create(
        workspace=workspace,
        dialect="native",
        at=timezone.now(),
        reason="invalid",
        status=400,
        request=f'POST /x\n\n{{"user": {{"github": "{HANDLE}"}}}}',
        answer="{}",
    )
    WaitingJoin.objects.create(
        workspace=workspace,
        identity_id=ann.identities.first().pk,
        other_identity_id=bob.identities.first().pk,
    )
    account = Account.objects.create(workspace=workspace, name="Hooli")
    move_developer(ann, account, actor=admin, reason="Ann Smith moved house")
    put(
        workspace,
        event(key="t1", identities=[("username", "ann-machine-77")]),
    )
    digest_until_empty()
    merge_developers(ann, dev("ann-machine-77"), actor=admin, reason="the same")
    LogEntry.objects.create(
        user=admin,
        content_type=ContentType.objects.get_for_model(Developer),
        object_id=str(ann.pk),
        object_repr=str(ann),
        action_flag=CHANGE,
        change_message='[{"changed": "Ann Smith"}]',
    )
    put(
        workspace,
        event(key="w1", at=timezone.now(), identities=[("email", ANN)]),
        event(BOB, key="w2", at=timezone.now()),
    )


def test_nothing_is_left_of_them_in_any_column_of_any_table(world, admin):
    assert {word for word in MARKS if where(word)} == set(MARKS)

    erase_developer(dev(ANN), actor=admin)

    assert {word: where(word) for word in MARKS if where(word)} == {}


def test_what_is_of_others_stays_and_adds_up(world, admin):
    bob_before = usage(developer=dev(BOB))

    erase_developer(dev(ANN), actor=admin)

    assert usage() == bob_before
    assert check_usage() == []
    assert rebuild_usage() == 0
    assert check_usage() == []
    assert {row[0] for row in stored()} == {BOB}
    assert len(stored()) == 2
    [invited] = Event.objects.exclude(properties={}).values_list(
        "properties", flat=True
    )
    assert invited == {"invited": "[erased]", "n": 1}
    assert Note.objects.get().text == "asks [erased] first"
    assert License.objects.get().holder == "Initech, [erased]"
    assert ProvisionedUser.objects.get().email == BOB
    assert TagMark.objects.get().developer == dev(BOB)
    assert ListEntry.objects.get().developer == dev(BOB)
    assert QuarantinedEvent.objects.count() == 1
    # Bob's event of the request that both waited in.
    digest_until_empty()
    assert len(stored()) == 3
    assert check_usage() == []


def test_scores_of_accounts_are_summed_up_anew(world, admin):
    ann = dev(ANN)
    hooli = Account.objects.get(name="Hooli")
    score_workspace(world)
    assert AccountScore.objects.filter(account=hooli).exists()

    erase_developer(ann, actor=admin)

    assert not AccountScore.objects.filter(account=hooli).exists()
    initech = AccountScore.objects.get(account__domain="initech.example")
    assert initech.active_developers == 1


def test_the_size_of_a_stage_follows(world, admin):
    def size():
        days = StageDay.objects.values_list("entered", "left")
        return sum(entered - left for entered, left in days)

    before = size()
    assert StageEntry.objects.filter(left_at=None).count() == 2
    erase_developer(dev(ANN), actor=admin)
    assert StageEntry.objects.filter(left_at=None).count() == 1
    assert size() == before - 1


def test_the_receipt_says_what_went_and_names_nobody(world, admin):
    ann = dev(ANN)
    seen = {line.name: line.rows for line in preview(ann, with_texts=True).lines}
    assert seen["mentions"] > 5
    assert "mentions" not in {line.name for line in preview(ann).lines}
    receipt = erase_developer(ann, actor=admin, reason="Ticket 12", opt_out=False)

    assert receipt.actor_label == admin.email
    assert receipt.reason == "Ticket 12"
    assert receipt.counts["events"] == 3
    assert receipt.counts["identities"] == 3
    assert receipt.counts["developer"] == 1
    assert receipt.counts["quarantine"] == 1
    assert receipt.counts["waiting_requests"] == 1
    # What was promised is what was done, table by table.
    done = {name: rows for name, rows in receipt.counts.items() if name != "mentions"}
    assert {n: r for n, r in seen.items() if n != "mentions"} == done
    receipt.refresh_from_db()
    order = [held.name for held in everything()] + ["mentions"]
    told = [line.name for line in receipt_lines(receipt)]
    assert told == [name for name in order if name in receipt.counts]
    assert receipts_of(world, ("email", ANN)) == [receipt]
    assert receipts_of(world, ("email", BOB)) == []
    entry = AuditEntry.objects.get(action="developer_erased")
    assert (entry.subject, entry.detail["rows"]) == (str(receipt), receipt.rows)


def test_a_reason_that_names_them_is_not_kept(world, admin):
    receipt = erase_developer(dev(ANN), actor=admin, reason=f"mail of {ANN}")
    assert receipt.reason == ""


def test_a_second_erasure_finds_nobody(world, admin):
    ann = dev(ANN)
    erase_developer(ann, actor=admin)
    with pytest.raises(AccountsError, match="gone"):
        erase_developer(ann, actor=admin)
    assert Erasure.objects.count() == 1


def test_somebody_without_anything_is_erased_too(workspace):
    person = Developer.objects.create(workspace=workspace)
    assert erase_developer(person, actor=None).counts == {"developer": 1}


def test_pre_counted_use_is_nobody(workspace):
    nobody = Developer.objects.create(workspace=workspace, is_aggregate=True)
    with pytest.raises(AccountsError, match="not a person"):
        erase_developer(nobody, actor=None)


def test_corrections_of_them_stay_and_cannot_be_taken_back(world, admin):
    erase_developer(dev(ANN), actor=admin)

    corrections = list(Correction.objects.all())
    assert {one.kind for one in corrections} == {"move", "merge"}
    assert all(one.before == {} and not one.developer_ids for one in corrections)
    for one in corrections:
        with pytest.raises(AccountsError, match="erased"):
            undo_correction(one, actor=admin)


def test_who_was_split_off_stays(world, admin):
    ann = dev(ANN)
    split_identity(Identity.objects.get(value=HANDLE), actor=admin)
    erase_developer(ann, actor=admin)
    assert dev(HANDLE).identities.count() == 1
    assert where(ANN) == set()


def test_who_has_a_longer_address_is_somebody_else(workspace):
    put(
        workspace,
        event("ann@x.example", at=timezone.now()),
        event("jo.ann@x.example", at=timezone.now()),
        event(BOB, at=timezone.now(), properties={"a": "jo.ann@x.example"}),
        event(BOB, at=timezone.now(), properties={"a": "ann@x.example.au"}),
        event(BOB, at=timezone.now(), properties={"a": "to=ann@x.example."}),
    )
    digest_until_empty()
    erase_developer(dev("ann@x.example"), actor=None)
    told = Event.objects.exclude(properties={}).values_list("properties__a", flat=True)
    assert sorted(told) == ["ann@x.example.au", "jo.ann@x.example", "to=[erased]."]


def test_an_address_with_odd_characters(workspace):
    odd = 'o"brien\\%_(x)@x.example'
    put(
        workspace,
        event(odd, at=timezone.now(), properties={"mail": odd}),
        event(BOB, at=timezone.now(), properties={"mail": odd, odd: 1}),
    )
    digest_until_empty()
    put(workspace, event(odd, metric="UNKNOWN", at=timezone.now()))
    digest_until_empty()
    put(workspace, event(odd, at=timezone.now()))
    erase_developer(
        Developer.objects.get(
            identities__kind="email", identities__value__contains="brien"
        ),
        actor=None,
    )
    assert where("brien") == set()
    assert Event.objects.get().properties == {"mail": "[erased]", "[erased]": 1}


NUMBER = "117223344556677889900"


@pytest.mark.parametrize(
    ("who", "told", "left"),
    [
        # At the beginning of a line, which JSON writes as a backslash and an n.
        (
            "ann@x.example",
            {"a": "Hello\nann@x.example wrote", "b": "C:\\ann@x.example"},
            {"a": "Hello\n[erased] wrote", "b": "C:\\ann@x.example"},
        ),
        # Half of a line break is not the beginning of a name.
        ("nick@x.example", {"a": "Hi\nick@x.example"}, {"a": "Hi\nick@x.example"}),
        # As an id that is a number; with quotes it is text.
        (NUMBER, {"a": int(NUMBER), "b": f"id {NUMBER}"}, {"a": 0, "b": "id 0"}),
        # Made to look like what stands between the texts of others.
        ('x", "admin": "no@way', {"a": "x", "admin": "no@way"}, None),
    ],
)
def test_json_of_others_stays_json(workspace, who, told, left):
    put(
        workspace,
        event(who, at=timezone.now()),
        event(BOB, at=timezone.now(), properties=told),
    )
    digest_until_empty()
    bob = dev(BOB)
    erase_developer(workspace.developers.exclude(pk=bob.pk).get(), actor=None)
    assert Event.objects.get().properties == (left or told)


# ---- In flight


def test_what_was_accepted_before_is_dropped_by_the_digest(workspace):
    """Also when nobody could take it out of the inbox: a worker had it in its hands."""
    put(workspace, event(at=timezone.now(), key="1"))
    digest_until_empty()
    person = dev("ann@example.com")
    erase_developer(person, actor=None)
    before = timezone.now() - timedelta(minutes=1)
    late = event(at=timezone.now(), key="2")
    put(workspace, late, received_at=before)
    put(workspace, event(at=timezone.now(), key="3", metric="ODD"), received_at=before)
    digest_until_empty()
    assert stored() == []
    assert not QuarantinedEvent.objects.exists()
    assert counters()["erased"] == 2
    # What is sent afterwards is somebody new.
    put(workspace, event(at=timezone.now(), key="4"), received_at=timezone.now())
    digest_until_empty()
    assert len(stored()) == 1


def test_a_replay_of_what_was_quarantined_before(workspace):
    put(workspace, event(metric="LATER", at=timezone.now(), key="1"))
    put(workspace, event(at=timezone.now(), key="2"))
    digest_until_empty()
    kept = QuarantinedEvent.objects.get()
    erase_developer(dev("ann@example.com"), actor=None)
    assert not QuarantinedEvent.objects.exists()
    # As a backup brings it back.
    kept.save(force_insert=True)
    make_metric(workspace, "LATER")
    assert replay(workspace) == 1
    digest_until_empty()
    assert stored() == []
    assert not Developer.objects.filter(workspace=workspace).exists()


@pytest.mark.django_db(transaction=True)
def test_events_that_arrive_while_somebody_is_erased(transactional_db):
    """Senders and digests go on; what came before the receipt is gone."""
    workspace = make_workspace()
    put(workspace, *(event(at=timezone.now(), key=f"s{n}") for n in range(20)))
    put(workspace, event(BOB, at=timezone.now(), key="b"))
    digest_until_empty()
    stop = threading.Event()
    failures = []

    def run(function):
        try:
            while not stop.is_set():
                function()
        except Exception as error:  # noqa: BLE001 (whatever it is)
            failures.append(error)
        finally:
            connection.close()

    number = iter(range(1_000_000))

    def send():
        put(
            workspace,
            event(at=timezone.now(), key=f"a{next(number)}"),
            event(BOB, at=timezone.now(), key=f"b{next(number)}"),
        )

    threads = [
        threading.Thread(target=run, args=(function,))
        for function in (send, digest_until_empty)
    ]
    for thread in threads:
        thread.start()
    try:
        receipts = []
        for _ in range(5):
            person = Developer.objects.filter(
                identities__value="ann@example.com"
            ).first()
            if person is not None:
                receipts.append(erase_developer(person, actor=None))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    digest_until_empty()
    assert failures == []
    assert receipts
    last = receipts[-1].at
    theirs = Event.objects.filter(identity__value="ann@example.com")
    assert not theirs.filter(received_at__lte=last).exists()
    assert check_usage() == []
    assert not InboxEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_erasure_waits_for_the_digest_under_way(transactional_db):
    workspace = make_workspace()
    put(workspace, event(at=timezone.now(), key="1"))
    digest_until_empty()
    person = dev("ann@example.com")
    done = threading.Event()

    def erase():
        try:
            erase_developer(person, actor=None)
            done.set()
        finally:
            connection.close()

    with transaction.atomic(), connection.cursor() as cursor:
        share_usage(cursor, [workspace.pk])
        thread = threading.Thread(target=erase)
        thread.start()
        assert not done.wait(0.3)
    thread.join(10)
    assert done.is_set()


# ---- Failing half-way


@pytest.mark.parametrize(
    ("table", "before"),
    [
        ("accounts_delivery", "DELETE"),
        ("accounts_stageentry", "DELETE"),
        ("accounts_workspaceusage", "DELETE"),
        ("accounts_dailyusage", "DELETE"),
        ("ingest_event", "DELETE"),
        ("accounts_note", "UPDATE"),
        ("accounts_developer", "DELETE"),
        ("accounts_erasure", "INSERT"),
        ("accounts_auditentry", "INSERT"),
    ],
)
def test_an_erasure_that_fails_half_way_has_done_nothing(world, admin, table, before):
    there = whole_tables.everything()
    with (
        failpoint(table, "RAISE 'broken off';", before=before),
        pytest.raises(DatabaseError, match="broken off"),
    ):
        erase_developer(dev(ANN), actor=admin, opt_out=True)
    assert whole_tables.everything() == there

    erase_developer(dev(ANN), actor=admin)

    assert {word for word in MARKS if where(word)} == set()
    assert check_usage() == []


@pytest.mark.django_db(transaction=True)
def test_an_erasure_that_is_killed_half_way_has_done_nothing(transactional_db):
    workspace = make_workspace()
    put(workspace, *(event(at=timezone.now(), key=f"k{n}") for n in range(9)))
    put(workspace, event(BOB, at=timezone.now(), key="b"))
    digest_until_empty()
    there = whole_tables.everything()
    sleep = "PERFORM nextval('failpoint_hits'), pg_sleep(60);"
    with failpoint("accounts_developer", sleep, before="DELETE"):
        command = start_command(
            *("erase_developer", "--workspace", workspace.slug, "ann@example.com")
        )
        deadline = time.monotonic() + 60
        while not hit():
            assert time.monotonic() < deadline, command.stderr.read()
            time.sleep(0.05)
        command.send_signal(signal.SIGKILL)
        command.communicate()
        # The server notices when the sleep is over; do not wait for that.
        end_others()
    assert whole_tables.everything() == there

    erase_developer(dev("ann@example.com"), actor=None)

    assert {row[0] for row in stored()} == {BOB}
    assert check_usage() == []


# ---- And opt out


def test_erase_and_opt_out(world, admin):
    receipt = erase_developer(dev(ANN), actor=admin, opt_out=True)
    assert receipt.opted_out
    assert OptOut.objects.filter(reason="erased").count() == 3
    assert opt_outs.is_opted_out(world, ("email", ANN))
    put(world, event(at=timezone.now(), identities=[("github", HANDLE)]))
    digest_until_empty()
    assert {row[0] for row in stored()} == {BOB}


# ---- The registry


def test_no_table_with_a_person_is_missing():
    """A new reference to a developer or an identity belongs into the registry."""
    known = {held.model for held in everything()}
    missing = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if model not in known and _is_about_a_person(field)
    }
    assert missing == set()


def _is_about_a_person(field):
    if isinstance(field, models.ForeignKey):
        return field.related_model in {Developer, Identity}
    return field.column in {
        "developer_id",
        "identity_id",
        "other_identity_id",
        "developer_ids",
    }


def test_rows_of_rows_of_a_person_are_not_missing_either():
    """Nothing refers to a row that an erasure deletes unless it is erased too."""
    deleted = {
        held.model
        for held in everything()
        if held.model not in {AuditEntry, Correction, Activation}
    }
    known = {held.model for held in everything()}
    missing = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
        and field.related_model in deleted
        and model not in known
    }
    assert missing == set()


def test_names_are_the_names_of_files(db):
    names = [held.name for held in everything()]
    assert len(set(names)) == len(names)
    assert set(PERSONAL) < set(everything())


# ---- Export


def unzipped(parts):
    archive = zipfile.ZipFile(io.BytesIO(b"".join(parts)))
    assert archive.testzip() is None
    return {
        name: json.loads(archive.read(name))
        if name.endswith(".json")
        else archive.read(name).decode()
        for name in archive.namelist()
    }


def test_an_export_has_what_an_erasure_takes(world, admin):
    ann = dev(ANN)
    files = unzipped(export_developer(ann, actor=admin))
    readme, mentions = files.pop("README.txt"), files.pop("mentions.json")

    counts = erase_developer(ann, actor=admin).counts
    assert mentions
    assert {name.removesuffix(".json") for name in files} == {
        name for name in counts if name != "mentions"
    }
    # One request waits and holds one event of theirs; all else is a row a row.
    assert {name.removesuffix(".json"): len(rows) for name, rows in files.items()} == {
        name: rows for name, rows in counts.items() if name != "mentions"
    }
    assert all(name in readme for name in files)
    assert {row["value"] for row in files["identities.json"]} == {
        ANN,
        HANDLE,
        "ann-machine-77",
    }
    assert {row["event_id"] for row in files["events.json"]} == {"a1", "a2", "t1"}
    assert files["waiting_requests.json"][0]["event"]["identities"] == [["email", ANN]]
    assert files["developer.json"][0]["traits"] == {"name": "Ann Smith"}
    assert "Bob" not in str(files)
    assert BOB not in str(files)
    assert AuditEntry.objects.filter(action="developer_exported").count() == 1


def test_an_export_is_written_while_it_is_read(workspace):
    events = [
        event(at=timezone.now(), properties={"n": n, "x": secrets.token_hex(200)})
        for n in range(3000)
    ]
    put(workspace, *events)
    digest_until_empty()
    parts = list(export_developer(dev("ann@example.com"), actor=None))
    assert len(parts) > 3
    assert max(len(part) for part in parts) < 300_000
    assert len(unzipped(parts)["events.json"]) == 3000


def test_an_export_of_nobody_much(workspace):
    person = Developer.objects.create(workspace=workspace, display_name="Eve")
    files = unzipped(export_developer(person, actor=None))
    assert set(files) == {"developer.json", "mentions.json", "README.txt"}


def test_workspace_usage_is_gone_where_nobody_else_used_it(workspace):
    put(
        workspace,
        event(at=timezone.now()),
        event(BOB, at=timezone.now(), metric="CALL_HOME"),
    )
    put(workspace, event(at=timezone.now() - timedelta(days=3)))
    digest_until_empty()
    assert len(workspace_usage()) == 2
    erase_developer(dev("ann@example.com"), actor=None)
    [row] = WorkspaceUsage.objects.all()
    assert row.count == 1
    assert DailyUsage.objects.count() == 1
