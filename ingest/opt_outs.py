"""Turns away, at the door, the events of people who opted out.

Each web process keeps the digests of the register and looks once a second whether it
has changed. An event that slips through in that second is dropped by the digest
(`ingest.digest.left_out`), which asks the database.
"""

import re
import threading
import time
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import unquote

from accounts.errors import AccountsError
from accounts.opt_outs import DIGEST_BYTES, TYPED_KINDS, digest_bytes, understood
from ingest import commit
from ingest.commit import StoreUnavailable
from ingest.events import NormalizedEvent
from ingest.prepared import Prepared

OPT_OUTS = Prepared("opt_outs")
OPT_OUTS_OF = Prepared("opt_outs_of")
# Half of what is promised, so that reading the register fits in as well.
LOOK_SECONDS = 1.0
# What may be an identity in a text that nobody could read, and how many are tried.
WORD = re.compile(r"""[^\s"'<>=&?,;()\[\]{}\\]{3,320}""")
MOST_WORDS = 500
# Hashes of identities that a process remembers; some megabytes.
PEOPLE_REMEMBERED = 20_000

Digests = frozenset[bytes]


class Register:
    """Who opted out of each workspace, as this process knows it."""

    def __init__(self) -> None:
        # Workspaces with an empty register are not in it: they cost one look-up.
        self._digests: dict[int, Digests] = {}
        self._versions: dict[int, int] = {}
        self._due = 0.0
        self._guard = threading.Lock()

    def of(self, workspace_id: int) -> Digests | None:
        """Return the digests of a workspace; None where nobody opted out."""
        if time.monotonic() >= self._due:
            self._look()
        return self._digests.get(workspace_id)

    def forget(self) -> None:
        """Ask the database the next time."""
        self._due = 0.0

    def _look(self) -> None:
        """Read what has changed; the other threads go on with what is known."""
        if not self._guard.acquire(blocking=not self._due):
            return
        try:
            if time.monotonic() < self._due:
                return
            versions = dict(commit.ask(OPT_OUTS, {}))
            for workspace_id, version in versions.items():
                if self._versions.get(workspace_id) != version:
                    self._read(workspace_id)
                    self._versions[workspace_id] = version
            for gone in self._versions.keys() - versions.keys():
                del self._versions[gone]
                self._digests.pop(gone, None)
            self._due = time.monotonic() + LOOK_SECONDS
        except StoreUnavailable:
            # Then nothing can be kept either; whoever tries will say so.
            return
        finally:
            self._guard.release()

    def _read(self, workspace_id: int) -> None:
        ((packed,),) = commit.ask(OPT_OUTS_OF, {"workspace_id": workspace_id})
        packed = bytes(packed)
        digests = frozenset(
            packed[start : start + DIGEST_BYTES]
            for start in range(0, len(packed), DIGEST_BYTES)
        )
        if digests:
            self._digests[workspace_id] = digests
        else:
            self._digests.pop(workspace_id, None)


register = Register()
# The same people send again and again: looking up is a twentieth of hashing.
_digest = lru_cache(maxsize=PEOPLE_REMEMBERED)(digest_bytes)


def without(
    workspace_id: int, events: Sequence[NormalizedEvent]
) -> Sequence[NormalizedEvent]:
    """Return the events without those of people who opted out of the workspace.

    One identity in the register is enough, whichever of the event's it is.
    """
    digests = register.of(workspace_id)
    if digests is None:
        return events
    return [
        event
        for event in events
        if not any(
            _digest(workspace_id, kind, value) in digests
            for kind, value in event.identities
        )
    ]


def is_named(workspace_id: int, text: str) -> bool:
    """Say whether a text has the identity of somebody who opted out as a word of it.

    For requests that were refused: nobody knows which of their words is an identity.
    Takes milliseconds where there is a register, so it is for work beside requests.
    """
    digests = register.of(workspace_id)
    if digests is None:
        return False
    found = dict.fromkeys(WORD.findall(text) + WORD.findall(unquote(text)))
    return any(
        digest_bytes(workspace_id, kind, value) in digests
        for word in list(found)[:MOST_WORDS]
        for kind, value in _readings(word)
    )


def _readings(word: str) -> set[tuple[str, str]]:
    """Return a word as an identity of each kind."""
    readings = set()
    for kind, _ in TYPED_KINDS:
        try:
            readings.add(understood(kind, word))
        except AccountsError:
            continue
    return readings
