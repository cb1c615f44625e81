"""Versions seen and their counts, whole tables: late, repeated, side by side."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.corrections import merge_developers, move_developer
from accounts.models import (
    Account,
    Developer,
    Product,
    ProductVersion,
    VersionCount,
    VersionsChanged,
    VersionSeen,
    VersionTotal,
)
from accounts.tasks import count_versions, tidy_versions
from accounts.version_counts import MOST_VERSIONS, count_changed_versions
from ingest.digest import digest_until_empty
from ingest.digest import versions as digest_versions
from ingest.digest.versions import version_in
from tests.factories import make_account, make_product
from tests.ingest.digesting import NOON, event, put, side_by_side

pytestmark = pytest.mark.django_db(transaction=True)
ANN, BOB = "ann@initech.example", "bob@initech.example"


def seen():
    """Every row: who, product, version, first and last seen."""
    return sorted(
        VersionSeen.objects.values_list(
            "identity__value",
            "product__key",
            "version",
            "first_seen_at",
            "last_seen_at",
        )
    )


def counts():
    """Every count: product, version, accounts, developers."""
    return sorted(
        VersionCount.objects.values_list(
            "product__key", "version", "accounts", "developers"
        )
    )


def totals():
    return sorted(
        VersionTotal.objects.values_list(
            "product__key", "accounts", "developers", "newest", "behind"
        )
    )


def uses(who, version, *, at=NOON, **fields):
    return event(who, at=at, properties={"version": version}, **fields)


def send(workspace, *events):
    put(workspace, *events)
    digest_until_empty()


@pytest.mark.parametrize(
    ("properties", "version"),
    [
        ({"version": "4.2.1"}, "4.2.1"),
        ({"app_version": "1", "version": "2"}, "1"),
        ({"appVersion": "1.0", "sdkVersion": "2"}, "1.0"),
        ({"product_version": "", "version": " 3 "}, "3"),
        ({"product_version": None, "sdk_version": 7}, "7"),
        ({"TelemetryDeck.AppInfo.version": "2026.10"}, "2026.10"),
        ({"version": {"major": 4}}, ""),
        ({"nested": {"version": "4"}}, ""),
        ({"conversion": "4"}, ""),
        ({"Version": "4"}, ""),
        ({}, ""),
        ({"version": "x" * 500}, "x" * 100),
    ],
)
def test_where_the_version_stands(properties, version):
    assert version_in(msgspec.json.encode(properties)) == version


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["version", "app_version", "sdkVersion", "other"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
            | st.text(), lambda inner: st.lists(inner, max_size=3), max_leaves=5,
        ),
    )
)  # fmt: skip
def test_no_properties_break_it(properties):
    try:
        data = msgspec.json.encode(properties)
    except (OverflowError, UnicodeEncodeError):
        return
    assert len(version_in(data)) <= 100


def test_versions_are_noted_with_first_and_last(workspace):
    day = timedelta(days=1)
    send(
        workspace,
        uses(ANN, "1.0"),
        uses(ANN, "1.0", at=NOON + day / 4),
        uses(ANN, "1.1", at=NOON - 3 * day),
        uses(ANN, "1.0", product="cli"),
        uses(BOB, "1.0", is_test=True),
        event(BOB),
    )
    assert seen() == [
        (ANN, "cli", "1.0", NOON, NOON),
        (ANN, "sdk", "1.0", NOON, NOON + day / 4),
        (ANN, "sdk", "1.1", NOON - 3 * day, NOON - 3 * day),
    ]
    assert VersionsChanged.objects.count() == 2
    VersionsChanged.objects.all().delete()
    # The same day again: nothing is written.
    send(workspace, uses(ANN, "1.0", at=NOON + day / 3))
    assert seen()[1][4] == NOON + day / 4
    assert VersionsChanged.objects.count() == 0
    # Late, and a later day.
    send(workspace, uses(ANN, "1.0", at=NOON - day), uses(ANN, "1.0", at=NOON + day))
    assert seen()[1] == (ANN, "sdk", "1.0", NOON - day, NOON + day)
    assert VersionsChanged.objects.count() == 1


def test_a_repeat_notes_nothing(workspace):
    send(workspace, uses(ANN, "1.0", key="1"))
    send(workspace, uses(ANN, "2.0", key="1"))
    assert [row[2] for row in seen()] == ["1.0"]


def test_made_up_versions_fill_no_table(workspace):
    send(workspace, *(uses(ANN, f"1.{n}") for n in range(60)), uses(BOB, "1.0"))
    assert VersionSeen.objects.count() == digest_versions.MOST_VERSIONS + 1
    for n in range(60, 90):
        send(workspace, uses(ANN, f"1.{n}", at=NOON - timedelta(days=n)))
    tidy_versions()
    kept = [row for row in seen() if row[0] == ANN]
    assert len(kept) == MOST_VERSIONS
    # Those of the first batch are the latest seen.
    assert {row[2] for row in kept} == {f"1.{n}" for n in range(MOST_VERSIONS)}


def test_side_by_side(workspace):
    for number in range(30):
        put(
            workspace,
            *(
                uses(
                    f"p{n}@x.example",
                    f"1.{number % 3}",
                    at=NOON - timedelta(days=number),
                )
                for n in range(20)
            ),
        )
    side_by_side(*[digest_until_empty] * 3)
    digest_until_empty()
    assert len(seen()) == 60
    for _, _, version, first, last in seen():
        minor = int(version[-1])
        assert first == NOON - timedelta(days=27 + minor)
        assert last == NOON - timedelta(days=minor)


def test_who_runs_what(workspace):
    day = timedelta(days=1)
    product = make_product(workspace, "sdk")
    for version, released in (("1.9", 60), ("1.10", 30), ("2.0", -30)):
        ProductVersion.objects.create(
            workspace=workspace,
            product=product,
            version=version,
            released_on=NOON.date() - timedelta(days=released),
        )
    send(
        workspace,
        # Went on to 1.10, and once back: what was seen last counts.
        uses(ANN, "1.10", at=NOON - 2 * day),
        uses(ANN, "1.9", at=NOON),
        uses(BOB, "1.10"),
        # Older, a fork that is newer than the release, no account.
        uses("eve@globex.example", "1.9-rc1"),
        uses("kim@hooli.example", "1.11-dev"),
        uses("lee@gmail.com", "1.9"),
        event(
            identities=[("aggregate", "fleet.example")],
            is_aggregate=True,
            domain="fleet.example",
            properties={"version": "1.8"},
        ),
    )
    count_versions()
    assert VersionsChanged.objects.count() == 0
    assert counts() == [
        ("sdk", "1.10", 1, 1),
        ("sdk", "1.11-dev", 1, 1),
        ("sdk", "1.8", 1, 0),
        ("sdk", "1.9", 1, 2),
        ("sdk", "1.9-rc1", 1, 1),
    ]
    # Behind are Globex and the fleet; Initech was seen with the newest release.
    assert totals() == [("sdk", 4, 5, "1.10", 2)]


def test_large_products_are_counted_once_in_a_while(workspace, monkeypatch):
    monkeypatch.setattr("accounts.version_counts.MANY", 1)
    send(workspace, uses(ANN, "1"), uses(BOB, "1"))
    assert count_changed_versions() == 1
    send(workspace, uses(ANN, "2", at=NOON + timedelta(hours=1)))
    assert count_changed_versions() == 0
    assert VersionsChanged.objects.count() == 1
    VersionTotal.objects.update(counted_at=NOON - timedelta(days=9))
    assert count_changed_versions() == 1
    assert counts() == [("sdk", "1", 1, 1), ("sdk", "2", 1, 1)]


def test_counts_follow_merges_and_moves(workspace):
    send(
        workspace,
        uses(ANN, "1"),
        uses("eve@globex.example", "2", at=NOON + timedelta(hours=1)),
    )
    count_versions()
    assert counts() == [("sdk", "1", 1, 1), ("sdk", "2", 1, 1)]
    ann = Developer.objects.get(identities__value=ANN)
    eve = Developer.objects.get(identities__value="eve@globex.example")
    merge_developers(ann, eve, actor=None)
    tidy_versions()
    assert counts() == [("sdk", "1", 0, 0), ("sdk", "2", 1, 1)]
    move_developer(ann, None, actor=None)
    tidy_versions()
    assert counts() == [("sdk", "1", 0, 0), ("sdk", "2", 0, 1)]
    assert totals() == [("sdk", 0, 1, "", 0)]


def test_counting_at_the_same_time_leaves_whole_counts(workspace):
    send(workspace, *(uses(f"p{n}@c{n}.example", f"1.{n % 4}") for n in range(40)))
    queued = list(VersionsChanged.objects.values("workspace_id", "product_id"))
    VersionsChanged.objects.bulk_create(VersionsChanged(**row) for row in queued * 5)
    side_by_side(*[tidy_versions] * 3, count_changed_versions)
    assert counts() == [("sdk", f"1.{n}", 10, 10) for n in range(4)]


def test_a_removed_product_takes_its_versions_along(workspace):
    make_account(workspace, "Initech")
    send(workspace, uses(ANN, "1"))
    count_versions()
    VersionSeen.objects.all().delete()
    tidy_versions()
    assert counts() == []
    assert totals() == [("sdk", 0, 0, "", 0)]
    assert Product.objects.count() == Account.objects.count() == 1
    assert datetime.now(UTC) - VersionTotal.objects.get().counted_at < timedelta(
        minutes=1
    )
