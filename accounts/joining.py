"""Which identities are one person: pure decisions, no database.

A link says that one event carried both identities. It joins their developers unless
each of them is already known by something stronger than the weaker end of the link.
So an address shared by an office, or the user name "admin", collects nobody.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from accounts.models import Identity

Kind = Identity.Kind

# How well a kind tells one person from another, over all products of a workspace.
STRENGTH: dict[str, int] = {
    Kind.EMAIL: 3,
    Kind.GITHUB: 3,
    Kind.LINKEDIN: 3,
    Kind.SOCIAL: 3,
    Kind.CUSTOMER_ID: 3,
    # Chosen by the sender, often one per machine or shared by a team.
    Kind.USERNAME: 2,
    Kind.USER_HASH: 2,
    Kind.LICENSE_USER: 2,
    Kind.ANONYMOUS: 1,
    # Not a person: never joined with anybody.
    Kind.AGGREGATE: 0,
}
# No rule makes a developer of more identities than this. A sender that gives the same
# customer id to everybody would otherwise melt all customers into one person.
MOST_IDENTITIES = 25
MOST_TEXT = 100


class Key(NamedTuple):
    """An identity as its table knows it."""

    workspace_id: int
    kind: str
    value: str


class Link(NamedTuple):
    """Two identities of one event."""

    a: Key
    b: Key


@dataclass(frozen=True, slots=True)
class Known:
    """What matters of a developer who exists already."""

    developer_id: int
    strength: int
    identities: int
    kept_apart: bool = False
    # How sure their account is; a correction by hand counts 2, so nothing beats it.
    confidence: float = 0.0


@dataclass(slots=True)
class Group:
    """Identities and developers found to be one person."""

    strength: int
    size: int
    # Developers who exist; the first stays, the others are to be merged into it.
    developers: list[Known] = field(default_factory=list)
    # New identities, the strongest first.
    members: list[Key] = field(default_factory=list)
    # The links that made it, the strongest first.
    links: list[Link] = field(default_factory=list)

    def link_of(self, key: Key) -> Link | None:
        """Return the link that joined an identity to the rest."""
        return next((link for link in self.links if key in link), None)


def decide(
    new: Iterable[Key], known: Mapping[Key, Known], links: Iterable[Link]
) -> list[Group]:
    """Return the groups that hold a new identity or more than one developer.

    ``known`` maps the identities that have a developer to that developer; each end of
    a link is in ``new`` or in ``known``. The outcome does not depend on the order of
    the links: the strongest are looked at first, equal ones in the order of their text.
    """
    forest = _Forest(new, known)
    for link in sorted({Link(*sorted(link)) for link in links}, key=_order):
        forest.follow(link)
    return [
        group
        for group in forest.groups.values()
        if group.members or len(group.developers) > 1
    ]


def rule_text(link: Link | None, joined: Key | None = None) -> str:
    """Say for people which link joined an identity or two developers.

    At most 100 characters, the width of `Identity.joined_by`; empty without a link.
    """
    if link is None:
        return ""
    ends = [end for end in link if end != joined]
    named = " and ".join(f"{Kind(end.kind).label} {end.value}" for end in ends)
    text = f"Same event as {named}" if joined else f"One event carried {named}"
    return text if len(text) <= MOST_TEXT else f"{text[: MOST_TEXT - 1]}…"


def _order(link: Link) -> tuple[int, int, Link]:
    strengths = sorted(STRENGTH[end.kind] for end in link)
    return -strengths[0], -strengths[1], link


class _Forest:
    """Union-find over identities and developers; each root holds its group."""

    def __init__(self, new: Iterable[Key], known: Mapping[Key, Known]) -> None:
        self.parent: dict[Key | int, Key | int] = {}
        self.groups: dict[Key | int, Group] = {}
        for developer in known.values():
            self.parent[developer.developer_id] = developer.developer_id
            self.groups[developer.developer_id] = Group(
                developer.strength, developer.identities, [developer]
            )
        for key in sorted(new):
            self.parent[key] = key
            self.groups[key] = Group(STRENGTH[key.kind], 1, members=[key])
        for key, developer in known.items():
            self.parent[key] = developer.developer_id

    def root(self, node: Key | int) -> Key | int:
        while (parent := self.parent[node]) != node:
            # Halve the path on the way, or long chains would cost their square.
            self.parent[node] = self.parent[parent]
            node = parent
        return node

    def follow(self, link: Link) -> None:
        """Join the groups of the two ends, if the rule lets them."""
        into, gone = self.root(link.a), self.root(link.b)
        if into == gone or not _may_join(self.groups[into], self.groups[gone], link):
            return
        if self.groups[into].size < self.groups[gone].size:
            into, gone = gone, into
        first, second = self.groups[into], self.groups.pop(gone)
        self.parent[gone] = into
        first.links = sorted((*first.links, *second.links, link), key=_order)
        first.strength = max(first.strength, second.strength)
        first.size += second.size
        first.developers = sorted(
            (*first.developers, *second.developers),
            key=lambda known: (-known.strength, known.developer_id),
        )
        first.members = sorted(
            (*first.members, *second.members),
            key=lambda key: (-STRENGTH[key.kind], key),
        )


def _may_join(first: Group, second: Group, link: Link) -> bool:
    weaker = min(STRENGTH[end.kind] for end in link)
    if weaker == 0 or first.size + second.size > MOST_IDENTITIES:
        return False
    if first.developers and second.developers:
        apart = (*first.developers, *second.developers)
        if any(known.kept_apart for known in apart):
            return False
    return first.strength <= weaker or second.strength <= weaker
