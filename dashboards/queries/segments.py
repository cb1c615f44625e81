"""Segments: which there are, who is in one and since when, and two compared."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse

from accounts.clock import now_utc
from accounts.models import (
    Segment,
    SegmentMark,
    SegmentMember,
    SegmentRule,
    SegmentSize,
    Subject,
    User,
    Workspace,
)
from accounts.score_lists import score_of, with_score
from accounts.segments.membership import reasons_of
from accounts.segments.names import Names
from accounts.segments.schema import RuleError, parse
from accounts.segments.words import in_words
from dashboards import charts
from dashboards.filters import AccountFilter, DeveloperFilter
from dashboards.paging import paginate
from dashboards.queries.lists import Total, total_of
from dashboards.queries.scores import ScoreReader, Shown, reader_for

SIZE_DAYS = 90
RECENT = 10
WEEK = timedelta(days=7)
COMPARED = ("both", "a", "b")
MEMBERS = charts.Noun("member", "members")


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One line of the list of segments."""

    segment: Segment
    words: str
    is_favourite: bool
    is_mine: bool
    # This member sees it first.
    is_first: bool
    # Since a week ago, with its sign; "" while it is younger.
    change: str
    direction: str


@dataclass(frozen=True, slots=True)
class SegmentList:
    """The segments a member sees, in sections, and what is hidden."""

    sections: tuple[tuple[str, tuple[SegmentRow, ...]], ...]
    hidden: tuple[Segment, ...]

    @property
    def number(self) -> int:
        """How many there are."""
        return sum(len(rows) for _, rows in self.sections)


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One account or developer in a segment."""

    pk: int
    name: str
    detail: str
    href: str
    score: Shown
    is_stale: bool
    entered_at: datetime
    reasons: tuple[str, ...]
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecentMove:
    """Somebody who came or went lately."""

    name: str
    href: str
    at: datetime
    reasons: tuple[str, ...]
    # Before the segment had its rule of now.
    by_old_rule: bool


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """A segment: who is in it, how that went, and how its rule was changed."""

    segment: Segment
    words: str
    rows: tuple[MemberRow, ...]
    next_cursor: str
    previous_cursor: str
    sizes: charts.LineChart | None
    entered: tuple[RecentMove, ...]
    left: tuple[RecentMove, ...]
    rules: tuple[SegmentRule, ...]
    is_favourite: bool
    is_my_default: bool


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One account or developer of a comparison."""

    name: str
    href: str
    score: Shown
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two segments: how many are in both, and in one alone, and who."""

    both: Total
    only_a: Total
    only_b: Total
    shown: str
    rows: tuple[ComparedRow, ...]
    next_cursor: str
    previous_cursor: str


def index(workspace: Workspace, user: User) -> SegmentList:
    """Return the segments that a member sees, in five queries."""
    seen = list(
        Segment.objects.in_workspace(workspace).seen_by(user).select_related("owner")
    )
    marks = {mark.segment_id: mark for mark in SegmentMark.objects.filter(user=user)}
    before = _sizes_before([one.pk for one in seen], now_utc().date() - WEEK)
    first = {one.subject: one.pk for one in seen if one.is_default}
    for one in seen:
        mark = marks.get(one.pk)
        if mark is not None and mark.is_default:
            first.setdefault(one.subject, one.pk)
    names = Names(workspace)
    rows = [
        SegmentRow(
            segment=one,
            words=words_of(one, names),
            is_favourite=one.pk in marks and marks[one.pk].is_favourite,
            is_mine=one.owner_id == user.pk,
            is_first=first.get(one.subject) == one.pk,
            **_change(one, before),
        )
        for one in seen
        if not one.is_hidden
    ]
    rows.sort(key=lambda row: (not row.is_first, not row.is_favourite))
    sections = (
        ("Mine", tuple(row for row in rows if row.is_mine)),
        (
            "Shared",
            tuple(r for r in rows if not r.is_mine and not r.segment.ready_made),
        ),
        ("Ready-made", tuple(row for row in rows if row.segment.ready_made)),
    )
    return SegmentList(
        tuple((label, found) for label, found in sections if found),
        tuple(one for one in seen if one.is_hidden),
    )


def words_of(segment: Segment, names: Names) -> str:
    """Return a segment's rule in words, or what is wrong with it."""
    try:
        rule = parse(
            segment.rule,
            subject=segment.subject,
            workspace=names.workspace,
            names=names,
        )
    except RuleError as error:
        return f"The rule cannot be used any more. {error}"
    return in_words(rule, names.workspace, names=names)


def _sizes_before(pks: Sequence[int], day: date) -> dict[int, int]:
    """Return the latest size of each segment that is no younger than a day."""
    rows = (
        SegmentSize.objects.filter(segment__in=pks, day__lte=day)
        .order_by("segment", "-day")
        .distinct("segment")
    )
    return dict(rows.values_list("segment", "size"))


def _change(segment: Segment, before: Mapping[int, int]) -> dict[str, str]:
    if segment.pk not in before:
        return {"change": "", "direction": ""}
    change = segment.size - before[segment.pk]
    direction = "up" if change > 0 else "down" if change < 0 else "flat"
    text = f"{change:+,}".replace("-", "−") if change else "0"
    return {"change": text, "direction": direction}


def build(
    segment: Segment, user: User, params: Mapping[str, str], *, today: date
) -> SegmentPage:
    """Show one segment in some ten queries, whatever its size."""
    workspace = segment.workspace
    reader = reader_for(workspace, today)
    subject = Subject(segment.subject)
    filters = _filters(workspace, subject, params, today, segment=segment)
    page = paginate(
        with_score(_selected(filters.qs, subject), reader.model, today),
        order=filters.order,
        params=params,
    )
    rules = tuple(segment.rules.select_related("actor")[:20])
    parts = {rule.pk: rule.parts for rule in rules}
    stays = {
        getattr(stay, subject.column): stay
        for stay in SegmentMember.objects.filter(
            segment=segment,
            left_at__isnull=True,
            **{f"{subject.value}__in": [row.pk for row in page.rows]},
        )
    }
    mark = SegmentMark.objects.filter(segment=segment, user=user).first()
    return SegmentPage(
        segment=segment,
        words=words_of(segment, Names(workspace)),
        rows=tuple(
            _member(row, stays[row.pk], parts, reader, workspace)
            for row in page.rows
            if row.pk in stays
        ),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
        sizes=_size_chart(segment, today),
        entered=_recent(segment, parts, "entered_at"),
        left=_recent(segment, parts, "left_at"),
        rules=rules,
        is_favourite=bool(mark and mark.is_favourite),
        is_my_default=bool(mark and mark.is_default),
    )


def compare(
    a: Segment, b: Segment, params: Mapping[str, str], *, today: date
) -> Comparison:
    """Compare two segments of the same kind."""
    workspace, subject = a.workspace, Subject(a.subject)
    reader = reader_for(workspace, today)
    filters = _filters(workspace, subject, params, today)
    in_a, in_b = (_inside(one, subject) for one in (a, b))
    rows = _selected(filters.qs, subject)
    sets = {
        "both": rows.filter(in_a, in_b),
        "a": rows.filter(in_a, ~in_b),
        "b": rows.filter(in_b, ~in_a),
    }
    shown = params.get("show", "both")
    shown = shown if shown in COMPARED else "both"
    page = paginate(
        with_score(sets[shown], reader.model, today),
        order=filters.order,
        params=params,
    )
    return Comparison(
        both=total_of(sets["both"]),
        only_a=total_of(sets["a"]),
        only_b=total_of(sets["b"]),
        shown=shown,
        rows=tuple(
            ComparedRow(
                str(row),
                _href(workspace, subject, row.pk),
                reader.show(row.score_now),
                row.last_seen_at,
            )
            for row in page.rows
        ),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )


def preview_rows(
    workspace: Workspace, subject: Subject, rows: Sequence[Any], *, today: date
) -> tuple[ComparedRow, ...]:
    """Show the first matches of a rule; they carry their stored scores."""
    reader = reader_for(workspace, today)
    return tuple(
        ComparedRow(
            str(row),
            _href(workspace, subject, row.pk),
            reader.show(score_of(row, reader.model, today)),
            row.last_seen_at,
        )
        for row in rows
    )


def _filters(
    workspace: Workspace,
    subject: Subject,
    params: Mapping[str, str],
    today: date,
    *,
    segment: Segment | None = None,
) -> AccountFilter | DeveloperFilter:
    data = {"sort": params.get("sort", "")}
    if segment is not None:
        data["segment"] = str(segment.pk)
    kind = AccountFilter if subject == Subject.ACCOUNT else DeveloperFilter
    found: AccountFilter | DeveloperFilter = kind(
        data, workspace=workspace, today=today
    )
    return found


def _selected(rows: QuerySet[Any], subject: Subject) -> QuerySet[Any]:
    if subject == Subject.ACCOUNT:
        return rows.select_related("score")
    return rows.select_related("score", "account")


def _inside(segment: Segment, subject: Subject) -> Exists:
    return Exists(
        SegmentMember.objects.filter(
            segment=segment,
            left_at__isnull=True,
            **{subject.column: OuterRef("pk")},
        )
    )


def _member(
    row: Any,
    stay: SegmentMember,
    parts: Mapping[int, list[str]],
    reader: ScoreReader,
    workspace: Workspace,
) -> MemberRow:
    is_account = stay.account_id is not None
    subject = Subject.ACCOUNT if is_account else Subject.DEVELOPER
    detail = row.domain if is_account else (row.account.name if row.account else "")
    return MemberRow(
        pk=row.pk,
        name=str(row),
        detail=detail or ("no domain" if is_account else "no company"),
        href=_href(workspace, subject, row.pk),
        score=reader.show(row.score_now),
        is_stale=row.is_stale,
        entered_at=stay.entered_at,
        reasons=_reasons(stay.because, parts),
        last_seen_at=row.last_seen_at,
    )


def _reasons(because: Any, parts: Mapping[int, list[str]]) -> tuple[str, ...]:
    rule = because.get("rule") if isinstance(because, dict) else None
    return reasons_of(because, parts.get(rule or 0, []))


def _recent(
    segment: Segment, parts: Mapping[int, list[str]], when: str
) -> tuple[RecentMove, ...]:
    """Return who came, or went, last: by segment_member_entered or …_left."""
    rows = (
        SegmentMember.objects.filter(segment=segment, **{f"{when}__isnull": False})
        .order_by(f"-{when}", "-pk")
        .select_related("account", "developer")[:RECENT]
    )
    subject = Subject(segment.subject)
    found = []
    for row in rows:
        who: Any = row.account or row.developer
        because = row.because if when == "entered_at" else row.left_because
        rule = because.get("rule") if isinstance(because, dict) else None
        found.append(
            RecentMove(
                name=str(who),
                href=_href(segment.workspace, subject, who.pk),
                at=getattr(row, when),
                reasons=_reasons(because, parts),
                by_old_rule=rule not in parts,
            )
        )
    return tuple(found)


def _size_chart(segment: Segment, today: date) -> charts.LineChart | None:
    first = today - timedelta(days=SIZE_DAYS - 1)
    known = dict(
        SegmentSize.objects.filter(segment=segment, day__gte=first).values_list(
            "day", "size"
        )
    )
    earlier = _sizes_before([segment.pk], first - timedelta(days=1)).get(segment.pk)
    if len(known) + (earlier is not None) < 2:  # noqa: PLR2004 a line needs two
        return None
    days = [first + timedelta(days=number) for number in range(SIZE_DAYS)]
    values: list[float | None] = []
    last: float | None = None if earlier is None else float(earlier)
    for day in days:
        last = float(known[day]) if day in known else last
        values.append(last)
    then = next(value for value in values if value is not None)
    now = values[-1] or 0.0
    verb = "stayed at" if then == now else "grew" if now > then else "shrank"
    finding = f"The segment {verb} from {then:,.0f} to {now:,.0f}."
    if then == now:
        finding = f"The segment stayed at {now:,.0f}."
    return charts.line(
        key="segment-size",
        title=f"Members over {SIZE_DAYS} days",
        buckets=days,
        values=values,
        noun=MEMBERS,
        finding=finding,
    )


def _href(workspace: Workspace, subject: Subject, pk: int) -> str:
    return reverse(f"dashboards:{subject.value}", args=[workspace.slug, pk])
