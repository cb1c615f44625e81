import random
from datetime import date

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.corrections import (
    merge_developers,
    move_developer,
    split_identity_pointers,
    undo_pointers,
)
from accounts.errors import AccountsError
from accounts.hanging import HANGING
from accounts.locks import own_usage
from accounts.merging import Pair, lock_developers, merge_pairs
from accounts.models import (
    Account,
    AccountScore,
    AuditEntry,
    Correction,
    DailyUsage,
    Developer,
    DeveloperScore,
    Identity,
    Metric,
    TouchedDeveloper,
)
from accounts.score_store import score_touched
from accounts.waiting import join_waiting
from tests.accounts.people import Seen, developer_of, email, people, resolve, usage
from tests.factories import make_member, make_product, make_workspace

MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def actor(workspace):
    return make_member(workspace, "admin", email="boss@example.com")


@pytest.fixture
def use(workspace):
    metric, product = Metric.objects.get(workspace=workspace), make_product(workspace)

    def use(value, day, count):
        developer = developer_of(value)
        DailyUsage.objects.create(
            workspace=workspace,
            developer=developer,
            day=day,
            metric=metric,
            product=product,
            count=count,
            value_sum=count / 2,
        )
        TouchedDeveloper.objects.create(workspace=workspace, developer_id=developer.pk)

    return use


def snapshot():
    """Everything that says who is who, as rows."""
    developers = Developer.objects.order_by("pk").values()
    identities = Identity.objects.order_by("pk").values()
    return list(developers), list(identities)


def scores():
    rows = AccountScore.objects.order_by("account__name")
    return {row.account.name: row.points for row in rows.select_related("account")}


# ---- Merge -------------------------------------------------------------------------


def test_a_merge_moves_identities_usage_and_scores(workspace, actor, use):
    resolve(
        workspace, email("ann@acme.com"), Seen("username", "ann", domain="b.example")
    )
    use("ann@acme.com", MONDAY, 1)
    use("ann", MONDAY, 2)
    use("ann", TUESDAY, 4)
    score_touched()
    keep, other = developer_of("ann@acme.com"), developer_of("ann")
    before = scores()
    correction = merge_developers(keep, other, actor=actor, reason="Told us so")
    assert people(workspace) == [(("ann", "ann@acme.com"), "B", "event_domain")]
    assert usage() == [(keep.pk, MONDAY, 3, 1.5), (keep.pk, TUESDAY, 4, 2.0)]
    # At once: neither account counts points of somebody who is not there any more.
    assert "Acme" not in scores()
    assert not DeveloperScore.objects.filter(developer_id=other.pk).exists()
    score_touched()
    assert set(scores()) == {"B"}
    assert scores()["B"] > before["B"]
    assert Identity.objects.get(value="ann").joined_by == "Told us so"
    assert keep.account.name == "B"
    assert (correction.kind, correction.actor, correction.reason) == (
        "merge",
        actor,
        "Told us so",
    )
    assert correction.developer_ids == [keep.pk, other.pk]
    entry = AuditEntry.objects.get(action="correction_made")
    assert (entry.subject, entry.actor) == ("ann merged into ann", actor)


@pytest.mark.parametrize(
    ("keep", "other", "place"),
    [
        # The surer account wins; equal: the one who stays.
        (("email_domain", 0.9), ("event_domain", 1.0), "Other"),
        (("event_domain", 1.0), ("email_domain", 0.9), "Keep"),
        (("email_domain", 0.9), ("email_domain", 0.9), "Keep"),
        (("none", 0.0), ("ip_owner", 0.4), "Other"),
        # A correction by hand is remembered, whichever side it was on.
        (("event_domain", 1.0), ("hand", 1.0), "Other"),
        (("hand", 1.0), ("event_domain", 1.0), "Keep"),
        (("hand", 1.0), ("hand", 1.0), "Keep"),
    ],
)
def test_whose_account_survives_a_merge(workspace, keep, other, place):
    resolve(workspace, Seen("username", "a"), Seen("username", "b"))
    for value, name, (rule, confidence) in (("a", "Keep", keep), ("b", "Other", other)):
        account = Account.objects.create(workspace=workspace, name=name)
        Developer.objects.filter(identities__value=value).update(
            account=None if rule == "none" else account,
            rule=rule,
            confidence=confidence,
        )
    merge_developers(developer_of("a"), developer_of("b"), actor=None)
    row = developer_of("a")
    assert row.account.name == place
    assert row.rule == (keep if place == "Keep" else other)[0]


def test_hand_without_account_is_remembered_too(workspace):
    resolve(workspace, email("a@acme.com"), email("b@beta.example"))
    move_developer(developer_of("b@beta.example"), None, actor=None)
    merge_developers(
        developer_of("a@acme.com"), developer_of("b@beta.example"), actor=None
    )
    assert people(workspace) == [(("a@acme.com", "b@beta.example"), None, "hand")]


def test_a_merge_fills_what_the_one_who_stays_lacks(workspace):
    resolve(
        workspace,
        Seen("anonymous", "f" * 64, traits={"plan": "pro"}),
        email("ann@acme.com", traits={"plan": "free", "seats": 1}),
    )
    merge_developers(developer_of("f" * 64), developer_of("ann@acme.com"), actor=None)
    row = Developer.objects.get()
    assert (row.display_name, row.is_anonymous) == ("ann", False)
    assert row.traits == {"plan": "pro", "seats": 1}


def test_who_cannot_be_merged(workspace):
    other = make_workspace("other")
    resolve(workspace, email("a@acme.com"), Seen("aggregate", "acme.com"))
    resolve(other, email("b@acme.com"))
    one, all_of_them = developer_of("a@acme.com"), developer_of("acme.com")
    before = snapshot()
    for pair in [
        (one, one),
        (one, developer_of("b@acme.com")),
        (one, all_of_them),
        (all_of_them, one),
        (one, Developer(pk=10**9, workspace=workspace)),
    ]:
        with pytest.raises(AccountsError):
            merge_developers(*pair, actor=None)
    assert snapshot() == before
    assert not Correction.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("pairs", [1, 20])
def test_many_pairs_cost_as_many_statements_as_one(workspace, use, pairs):
    values = [f"p{number}@c{number % 3}.example" for number in range(2 * pairs)]
    resolve(workspace, *map(email, values))
    for value in values:
        use(value, MONDAY, 1)
    score_touched()
    ids = [developer_of(value).pk for value in values]
    with transaction.atomic(), connection.cursor() as cursor:
        own_usage(cursor, workspace.pk)
        lock_developers(cursor, workspace.pk, ids)
    with CaptureQueriesContext(connection) as queries, connection.cursor() as cursor:
        merge_pairs(
            cursor,
            workspace.pk,
            [Pair(*pair, "") for pair in zip(ids[::2], ids[1::2], strict=True)],
            by_hand=False,
        )
    assert len(queries) == 16 + len(HANGING)
    assert Developer.objects.count() == pairs
    assert [row[2] for row in usage()] == [2] * pairs


# ---- Taking a merge back -----------------------------------------------------------


def test_an_undone_merge_leaves_everything_as_it_was(workspace, actor, use):
    ann, hub = email("ann@acme.com"), Seen("github", "ann")
    resolve(workspace, ann, hub, links=[(ann, hub)])
    resolve(workspace, email("bob@beta.example", traits={"plan": "pro", "x": 1}))
    move_developer(
        developer_of("bob@beta.example"), Account.objects.first(), actor=actor
    )
    Developer.objects.filter(identities=Identity.objects.get(kind="github")).update(
        traits={"plan": "free"}
    )
    before = snapshot()
    keep, other = developer_of("ann@acme.com"), developer_of("bob@beta.example")
    correction = merge_developers(keep, other, actor=actor)
    assert snapshot() != before
    TouchedDeveloper.objects.all().delete()
    divided = undo_pointers(correction, actor=actor)
    assert snapshot() == before
    assert divided.recount == (keep.pk, other.pk)
    queued = TouchedDeveloper.objects.values_list("developer_id", flat=True)
    assert {keep.pk, other.pk} <= set(queued)
    correction.refresh_from_db()
    assert correction.undone_by == actor
    assert AuditEntry.objects.filter(action="correction_undone").count() == 1
    with pytest.raises(AccountsError, match="undone before"):
        undo_pointers(correction, actor=actor)


def test_what_came_after_a_merge_survives_taking_it_back(workspace):
    resolve(workspace, email("ann@acme.com"), Seen("username", "bob", traits={"x": 1}))
    keep = developer_of("ann@acme.com")
    correction = merge_developers(keep, developer_of("bob"), actor=None)
    ann, new = email("ann@acme.com"), Seen("github", "ann", traits={"x": 2})
    resolve(workspace, ann, new, links=[(ann, new)])
    undo_pointers(correction, actor=None)
    assert [values for values, *_ in people(workspace)] == [
        ("ann", "ann@acme.com"),
        ("bob",),
    ]
    assert developer_of("ann").traits == {"x": 2}
    assert developer_of("bob").traits == {"x": 1}


def test_a_rule_does_not_join_again_what_was_taken_back(workspace):
    ann, hub = email("ann@acme.com"), Seen("github", "bob")
    for _ in range(2):
        resolve(workspace, ann)
        resolve(workspace, hub)
        resolve(workspace, ann, hub, links=[(ann, hub)])
        join_waiting()
        if not Correction.objects.filter(undone_at=None).exists():
            break
        undo_pointers(Correction.objects.get(undone_at=None), actor=None)
    assert len(people(workspace)) == 2
    # A person may still do it, and the rules may go on from there.
    merge_developers(developer_of("ann@acme.com"), developer_of("bob"), actor=None)
    assert not Identity.objects.filter(kept_apart=True).exists()


def test_merges_are_taken_back_in_reverse(workspace):
    resolve(workspace, *(email(f"{name}@acme.com") for name in "abc"))
    a, b, c = (developer_of(f"{name}@acme.com") for name in "abc")
    before = snapshot()
    first = merge_developers(b, c, actor=None)
    second = merge_developers(a, b, actor=None)
    with pytest.raises(AccountsError, match="is gone"):
        undo_pointers(first, actor=None)
    undo_pointers(second, actor=None)
    undo_pointers(first, actor=None)
    assert snapshot() == before


def test_a_merge_of_somebody_without_identities_is_taken_back(workspace, use):
    resolve(workspace, email("ada@acme.com"), email("bob@acme.com"))
    ada, bob = developer_of("ada@acme.com"), developer_of("bob@acme.com")
    use("bob@acme.com", MONDAY, 3)
    # Corrections beside each other leave such people.
    Identity.objects.filter(developer=bob).update(developer=ada)
    before = snapshot()
    correction = merge_developers(ada, bob, actor=None)
    assert usage()[0][0] == ada.pk

    undo_pointers(correction, actor=None)

    assert snapshot() == before


def test_a_merge_whose_identities_moved_on_is_not_taken_back(workspace):
    resolve(workspace, *(email(f"{name}@acme.com") for name in "ab"))
    correction = merge_developers(
        developer_of("a@acme.com"), developer_of("b@acme.com"), actor=None
    )
    split_identity_pointers(Identity.objects.get(value="b@acme.com"), actor=None)
    with pytest.raises(AccountsError, match="later correction"):
        undo_pointers(correction, actor=None)


@pytest.mark.parametrize("seed", range(12))
def test_any_corrections_taken_back_in_reverse_leave_no_trace(workspace, seed):
    rng = random.Random(seed)
    kinds = ("email", "github", "username", "anonymous")
    for number in range(8):
        kind = rng.choice(kinds)
        value = f"{number}@c{number % 3}.example" if kind == "email" else str(number)
        domain = rng.choice([None, None, "d.example"])
        traits = rng.choice([{}, {"name": f"N{number}"}, {"x": number}])
        resolve(workspace, Seen(kind, value, domain=domain, traits=traits))
    history = []
    for _ in range(10):
        before = snapshot()
        people = list(Developer.objects.order_by("pk"))
        try:
            match rng.choice(["merge", "merge", "split", "move"]):
                case "merge":
                    done = merge_developers(*rng.sample(people, 2), actor=None)
                case "split":
                    identity = rng.choice(list(Identity.objects.order_by("pk")))
                    done = split_identity_pointers(identity, actor=None).correction
                case "move":
                    places = [None, *Account.objects.order_by("pk")]
                    done = move_developer(
                        rng.choice(people), rng.choice(places), actor=None
                    )
        except (AccountsError, ValueError):
            assert snapshot() == before
            continue
        history.append((done, before))
    for done, before in reversed(history):
        undo_pointers(done, actor=None)
        assert snapshot() == before


def test_it_says_what_stands_on_a_correction(workspace):
    resolve(workspace, *(email(f"{name}@acme.com") for name in "abc"))
    a, b, c = (developer_of(f"{name}@acme.com") for name in "abc")
    first = merge_developers(b, c, actor=None)
    second = merge_developers(a, b, actor=None)

    with pytest.raises(AccountsError, match=f"number {second.pk}, Developers merged"):
        undo_pointers(first, actor=None)


def test_it_says_what_cannot_be_as_it_was(workspace):
    ann, hub = email("ann@acme.com"), Seen("github", "ann")
    resolve(workspace, ann, hub, links=[(ann, hub)])
    resolve(workspace, email("bob@beta.example"))
    keep, other = developer_of("bob@beta.example"), developer_of("ann@acme.com")
    account = other.account
    merged = merge_developers(keep, other, actor=None)
    split_identity_pointers(Identity.objects.get(kind="github"), actor=None)
    account.delete()

    undone = undo_pointers(merged, actor=None).correction

    hub_of = developer_of("ann")
    assert undone.left == [
        f"ann stays with {hub_of}: a later correction put it there.",
        f"{other} is of no company: the one of before was deleted since.",
    ]
    undone.refresh_from_db()
    assert len(undone.left) == 2


def test_a_correction_says_who_made_it(workspace, actor):
    ann, hub = email("ann@acme.com"), Seen("github", "ann")
    resolve(workspace, ann)
    resolve(workspace, hub)
    resolve(workspace, ann, hub, links=[(ann, hub)])
    join_waiting()
    resolve(workspace, *(email(f"{name}@acme.com") for name in "abc"))
    a, b, c = (developer_of(f"{name}@acme.com") for name in "abc")
    merge_developers(a, b, actor=None)
    merge_developers(a, c, actor=actor)
    split_identity_pointers(Identity.objects.get(value="b@acme.com"), actor=None)

    assert [one.who for one in Correction.objects.order_by("pk")] == [
        *("a rule", "an operator", "boss@example.com", "an operator")
    ]


def test_nothing_is_left_of_most(workspace):
    resolve(workspace, *(email(f"{name}@acme.com") for name in "ab"))
    merged = merge_developers(
        developer_of("a@acme.com"), developer_of("b@acme.com"), actor=None
    )
    assert undo_pointers(merged, actor=None).correction.left == []


# ---- Split -------------------------------------------------------------------------


def test_a_split_makes_a_developer_attributed_by_their_own(workspace, actor):
    ann, bob = email("ann@acme.com"), email("bob@beta.example")
    resolve(workspace, ann, bob, links=[(ann, bob)])
    old = developer_of("ann@acme.com")
    divided = split_identity_pointers(
        Identity.objects.get(value="bob@beta.example"), actor=actor, reason="No"
    )
    new = developer_of("bob@beta.example")
    assert divided.recount == (old.pk, new.pk)
    assert people(workspace) == [
        (("ann@acme.com",), "Acme", "email_domain"),
        (("bob@beta.example",), "Beta", "email_domain"),
    ]
    assert (new.display_name, new.first_seen_at) == ("bob", old.first_seen_at)
    assert Identity.objects.get(developer=new).kept_apart
    assert AuditEntry.objects.get().subject == (
        "E-mail: bob@beta.example split off from ann"
    )


def test_who_was_placed_by_the_identity_that_leaves_loses_the_place(workspace):
    name, mail = Seen("username", "ann"), email("bob@acme.com")
    resolve(workspace, name, mail, links=[(name, mail)])
    divided = split_identity_pointers(
        Identity.objects.get(value="bob@acme.com"), actor=None
    )
    assert people(workspace) == [
        (("ann",), None, "none"),
        (("bob@acme.com",), "Acme", "email_domain"),
    ]
    undo_pointers(divided.correction, actor=None)
    assert people(workspace) == [(("ann", "bob@acme.com"), "Acme", "email_domain")]


def test_the_only_identity_is_not_split(workspace):
    resolve(workspace, email("ann@acme.com"))
    with pytest.raises(AccountsError, match="only identity"):
        split_identity_pointers(Identity.objects.get(), actor=None)


def test_taking_a_split_back_returns_all_usage_without_events(workspace, use):
    ann, hub = email("ann@acme.com"), Seen("github", "ann")
    resolve(workspace, ann, hub, links=[(ann, hub)])
    divided = split_identity_pointers(Identity.objects.get(kind="github"), actor=None)
    use("ann", MONDAY, 2)
    use("ann@acme.com", MONDAY, 1)
    assert undo_pointers(divided.correction, actor=None).recount == ()
    assert [row[2] for row in usage()] == [3]
    assert Developer.objects.count() == 1


def test_a_split_developer_who_grew_gives_only_the_identity_back(workspace):
    ann, hub, new = email("ann@acme.com"), Seen("github", "ann"), Seen("social", "new")
    resolve(workspace, ann, hub, links=[(ann, hub)])
    divided = split_identity_pointers(Identity.objects.get(kind="github"), actor=None)
    resolve(workspace, hub, new, links=[(hub, new)])
    recount = undo_pointers(divided.correction, actor=None).recount
    assert recount == (developer_of("ann@acme.com").pk, developer_of("new").pk)
    assert [values for values, *_ in people(workspace)] == [
        ("ann", "ann@acme.com"),
        ("new",),
    ]


# ---- Move --------------------------------------------------------------------------


def test_a_move_wins_for_ever_and_both_scores_follow(workspace, actor, use):
    resolve(workspace, email("ann@acme.com"), email("bob@acme.com"))
    use("ann@acme.com", MONDAY, 3)
    use("bob@acme.com", MONDAY, 3)
    score_touched()
    whole = scores()["Acme"]
    beta = Account.objects.create(workspace=workspace, name="Beta")
    ann = developer_of("ann@acme.com")
    correction = move_developer(ann, beta, actor=actor, reason="New job")
    assert scores()["Beta"] == pytest.approx(scores()["Acme"])
    assert scores()["Acme"] < whole
    resolve(workspace, email("ann@acme.com", domain="acme.com"))
    row = developer_of("ann@acme.com")
    assert (row.account, row.rule, row.confidence) == (beta, "hand", 1.0)
    assert row.rule_detail == "Moved by boss@example.com"
    undo_pointers(correction, actor=actor)
    row = developer_of("ann@acme.com")
    assert (row.account.name, row.rule, row.rule_detail) == (
        "Acme",
        "email_domain",
        "acme.com",
    )
    assert scores() == {"Acme": pytest.approx(whole)}


def test_a_move_out_of_every_account(workspace, use):
    resolve(workspace, email("ann@acme.com"))
    use("ann@acme.com", MONDAY, 3)
    score_touched()
    move_developer(developer_of("ann@acme.com"), None, actor=None)
    assert people(workspace) == [(("ann@acme.com",), None, "hand")]
    assert scores() == {}


def test_a_move_to_another_workspace_is_refused(workspace):
    resolve(workspace, email("ann@acme.com"))
    foreign = Account.objects.create(workspace=make_workspace("other"), name="X")
    with pytest.raises(AccountsError, match="another workspace"):
        move_developer(developer_of("ann@acme.com"), foreign, actor=None)


def test_a_move_is_not_taken_back_past_a_later_one(workspace):
    resolve(workspace, email("ann@acme.com"))
    ann = developer_of("ann@acme.com")
    first = move_developer(ann, None, actor=None)
    second = move_developer(ann, Account.objects.get(), actor=None)
    with pytest.raises(AccountsError, match="later correction"):
        undo_pointers(first, actor=None)
    undo_pointers(second, actor=None)
    undo_pointers(first, actor=None)
    assert people(workspace) == [(("ann@acme.com",), "Acme", "email_domain")]


def test_a_place_that_was_deleted_is_not_gone_back_to(workspace):
    resolve(workspace, email("ann@acme.com"))
    correction = move_developer(developer_of("ann@acme.com"), None, actor=None)
    Account.objects.all().delete()
    undo_pointers(correction, actor=None)
    assert developer_of("ann@acme.com").account is None
