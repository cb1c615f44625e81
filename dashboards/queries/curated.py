"""Hand-picked lists, and what members have said about an account or developer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q
from django.urls import reverse

from accounts.csv_files import Problem, read_csv
from accounts.lists import Entry, judge_entries
from accounts.models import (
    Account,
    CuratedList,
    Developer,
    ListEntry,
    Note,
    Subject,
    Tag,
    TagMark,
    Workspace,
)
from accounts.notes import notes_of
from accounts.score_lists import score_of
from accounts.score_models import current_model
from accounts.tags import marks_of
from dashboards.paging import NEWEST_FIRST, paginate
from dashboards.queries.scores import ScoreReader, Shown

NOTES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ListRow:
    """One list, and how full it is."""

    curated: CuratedList
    entries: int
    # Those that stand for somebody who is known.
    known: int


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One entry of a list."""

    pk: int
    value: str
    name: str
    href: str
    score: Shown | None
    last_seen_at: datetime | None
    data: tuple[tuple[str, str], ...]
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class ListPage:
    """A list and one page of its entries."""

    curated: CuratedList
    entries: int
    known: int
    rows: tuple[EntryRow, ...]
    next_cursor: str
    previous_cursor: str


@dataclass(frozen=True, slots=True)
class Upload:
    """What a file would put on a list."""

    good: dict[str, dict[str, str]]
    problems: tuple[Problem, ...]

    @property
    def entries(self) -> list[Entry]:
        """Return the good lines as entries."""
        return [Entry(value, data) for value, data in self.good.items()]


@dataclass(frozen=True, slots=True)
class Said:
    """Tags, lists and notes of one account or developer, and what can be added."""

    subject: str
    pk: int
    tags: tuple[TagMark, ...]
    tag_names: tuple[str, ...]
    entries: tuple[ListEntry, ...]
    lists: tuple[CuratedList, ...]
    notes: tuple[Note, ...]
    more_notes: bool


def index(workspace: Workspace) -> tuple[ListRow, ...]:
    """Return all lists by name, in one query."""
    found = Q(entries__account__isnull=False) | Q(entries__developer__isnull=False)
    lists = CuratedList.objects.in_workspace(workspace).annotate(
        number=Count("entries"), known=Count("entries", filter=found)
    )
    return tuple(ListRow(one, one.number, one.known) for one in lists)


def build(curated: CuratedList, params: Mapping[str, str], *, today: date) -> ListPage:
    """Return one page of a list, in three queries whatever its length."""
    entries = curated.entries.all()
    numbers = entries.aggregate(
        all=Count("pk"),
        known=Count("pk", filter=Q(account__isnull=False) | Q(developer__isnull=False)),
    )
    page = paginate(
        entries.select_related("account__score", "developer__score", "added_by"),
        order=NEWEST_FIRST,
        params=params,
    )
    reader = ScoreReader(current_model(curated.workspace), today)
    return ListPage(
        curated=curated,
        entries=numbers["all"],
        known=numbers["known"],
        rows=tuple(_entry(curated, row, reader) for row in page.rows),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )


def read_upload(curated: CuratedList, text: str) -> Upload:
    """Judge a CSV file for a list; other columns come along with the entries."""
    found = read_csv(text, needed=curated.key_name)
    lines = [
        Entry(
            cells[curated.key_name],
            {
                name: cell
                for name, cell in cells.items()
                if name and cell and name != curated.key_name
            },
        )
        for _, cells in found.lines
    ]
    good, refused = judge_entries(curated.subject, lines)
    problems = [
        *found.problems,
        *(Problem(found.lines[one.index][0], one.message) for one in refused),
    ]
    return Upload(good, tuple(sorted(problems, key=lambda problem: problem.line)))


def said_of(one: Account | Developer) -> Said:
    """Return what members have said about somebody, in five queries."""
    subject = Subject.ACCOUNT if isinstance(one, Account) else Subject.DEVELOPER
    tags = Tag.objects.filter(workspace=one.workspace_id, subject=subject)
    marks = marks_of(one)
    on = {mark.tag_id for mark in marks}
    entries = tuple(
        one.list_entries.select_related("curated_list").order_by("curated_list__name")
    )
    there = {entry.curated_list_id for entry in entries}
    lists = CuratedList.objects.filter(workspace=one.workspace_id, subject=subject)
    notes = list(notes_of(one)[: NOTES_SHOWN + 1])
    return Said(
        subject=subject.value,
        pk=one.pk,
        tags=tuple(marks),
        tag_names=tuple(tag.name for tag in tags if tag.pk not in on),
        entries=entries,
        lists=tuple(curated for curated in lists if curated.pk not in there),
        notes=tuple(notes[:NOTES_SHOWN]),
        more_notes=len(notes) > NOTES_SHOWN,
    )


def _entry(curated: CuratedList, entry: ListEntry, reader: ScoreReader) -> EntryRow:
    one = entry.account or entry.developer
    score = None
    if one is not None:
        score = reader.show(score_of(one, reader.model, reader.today))
    return EntryRow(
        pk=entry.pk,
        value=entry.value,
        name=str(one) if one is not None else entry.value,
        href=reverse(
            f"dashboards:{curated.subject}", args=[curated.workspace.slug, one.pk]
        )
        if one is not None
        else "",
        score=score,
        last_seen_at=one.last_seen_at if one is not None else None,
        data=tuple((name, str(value)) for name, value in entry.data.items()),
        added_by=entry.added_by.get_short_name() if entry.added_by else "",
        added_at=entry.added_at,
    )
