"""Reading licence telemetry back: filters, pages, and records in the contract's words.

Source: contracts/license, "Reading back" and "Red flags".
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import Error as DatabaseError

from ingest.commit import StoreUnavailable
from ingest.models import Event
from ingest.refusals import Reason, Refused
from ingest.store import license_store
from ingest.store.licences import Choice, LicenseRecord

EQUAL = ("data_type", "data_group", "product_id", "user_identifier", "license_key")
YES_NO = {"1": True, "true": True, "0": False, "false": False, "": None}
PER_PAGE, MOST_PER_PAGE = 50, 100
# Who wants older ones narrows the filter.
DEEPEST_PAGE = 1000
# Name in the record → the flag whose absence is 1.
GOOD: Mapping[str, Event.Flag] = {
    "is_correct_format": Event.Flag.INCORRECT_FORMAT,
    "license_key_exists": Event.Flag.UNKNOWN_LICENSE,
    "product_exists": Event.Flag.UNKNOWN_PRODUCT,
    "product_version_exists": Event.Flag.UNKNOWN_VERSION,
    "activation_exists": Event.Flag.UNKNOWN_ACTIVATION,
}


class Filters(NamedTuple):
    """What was asked for; empty and None filter nothing."""

    data_type: str = ""
    data_group: str = ""
    product_id: str = ""
    user_identifier: str = ""
    license_key: str = ""
    is_flagged: bool | None = None
    page: int = 1
    per_page: int = PER_PAGE


class Page(NamedTuple):
    """Records of one page as they are answered, and whether there are older ones."""

    records: list[dict[str, Any]]
    has_more: bool


def filters(fields: Mapping[str, Any]) -> Filters:
    """Read the query parameters.

    Raises:
        Refused: one of them is no such thing.
    """
    words = {name: str(fields.get(name, "")).strip() for name in EQUAL}
    if any("\0" in word for word in words.values()):
        raise Refused(Reason.INVALID, "a filter must not contain NUL characters")
    flagged = str(fields.get("has_red_flags", "")).strip().lower()
    if flagged not in YES_NO:
        raise Refused(Reason.INVALID, "has_red_flags must be 0 or 1")
    return Filters(
        **words,
        is_flagged=YES_NO[flagged],
        page=_number(fields, "page", default=1, most=DEEPEST_PAGE),
        per_page=_number(fields, "per_page", default=PER_PAGE, most=MOST_PER_PAGE),
    )


def page(workspace_id: int, wanted: Filters) -> Page:
    """Return one page of a workspace's records, newest first.

    Raises:
        StoreUnavailable: the store cannot be asked.
    """
    equal = {name: getattr(wanted, name) for name in EQUAL}
    choice = Choice(
        workspace_id=workspace_id,
        is_flagged=wanted.is_flagged,
        equal={name: word for name, word in equal.items() if word},
    )
    try:
        rows = license_store().records(
            choice,
            skip=(wanted.page - 1) * wanted.per_page,
            limit=wanted.per_page + 1,
        )
    except DatabaseError as error:
        raise StoreUnavailable(str(error)) from error
    return Page(
        [as_answered(row) for row in rows[: wanted.per_page]],
        len(rows) > wanted.per_page,
    )


def as_answered(row: LicenseRecord) -> dict[str, Any]:
    """Return a record in the contract's own words, in its order."""
    stated = row.properties
    at = _iso(row.occurred_at)
    return {
        "id": row.id,
        **{
            name: stated.get(name, "")
            for name in (
                *("user_identifier", "license_key", "activation_identifier"),
                *("product_id", "product_version", "data_type", "data_group", "data"),
            )
        },
        **{name: int(not row.flags & flag) for name, flag in GOOD.items()},
        "license_revoked": int(bool(row.flags & Event.Flag.REVOKED_LICENSE)),
        "has_red_flags": int(bool(row.flags & Event.RED_FLAGS)),
        "created_at": at,
        # A stored record is never edited.
        "updated_at": at,
    }


def _iso(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def _number(fields: Mapping[str, Any], name: str, *, default: int, most: int) -> int:
    text = str(fields.get(name, "")).strip()
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > len(str(most)):
        raise Refused(Reason.INVALID, f"{name} must be a number from 1 to {most}")
    number = int(text)
    if not 1 <= number <= most:
        raise Refused(Reason.INVALID, f"{name} must be a number from 1 to {most}")
    return number
