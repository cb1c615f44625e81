"""One record of licence telemetry: what is wrong with it, and what is stored.

Source: contracts/license. The data is always kept; errors and red flags only mark it.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from accounts.kinds import anonymous_value, normalise
from accounts.models import Identity
from accounts.models.catalogue import fold_metric_key
from ingest import commit
from ingest.body import problem_in
from ingest.dialects.fields import (
    EXACT_FLOAT,
    LARGEST_VALUE,
    Complaints,
    canonical_address,
    moment,
)
from ingest.events import NormalizedEvent
from ingest.models import Event
from ingest.prepared import Prepared

SINGLE, XY, TEXT = "numeric-single-value", "numeric-xy-axis", "text"
# The fields that each make an error when missing, in the order of the contract.
REQUIRED = (
    *("product_id", "user_identifier", "license_key", "activation_identifier"),
    *("product_version", "data_type", "data_group"),
)
VALUES: Mapping[str, tuple[str, ...]] = {
    SINGLE: ("numeric_data_single_value",),
    XY: ("numeric_data_x", "numeric_data_y"),
    TEXT: ("text_data",),
}
VALUE_FIELDS = tuple(name for names in VALUES.values() for name in names)
OPTIONAL = ("hwid", "country", "flags", "metadata")
# Where records go whose product nobody knows; never registered as the one they name.
UNKNOWN_PRODUCT = "unknown-product"
# The metric of records without a data group.
NO_GROUP = "licence-telemetry"
PEER_PROPERTY = "$peer_ip"
LONGEST_KEY = 200
LONGEST_USER_AGENT = 1000
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?", re.ASCII)
LONGEST_NUMBER = 400

Flag = Event.Flag
JUDGE = Prepared("license_judge")

Errors = dict[str, list[str]]


class Record(NamedTuple):
    """A record that was read but not yet judged, and the errors of its format."""

    event: NormalizedEvent
    errors: Errors


class Judged(NamedTuple):
    """A record with its red flags, and the id of its product's signing key (or 0)."""

    event: NormalizedEvent
    errors: Errors
    signing_id: int


def read(
    fields: Mapping[str, Any], *, now: float, peer: str = "", user_agent: str = ""
) -> Record:
    """Return the event of these fields, with every error of its format."""
    texts = {name: _text(fields.get(name)) for name in REQUIRED}
    kind = texts["data_type"]
    values = {name: _text(fields.get(name)) for name in VALUE_FIELDS}
    numbers = {name: _number(text) for name, text in values.items()}
    errors = _errors(texts, values, numbers)
    properties: dict[str, Any] = {**texts, "data": _data(kind, values, numbers)}
    # What the record says stands in its data; these are for sums and for charts.
    usable = {name: _usable(number) for name, number in numbers.items()}
    if kind == XY:
        properties |= {
            axis: usable[f"numeric_data_{axis}"]
            for axis in "xy"
            if usable[f"numeric_data_{axis}"] is not None
        }
    for name in OPTIONAL:
        kept = _free(fields.get(name))
        if kept not in (None, ""):
            properties[name] = kept
    if canonical_address(peer):
        properties[PEER_PROPERTY] = peer
    hwid = _text(fields.get("hwid"))
    return Record(
        NormalizedEvent(
            metric=_metric(texts["data_group"]),
            product=texts["product_id"],
            occurred_at=now,
            identities=[_who(texts, hwid, peer, user_agent)],
            value=usable["numeric_data_single_value"] if kind == SINGLE else None,
            user_agent=user_agent[:LONGEST_USER_AGENT].replace("\0", "\ufffd"),
            properties=properties,
            license_key=texts["license_key"][:LONGEST_KEY],
            registers_metric=True,
            flags=Flag.INCORRECT_FORMAT.value if errors else 0,
        ),
        errors,
    )


def _errors(
    texts: Mapping[str, str],
    values: Mapping[str, str],
    numbers: Mapping[str, float | None],
) -> Errors:
    errors = {name: [_required(name)] for name in REQUIRED if not texts[name]}
    kind = texts["data_type"]
    if kind and kind not in VALUES:
        errors["data_type"] = [_invalid("data_type")]
    for name in VALUES.get(kind, ()):
        if not values[name]:
            errors[name] = [_required(name)]
        elif kind != TEXT and numbers[name] is None:
            errors[name] = [f"The {_spaced(name)} must be a number."]
    return errors


def judge(
    workspace_id: int, records: Sequence[Record], *, only: str | None = None
) -> list[Judged]:
    """Add the red flags, asking the workspace's tables once for all records.

    With ``only``, the one product that the API key may name, records that name another
    are filed under it and flagged.

    Raises:
        StoreUnavailable: the tables cannot be asked.
    """
    stated = [record.event.properties for record in records]
    rows = commit.ask(
        JUDGE,
        {
            "workspace_id": workspace_id,
            "products": [each["product_id"] for each in stated],
            "licenses": [each["license_key"] for each in stated],
            "versions": [each["product_version"] for each in stated],
            "activations": [each["activation_identifier"] for each in stated],
        },
    )
    return [
        _judged(record, *row, only=only)
        for record, row in zip(records, rows, strict=True)
    ]


def complete(
    workspace_id: int, events: Sequence[NormalizedEvent]
) -> list[NormalizedEvent]:
    """Judge events that come from a file instead of a request."""
    records = [Record(event, {}) for event in events]
    return [judged.event for judged in judge(workspace_id, records)]


def stated_time(value: Any) -> float | None:
    """Return Unix seconds of a record's ``created_at``; None if it is no time."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return moment(Complaints(), "created_at", value)


def _judged(  # noqa: PLR0917 (the columns of license_judge.sql)
    record: Record,
    is_listed: bool,  # noqa: FBT001
    is_product: bool,  # noqa: FBT001
    is_version: bool,  # noqa: FBT001
    is_license: bool,  # noqa: FBT001
    is_revoked: bool,  # noqa: FBT001
    is_activation: bool,  # noqa: FBT001
    signing_id: int | None,
    *,
    only: str | None,
) -> Judged:
    event, errors = record
    product = event.properties["product_id"]
    is_allowed = only is None or product in {"", only}
    flags = event.flags
    if not is_product or not is_allowed:
        flags |= Flag.UNKNOWN_PRODUCT
        if product:
            flags |= Flag.INCORRECT_FORMAT
            errors = {**errors, "product_id": [_invalid("product_id")]}
    for is_good, flag in (
        (is_version, Flag.UNKNOWN_VERSION),
        (is_license, Flag.UNKNOWN_LICENSE),
        (is_activation, Flag.UNKNOWN_ACTIVATION),
        (not is_revoked, Flag.REVOKED_LICENSE),
    ):
        flags |= 0 if is_good else flag
    filed_under = only or (product if is_listed else UNKNOWN_PRODUCT)
    return Judged(
        msgspec.structs.replace(event, product=filed_under, flags=int(flags)),
        {name: errors[name] for name in (*REQUIRED, *VALUE_FIELDS) if name in errors},
        (signing_id or 0) if is_allowed else 0,
    )


def _text(value: Any) -> str:
    """Return what was sent as trimmed text; numbers and lists as their JSON."""
    # An empty list is how PHP writes "nothing" of any kind.
    if value is None or value in ([], {}):
        return ""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd").strip()
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_FLOAT:
        return str(int(value))
    try:
        return msgspec.json.encode(value).decode()
    except OverflowError:
        # A whole number of more than 64 bits somewhere inside.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _free(value: Any) -> Any:
    """Return an optional field as it was sent, or as text where no column holds it."""
    if isinstance(value, dict | list):
        return _text(value) if problem_in({"": value}) else value
    if isinstance(value, int) and not isinstance(value, bool):
        return _text(value) if problem_in({"": value}) else value
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def _number(text: str) -> float | None:
    if len(text) > LONGEST_NUMBER or not NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def _usable(number: float | None) -> float | None:
    """Return a number that can be added up, or None."""
    return None if number is None or abs(number) > LARGEST_VALUE else number


def _data(
    kind: str, values: Mapping[str, str], numbers: Mapping[str, float | None]
) -> str:
    """Return the record's data as the read-back shows it: JSON text for x and y."""
    if kind in VALUES:
        names = VALUES[kind]
    else:
        # Without a type, whatever was sent.
        names = next(
            (group for group in VALUES.values() if any(values[name] for name in group)),
            VALUES[TEXT],
        )
    if len(names) == 1:
        return values[names[0]]
    pair = {
        name[-1]: values[name] if numbers[name] is None else _plain(numbers[name])
        for name in names
    }
    return msgspec.json.encode(pair).decode()


def _plain(number: float | None) -> float | int | None:
    whole = number is not None and number.is_integer() and abs(number) < EXACT_FLOAT
    return int(number) if whole and number is not None else number


def _metric(group: str) -> str:
    """Return the metric of a data group: its name, which registers itself."""
    key = group[:LONGEST_KEY].strip()
    return key if fold_metric_key(key) else NO_GROUP


def _who(
    texts: Mapping[str, str], hwid: str, peer: str, user_agent: str
) -> tuple[str, str]:
    value = normalise(Identity.Kind.LICENSE_USER, texts["user_identifier"])
    if value:
        return Identity.Kind.LICENSE_USER.value, value
    # The installation's own marks tell people behind one address apart.
    marks = f"{user_agent} {texts['activation_identifier']} {hwid}".strip()
    value = anonymous_value(peer, marks) or anonymous_value("", "nobody")
    return Identity.Kind.ANONYMOUS.value, value


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _required(name: str) -> str:
    return f"The {_spaced(name)} field is required."


def _invalid(name: str) -> str:
    return f"The selected {_spaced(name)} is invalid."
