"""Puts accounts and developers into stages: by the rules, by hand, released again.

Everybody stands in the furthest stage whose rule matches them now; rules look at the
last weeks, so people move both ways: further at once, back when no rule brought them
back for a week. Whom a person put somewhere stays there until released. Every move is
a row of StageEntry, written by `record_moves` alone.
"""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import Exists, IntegerField, OuterRef, QuerySet, Value
from psycopg import sql

from accounts.audit import record
from accounts.clock import now_utc
from accounts.errors import AccountsError
from accounts.locks import own_stages
from accounts.models import (
    Account,
    AuditEntry,
    Developer,
    Stage,
    StageEntry,
    StageRule,
    Subject,
    User,
    Workspace,
)
from accounts.segments.compile import matching
from accounts.segments.names import Names
from accounts.segments.schema import RuleError, parse
from accounts.segments.words import in_words
from accounts.statements import insert_selected, statement

logger = logging.getLogger(__name__)

# Moves that are handed on one by one; of more, only the number is told.
MOST_TOLD = 10_000
RELEASED = "Released"
# Who leaves a stage does so after its rule, and those of all further ones, have not
# matched for so many days. Windows of days end at some midnight, and a week has days
# off: without, one in seven moves in the demo was taken back within the week.
PATIENCE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Move:
    """One account or developer changed stage; None is no stage."""

    subject_id: int
    from_stage: int | None
    to_stage: int | None
    is_advance: bool


@dataclass(frozen=True, slots=True)
class Moves:
    """What one judgement, or one hand, changed."""

    subject: Subject
    count: int = 0
    # Empty when there are more than MOST_TOLD.
    told: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A stage that a rule leads to, with the version of the rule."""

    stage: Stage
    rule: StageRule
    # Not the first rule of this stage.
    is_changed: bool


def judge(
    workspace: Workspace,
    subject: Subject,
    subjects: Collection[int] | None = None,
    *,
    at: datetime | None = None,
) -> Moves:
    """Move everybody, or only some, to the stage that the rules want them in.

    Set-based and repeatable: only those who change are written. `at` is a past moment
    to judge as of, by who runs through history in order.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        own_stages(cursor, workspace.pk)
        stages = list(stages_of(workspace, subject))
        try:
            ladder = _ladder(stages)
            cursor.execute(statement("stage_tables"))
            _want(cursor, workspace, ladder, subjects=subjects, at=at)
        except RuleError:
            logger.exception("A rule of the stages of %s cannot be used", workspace)
            return Moves(subject)
        _compare(cursor, subject, stages, ladder, subjects)
        _wait(cursor, subject, stages, ladder, subjects=subjects, at=at)
        moves = record_moves(cursor, workspace, subject, at=at)
        if subjects is None:
            recount(cursor, workspace, subject)
        return moves


def recount(cursor: CursorWrapper, workspace: Workspace, subject: Subject) -> None:
    """Make the sizes of stages right again after people were deleted."""
    cursor.execute(
        statement("stage_recount"),
        {
            "workspace": workspace.pk,
            "subject": subject.value,
            "day": now_utc().date(),
        },
    )


def record_moves(
    cursor: CursorWrapper,
    workspace: Workspace,
    subject: Subject,
    *,
    at: datetime | None = None,
    by_hand: bool = False,
    actor: User | None = None,
    reason: str = "",
    left_reason: str = "",
) -> Moves:
    """Write the moves that lie in the temporary table ``stage_move``, and return them.

    The one place where anybody changes stage: whoever is to hear of it hears of what
    this returns. The caller owns the stages of the workspace (`accounts.locks`).
    """
    at = at or now_utc()
    values: dict[str, Any] = {
        "workspace": workspace.pk,
        "at": at,
        "day": at.date(),
        "by_hand": by_hand,
        "actor": actor.pk if actor else None,
        "reason": reason,
        "left_reason": left_reason,
    }
    cursor.execute("SELECT count(*) FROM stage_move")
    (count,) = cursor.fetchone()
    if not count:
        return Moves(subject)
    cursor.execute(statement("stage_leave"), values)
    cursor.execute(_for(subject, "stage_enter"), values)
    cursor.execute(statement("stage_count"), values)
    told: tuple[Move, ...] = ()
    if count <= MOST_TOLD:
        cursor.execute(
            "SELECT subject_id, from_stage, to_stage, is_advance FROM stage_move"
            " ORDER BY subject_id"
        )
        told = tuple(Move(*row) for row in cursor.fetchall())
    return Moves(subject, count, told)


def set_stage(
    who: Account | Developer,
    stage: Stage,
    *,
    actor: User | None,
    reason: str = "",
    ip: str | None = None,
) -> StageEntry:
    """Put somebody into a stage by hand; it wins over the rules until released.

    Raises:
        AccountsError: the stage is not one for them, or they are there by hand.
    """
    subject = subject_of(who)
    if stage.workspace_id != who.workspace_id or stage.subject != subject:
        raise AccountsError("The stage is not one of theirs.")
    if isinstance(who, Developer) and who.is_aggregate:
        raise AccountsError("Pre-counted use of a company is in no stage.")
    with transaction.atomic(), connection.cursor() as cursor:
        own_stages(cursor, who.workspace_id)
        stage = Stage.objects.get(pk=stage.pk)
        if stage.removed_at is not None:
            raise AccountsError(f"The stage {stage} was removed.")
        before = current_entry(who)
        if before and before.by_hand and before.stage_id == stage.pk:
            raise AccountsError(f"{who} is in {stage} by hand already.")
        cursor.execute(statement("stage_tables"))
        _one_move(cursor, who, before, to=stage)
        record_moves(
            cursor,
            stage.workspace,
            subject,
            by_hand=True,
            actor=actor,
            reason=reason,
        )
        record(
            workspace=stage.workspace,
            action=AuditEntry.Action.STAGE_SET,
            subject=f"{who}: {stage}",
            actor=actor,
            ip=ip,
            detail={
                subject.value: who.pk,
                "before": str(before.stage) if before else None,
                "reason": reason,
            },
        )
        return current_of(who)


def release_stage(
    who: Account | Developer, *, actor: User | None, ip: str | None = None
) -> StageEntry | None:
    """Let the rules say again where somebody stands; they are asked at once.

    Returns where they are now, None for nowhere.

    Raises:
        AccountsError: nobody put them anywhere by hand.
    """
    subject, workspace = subject_of(who), who.workspace
    with transaction.atomic(), connection.cursor() as cursor:
        own_stages(cursor, workspace.pk)
        before = current_entry(who)
        if before is None or not before.by_hand:
            raise AccountsError(f"{who} is in no stage by hand.")
        stages = list(stages_of(workspace, subject))
        cursor.execute(statement("stage_tables"))
        try:
            ladder = _ladder(stages)
            _want(cursor, workspace, ladder, subjects=[who.pk])
        except RuleError as error:
            raise AccountsError(f"A rule of the stages is wrong: {error}") from None
        _compare(cursor, subject, stages, ladder, [who.pk], released=True)
        record_moves(
            cursor,
            workspace,
            subject,
            actor=actor,
            reason=RELEASED,
            left_reason="Released; no rule matches",
        )
        record(
            workspace=workspace,
            action=AuditEntry.Action.STAGE_RELEASED,
            subject=f"{who}: {before.stage}",
            actor=actor,
            ip=ip,
            detail={subject.value: who.pk},
        )
        return current_entry(who)


def stages_of(workspace: Workspace, subject: Subject | str) -> QuerySet[Stage]:
    """Return the stages in use, in order."""
    rows = Stage.objects.in_workspace(workspace).in_use().filter(subject=subject)
    return rows.order_by("position", "pk")


def subject_of(who: Account | Developer) -> Subject:
    """Say which kind of stages somebody goes through."""
    return Subject.ACCOUNT if isinstance(who, Account) else Subject.DEVELOPER


def current_entry(who: Account | Developer) -> StageEntry | None:
    """Return the stay that lasts, with its stage; None in no stage."""
    rows = StageEntry.objects.filter(left_at__isnull=True, **{subject_of(who): who.pk})
    return rows.select_related("stage", "actor", "matched").first()


def current_of(who: Account | Developer) -> StageEntry:
    """Return the stay that lasts, of somebody who is in a stage."""
    entry = current_entry(who)
    if entry is None:
        raise AccountsError(f"{who} is in no stage.")
    return entry


def wanted(
    rule: Any,
    workspace: Workspace,
    subject: Subject,
    *,
    at: datetime | None = None,
    subjects: Collection[int] | None = None,
    names: Names | None = None,
) -> QuerySet[Any]:
    """Return whom a stage's rule matches, of those who were ever seen.

    Raises:
        RuleError: it is no rule, or one about stages themselves.
    """
    names = names or Names(workspace)
    rows = matching(
        parse(rule, subject=subject, workspace=workspace, names=names),
        workspace=workspace,
        subject=subject,
        today=(at or now_utc()).date(),
        only=subjects,
        names=names,
    )
    rows = rows.filter(first_seen_at__isnull=False)
    return rows if at is None else rows.filter(first_seen_at__lte=at)


def _ladder(stages: Sequence[Stage]) -> list[Step]:
    """Return the stages with rules, and the version of each rule as it is now."""
    ruled = [stage for stage in stages if stage.rule is not None]
    newest = (
        StageRule.objects.filter(stage__in=ruled)
        .order_by("stage_id", "-pk")
        .distinct("stage_id")
        .annotate(
            is_changed=Exists(
                StageRule.objects.filter(stage=OuterRef("stage"), pk__lt=OuterRef("pk"))
            )
        )
    )
    known = {rule.stage_id: rule for rule in newest}
    return [_step(stage, known.get(stage.pk)) for stage in ruled]


def _step(stage: Stage, known: Any) -> Step:
    if known is not None and known.rule == stage.rule:
        return Step(stage, known, is_changed=known.is_changed)
    return Step(stage, _new_version(stage), is_changed=known is not None)


def _new_version(stage: Stage) -> StageRule:
    subject = Subject(stage.subject)
    parsed = parse(stage.rule, subject=subject, workspace=stage.workspace)
    return StageRule.objects.create(
        workspace_id=stage.workspace_id,
        stage=stage,
        rule=stage.rule,
        words=in_words(parsed, stage.workspace),
    )


def _want(
    cursor: CursorWrapper,
    workspace: Workspace,
    ladder: Sequence[Step],
    *,
    subjects: Collection[int] | None,
    at: datetime | None = None,
) -> None:
    """Fill ``stage_wanted``: the furthest step whose rule matches each."""
    names = Names(workspace)
    matches = [
        wanted(
            step.rule.rule,
            workspace,
            Subject(step.stage.subject),
            at=at,
            subjects=subjects,
            names=names,
        )
        .order_by()
        .values_list("pk", Value(rank, output_field=IntegerField()))
        for rank, step in enumerate(ladder, start=1)
    ]
    if not matches:
        return
    first, *others = matches
    everybody = first.union(*others, all=True) if others else first
    if subjects is None:
        # Of tables that nobody has analysed yet the planner thinks that they are empty,
        # and groups all usage anew for each account: minutes in place of a second.
        cursor.execute("SET LOCAL enable_nestloop = off")
    insert_selected(
        cursor,
        "INSERT INTO stage_wanted (subject_id, rank)"
        " SELECT id, max(rank) FROM ({rows}) AS found (id, rank) GROUP BY id",
        everybody,
    )
    if subjects is None:
        cursor.execute("SET LOCAL enable_nestloop = DEFAULT")


def _compare(
    cursor: CursorWrapper,
    subject: Subject,
    stages: Sequence[Stage],
    ladder: Sequence[Step],
    subjects: Collection[int] | None,
    *,
    released: bool = False,
) -> None:
    """Fill ``stage_move`` with those who are not where the rules want them."""
    cursor.execute(
        _for(subject, "stage_moves"),
        {
            "stages": [step.stage.pk for step in ladder],
            "rules": [step.rule.pk for step in ladder],
            "all_stages": [stage.pk for stage in stages],
            "subjects": None if subjects is None else list(subjects),
            "released": released,
        },
    )


def _wait(
    cursor: CursorWrapper,
    subject: Subject,
    stages: Sequence[Stage],
    ladder: Sequence[Step],
    *,
    subjects: Collection[int] | None,
    at: datetime | None,
) -> None:
    """Take out of ``stage_move`` who would go back, and is waited for."""
    day = (at or now_utc()).date()
    cursor.execute(
        _for(subject, "stage_wait"),
        {
            "stages": [step.stage.pk for step in ladder],
            # Of a past day the rules are asked as if they had always been there.
            "changes": [
                step.rule.created_at if step.is_changed and at is None else None
                for step in ladder
            ],
            "all_stages": [stage.pk for stage in stages],
            "subjects": None if subjects is None else list(subjects),
            "day": day,
            "patient_since": day - timedelta(days=PATIENCE_DAYS),
        },
    )


def _one_move(
    cursor: CursorWrapper,
    who: Account | Developer,
    before: StageEntry | None,
    *,
    to: Stage,
) -> None:
    order = list(stages_of(to.workspace, to.subject).values_list("pk", flat=True))
    is_advance = before is None or order.index(to.pk) > order.index(before.stage_id)
    cursor.execute(
        "INSERT INTO stage_move VALUES (%s, %s, %s, %s, NULL, %s)",
        [
            before.pk if before else None,
            who.pk,
            before.stage_id if before else None,
            to.pk,
            is_advance,
        ],
    )


def _for(subject: Subject, name: str) -> sql.Composed:
    """Return a statement about the accounts, or the developers, of the entries."""
    return sql.SQL(statement(name)).format(column=sql.Identifier(subject.column))
