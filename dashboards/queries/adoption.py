"""Adoption: who of those with a seat in an application uses it, and for what."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from accounts.models import Workspace
from dashboards import charts, periods
from dashboards.paging import decode, encode
from dashboards.queries.sql import fetch

PEOPLE = charts.Noun("person", "people")
WEEK, MONTH = 7, 30
PAGE_SIZE = 25
# People of one statement of an export; memory holds no more.
EXPORT_SIZE = 2000
# Before every address.
START = ("", 0)
LARGEST_ID = 2**63 - 1


class ApplicationRow(NamedTuple):
    """One application, and how many of its seats are used."""

    id: int
    app_id: str
    name: str
    category: str
    seats: int
    week: int
    month: int
    never: int

    @property
    def week_share(self) -> int:
        """Return the share of seats used in a week, in percent."""
        return percent(self.week, self.seats)

    @property
    def month_share(self) -> int:
        """Return the share of seats used in a month, in percent."""
        return percent(self.month, self.seats)

    @property
    def never_share(self) -> int:
        """Return the share of seats never used, in percent."""
        return percent(self.never, self.seats)


class GroupRow(NamedTuple):
    """How many of an application's people did something lately."""

    kind: str
    label: str
    note: str
    week: int
    month: int


class PersonRow(NamedTuple):
    """Somebody with a seat who never came."""

    id: int
    folded_email: str
    email: str
    app_user_id: str
    username: str
    license: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event of the application, with shares in percent."""

    name: str
    note: str
    week: int
    week_share: int
    month: int
    month_share: int


@dataclass(frozen=True, slots=True)
class Adoption:
    """Everything on the page; without applications nothing but that."""

    applications: tuple[ApplicationRow, ...]
    chosen: ApplicationRow | None = None
    categories: charts.RankedBars | None = None
    groups: charts.RankedBars | None = None
    events: tuple[EventRow, ...] = ()
    never: tuple[PersonRow, ...] = ()
    next_cursor: str = ""
    # Whether this is not the first page of those who never came.
    is_further: bool = False


def build(workspace: Workspace, params: Mapping[str, str], *, today: date) -> Adoption:
    """Answer the page in three queries, whatever there is."""
    applications = tuple(_applications(workspace, today))
    chosen = choose(applications, params.get("app", ""))
    if chosen is None:
        return Adoption(applications)
    groups = fetch(
        "adoption_groups", GroupRow, {"application": chosen.id, **_days(today)}
    )
    place = _place(params.get("after", ""))
    never = never_came(chosen.id, place, most=PAGE_SIZE + 1)
    shown = never[:PAGE_SIZE]
    return Adoption(
        applications=applications,
        chosen=chosen,
        categories=_chart("categories", "By category", "Category", chosen, groups),
        groups=_chart("groups", "By event group", "Event group", chosen, groups),
        events=tuple(
            EventRow(
                name=row.label,
                note=row.note,
                week=row.week,
                week_share=percent(row.week, chosen.seats),
                month=row.month,
                month_share=percent(row.month, chosen.seats),
            )
            for row in groups
            if row.kind == "event"
        ),
        never=tuple(shown),
        next_cursor=(
            encode(shown[-1].folded_email, shown[-1].id)
            if len(never) > PAGE_SIZE
            else ""
        ),
        is_further=place != START,
    )


def choose(
    applications: Sequence[ApplicationRow], app_id: str
) -> ApplicationRow | None:
    """Return the application asked for, or else the one with most seats."""
    asked = (one for one in applications if one.app_id == app_id)
    return next(asked, next(iter(applications), None))


def never_came(
    application_id: int, after: tuple[str, int], *, most: int
) -> list[PersonRow]:
    """Return who never used a seat, after an address and id, in that order."""
    email, number = after
    return fetch(
        "adoption_never",
        PersonRow,
        {
            "application": application_id,
            "email": email,
            "after": number,
            "most": most,
        },
    )


def everybody_who_never_came(application_id: int) -> Iterator[PersonRow]:
    """Yield all who never used a seat, a bounded number at a time."""
    place = START
    while True:
        rows = never_came(application_id, place, most=EXPORT_SIZE)
        yield from rows
        if len(rows) < EXPORT_SIZE:
            return
        place = (rows[-1].folded_email, rows[-1].id)


def _place(cursor: str) -> tuple[str, int]:
    """Return where a page starts; a cursor that is not ours is the beginning."""
    edge = decode(cursor)
    if edge is None or not 0 <= edge[1] <= LARGEST_ID:
        return START
    return str(edge[0]), edge[1]


def percent(part: int, whole: int) -> int:
    """Return a share in whole percent; 0 of nothing, never 100 of less than all."""
    if not whole:
        return 0
    share = round(part / whole * 100)
    return min(share, 99) if part < whole else share


def _applications(workspace: Workspace, today: date) -> list[ApplicationRow]:
    return fetch(
        "adoption_applications",
        ApplicationRow,
        {"workspace": workspace.pk, **_days(today)},
    )


def _days(today: date) -> dict[str, date]:
    return {
        "today": today,
        "week": periods.last_days(WEEK, today=today).first,
        "month": periods.last_days(MONTH, today=today).first,
    }


def _chart(
    key: str,
    title: str,
    what: str,
    chosen: ApplicationRow,
    groups: Sequence[GroupRow],
) -> charts.RankedBars:
    """Rank the groups of a kind by their people of the month, as shares of seats."""
    kind = "category" if key == "categories" else "action"
    rows = [row for row in groups if row.kind == kind]
    return charts.ranked(
        key=key,
        title=f"{title}, last {MONTH} days",
        items=[charts.RankedItem(row.label, row.month) for row in rows],
        noun=PEOPLE,
        what=what,
        total=float(chosen.seats),
        finding=_finding(rows, chosen.seats),
    )


def _finding(rows: Sequence[GroupRow], seats: int) -> str:
    if not rows or not rows[0].month:
        return f"None of {PEOPLE.count(seats)} with a seat did any of it."
    first = rows[0]
    return (
        f"{first.label}: {charts.full(first.month)} of {PEOPLE.count(seats)} with a "
        f"seat ({percent(first.month, seats)} %), {charts.full(first.week)} of them "
        f"in the last {WEEK} days."
    )
