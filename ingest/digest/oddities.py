"""Red flags that the events of a batch raise by themselves: clocks and licences."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import msgspec

from accounts.models import RedFlag
from accounts.red_flags import Raised
from ingest.digest.entries import Entry
from ingest.events import StoredEvent
from ingest.models import Event

Flag, Kind = Event.Flag, RedFlag.Kind
AHEAD, EARLY = Flag.CLOCK_IN_FUTURE.value, Flag.CLOCK_TOO_EARLY.value
# Flags of events as kinds of red flags.
KINDS: Mapping[int, str] = MappingProxyType(
    {
        AHEAD: Kind.CLOCK.value,
        EARLY: Kind.CLOCK.value,
        Flag.REVOKED_LICENSE.value: Kind.REVOKED_LICENSE.value,
        Flag.UNKNOWN_LICENSE.value: Kind.UNKNOWN_LICENSE.value,
        Flag.UNKNOWN_ACTIVATION.value: Kind.UNKNOWN_ACTIVATION.value,
        Flag.UNKNOWN_PRODUCT.value: Kind.UNKNOWN_PRODUCT.value,
        Flag.UNKNOWN_VERSION.value: Kind.UNKNOWN_VERSION.value,
        Flag.INCORRECT_FORMAT.value: Kind.INCORRECT_FORMAT.value,
    }
)
# Kinds of which each licence of a person is a flag of its own.
BY_LICENSE = frozenset({Kind.REVOKED_LICENSE.value, Kind.UNKNOWN_LICENSE.value})
_CLOCK = Kind.CLOCK.value


class _Stated(msgspec.Struct):
    """The part of a licence record's properties that its red flags are about."""

    license_key: object = ""
    product_id: object = ""
    product_version: object = ""
    activation_identifier: object = ""


_stated = msgspec.json.Decoder(_Stated).decode


@dataclass(slots=True)
class _Odd:
    """One flag: how often, when, and the event that showed it last."""

    first: int
    last: int
    event: StoredEvent
    received: int
    is_ahead: bool
    release: tuple[str, str]
    count: int = 1


class Oddities:
    """Red flags of one batch, counted by what they are about."""

    def __init__(self) -> None:
        # By workspace, kind, identity and licence.
        self._found: dict[tuple[int, str, int, str], _Odd] = {}

    def note(  # noqa: PLR0917 called for each event, where names cost time
        self,
        entry: Entry,
        event: StoredEvent,
        at: int,
        identity_id: int,
        flags: int,
        release: tuple[str, str],
    ) -> None:
        """Note what the flags of one event say.

        ``at`` is when it occurred, in microseconds since 1970; ``release`` the version
        that it names too early, and the day that was released.
        """
        for bit, kind in KINDS.items():
            if not flags & bit:
                continue
            # A clock's own time is what cannot be trusted.
            when = entry.received if kind == _CLOCK else at
            license_key = event.license_key if kind in BY_LICENSE else ""
            key = (entry.workspace_id, kind, identity_id, license_key)
            known = self._found.get(key)
            if known is None:
                self._found[key] = _Odd(
                    when, when, event, entry.received, bit == AHEAD, release
                )
                continue
            known.count += 1
            known.first = min(known.first, when)
            if when >= known.last:
                known.last, known.event = when, event
                known.received, known.is_ahead = entry.received, bit == AHEAD
                known.release = release

    def flags(self) -> list[Raised]:
        """Return what was noted."""
        return [
            Raised(
                workspace_id,
                kind,
                identity_id,
                subject_of(kind, identity_id, license_key),
                _clock(odd)
                if kind == _CLOCK
                else record_facts(bytes(odd.event.properties)),
                _moment(odd.first / 1e6),
                _moment(odd.last / 1e6),
                odd.count,
            )
            for (
                (workspace_id, kind, identity_id, license_key),
                odd,
            ) in self._found.items()
        ]


def subject_of(kind: str, identity_id: int, license_key: str = "") -> str:
    """Return what a red flag is about, as its table names it."""
    subject = f"identity:{identity_id}"
    return f"{subject}/license:{license_key}" if kind in BY_LICENSE else subject


def _clock(odd: _Odd) -> dict[str, Any]:
    """Return the facts of an impossible time."""
    facts = {
        "what": "ahead" if odd.is_ahead else "early",
        "stated_at": _moment(odd.event.occurred_at).isoformat(),
        "received_at": _moment(odd.received / 1e6).isoformat(),
        "product": odd.event.product,
    }
    version, released_on = odd.release
    return facts | ({"version": version, "released_on": released_on} if version else {})


def record_facts(properties: bytes) -> dict[str, Any]:
    """Return the facts of a record of licence telemetry, given its properties."""
    stated = _stated(properties)
    return {
        "license_key": str(stated.license_key),
        "product": str(stated.product_id),
        "version": str(stated.product_version),
        "activation": str(stated.activation_identifier),
    }


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
