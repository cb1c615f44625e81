"""Red flags in words: what each kind means, what to do, and what one of them saw.

Words only. The sentences are the same on pages, in the admin and in the API.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from accounts.models import RedFlag

Kind = RedFlag.Kind
LONGEST_SHOWN = 60


class Words(NamedTuple):
    """What people are told of one kind."""

    meaning: str
    what_to_do: str
    # What the count counts, one and many.
    one: str = "event"
    many: str = "events"


WORDS: Mapping[str, Words] = MappingProxyType(
    {
        Kind.TWO_ACCOUNTS: Words(
            "The same identity showed signs of two companies within 90 days: somebody "
            "who works for both, a shared log-in, or a copied configuration.",
            "Ask which company is right and move the developer there. If both names "
            "are one company, give the account its further domain.",
            "company",
            "companies",
        ),
        Kind.CLOCK: Words(
            "The stated time cannot be: more than a day ahead of the arrival, before "
            "the year 2000, or a month before the version it names was released.",
            "Have the sender's clock or time unit mended. Events of the future are "
            "kept under their arrival; early ones under the day they state.",
        ),
        Kind.BURST: Words(
            "One event came again at least 100 times within a day: a sender that does "
            "not notice success, or somebody replaying a request. It counted once.",
            "Look at the sender's retries. If nobody should send this, rotate the key.",
            "repeat",
            "repeats",
        ),
        Kind.REVOKED_LICENSE: Words(
            "The licence was revoked; somebody still uses it.",
            "Talk to the customer about renewing, or block the licence in the product.",
            "record",
            "records",
        ),
        Kind.UNKNOWN_LICENSE: Words(
            "No licence has this key, or it is missing, or it is for another product: "
            "a copy without a licence, perhaps.",
            "Enter the licence if it was sold; otherwise this may be a copy to follow "
            "up.",
            "record",
            "records",
        ),
        Kind.UNKNOWN_ACTIVATION: Words(
            "The licence was never activated under this identifier.",
            "Enter the activation, or ask whether the licence was passed on.",
            "record",
            "records",
        ),
        Kind.UNKNOWN_PRODUCT: Words(
            "There is no such product, or it only announced itself and nobody has "
            "confirmed it.",
            "Confirm the product in the settings, or find out who sends this.",
            "record",
            "records",
        ),
        Kind.UNKNOWN_VERSION: Words(
            "The product has no such version on its list: a changed copy, or a list "
            "that is not up to date.",
            "Enter the version if you released it; otherwise it is somebody's own.",
            "record",
            "records",
        ),
        Kind.INCORRECT_FORMAT: Words(
            "A field is missing, or is not what it should be.",
            "Compare what is sent with the API's documentation.",
            "record",
            "records",
        ),
    }
)


def counted(flag: RedFlag) -> str:
    """Say how often it happened: `3 companies`, `1,204 repeats`."""
    words = WORDS[flag.kind]
    return f"{flag.count:,} {words.one if flag.count == 1 else words.many}"


def in_words(flag: RedFlag) -> str:
    """Say in one sentence what was seen the latest time."""
    return _SEEN[flag.kind](flag.evidence)


def _two_accounts(seen: Mapping[str, Any]) -> str:
    names = [
        f"{_text(one.get('name'))} ({_sign(one)}, last {_day(one.get('last_at'))})"
        for one in seen.get("companies", [])
    ]
    return f"Seen with {' and '.join(names)}." if names else "Seen with two companies."


def _sign(one: Mapping[str, Any]) -> str:
    if one.get("sign") == "license":
        return f"licence {_text(one.get('value'))}"
    return f"domain {_text(one.get('value'))}"


def _clock(seen: Mapping[str, Any]) -> str:
    stated = _moment(seen.get("stated_at"))
    if seen.get("what") == "ahead":
        return f"Said {stated}, arrived {_moment(seen.get('received_at'))}."
    if released := seen.get("released_on"):
        version = _text(seen.get("version"))
        return f"Said {stated} of version {version}, released {_day(released)}."
    return f"Said {stated}, arrived {_moment(seen.get('received_at'))}."


def _burst(seen: Mapping[str, Any]) -> str:
    event = _text(seen.get("event_id")) or "without an id"
    product = _text(seen.get("product")) or "an app"
    return f"Event {event} of {product}, dialect {_text(seen.get('dialect'))}."


def _license(seen: Mapping[str, Any]) -> str:
    key = _text(seen.get("license_key"))
    named = f"Key {key}" if key else "No key"
    return f"{named}, {_installation(seen)}."


def _record(seen: Mapping[str, Any]) -> str:
    text = _installation(seen)
    return f"{text[:1].upper()}{text[1:]}."


def _installation(seen: Mapping[str, Any]) -> str:
    product = _text(seen.get("product")) or "no product"
    version = _text(seen.get("version")) or "no version"
    activation = _text(seen.get("activation")) or "none"
    return f"product {product}, version {version}, activation {activation}"


_SEEN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    Kind.TWO_ACCOUNTS: _two_accounts,
    Kind.CLOCK: _clock,
    Kind.BURST: _burst,
    Kind.REVOKED_LICENSE: _license,
    Kind.UNKNOWN_LICENSE: _license,
    Kind.UNKNOWN_ACTIVATION: _record,
    Kind.UNKNOWN_PRODUCT: _record,
    Kind.UNKNOWN_VERSION: _record,
    Kind.INCORRECT_FORMAT: _record,
}


def _text(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def _parsed(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None


def _moment(value: object) -> str:
    at = _parsed(value)
    return f"{at.day} {at:%b %Y, %H:%M}" if at else "an odd time"


def _day(value: object) -> str:
    at = _parsed(value)
    return f"{at.day} {at:%b %Y}" if at else "an odd day"
