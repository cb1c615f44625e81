"""The raw-event questions of licence telemetry (dialect ``license``).

A part of the store of its own: no other dialect's events carry these properties.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from django.db import connection

from ingest.models import Event
from ingest.statements import statement
from ingest.store.base import Place

RED_FLAGS = int(Event.RED_FLAGS)
_BEGIN = datetime.min.replace(tzinfo=UTC)
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which records: all of a workspace unless something narrows them."""

    workspace_id: int
    since: datetime = _BEGIN
    until: datetime = _END
    product_id: int | None = None
    # True for records with red flags, False for clean ones.
    is_flagged: bool | None = None
    # Stated fields that must be exactly so: data_group, license_key, …
    equal: Mapping[str, str] = field(default_factory=dict)


class LicenseRecord(NamedTuple):
    """One stored record."""

    id: int
    occurred_at: datetime
    received_at: datetime
    identity_id: int
    product_id: int
    flags: int
    properties: dict[str, Any]


class FlagCount(NamedTuple):
    """Records with exactly these red flags in one hour or day."""

    at: datetime
    flags: int
    records: int


class DataGroup(NamedTuple):
    """Records of one data group and type; the numbers are of single values."""

    data_group: str
    data_type: str
    records: int
    average: float | None
    lowest: float | None
    highest: float | None


class Latest(NamedTuple):
    """One of the latest records of a data group, oldest of them first."""

    data_group: str
    data_type: str
    occurred_at: datetime
    value: float | None
    properties: dict[str, Any]


class LicenseStore(Protocol):
    """What an event store answers about licence telemetry."""

    def records(
        self,
        choice: Choice,
        *,
        before: Place | None = None,
        skip: int = 0,
        limit: int = 50,
    ) -> list[LicenseRecord]:
        """Return records, newest first, before a place or after so many others."""

    def trend(self, choice: Choice, *, unit: str) -> list[FlagCount]:
        """Count records by ``hour`` or ``day`` and flags; ``is_flagged`` is ignored."""

    def groups(
        self, choice: Choice, *, types: Sequence[str], limit: int
    ) -> list[DataGroup]:
        """Return the data groups with most records, of these types of data."""

    def latest(
        self, choice: Choice, groups: Sequence[DataGroup], *, limit: int
    ) -> list[Latest]:
        """Return the latest records of each of these groups."""


class PostgresLicenses:
    """Implements `LicenseStore` on ``ingest_event``."""

    def records(
        self,
        choice: Choice,
        *,
        before: Place | None = None,
        skip: int = 0,
        limit: int = 50,
    ) -> list[LicenseRecord]:
        """Return records, newest first, before a place or after so many others."""
        place = before or Place(_END, 0)
        rows = _ask(
            "license_records",
            choice,
            before_at=place.occurred_at,
            before_id=place.id,
            skip=skip,
            most=limit,
        )
        return [LicenseRecord._make((*row[:-1], json.loads(row[-1]))) for row in rows]

    def trend(self, choice: Choice, *, unit: str) -> list[FlagCount]:
        """Count records by ``hour`` or ``day`` and flags; ``is_flagged`` is ignored."""
        return [FlagCount(*row) for row in _ask("license_trend", choice, unit=unit)]

    def groups(
        self, choice: Choice, *, types: Sequence[str], limit: int
    ) -> list[DataGroup]:
        """Return the data groups with most records, of these types of data."""
        rows = _ask("license_groups", choice, types=list(types), most=limit)
        return [DataGroup(*row) for row in rows]

    def latest(
        self, choice: Choice, groups: Sequence[DataGroup], *, limit: int
    ) -> list[Latest]:
        """Return the latest records of each of these groups."""
        if not groups:
            return []
        rows = _ask(
            "license_latest",
            choice,
            groups=[group.data_group for group in groups],
            types=[group.data_type for group in groups],
            most=limit,
        )
        return [Latest._make((*row[:-1], json.loads(row[-1]))) for row in rows]


def _ask(name: str, choice: Choice, /, **more: Any) -> list[tuple[Any, ...]]:
    parameters = {
        "workspace": choice.workspace_id,
        "since": choice.since,
        "until": choice.until,
        "product": choice.product_id,
        "is_flagged": choice.is_flagged,
        "equal": json.dumps(dict(choice.equal)),
        "red": RED_FLAGS,
        **more,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement(name), parameters)
        return list(cursor.fetchall())
