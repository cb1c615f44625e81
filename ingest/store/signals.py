"""The raw-event questions of signals (dialect ``telemetrydeck``).

A part of the store of its own: only signals are counted without being usage, in test
mode, and grouped by whatever an app puts into its payload.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from django.db import connection

from ingest.statements import statement


@dataclass(frozen=True, kw_only=True)
class SignalChoice:
    """Which signals: of a workspace and period, narrowed where something is given."""

    workspace: int
    since: datetime
    until: datetime
    # Test signals and the others are never added up together.
    is_test: bool = False
    product: int | None = None
    metric: int | None = None


class SignalTotals(NamedTuple):
    """All signals of a choice; ``measured`` of them carry a floatValue."""

    signals: int
    users: int
    sessions: int
    types: int
    value_sum: float
    measured: int


class SignalDay(NamedTuple):
    """Signals of one UTC day; days without any are left out."""

    day: date
    signals: int
    users: int
    value_sum: float
    measured: int


class SignalType(NamedTuple):
    """Signals of one type."""

    metric_id: int
    signals: int
    users: int
    value_sum: float
    measured: int


class SignalGroup(NamedTuple):
    """Signals with one value of a payload key; None where the key is absent."""

    value: str | None
    signals: int
    users: int
    value_sum: float
    measured: int


class PayloadKey(NamedTuple):
    """A payload key, and how many of the latest signals carry it."""

    name: str
    signals: int


class SignalStore(Protocol):
    """Answers about signals."""

    def totals(self, choice: SignalChoice) -> SignalTotals:
        """Add everything up."""

    def by_day(self, choice: SignalChoice) -> list[SignalDay]:
        """Add up by UTC day, in order."""

    def by_type(self, choice: SignalChoice, *, limit: int) -> list[SignalType]:
        """Add up by type, most frequent first."""

    def by_value(
        self, choice: SignalChoice, *, name: str, limit: int
    ) -> list[SignalGroup]:
        """Add up by the value of one payload key, most frequent first."""

    def payload_keys(self, choice: SignalChoice, *, limit: int) -> list[PayloadKey]:
        """Name the payload keys of the latest signals, most frequent first."""


class PostgresSignals:
    """Implements `SignalStore` on the event table."""

    def totals(self, choice: SignalChoice) -> SignalTotals:
        """Add everything up."""
        return SignalTotals(*_ask("signal_totals", choice)[0])

    def by_day(self, choice: SignalChoice) -> list[SignalDay]:
        """Add up by UTC day, in order."""
        return [SignalDay(*row) for row in _ask("signal_days", choice)]

    def by_type(self, choice: SignalChoice, *, limit: int) -> list[SignalType]:
        """Add up by type, most frequent first."""
        return [SignalType(*row) for row in _ask("signal_types", choice, most=limit)]

    def by_value(
        self, choice: SignalChoice, *, name: str, limit: int
    ) -> list[SignalGroup]:
        """Add up by the value of one payload key, most frequent first."""
        rows = _ask("signal_groups", choice, name=name, most=limit)
        return [SignalGroup(*row) for row in rows]

    def payload_keys(self, choice: SignalChoice, *, limit: int) -> list[PayloadKey]:
        """Name the payload keys of the latest signals, most frequent first."""
        return [PayloadKey(*row) for row in _ask("signal_keys", choice, most=limit)]


def _ask(question: str, choice: SignalChoice, /, **more: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement(question), {**asdict(choice), **more})
        return list(cursor.fetchall())
