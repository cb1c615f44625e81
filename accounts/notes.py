"""Notes that members write about accounts and developers."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.audit import record
from accounts.models import Account, AuditEntry, Developer, Note, User


def write_note(one: Account | Developer, text: str, *, author: User) -> Note:
    """Write a note down."""
    return Note.objects.create(
        workspace_id=one.workspace_id, text=text, author=author, **_place(one)
    )


def change_note(note: Note, text: str) -> Note:
    """Give a note another text; readers see that it was edited."""
    note.text = text
    note.edited_at = timezone.now()
    note.save(update_fields=("text", "edited_at"))
    return note


def delete_note(note: Note, *, actor: User, ip: str | None = None) -> None:
    """Delete a note; the audit log keeps that there was one, not what it said."""
    with transaction.atomic():
        record(
            workspace=note.workspace,
            action=AuditEntry.Action.NOTE_DELETED,
            subject=f"Note on {note.account or note.developer}",
            actor=actor,
            ip=ip,
            detail={"author": note.author_id, "written": note.created_at.isoformat()},
        )
        note.delete()


def notes_of(one: Account | Developer) -> QuerySet[Note]:
    """Return somebody's notes, newest first."""
    return Note.objects.filter(**_place(one)).select_related("author").order_by("-pk")


def _place(one: Account | Developer) -> dict[str, Account | Developer]:
    return {"account" if isinstance(one, Account) else "developer": one}
