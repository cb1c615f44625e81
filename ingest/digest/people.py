"""Who did the events of a batch: collects identities, has them resolved, reads ids.

What an identity is, and whose, is decided in `accounts.identity`; this only fills the
temporary tables it works on.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import starmap
from struct import Struct
from types import MappingProxyType
from typing import Any

import msgspec
from django.db.backends.utils import CursorWrapper

from accounts.identity import ensure_pending_tables, resolve_pending, update_known
from accounts.models import CompanySign
from accounts.red_flags import Sign
from ingest.copying import (
    FALSE,
    NULL,
    POSTGRES_EPOCH,
    TRUE,
    copy_rows,
    inet,
    int8,
    jsonb,
    text,
)
from ingest.events import StoredEvent

_EMPTY = b"{}"
_PEOPLE = (
    "pending_identity (workspace_id, kind, value, first_at, last_at, domain, ip,"
    " license_key, is_aggregate, traits)"
)
_LINKS = "pending_link (workspace_id, kind_a, value_a, kind_b, value_b)"
_start = Struct(">hiq").pack
_length = Struct(">i").pack
_times = Struct(">iqiq").pack
_DOMAIN, _LICENSE = CompanySign.Kind.DOMAIN.value, CompanySign.Kind.LICENSE.value
_pairs = msgspec.json.Decoder(list[tuple[str, str]]).decode


class Group:
    """The identities that stand together on an event, with what was seen of them.

    Times are microseconds since 1970. Domain and address are the latest seen. Defaults
    stand on the class: most groups never change them, and a batch has thousands.
    """

    domain: str = ""
    domain_at: int = 0
    ip: str = ""
    ip_at: int = 0
    license_key: str = ""
    is_aggregate: bool = False
    traits: Mapping[str, Any] = MappingProxyType({})
    # First and last time of each domain and licence key that its events named.
    signs: dict[tuple[str, str], list[int]] = {}  # noqa: RUF012 replaced when filled
    # Filled by `People.resolve`, of the identity that the events are filed under.
    identity_id: int = 0
    developer_id: int = 0

    def __init__(
        self, workspace_id: int, identities: Sequence[tuple[str, str]], at: int
    ) -> None:
        self.workspace_id = workspace_id
        self.identities = identities
        self.first = at
        self.last = at

    def add(self, event: StoredEvent, at: int) -> None:
        """Take what one more event says about the person, but for its time."""
        if event.domain:
            if not self.domain or at >= self.domain_at:
                self.domain, self.domain_at = event.domain, at
            self._show(_DOMAIN, event.domain, event, at)
        if event.ip and (not self.ip or at >= self.ip_at):
            self.ip, self.ip_at = event.ip, at
        if event.license_key:
            self.license_key = event.license_key
            self._show(_LICENSE, event.license_key, event, at)
        if event.is_aggregate:
            self.is_aggregate = True
        traits = bytes(event.traits)
        if traits != _EMPTY:
            self.traits = {**self.traits, **msgspec.json.decode(traits)}

    def _show(self, kind: str, value: str, event: StoredEvent, at: int) -> None:
        """Keep a sign of a company: an event may name another one than the last."""
        if event.is_test or event.is_aggregate:
            return
        if not self.signs:
            self.signs = {}
        times = self.signs.setdefault((kind, value), [at, at])
        times[0], times[1] = min(times[0], at), max(times[1], at)

    def absorb(self, other: "Group") -> None:
        """Take what another group saw of the same identity."""
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)
        if other.domain and (not self.domain or other.domain_at >= self.domain_at):
            self.domain, self.domain_at = other.domain, other.domain_at
        if other.ip and (not self.ip or other.ip_at >= self.ip_at):
            self.ip, self.ip_at = other.ip, other.ip_at
        self.license_key = other.license_key or self.license_key
        self.is_aggregate = self.is_aggregate or other.is_aggregate
        self.traits = {**self.traits, **other.traits}


class People:
    """The people of one batch, kept by workspace and the JSON of their identities."""

    def __init__(self) -> None:
        self._groups: dict[int, dict[bytes, Group]] = {}

    def of(self, workspace_id: int) -> dict[bytes, Group]:
        """Return the groups of one workspace, to be looked up once per entry."""
        return self._groups.setdefault(workspace_id, {})

    @staticmethod
    def new_group(workspace_id: int, identities: bytes, at: int) -> Group:
        """Unpack identities seen for the first time in this batch.

        Raises ValueError for an event of nobody: dialects give at least an anonymous
        identity.
        """
        pairs = _pairs(identities)
        if not pairs:
            raise ValueError("The event has no identity.")
        return Group(workspace_id, pairs, at)

    def resolve(self, cursor: CursorWrapper) -> None:
        """Find or create everyone, and note identity and developer in each group."""
        groups = [
            group for of_one in self._groups.values() for group in of_one.values()
        ]
        if not groups:
            return
        single: dict[tuple[int, str, str], Group] = {}
        links: set[tuple[int, str, str, str, str]] = set()
        for group in groups:
            main, *others = group.identities
            _collect(single, group, main)
            for other in others:
                # What an event says of the person is kept with the one identity that
                # the event is filed under.
                bare = Group(group.workspace_id, [other], group.first)
                bare.last = group.last
                _collect(single, bare, other)
                if other != main:
                    links.add((group.workspace_id, *main, *other))
        ensure_pending_tables(cursor)
        copy_rows(cursor, _PEOPLE, starmap(_identity_row, single.items()))
        if links:
            copy_rows(cursor, _LINKS, [_link_row(*link) for link in sorted(links)])
        resolve_pending(cursor)
        cursor.execute(
            "SELECT workspace_id, kind, value, identity_id, developer_id"
            " FROM pending_identity"
        )
        found = {row[:3]: row[3:] for row in cursor.fetchall()}
        for group in groups:
            group.identity_id, group.developer_id = found[
                (group.workspace_id, *group.identities[0])
            ]

    def signs(self) -> Iterator[Sign]:
        """Yield the signs of companies that the batch's people showed."""
        for of_one in self._groups.values():
            for group in of_one.values():
                for (kind, value), (first, last) in group.signs.items():
                    yield Sign(
                        group.workspace_id, group.identity_id,
                        group.identities[0][0], kind, value, first, last,
                    )  # fmt: skip

    def update_known(self, cursor: CursorWrapper) -> None:
        """Write what the batch says of people known before; last, after usage.

        Busy people are in every batch: locked earlier, they would have all other
        digests wait for the whole of this one.
        """
        if any(self._groups.values()):
            update_known(cursor)


def _collect(
    single: dict[tuple[int, str, str], Group], group: Group, identity: tuple[str, str]
) -> None:
    known = single.setdefault((group.workspace_id, *identity), group)
    if known is not group:
        known.absorb(group)


def _identity_row(key: tuple[int, str, str], seen: Group) -> bytes:
    workspace_id, kind, value = key
    data = value.encode()
    return b"".join(
        (
            _start(10, 8, workspace_id),
            text(kind),
            _length(len(data)),
            data,
            _times(8, seen.first - POSTGRES_EPOCH, 8, seen.last - POSTGRES_EPOCH),
            text(seen.domain) if seen.domain else NULL,
            inet(seen.ip) if seen.ip else NULL,
            text(seen.license_key) if seen.license_key else NULL,
            TRUE if seen.is_aggregate else FALSE,
            jsonb(msgspec.json.encode(dict(seen.traits))) if seen.traits else NULL,
        )
    )


def _link_row(
    workspace_id: int, kind_a: str, value_a: str, kind_b: str, value_b: str
) -> bytes:
    texts = b"".join([text(part) for part in (kind_a, value_a, kind_b, value_b)])
    return b"\x00\x05" + int8(workspace_id) + texts
