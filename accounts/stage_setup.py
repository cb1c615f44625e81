"""Which stages a workspace has: the first ones, new ones, their order, their end.

Every change has everybody judged again within seconds: it leaves a line in the queue
that scoring uses.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from accounts.audit import record
from accounts.clock import now_utc
from accounts.errors import AccountsError
from accounts.locks import own_stages
from accounts.models import (
    AuditEntry,
    Rescored,
    Stage,
    StageEntry,
    Subject,
    User,
    Workspace,
)
from accounts.segments.schema import FieldCondition, Rule, RuleError, parse
from accounts.stage_defaults import DEFAULTS
from accounts.stages import record_moves, stages_of, wanted
from accounts.statements import statement

MOST_STAGES = 12


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would do, before it is saved."""

    # Whom it matches, and who of them no later stage or hand takes away.
    matching: int
    would_be_in: int
    now_in: int


def first_stages(workspace: Workspace) -> None:
    """Give a workspace without stages the default ones."""
    Stage.objects.bulk_create(
        Stage(
            workspace=workspace,
            subject=subject,
            name=default.name,
            position=position,
            colour=default.colour,
            description=default.description,
            rule=default.rule,
        )
        for subject, defaults in DEFAULTS.items()
        for position, default in enumerate(defaults, start=1)
    )


def check_rule(data: object, *, workspace: Workspace, subject: Subject | str) -> Rule:
    """Read a stage's rule.

    Raises:
        RuleError: it is no rule.
        AccountsError: it asks about stages, which would depend on themselves.
    """
    rule = parse(data, subject=subject, workspace=workspace)
    for condition in rule.conditions():
        if isinstance(condition, FieldCondition) and condition.field == "stage":
            if condition.prefix:
                continue
            raise AccountsError("A stage cannot depend on the stage somebody is in.")
    return rule


def save_stage(stage: Stage, *, actor: User | None, ip: str | None = None) -> Stage:
    """Add a stage at the end, or change one; everybody is judged again soon.

    Raises:
        AccountsError: its rule or its name cannot be used, or there are too many.
    """
    subject = Subject(stage.subject)
    if stage.rule is not None:
        rule = check_rule(stage.rule, workspace=stage.workspace, subject=subject)
        stage.rule = rule.as_json()
    with transaction.atomic(), connection.cursor() as cursor:
        own_stages(cursor, stage.workspace_id)
        require_free_name(stage)
        is_new = stage.pk is None
        if is_new:
            others = stages_of(stage.workspace, subject)
            if others.count() >= MOST_STAGES:
                raise AccountsError(f"There are at most {MOST_STAGES} stages.")
            last = others.last()
            stage.position = last.position + 1 if last else 1
        stage.save()
        _audit(stage, "added" if is_new else "changed", actor, ip)
        judge_soon(stage.workspace, subject)
    return stage


def require_free_name(stage: Stage) -> None:
    """Raise AccountsError when another stage in use has the name of this one."""
    others = stages_of(stage.workspace, stage.subject).exclude(pk=stage.pk)
    if others.filter(name=stage.name.strip()).exists():
        raise AccountsError("There is a stage of that name.")


def move_stage(
    stage: Stage, *, by: int, actor: User | None, ip: str | None = None
) -> bool:
    """Move a stage so many places further, or back; say whether it moved."""
    with transaction.atomic(), connection.cursor() as cursor:
        own_stages(cursor, stage.workspace_id)
        order = list(stages_of(stage.workspace, stage.subject))
        before = order.index(stage)
        after = min(max(before + by, 0), len(order) - 1)
        if after == before:
            return False
        order.insert(after, order.pop(before))
        for position, one in enumerate(order, start=1):
            one.position = position
        Stage.objects.bulk_update(order, ["position"])
        stage.position = after + 1
        _audit(stage, f"moved to place {after + 1}", actor, ip)
        judge_soon(stage.workspace, Subject(stage.subject))
    return True


def remove_stage(
    stage: Stage,
    *,
    target: Stage | None,
    actor: User | None,
    ip: str | None = None,
) -> int:
    """Remove a stage; those in it go to `target` first. Returns how many.

    Timelines go on naming it. The rules are asked again soon, and may want those who
    were not put here by hand elsewhere.

    Raises:
        AccountsError: somebody is in it and no target is named, or it makes no sense.
    """
    workspace, subject = stage.workspace, Subject(stage.subject)
    if target is not None and (
        target.pk == stage.pk
        or (target.workspace_id, target.subject) != (stage.workspace_id, stage.subject)
        or target.removed_at is not None
    ):
        raise AccountsError(f"Nobody can go from {stage} to {target}.")
    with transaction.atomic(), connection.cursor() as cursor:
        own_stages(cursor, workspace.pk)
        inside = StageEntry.objects.filter(stage=stage, left_at__isnull=True)
        if target is None and inside.exists():
            raise AccountsError(f"Somebody is in {stage}: say where they go.")
        moved = 0
        for by_hand in (False, True):
            cursor.execute(statement("stage_tables"))
            cursor.execute(
                statement("stage_empty"),
                {
                    "stage": stage.pk,
                    "target": target.pk if target else None,
                    "by_hand": by_hand,
                    "is_advance": bool(target and target.position > stage.position),
                },
            )
            moves = record_moves(
                cursor,
                workspace,
                subject,
                by_hand=by_hand,
                actor=actor,
                reason=f"The stage {stage} was removed",
            )
            moved += moves.count
        _audit(stage, "removed", actor, ip)
        mentioned = StageEntry.objects.filter(Q(stage=stage) | Q(came_from=stage))
        if mentioned.exists():
            stage.removed_at = now_utc()
            stage.save(update_fields=("removed_at",))
        else:
            stage.delete()
        judge_soon(workspace, subject)
    return moved


def judge_soon(workspace: Workspace, subject: Subject) -> None:
    """Have everybody judged again by the background work, within seconds."""
    Rescored.objects.create(workspace=workspace, subject=subject)


def preview(
    rule: Any, *, workspace: Workspace, subject: Subject, stage: Stage | None = None
) -> Preview:
    """Count whom a rule would put into a stage: this one, or a new last one.

    Raises:
        AccountsError: it cannot be used.
    """
    check_rule(rule, workspace=workspace, subject=subject)
    found = wanted(rule, workspace, subject)
    inside = StageEntry.objects.filter(left_at__isnull=True, stage=stage)
    column = subject.column
    elsewhere = StageEntry.objects.filter(
        left_at__isnull=True,
        by_hand=True,
        stage__in=stages_of(workspace, subject),
    )
    stays = found
    if stage is not None:
        elsewhere = elsewhere.exclude(stage=stage)
        for later in stages_of(workspace, subject).filter(position__gt=stage.position):
            if later.rule is not None:
                try:
                    taken = wanted(later.rule, workspace, subject)
                except RuleError:
                    continue
                stays = stays.exclude(pk__in=taken.order_by().values("pk"))
        # Whom a later one waits for.
        elsewhere |= StageEntry.objects.filter(
            left_at__isnull=True,
            missed_since__isnull=False,
            stage__in=stages_of(workspace, subject).filter(position__gt=stage.position),
        )
    stays = stays.exclude(pk__in=elsewhere.values(column))
    by_hand_here = inside.filter(by_hand=True)
    return Preview(
        matching=found.order_by().count(),
        would_be_in=stays.exclude(pk__in=by_hand_here.values(column)).order_by().count()
        + by_hand_here.count(),
        now_in=inside.count() if stage else 0,
    )


def _audit(stage: Stage, what: str, actor: User | None, ip: str | None) -> None:
    record(
        workspace=stage.workspace,
        action=AuditEntry.Action.STAGES_CHANGED,
        subject=f"{stage.get_subject_display()}: {stage} {what}",
        actor=actor,
        ip=ip,
        detail={"rule": stage.rule},
    )
