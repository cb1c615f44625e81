"""What people do with segments: make, change, share, copy, hide, mark; all audited."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.audit import record
from accounts.errors import AccountsError
from accounts.models import (
    AuditEntry,
    Role,
    Segment,
    SegmentMark,
    Subject,
    User,
    Workspace,
)
from accounts.roles import Action, can, role_of
from accounts.segments.membership import write_rule
from accounts.segments.schema import parse

MOST_SEGMENTS = 200
CHANGEABLE = ("name", "description", "notes", "is_shared", "editors")


def may_change(user: User, segment: Segment) -> bool:
    """Say whether somebody may change a segment and its rule.

    Ready-made ones stay as they are; they can be hidden and copied.
    """
    if segment.ready_made or not can(user, Action.EDIT, segment.workspace_id):
        return False
    if role_of(user, segment.workspace_id) == Role.ADMIN:
        return True
    if segment.owner_id == user.pk:
        return True
    return segment.is_shared and segment.editors == Segment.Editors.MEMBERS


def may_delete(user: User, segment: Segment) -> bool:
    """Say whether somebody may delete a segment: its owner, or an admin."""
    is_admin = role_of(user, segment.workspace_id) == Role.ADMIN
    return may_change(user, segment) and (is_admin or segment.owner_id == user.pk)


def make_segment(
    workspace: Workspace,
    *,
    subject: Subject | str,
    name: str,
    rule: object,
    actor: User | None = None,
    **values: Any,
) -> Segment:
    """Save a rule under a name; its members come with the next refresh.

    Args:
        workspace: where.
        subject: whom it selects.
        name: what it is called; names need not differ.
        rule: decoded JSON.
        actor: who owns it; None is nobody, for demo data and the command line.
        values: others of `CHANGEABLE`.

    Raises:
        RuleError: the rule cannot be used.
        AccountsError: the name cannot be, or there are too many.
    """
    parsed = parse(rule, subject=subject, workspace=workspace)
    segment = Segment(
        workspace=workspace,
        subject=subject,
        name=name,
        rule=parsed.as_json(),
        owner=actor,
        **values,
    )
    _check(segment)
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        if Segment.objects.in_workspace(workspace).count() >= MOST_SEGMENTS:
            raise AccountsError(f"A workspace has at most {MOST_SEGMENTS} segments.")
        segment.save(force_insert=True)
        write_rule(segment, parsed, actor_id=actor.pk if actor else None)
        _audit(segment, actor, "made")
    return segment


def change_segment(
    segment: Segment, *, actor: User | None, rule: object = None, **values: Any
) -> Segment:
    """Change a segment's name, notes, rights or rule; a new rule is a new version.

    Members are looked at anew after a change of the rule, by the next refresh.

    Raises:
        RuleError: the rule cannot be used.
        AccountsError: the name cannot be.
    """
    with transaction.atomic():
        fresh = Segment.objects.select_for_update(of=("self",)).get(pk=segment.pk)
        changed = [name for name in values if getattr(fresh, name) != values[name]]
        for name in changed:
            setattr(fresh, name, values[name])
        if not fresh.is_shared:
            fresh.is_default = False
        parsed = None
        if rule is not None:
            parsed = parse(rule, subject=fresh.subject, workspace=fresh.workspace)
            if parsed.as_json() == fresh.rule:
                parsed = None
        _check(fresh)
        if parsed is not None:
            fresh.rule = parsed.as_json()
            fresh.refreshed_at = None
            fresh.problem = ""
            changed.append("rule")
        if changed:
            fresh.changed_at = timezone.now()
            fresh.save()
            _audit(fresh, actor, "changed", changed=changed)
        if parsed is not None:
            write_rule(fresh, parsed, actor_id=actor.pk if actor else None)
    return fresh


def copy_segment(segment: Segment, *, actor: User | None) -> Segment:
    """Make an own segment out of one that somebody sees."""
    return make_segment(
        segment.workspace,
        subject=segment.subject,
        name=f"{segment.name} (copy)"[:100],
        rule=segment.rule,
        actor=actor,
        description=segment.description,
    )


def delete_segment(segment: Segment, *, actor: User | None) -> None:
    """Delete a segment, its members and its history.

    Raises:
        AccountsError: it is a ready-made one.
    """
    if segment.ready_made:
        raise AccountsError("A ready-made segment can be hidden, not deleted.")
    with transaction.atomic():
        _audit(segment, actor, "deleted")
        segment.delete()


def hide_segment(segment: Segment, *, hidden: bool, actor: User | None) -> None:
    """Take a segment off everybody's list, or put it back; hidden ones stand still."""
    with transaction.atomic():
        fresh = Segment.objects.select_for_update(of=("self",)).get(pk=segment.pk)
        fresh.is_hidden = hidden
        if not hidden:
            # Filled anew: what changed meanwhile is no news.
            fresh.refreshed_at = None
        fresh.save(update_fields=["is_hidden", "refreshed_at"])
        _audit(fresh, actor, "hidden" if hidden else "shown")


def set_default(segment: Segment, *, is_default: bool, actor: User) -> None:
    """Choose what every member sees first; wins over what they chose themselves.

    Raises:
        AccountsError: not everybody sees it.
    """
    if is_default and (not segment.is_shared or segment.is_hidden):
        raise AccountsError("Share the segment first: everybody is to see it.")
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=segment.workspace_id)
        here = Segment.objects.filter(
            workspace_id=segment.workspace_id, subject=segment.subject
        )
        here.filter(is_default=True).update(is_default=False)
        if is_default:
            here.filter(pk=segment.pk).update(is_default=True)
        _audit(segment, actor, "default" if is_default else "no default")


def mark(segment: Segment, user: User, **marks: bool) -> None:
    """Mark a segment as one's favourite or default, or take that back."""
    with transaction.atomic():
        if marks.get("is_default"):
            SegmentMark.objects.filter(
                workspace_id=segment.workspace_id,
                user=user,
                subject=segment.subject,
                is_default=True,
            ).update(is_default=False)
        SegmentMark.objects.update_or_create(
            segment=segment,
            user=user,
            defaults={
                "workspace_id": segment.workspace_id,
                "subject": segment.subject,
                **marks,
            },
        )


def default_segment(workspace: Workspace, user: User, subject: str) -> Segment | None:
    """Return what somebody sees first: the admins' choice, else their own."""
    seen = Segment.objects.in_workspace(workspace).seen_by(user)
    own = Q(marks__user=user, marks__is_default=True)
    return (
        seen.filter(Q(is_default=True) | own, subject=subject, is_hidden=False)
        .order_by("-is_default")
        .first()
    )


def _check(segment: Segment) -> None:
    try:
        segment.full_clean()
    except ValidationError as error:
        raise AccountsError(" ".join(error.messages)) from None


def _audit(segment: Segment, actor: User | None, what: str, **more: Any) -> None:
    record(
        workspace=segment.workspace,
        action=AuditEntry.Action.SEGMENT_CHANGED,
        subject=f"Segment {segment.name}",
        actor=actor,
        detail={"what": what, "segment": segment.pk, **more},
    )
