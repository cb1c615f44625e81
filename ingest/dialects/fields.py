"""Fields of a body, read liberally: numbers as text, text as numbers, "" as nothing.

Rule 1 of contracts/README. Every reader notes what is wrong with a field and goes on,
so that a sender is told of all its wrong fields at once.
"""

import ipaddress
import math
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import msgspec

from accounts.kinds import normalise
from accounts.models.catalogue import fold_metric_key
from ingest import rehearsal
from ingest.body import problem_in

# What may stand where text or a number is wanted; true and false may not.
Scalar = str | int | float | None
# A free object; an empty string is what some senders write for "none", and an empty
# list how PHP writes an empty object.
Free = dict[str, Any] | list[Any] | str | None

LONGEST = 200
LONGEST_USER_AGENT = 1000
LARGEST_COUNT = 2**31 - 1
# Far from where a sum of doubles overflows, however many are added up, and one of their
# squares too: PostgreSQL's avg() keeps those.
LARGEST_VALUE = 1e100
# What Python and PostgreSQL both call a date: the years 1 to 9999.
EARLIEST = -62_135_596_800
LATEST = 253_402_300_799
NUMBER = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
EXACT_FLOAT = 2**53
LEAP_SECOND = re.compile(r"(?<=:\d\d):60")
HOST = re.compile(r"(?:[\w-]{1,63}\.)+(?=[\w-]*[^\W\d])[\w-]{2,63}")
LONGEST_HOST = 253

Form = TypeVar("Form", bound=msgspec.Struct)


class Complaint(NamedTuple):
    """One wrong field."""

    field: str
    message: str
    code: str = "invalid"


class Complaints(list[Complaint]):
    """What is wrong with a body, in the order in which it was noticed."""

    # Which event of a batch it is about, ``[3].``, for whoever explains it.
    within = ""

    def add(self, field: str, message: str, code: str = "invalid") -> None:
        """Note a wrong field, once."""
        if all(complaint.field != field for complaint in self):
            self.append(Complaint(field, message, code))
            rehearsal.note_objection(f"{self.within}{field}", message)

    def __str__(self) -> str:
        return "; ".join(f"{field}: {message}" for field, message, _ in self)


def text(
    complaints: Complaints,
    field: str,
    value: Scalar,
    *,
    required: bool = False,
    longest: int = LONGEST,
) -> str:
    """Return trimmed text; numbers become text, nothing becomes ""."""
    if type(value) is str:
        result = value.strip()
        if "\0" in result:
            complaints.add(field, "must not contain NUL characters")
    elif value is None:
        result = ""
    elif type(value) is float and value.is_integer() and abs(value) < EXACT_FLOAT:
        result = str(int(value))
    else:
        result = str(value)
    if not result:
        if required:
            complaints.add(field, "is required", "required")
    elif len(result) > longest:
        complaints.add(field, f"must have at most {longest} characters")
    return result


def metric(
    complaints: Complaints, field: str, value: Scalar, *, required: bool = True
) -> str:
    """Return the key of a metric; one of spaces, hyphens and underscores is none."""
    result = text(complaints, field, value, required=required)
    # Nearly every key begins with a letter, and need not be folded to tell.
    if result and not result[0].isalnum() and not fold_metric_key(result):
        complaints.add(field, "must have a letter or a digit")
    return result


def user_agent(complaints: Complaints, field: str, value: Scalar) -> str:
    """Return a user agent, cut short rather than refused."""
    result = text(complaints, field, value, longest=10**9)
    return result[:LONGEST_USER_AGENT]


def number(complaints: Complaints, field: str, value: Scalar) -> float | None:
    """Return a finite number from a number or from text, or None if not sent."""
    if type(value) is str:
        written = value.strip()
        if not written:
            return None
        if not NUMBER.fullmatch(written):
            complaints.add(field, "must be a number")
            return None
        value = float(written)
    if value is None:
        return None
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        complaints.add(field, "must be a finite number")
        return None
    return result


def summand(complaints: Complaints, field: str, value: Scalar) -> float | None:
    """Return a number that can be added up, or None if not sent."""
    result = number(complaints, field, value)
    if result is None or abs(result) <= LARGEST_VALUE:
        return result
    complaints.add(field, f"must lie between -{LARGEST_VALUE:g} and {LARGEST_VALUE:g}")
    return None


def unix_time(complaints: Complaints, field: str, value: Scalar) -> float | None:
    """Return Unix seconds of the years 1 to 9999; age never refuses an event."""
    seconds = number(complaints, field, value)
    if seconds is None or EARLIEST <= seconds <= LATEST:
        return seconds
    complaints.add(field, "must be Unix time in seconds (not milliseconds)")
    return None


def moment(complaints: Complaints, field: str, value: Scalar) -> float | None:
    """Return Unix seconds from Unix seconds or from ISO 8601 (UTC without offset)."""
    if type(value) is not str or NUMBER.fullmatch(value.strip()):
        return unix_time(complaints, field, value)
    written = value.strip()
    if not written:
        return None
    try:
        # RFC 3339 lets "t" and "z" be small; and Python knows no leap seconds.
        parsed = datetime.fromisoformat(LEAP_SECOND.sub(":59", written.upper()))
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        seconds = parsed.timestamp()
    except (ValueError, OverflowError):
        complaints.add(field, "must be ISO 8601 or Unix time in seconds")
        return None
    return unix_time(complaints, field, seconds)


def positive_integer(
    complaints: Complaints, field: str, value: Scalar, *, required: bool = False
) -> int:
    """Return a count of 1 or more; 1 if not sent."""
    amount = number(complaints, field, value)
    if amount is None:
        if required and all(complaint.field != field for complaint in complaints):
            complaints.add(field, "is required", "required")
        return 1
    if not amount.is_integer() or not 1 <= amount <= LARGEST_COUNT:
        complaints.add(field, f"must be a whole number from 1 to {LARGEST_COUNT}")
        return 1
    return int(amount)


def ip_address(complaints: Complaints, field: str, value: Scalar) -> str:
    """Return an IPv4 or IPv6 address in canonical form, or ""."""
    written = text(complaints, field, value)
    if not written:
        return ""
    address = canonical_address(written)
    if not address:
        complaints.add(field, "must be an IPv4 or IPv6 address")
    return address


@lru_cache(maxsize=4096)
def canonical_address(written: str) -> str:
    """Return an address without brackets and zone; IPv4 inside IPv6 as IPv4."""
    try:
        address = ipaddress.ip_address(written.strip("[]").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(address)


@lru_cache(maxsize=4096)
def identity(kind: str, written: str) -> str:
    """Return an identity in its one form, or ""; the same people come again soon."""
    return normalise(kind, written)


def domain(complaints: Complaints, field: str, value: Scalar) -> str:
    """Return a domain name in lower case, also from a web or an e-mail address."""
    written = text(complaints, field, value, longest=1000)
    if not written:
        return ""
    host = written.partition("://")[2] or written
    host = re.split(r"[/?#]", host, maxsplit=1)[0].rpartition("@")[2]
    host = host.partition(":")[0].rstrip(".").lower()
    if len(host) > LONGEST_HOST or not HOST.fullmatch(host):
        complaints.add(field, "must be a domain name such as example.com")
        return ""
    return host


def free_object(complaints: Complaints, field: str, value: Free) -> dict[str, Any]:
    """Return a free object that the store can hold."""
    if isinstance(value, str):
        value = value.strip() or None
    if not value:
        return {}
    if not isinstance(value, dict):
        complaints.add(field, "must be an object")
        return {}
    problem = problem_in(value)
    if problem:
        path, _, message = problem.partition(" ")
        complaints.add(f"{field}{path}", message)
    return value


def read_form(
    complaints: Complaints, form: type[Form], data: dict[str, Any], *, below: str = ""
) -> Form:
    """Fill a form field by field, noting every one that is of the wrong type.

    The slow second look at a body that the typed decoder refused as a whole.
    """
    result = form()
    for field in msgspec.structs.fields(form):
        if field.encode_name not in data:
            continue
        value = data[field.encode_name]
        name = f"{below}{field.encode_name}"
        try:
            setattr(result, field.name, msgspec.convert(value, field.type))
        except msgspec.ValidationError as error:
            if isinstance(value, dict) and _form_in(field.type):
                inner = read_form(
                    complaints, _form_in(field.type), value, below=f"{name}."
                )
                setattr(result, field.name, inner)
            else:
                complaints.add(name, _in_words(error))
    return result


def _form_in(annotation: Any) -> Any:
    """Return the form in ``Form | None``, or None."""
    for each in getattr(annotation, "__args__", ()):
        if isinstance(each, type) and issubclass(each, msgspec.Struct):
            return each
    return None


def _in_words(error: msgspec.ValidationError) -> str:
    """Return msgspec's ``Expected `x`, got `y` `` as the end of a sentence."""
    message = str(error).partition(" - at ")[0].replace("`", "")
    wanted, comma, got = message.removeprefix("Expected ").partition(", got ")
    if not comma:
        return message.lower()
    words = wanted.replace(" | ", " or ").replace(" or null", "")
    return f"must be {words}, not {got}"
