"""What can be exported, by the name that addresses and the command give it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

from accounts.models import User, Workspace
from dashboards.api.accounts import Accounts
from dashboards.api.developers import Developers
from dashboards.api.events import WholeEvents
from dashboards.api.quarantine import Quarantine
from dashboards.api.resource import Resource
from dashboards.api.usage import Usage
from dashboards.exports import text_of
from dashboards.queries.licence_export import LicenceRecords


class Source(Protocol):
    """Rows to export, read piece by piece."""

    @property
    def columns(self) -> Sequence[str]:
        """Names of what each row has."""

    def is_small(self) -> bool:
        """Say whether one can wait for it; answers quickly whatever its length."""

    def count(self) -> int | None:
        """Count the rows; None where counting costs as much as reading."""

    def written(self) -> Iterable[Sequence[Mapping[str, Any]]]:
        """Return the rows, piece by piece."""


def _resource(
    kind: type[Resource],
    workspace: Workspace,
    params: Mapping[str, str],
    *,
    today: date,
    user: User,
) -> Source:
    return kind(workspace, params, today=today, user=user, is_strict=False)


# What pages show, chosen as their addresses do: a wrong value chooses nothing.
PAGES: Mapping[str, Callable[..., Source]] = MappingProxyType(
    {
        "accounts": partial(_resource, Accounts),
        "developers": partial(_resource, Developers),
        "quarantine": partial(_resource, Quarantine),
        "licence-telemetry": LicenceRecords,
    }
)
# What the command writes, chosen as the read API does: a wrong value is refused.
COMMANDS: Mapping[str, type[Resource]] = MappingProxyType(
    {
        "accounts": Accounts,
        "developers": Developers,
        "events": WholeEvents,
        "quarantine": Quarantine,
        "usage": Usage,
    }
)


def parts_of(source: Source, form: str) -> Iterator[tuple[int, str]]:
    """Return a source's text, piece by piece, and how many rows each piece adds."""
    rows = 0

    def counted() -> Iterator[Sequence[Mapping[str, Any]]]:
        nonlocal rows
        for chunk in source.written():
            rows += len(chunk)
            yield chunk

    for text in text_of(form, source.columns, counted()):
        yield rows, text
        rows = 0
