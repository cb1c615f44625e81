"""Red flags that digests raise, whole tables: late, repeated, side by side."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command

from accounts import red_flags
from accounts.corrections import merge_developers
from accounts.models import (
    AccountDomain,
    CompanySign,
    Developer,
    Identity,
    ProductVersion,
    RedFlag,
)
from accounts.red_flag_words import WORDS, counted, in_words
from ingest.digest import digest_until_empty
from ingest.digest.repeats import BURST
from ingest.models import Event, RepeatedEvent
from ingest.red_flags import find_red_flags, forget_repeats
from ingest.split import split_identity, undo_correction
from tests.factories import make_account, make_license, make_product
from tests.ingest.digesting import NOON, event, put, side_by_side

pytestmark = pytest.mark.django_db(transaction=True)
Kind, Flag = RedFlag.Kind, Event.Flag
ANN = "ann@example.com"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def flags():
    """Every red flag: kind, who, how often, first, last, open."""
    return [
        (
            flag.kind,
            flag.identity.value if flag.identity else None,
            flag.count,
            flag.first_at,
            flag.last_at,
            flag.is_open,
        )
        for flag in RedFlag.objects.select_related("identity").order_by(
            "kind", "subject_key"
        )
    ]


def send(workspace, *events, received_at=NOON, dialect="native"):
    put(workspace, *events, received_at=received_at)
    digest_until_empty()


def record(key="KEY-1", *, flags=0, who="u1", at=NOON, **stated):
    """A record of licence telemetry as the door hands it on."""
    stated = {
        "license_key": key,
        "product_id": "sdk",
        "product_version": "1.0",
        "activation_identifier": "PC-1",
    } | stated
    return event(
        at=at,
        identities=[("license_user", who)],
        license_key=key,
        flags=int(flags),
        properties=stated,
    )


def test_usual_events_raise_nothing(workspace):
    send(workspace, event(key="1"), event(key="1"), event("bob@example.org"))
    assert flags() == []
    assert CompanySign.objects.count() == 0


# ---- Clocks


@pytest.mark.parametrize(
    ("at", "what", "bit"),
    [
        (NOON + timedelta(days=1, seconds=1), "ahead", Flag.CLOCK_IN_FUTURE),
        (datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC), "early", Flag.CLOCK_TOO_EARLY),
        (NOON + timedelta(days=1), "", 0),
        (datetime(2000, 1, 1, tzinfo=UTC), "", 0),
    ],
)
def test_an_impossible_clock_is_flagged_and_nothing_is_lost(workspace, at, what, bit):
    send(workspace, event(at=at, properties={"os": "linux"}))
    [row] = Event.objects.all()
    assert row.flags == bit
    assert row.properties["os"] == "linux"
    if not what:
        assert flags() == []
        return
    assert flags() == [(Kind.CLOCK, ANN, 1, NOON, NOON, True)]
    [flag] = RedFlag.objects.all()
    assert flag.evidence == {
        "what": what,
        "stated_at": at.isoformat(),
        "received_at": NOON.isoformat(),
        "product": "sdk",
    }
    assert flag.developer == flag.identity.developer
    assert in_words(flag).startswith(f"Said {at.day} {at:%b %Y}")


def test_use_long_before_the_release_is_impossible(workspace):
    product = make_product(workspace, "sdk")
    ProductVersion.objects.create(
        workspace=workspace,
        product=product,
        version="2.0",
        released_on=date(2026, 6, 1),
    )
    beta, impossible = (
        datetime(2026, 5, 2, tzinfo=UTC),
        datetime(2026, 5, 1, 23, tzinfo=UTC),
    )
    send(
        workspace,
        event(at=beta, properties={"version": "2.0"}),
        event("bob@example.org", at=impossible, properties={"version": "2.0"}),
        event("bob@example.org", at=impossible, properties={"version": "1.9"}),
    )
    assert flags() == [(Kind.CLOCK, "bob@example.org", 1, NOON, NOON, True)]
    [flag] = RedFlag.objects.all()
    assert flag.evidence["released_on"] == "2026-06-01"
    assert (
        in_words(flag) == "Said 1 May 2026, 23:00 of version 2.0, released 1 Jun 2026."
    )


def test_a_late_event_counts_but_leaves_the_latest_evidence(workspace):
    ahead = NOON + timedelta(days=30)
    send(workspace, event(at=ahead), received_at=NOON)
    earlier = NOON - timedelta(days=1)
    send(workspace, event(at=ahead), received_at=earlier)
    assert flags() == [(Kind.CLOCK, ANN, 2, earlier, NOON, True)]
    assert RedFlag.objects.get().evidence["received_at"] == NOON.isoformat()


def test_repeats_and_tests_count_nothing(workspace):
    ahead = NOON + timedelta(days=30)
    send(workspace, event(at=ahead, key="1"), event(at=ahead, key="1"))
    send(workspace, event(at=ahead, key="1"))
    send(workspace, event("bob@example.org", at=ahead, is_test=True))
    assert flags() == [(Kind.CLOCK, ANN, 1, NOON, NOON, True)]


# ---- Licences


def test_each_flag_of_licence_telemetry_is_one_of_its_person(workspace):
    send(
        workspace,
        record("OLD", flags=Flag.REVOKED_LICENSE),
        record("OLD", flags=Flag.REVOKED_LICENSE, at=NOON + timedelta(hours=1)),
        record("STOLEN", flags=Flag.UNKNOWN_LICENSE | Flag.UNKNOWN_ACTIVATION),
        record("STOLEN", flags=Flag.UNKNOWN_LICENSE, who="u2"),
        record("COPIED", flags=Flag.UNKNOWN_LICENSE),
        record("GOOD"),
    )
    assert flags() == [
        (Kind.REVOKED_LICENSE, "u1", 2, NOON, NOON + timedelta(hours=1), True),
        (Kind.UNKNOWN_ACTIVATION, "u1", 1, NOON, NOON, True),
        (Kind.UNKNOWN_LICENSE, "u1", 1, NOON, NOON, True),
        (Kind.UNKNOWN_LICENSE, "u1", 1, NOON, NOON, True),
        (Kind.UNKNOWN_LICENSE, "u2", 1, NOON, NOON, True),
    ]
    revoked = RedFlag.objects.get(kind=Kind.REVOKED_LICENSE)
    assert in_words(revoked) == "Key OLD, product sdk, version 1.0, activation PC-1."
    assert counted(revoked) == "2 records"


# ---- Two companies


def test_one_person_in_two_companies(workspace):
    initech = make_account(workspace, "Initech")
    send(workspace, event(domain="initech.example"))
    assert flags() == []
    later = NOON + timedelta(days=3)
    send(workspace, event(domain="www.globex.example", at=later), received_at=later)
    assert flags() == [(Kind.TWO_ACCOUNTS, ANN, 2, later, later, True)]
    [flag] = RedFlag.objects.all()
    assert [one["name"] for one in flag.evidence["companies"]] == [
        "globex.example",
        "Initech",
    ]
    assert flag.developer.account == initech
    assert flag.account is None
    assert "Seen with globex.example (domain globex.example" in in_words(flag)
    # The same again is nothing new.
    send(workspace, event(domain="globex.example", at=later), received_at=later)
    assert flags()[0][2:5] == (2, later, later)


def test_in_one_batch_too(workspace):
    first = make_account(workspace, "Initech")
    second = make_account(workspace, "Globex")
    send(workspace, event(domain="initech.example"), event(domain="globex.example"))
    [flag] = RedFlag.objects.all()
    assert (flag.kind, flag.count) == (Kind.TWO_ACCOUNTS, 2)
    assert {flag.account, flag.developer.account} == {first, second}
    for account in (first, second):
        assert list(RedFlag.objects.of_account(account)) == [flag]
        everyone = type(account).objects.order_by("pk")
        assert list(red_flags.flagged_accounts(everyone, workspace)) == [first, second]


@pytest.mark.parametrize("order", [("A", "B"), ("B", "A")])
def test_a_licence_user_on_two_accounts_licences(workspace, order):
    for name in ("A", "B"):
        make_license(workspace, name, account=make_account(workspace, f"Buyer{name}"))
    for number, key in enumerate(order):
        send(workspace, record(key, at=NOON + timedelta(days=number)))
    assert [row[:3] for row in flags()] == [(Kind.TWO_ACCOUNTS, "u1", 2)]


def test_what_is_no_second_company(workspace):
    account = make_account(workspace, "Initech")
    AccountDomain.objects.create(
        workspace=workspace, account=account, domain="initech.test"
    )
    make_license(workspace, "OF-ALL", account=None)
    early = NOON - timedelta(days=91)
    send(
        workspace,
        # Two domains of one account, a free mailer, an unknown and an unsold licence.
        event(domain="initech.example"),
        event(domain="initech.test"),
        event(domain="gmail.com"),
        event(license_key="OF-ALL"),
        event(license_key="UNHEARD-OF"),
        # More than 90 days apart: another job.
        event("bob@example.org", domain="globex.example", at=early),
        event("bob@example.org", domain="hooli.example"),
        # Nobody in particular, and pre-counted use.
        event(domain="globex.example", identities=[("anonymous", "x")]),
        event(domain="hooli.example", identities=[("anonymous", "x")]),
        event(
            domain="hooli.example", identities=[("aggregate", "y")], is_aggregate=True
        ),
        event(
            domain="globex.example", identities=[("aggregate", "y")], is_aggregate=True
        ),
    )
    assert flags() == []


def test_two_digests_with_one_sign_each_find_it(workspace):
    make_account(workspace, "Initech")
    put(workspace, event(domain="initech.example"))
    digest_until_empty()
    RedFlag.objects.all().delete()
    for number in range(6):
        put(workspace, *(event(f"p{n}@mail.example", domain=f"c{number % 2}.example")
                         for n in range(30)))  # fmt: skip
    side_by_side(*[digest_until_empty] * 3)
    assert RedFlag.objects.filter(kind=Kind.TWO_ACCOUNTS, count=2).count() == 30


# ---- Bursts


def test_a_burst_of_one_event_is_flagged_and_counted_once(workspace):
    again = [event(key="1")] * BURST
    send(workspace, *again)
    assert flags() == []
    assert RepeatedEvent.objects.get().count == BURST - 1
    later = NOON + timedelta(hours=2)
    send(workspace, event(key="1"), event(key="2"), event(key="2"), received_at=later)
    assert flags() == [(Kind.BURST, ANN, BURST, NOON, later, True)]
    assert Event.objects.count() == 2
    [flag] = RedFlag.objects.all()
    assert in_words(flag) == "Event 1 of sdk, dialect native."
    assert counted(flag) == f"{BURST} repeats"


def test_slow_repeats_are_no_burst(workspace):
    for day in range(3):
        at = NOON + timedelta(days=2 * day)
        send(workspace, *[event(key="1")] * (BURST // 2), received_at=at)
    assert flags() == []
    assert RepeatedEvent.objects.get().count == BURST // 2
    assert forget_repeats() in {0, 1}


def test_repeats_side_by_side_add_up(workspace):
    send(workspace, event(key="1"))
    for _ in range(20):
        put(workspace, *[event(key="1")] * 25)
    side_by_side(*[digest_until_empty] * 3)
    digest_until_empty()
    assert RepeatedEvent.objects.get().count == 500
    assert [row[:3] for row in flags()] == [(Kind.BURST, ANN, 500)]


def test_a_whole_stream_again_writes_a_bounded_number_of_rows(workspace):
    stream = [event(key=str(number)) for number in range(500)]
    send(workspace, *stream)
    send(workspace, *stream)
    assert RepeatedEvent.objects.count() == 200
    assert flags() == []


# ---- Looking again, resolving


def test_looking_again_finds_the_same_and_changes_nothing(workspace, capsys):
    ahead = NOON + timedelta(days=30)
    make_account(workspace, "Initech")
    send(
        workspace,
        event(at=ahead),
        event(at=ahead),
        event("old@example.org", at=datetime(1990, 1, 1, tzinfo=UTC)),
        record("OLD", flags=Flag.REVOKED_LICENSE | Flag.UNKNOWN_VERSION),
        event("bob@example.org", domain="initech.example"),
        event("bob@example.org", domain="globex.example"),
        *[event("eve@example.org", key="1")] * (BURST + 1),
    )
    columns = ("kind", "subject_key", "evidence", "count", "first_at", "last_at",
               "developer", "account", "resolved_at")  # fmt: skip
    before = list(RedFlag.objects.order_by("id").values_list(*columns))
    assert len(before) == 6
    for _ in range(2):
        found = find_red_flags(workspace, since=LONG_AGO)
        assert list(RedFlag.objects.order_by("id").values_list(*columns)) == before
    assert found == {"burst": 1, "clock": 2, "revoked_license": 1,
                     "two_accounts": 1, "unknown_version": 1}  # fmt: skip
    # And from nothing, it finds all of it.
    RedFlag.objects.all().delete()
    call_command("find_red_flags", "--workspace", workspace.slug, "--days", "10000")
    assert "6 red flags" in capsys.readouterr().out
    again = RedFlag.objects.order_by("kind", "subject_key").values_list(*columns)
    assert sorted(map(str, again)) == sorted(map(str, before))


def test_a_release_entered_later_shows_what_was_impossible(workspace):
    send(workspace, event(properties={"version": "9.0"}))
    assert flags() == []
    ProductVersion.objects.create(
        workspace=workspace,
        product=make_or_get(workspace),
        version="9.0",
        released_on=date(2027, 6, 1),
    )
    find_red_flags(workspace, since=LONG_AGO)
    assert [row[:3] for row in flags()] == [(Kind.CLOCK, ANN, 1)]


def make_or_get(workspace):
    return workspace.products.get(key="sdk")


def test_resolved_flags_open_again_when_it_happens_again(workspace):
    ahead = datetime(2030, 1, 1, tzinfo=UTC)
    send(workspace, event(at=ahead))
    [flag] = RedFlag.objects.all()
    red_flags.resolve(flag, note=" A wrong clock. ", actor=None)
    flag.refresh_from_db()
    assert (flag.is_open, flag.note) == (False, "A wrong clock.")
    # Late: it arrived before that was said.
    send(workspace, event(at=ahead), received_at=NOON + timedelta(seconds=1))
    find_red_flags(workspace, since=LONG_AGO)
    flag.refresh_from_db()
    assert (flag.is_open, flag.count) == (False, 2)
    again = datetime.now(UTC) + timedelta(hours=1)
    send(workspace, event(at=datetime(2090, 1, 1, tzinfo=UTC)), received_at=again)
    flag.refresh_from_db()
    assert (flag.is_open, flag.count, flag.note) == (True, 3, "A wrong clock.")
    assert flag.reopened_at is not None


def test_flags_follow_a_merge_and_back(workspace):
    ahead = NOON + timedelta(days=30)
    send(workspace, event(at=ahead), event("ann@example.org", at=ahead))
    keep = Developer.objects.get(identities__value=ANN)
    other = Developer.objects.get(identities__value="ann@example.org")
    correction = merge_developers(keep, other, actor=None)
    assert keep.red_flags.count() == 2
    # It happens again: still one flag of one identity.
    send(workspace, event("ann@example.org", at=ahead))
    assert sorted(keep.red_flags.values_list("count", flat=True)) == [1, 2]
    undo_correction(correction, actor=None)
    owner = Identity.objects.get(value="ann@example.org").developer
    assert list(owner.red_flags.values_list("count", flat=True)) == [2]
    assert list(keep.red_flags.values_list("count", flat=True)) == [1]


def test_flags_follow_a_split_and_back(workspace):
    both = [("email", ANN), ("github", "ann")]
    ahead = NOON + timedelta(days=30)
    send(workspace, event(identities=both), event(identities=both[::-1], at=ahead))
    [ann] = Developer.objects.all()
    github = Identity.objects.get(kind="github")
    assert list(ann.red_flags.values_list("identity", flat=True)) == [github.pk]
    correction = split_identity(github, actor=None)
    github.refresh_from_db()
    assert github.developer != ann
    assert RedFlag.objects.get().developer == github.developer
    undo_correction(correction, actor=None)
    assert RedFlag.objects.get().developer == ann


def test_every_kind_has_words():
    assert set(WORDS) == set(Kind)
    for kind in Kind:
        flag = RedFlag(kind=kind, count=1, evidence={})
        assert in_words(flag).endswith(".")
        assert counted(flag).startswith("1 ")
