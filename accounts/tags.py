"""Tags: coloured words on accounts and developers, by hand and by rule.

A hand wins over a rule both ways: a mark put by hand outlives the rule's opinion, and
one taken away by hand is not put back. Rules are applied in `accounts.tag_rules`.
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit import record
from accounts.errors import AccountsError
from accounts.models import (
    Account,
    AuditEntry,
    Developer,
    Subject,
    Tag,
    TagMark,
    User,
    Workspace,
)


def tag_named(
    workspace: Workspace, subject: str, name: str, *, actor: User | None = None
) -> Tag:
    """Return the tag of that name for accounts or developers; make it if need be.

    Raises:
        AccountsError: this is no name for a tag.
    """
    found = Tag.objects.filter(
        workspace=workspace, subject=subject, name__iexact=name.strip()
    ).first()
    if found is not None:
        return found
    made = Tag(workspace=workspace, subject=subject, name=name)
    try:
        made.full_clean()
    except ValidationError as error:
        raise AccountsError(" ".join(error.messages)) from None
    try:
        with transaction.atomic():
            made.save()
            _audit(made, actor, "made")
    except IntegrityError:
        # Somebody was faster; theirs will do.
        return Tag.objects.get(workspace=workspace, subject=subject, name=made.name)
    return made


def put_tag(tag: Tag, one: Account | Developer, *, actor: User | None) -> TagMark:
    """Put a tag on somebody by hand; it stays whatever the tag's rule says.

    Raises:
        AccountsError: the tag is for others, or of another workspace.
    """
    _check(tag, one)
    mark, _ = TagMark.objects.update_or_create(
        tag=tag,
        **_place(one),
        defaults={
            "workspace_id": tag.workspace_id,
            "by_hand": True,
            "is_off": False,
            "actor": actor,
            "at": timezone.now(),
        },
    )
    return mark


def take_tag(tag: Tag, one: Account | Developer, *, actor: User | None) -> None:
    """Take a tag away by hand; a tag with a rule remembers not to come back."""
    _check(tag, one)
    marks = TagMark.objects.filter(tag=tag, **_place(one))
    if tag.rule is None:
        marks.delete()
    else:
        TagMark.objects.update_or_create(
            tag=tag,
            **_place(one),
            defaults={
                "workspace_id": tag.workspace_id,
                "by_hand": True,
                "is_off": True,
                "actor": actor,
                "at": timezone.now(),
            },
        )


def marks_of(one: Account | Developer) -> list[TagMark]:
    """Return somebody's tags, by name."""
    marks = TagMark.objects.filter(**_place(one), is_off=False)
    return list(marks.select_related("tag", "actor").order_by("tag__name", "pk"))


def _place(one: Account | Developer) -> dict[str, Any]:
    return {"account" if isinstance(one, Account) else "developer": one}


def _check(tag: Tag, one: Account | Developer) -> None:
    if one.workspace_id != tag.workspace_id:
        raise AccountsError("The tag belongs to another workspace.")
    if isinstance(one, Account) != (tag.subject == Subject.ACCOUNT):
        raise AccountsError(f"“{tag}” is a tag for {tag.get_subject_display()}.")


def _audit(tag: Tag, actor: User | None, what: str) -> None:
    record(
        workspace=tag.workspace,
        action=AuditEntry.Action.TAG_CHANGED,
        subject=f"Tag {tag.name}",
        actor=actor,
        detail={"what": what},
    )
