"""Keeps who is in which segment, since when, and what changed.

A refresh looks at some accounts or developers, those whose scores have just changed, or
at all. It is a handful of statements whatever the number: a segment of a million is
filled by one INSERT. Refreshes of a segment wait for each other on its row, so that
running one twice, or two at once, writes nothing twice.
"""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from accounts.clock import now_utc
from accounts.happenings import happening, note
from accounts.models import (
    Follow,
    Segment,
    SegmentMember,
    SegmentRule,
    Subject,
    Workspace,
)
from accounts.models.alert import HappeningKind
from accounts.segments.compile import part_matching
from accounts.segments.context import Context
from accounts.segments.names import Names
from accounts.segments.schema import (
    FieldCondition,
    Group,
    Node,
    Not,
    Rule,
    RuleError,
    UsageCondition,
    parse,
)
from accounts.segments.selection import selected
from accounts.segments.words import in_words, part_in_words
from accounts.statements import insert_selected, statement

logger = logging.getLogger(__name__)

# More moves than these at once are counted and written, but not told one by one.
MOST_TOLD = 10_000
# Of those, how many a follower is told of one by one; of the others in one sentence.
MOST_NOTED = 200
# Refreshes name the conditions that turned for so many who moved.
MOST_REASONS = 20_000
# Facts that no use changes: hardly ever what brings somebody in.
LASTING = frozenset(
    {
        *("country", "industry", "employees", "name", "domain", "account_field"),
        *("trait", "rule", "confidence", "has_account", "free_mail", "anonymous"),
        *("identity", "fit", "first_seen"),
    }
)

# Facts that nothing but use and time changes; scores among them are not kept by day.
BY_USE = frozenset(
    {
        *("score", "band", "change_7d", "trend", "last_seen", "active_developers"),
        *("lifetime_value", "product", "version"),
    }
)


@dataclass(frozen=True, slots=True)
class Move:
    """One account or developer that entered or left, and the conditions that turned."""

    subject_id: int
    entered: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moves:
    """What one refresh of a segment changed.

    ``told`` is empty when the segment was filled for the first time or after a change
    of its rule, which is no news about anybody, and ends at `MOST_TOLD`.
    """

    segment: Segment
    entered: int = 0
    left: int = 0
    told: tuple[Move, ...] = ()


def judge(
    workspace: Workspace, subject: Subject, subjects: Collection[int] | None
) -> list[Moves]:
    """Refresh the segments of accounts or developers; `accounts.judging` calls it."""
    found = (
        Segment.objects.in_workspace(workspace)
        .filter(subject=subject, is_hidden=False)
        .order_by("pk")
    )
    names = Names(workspace)
    # One that was never filled waits until it is looked at as a whole.
    if subjects is not None:
        found = found.filter(refreshed_at__isnull=False)
    return [refresh(segment, only=subjects, names=names) for segment in found]


def refresh_all(workspace: Workspace | None = None) -> list[Moves]:
    """Refresh all segments wholly, of one workspace or of all."""
    workspaces = [workspace] if workspace else Workspace.objects.order_by("pk")
    return [
        moves
        for one in workspaces
        for subject in Subject
        for moves in judge(one, subject, None)
    ]


def refresh(
    segment: Segment,
    *,
    only: Collection[int] | None = None,
    at: datetime | None = None,
    names: Names | None = None,
) -> Moves:
    """Bring the members of a segment in step with its rule; return what changed.

    Args:
        segment: which one.
        only: the accounts or developers to look at; None is all.
        at: a past moment to look as of, by who runs through history in order.
        names: the workspace's names, if the caller has read some already.
    """
    at = at or now_utc()
    with transaction.atomic(), connection.cursor() as cursor:
        locked = (
            Segment.objects.select_for_update(of=("self",))
            .select_related("workspace")
            .filter(pk=segment.pk)
            .first()
        )
        if locked is None:
            return Moves(segment)
        try:
            rule = parse(
                locked.rule,
                subject=locked.subject,
                workspace=locked.workspace,
                names=names,
            )
        except RuleError as error:
            _save(locked, problem=str(error)[:500])
            return Moves(locked)
        context = Context(locked.workspace, at.date(), only=only, names=names)
        return _refresh(cursor, locked, rule, context, at)


def current_rule(segment: Segment, rule: Rule | None = None) -> SegmentRule:
    """Return the version of the rule in force, writing the first where none is."""
    latest = segment.rules.order_by("-pk").first()
    if latest is not None and latest.rule == segment.rule:
        return latest
    return write_rule(segment, rule, actor_id=None)


def write_rule(
    segment: Segment, rule: Rule | None, *, actor_id: int | None
) -> SegmentRule:
    """Write a version of a segment's rule, with its words."""
    names = Names(segment.workspace)
    rule = rule or parse(
        segment.rule, subject=segment.subject, workspace=segment.workspace, names=names
    )
    return SegmentRule.objects.create(
        workspace_id=segment.workspace_id,
        segment=segment,
        rule=segment.rule,
        words=in_words(rule, segment.workspace, names=names),
        parts=[part_in_words(part, rule.subject, names) for part in rule.top()],
        actor_id=actor_id,
    )


def reasons_of(because: Any, parts: list[str]) -> tuple[str, ...]:
    """Return the words of the conditions that ``because`` names by their places."""
    places = because.get("parts", ()) if isinstance(because, dict) else ()
    return tuple(parts[place - 1] for place in places if 0 < place <= len(parts))


def _refresh(
    cursor: CursorWrapper, segment: Segment, rule: Rule, context: Context, at: datetime
) -> Moves:
    version = current_rule(segment, rule)
    is_fresh = segment.refreshed_at is None
    cursor.execute(statement("segment_tables"))
    rows = selected(
        rule,
        segment.workspace,
        today=context.today,
        only=context.only,
        names=context.names,
    )
    wanted = rows.order_by().values("pk")
    if insert_selected(
        cursor, "INSERT INTO segment_wanted (subject_id) {rows}", wanted
    ):
        # Freshly filled, the planner would take it for a table of some 2,000 rows.
        cursor.execute("ANALYZE segment_wanted")
    values = {
        "workspace": segment.workspace_id,
        "segment": segment.pk,
        "subjects": context.only,
        "at": at,
        "rule": version.pk,
        "day": at.date(),
    }
    column = rule.subject.column
    cursor.execute(_with_column("segment_moves", column), values)
    moved = cursor.rowcount
    if moved and not is_fresh and moved <= MOST_REASONS:
        _give_reasons(cursor, rule, context)
    told = () if is_fresh else _told(cursor, version)
    as_entered = isinstance(rule.root, Group) and not rule.root.is_all
    cursor.execute(statement("segment_leave"), {**values, "as_entered": as_entered})
    left = cursor.rowcount
    cursor.execute(_with_column("segment_enter", column), values)
    entered = cursor.rowcount
    _count(cursor, segment, values, whole=context.only is None)
    if context.only is None:
        segment.refreshed_at = at
    _save(segment, problem="")
    moves = Moves(segment, entered, left, told)
    _note(moves, rule.subject)
    return moves


def _with_column(name: str, column: str) -> sql.Composed:
    return sql.SQL(statement(name)).format(column=sql.Identifier(column))


def _give_reasons(cursor: CursorWrapper, rule: Rule, context: Context) -> None:
    """Write into segment_move which conditions turned, by place.

    Who leaves an "all" lacks what turned; who enters an "any" has it.
    """
    is_any = isinstance(rule.root, Group) and not rule.root.is_all
    cursor.execute("SELECT subject_id, member_id IS NULL FROM segment_move")
    moves = cursor.fetchall()
    entering = [subject for subject, entered in moves if entered]
    leaving = [subject for subject, entered in moves if not entered]
    parts = list(enumerate(rule.top(), start=1))
    if leaving and not is_any:
        for place, part in parts:
            holds = _holding(part, rule, context, leaving, context.today)
            _turned(cursor, place, [one for one in leaving if one not in holds])
    if not entering:
        return
    if is_any:
        for place, part in parts:
            holds = _holding(part, rule, context, entering, context.today)
            _turned(cursor, place, list(holds))
        return
    _give_reasons_to_all(cursor, rule, context, entering)


def _give_reasons_to_all(
    cursor: CursorWrapper, rule: Rule, context: Context, entering: list[int]
) -> None:
    """Write what turned for who enters an "all", and so has everything.

    It is looked for among the conditions that use moves, by whether they held a day
    ago. Use is judged within seconds, so who is found by looking at everybody, and held
    all of those, came by what people change.
    """
    parts = list(enumerate(rule.top(), start=1))
    moving = [(place, part) for place, part in parts if _moves(part)] or parts
    edited = []
    if context.only is None:
        edited = [(place, part) for place, part in parts if not _is_by_use(part)]
    yesterday = context.today - timedelta(days=1)
    found: dict[int, list[int]] = {}
    for place, part in moving:
        held: set[int] = set()
        if len(moving) > 1 or edited:
            held = _holding(part, rule, context, entering, yesterday)
        found[place] = [one for one in entering if one not in held]
    explained = {one for several in found.values() for one in several}
    # All held a day ago: something that is not kept by day turned, such as a score.
    rest = [one for one in entering if one not in explained]
    for place, several in found.items():
        _turned(cursor, place, several)
    for place, _ in edited or moving:
        _turned(cursor, place, rest)


def _moves(part: Node) -> bool:
    """Say whether use can make a condition hold that did not."""
    if isinstance(part, FieldCondition):
        return part.field not in LASTING
    if isinstance(part, UsageCondition):
        return True
    if isinstance(part, Not):
        return _moves(part.part)
    return any(_moves(one) for one in part.parts)


def _is_by_use(part: Node) -> bool:
    """Say whether nothing but use, and time, can make a condition hold."""
    if isinstance(part, FieldCondition):
        return part.field in BY_USE
    if isinstance(part, UsageCondition):
        return True
    if isinstance(part, Not):
        return _is_by_use(part.part)
    return all(_is_by_use(one) for one in part.parts)


def _holding(
    part: Node, rule: Rule, context: Context, subjects: list[int], today: date
) -> set[int]:
    """Return those for whom a part of the rule holds, on a day."""
    asked = Context(context.workspace, today, only=subjects, names=context.names)
    rows = part_matching(part, rule.subject, asked)
    return set(rows.values_list("pk", flat=True))


def _turned(cursor: CursorWrapper, place: int, subjects: list[int]) -> None:
    if subjects:
        cursor.execute(
            "UPDATE segment_move SET parts = parts || %s"
            " WHERE subject_id = ANY (%s::bigint[])",
            [place, subjects],
        )


def _told(cursor: CursorWrapper, version: SegmentRule) -> tuple[Move, ...]:
    cursor.execute(
        "SELECT subject_id, member_id IS NULL, parts FROM segment_move"
        " ORDER BY subject_id LIMIT %s",
        [MOST_TOLD],
    )
    return tuple(
        Move(subject, entered, reasons_of({"parts": parts}, version.parts))
        for subject, entered, parts in cursor.fetchall()
    )


def _count(
    cursor: CursorWrapper, segment: Segment, values: dict[str, Any], *, whole: bool
) -> None:
    """Keep the size: counted on a whole refresh, moved on by the others."""
    members = SegmentMember.objects.filter(segment=segment, left_at__isnull=True)
    if whole:
        segment.size = members.count()
    else:
        cursor.execute(
            "SELECT count(*) FILTER (WHERE member_id IS NULL),"
            " count(*) FILTER (WHERE member_id IS NOT NULL) FROM segment_move"
        )
        entered, left = cursor.fetchone()
        if not entered and not left:
            return
        segment.size = max(segment.size + entered - left, 0)
    cursor.execute(statement("segment_size"), {**values, "size": segment.size})


def _save(segment: Segment, *, problem: str) -> None:
    segment.problem = problem
    segment.save(update_fields=["refreshed_at", "size", "problem"])


def _note(moves: Moves, subject: Subject) -> None:
    """Tell who came and went, and how many besides, to whom it concerns.

    Those are the followers of the segment, and of the accounts or developers.
    """
    if not moves.told:
        return
    segment = moves.segment
    owner = subject.column
    follows = Follow.objects.filter(workspace=segment.workspace_id)
    by_itself = follows.filter(**{f"{owner}__isnull": False})
    followed = set(by_itself.values_list(owner, flat=True))
    is_followed = follows.filter(segment=segment).exists()
    most = MOST_NOTED if is_followed else 0
    singly = [
        move
        for place, move in enumerate(moves.told)
        if place < most or move.subject_id in followed
    ]
    found = [
        happening(
            segment.workspace_id,
            HappeningKind.ENTERED if move.entered else HappeningKind.LEFT,
            f"{'entered' if move.entered else 'left'} {segment.name}"
            + (f": {_because(move)}" if move.reasons else ""),
            segment=segment,
            data={"segment": segment.pk, "reasons": list(move.reasons)},
            **{owner: move.subject_id},  # type: ignore[arg-type]
        )
        for move in singly
    ]
    entered = sum(move.entered for move in singly)
    left = len(singly) - entered
    found += [
        happening(
            segment.workspace_id,
            kind,
            # About the segment, whose name comes first.
            f"was {kind.value} by {more:,} more {subject.value}"
            + ("s" if more > 1 else ""),
            segment=segment,
            data={"segment": segment.pk, "reasons": [], "more": more},
        )
        for kind, more in (
            (HappeningKind.ENTERED, moves.entered - entered),
            (HappeningKind.LEFT, moves.left - left),
        )
        if more > 0 and is_followed
    ]
    note(found)


def _because(move: Move) -> str:
    words = "; ".join(move.reasons)
    return words if move.entered else f"no longer so that {words}"
