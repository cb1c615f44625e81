import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.joining import (
    MOST_IDENTITIES,
    STRENGTH,
    Key,
    Known,
    Link,
    decide,
    rule_text,
)
from accounts.models import Identity


def key(kind, value="x"):
    return Key(1, kind, value)


def known(developer, *kinds, **fields):
    return Known(developer, max(STRENGTH[kind] for kind in kinds), len(kinds), **fields)


def test_every_kind_has_a_strength():
    assert set(STRENGTH) == {kind.value for kind in Identity.Kind}


def test_new_identities_of_one_event_are_one_person():
    mail, github = key("email"), key("github")
    [group] = decide([mail, github], {}, [Link(github, mail)])
    assert group.members == [mail, github]
    assert group.developers == []
    assert rule_text(group.link_of(github), joined=github) == "Same event as E-mail x"


def test_unlinked_identities_stay_apart():
    groups = decide([key("email", "a"), key("email", "b")], {}, [])
    assert [group.members for group in groups] == [
        [key("email", "a")],
        [key("email", "b")],
    ]


@pytest.mark.parametrize(
    ("first", "second", "link", "joins"),
    [
        # Strong identities speak for themselves.
        (["email"], ["customer_id"], ("email", "customer_id"), True),
        (["email", "github"], ["email"], ("github", "email"), True),
        # Somebody known takes in what is anonymous, but two known ones stay two.
        (["email"], ["anonymous"], ("email", "anonymous"), True),
        (["email"], ["anonymous", "username"], ("email", "anonymous"), False),
        (["email"], ["anonymous", "email"], ("email", "anonymous"), False),
        # The same for a user name: "admin" collects nobody.
        (["email"], ["username"], ("email", "username"), True),
        (["email"], ["username", "email"], ("email", "username"), False),
        (["user_hash"], ["username"], ("user_hash", "username"), True),
        (["anonymous"], ["anonymous"], ("anonymous", "anonymous"), True),
        # Pre-counted use is nobody.
        (["aggregate"], ["email"], ("aggregate", "email"), False),
        (["aggregate"], ["aggregate"], ("aggregate", "aggregate"), False),
    ],
)
def test_who_is_joined_with_whom(first, second, link, joins):
    ends = key(link[0], "a"), key(link[1], "b")
    people = {ends[0]: known(1, *first), ends[1]: known(2, *second)}
    groups = decide([], people, [Link(*ends)])
    assert [[one.developer_id for one in group.developers] for group in groups] == (
        [sorted((1, 2), key=lambda n: (-people[ends[n - 1]].strength, n))]
        if joins
        else []
    )


def test_the_better_known_developer_stays_then_the_older():
    mail, name = key("email"), key("username")
    people = {name: known(1, "username"), mail: known(2, "email")}
    [group] = decide([], people, [Link(mail, name)])
    assert [one.developer_id for one in group.developers] == [2, 1]


def test_who_was_parted_by_hand_is_not_joined_again_but_may_grow():
    mail, github, new = key("email"), key("github"), key("customer_id")
    people = {
        mail: known(1, "email", kept_apart=True),
        github: known(2, "github"),
    }
    assert decide([], people, [Link(mail, github)]) == []
    [group] = decide([new], people, [Link(mail, new)])
    assert [one.developer_id for one in group.developers] == [1]
    # Not around the corner either: the new identity goes to one of the two.
    [group] = decide([new], people, [Link(mail, new), Link(github, new)])
    assert len(group.developers) == 1


def test_one_id_for_everybody_does_not_melt_everybody():
    shared = key("customer_id", "0")
    mails = [key("email", f"{number:03}") for number in range(100)]
    groups = decide([shared, *mails], {}, [Link(shared, mail) for mail in mails])
    assert max(len(group.members) for group in groups) == MOST_IDENTITIES
    assert sum(len(group.members) for group in groups) == 101


def test_a_shared_anonymous_identity_goes_to_one_of_two_people():
    shared, ann, bob = key("anonymous"), key("email", "ann"), key("email", "bob")
    groups = decide([shared, ann, bob], {}, [Link(shared, ann), Link(shared, bob)])
    assert sorted(group.members for group in groups) == [[ann, shared], [bob]]


def test_rules_fit_their_column():
    link = Link(key("email", "a" * 320), key("github", "b" * 320))
    assert len(rule_text(link)) == 100
    assert len(rule_text(link, joined=link.a)) == 100
    assert rule_text(None) == ""


KEYS = st.builds(
    Key, st.just(1), st.sampled_from(sorted(STRENGTH)), st.text("ab", max_size=2)
)


@given(
    st.lists(st.tuples(KEYS, KEYS).filter(lambda pair: pair[0] != pair[1])), st.data()
)
def test_the_order_of_the_links_does_not_matter(pairs, data):
    links = [Link(*pair) for pair in pairs]
    keys = sorted({end for link in links for end in link})
    people = {}
    for developer, kept in enumerate(keys[::2], start=1):
        people[kept] = known(developer, kept.kind)
    new = [one for one in keys if one not in people]
    expected = decide(new, people, links)
    turned = [Link(link.b, link.a) for link in links]
    shuffled = data.draw(st.permutations(turned))
    assert decide(random.sample(new, len(new)), people, shuffled) == expected
    # Each identity and each developer ends in one group.
    members = [one for group in expected for one in group.members]
    assert sorted(members) == new
    developers = [one.developer_id for group in expected for one in group.developers]
    assert len(developers) == len(set(developers))
