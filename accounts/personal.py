"""What is held about one person, table by table: the one list for erasing and export.

`PERSONAL` has the tables of this app; `ingest.personal.everything` adds those of raw
events. A table with a reference to a developer or an identity that is on neither fails
a test, so that nothing is forgotten in one of the two.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import CharField, Model, Q, QuerySet, TextField
from django.db.models.functions import Cast

from accounts.clock import today_utc
from accounts.locks import own_stages
from accounts.models import (
    AuditEntry,
    Correction,
    DailyUsage,
    Developer,
    DeveloperScore,
    FlaggedRecord,
    Identity,
    ListEntry,
    Note,
    ProvisionedUser,
    RedFlag,
    Rescored,
    SegmentMember,
    StageEntry,
    Subject,
    TagMark,
    TouchedDeveloper,
    VersionSeen,
    WaitingJoin,
)
from accounts.models.alert import (
    Alert,
    Delivery,
    DeliveryAttempt,
    Follow,
    Happening,
    Watch,
)
from accounts.models.red_flag import CompanySign
from accounts.person import Person, corrections_about
from accounts.redaction import ERASED, TextColumn, pattern, redact_table
from accounts.statements import statement

Rows = QuerySet[Any]


def delete(person: Person, rows: Rows) -> int:
    """Delete rows in one statement; return how many."""
    del person
    # None where Django sees without asking that there is nothing.
    return int(rows._raw_delete(rows.db) or 0)  # noqa: SLF001 (nothing fetched, no cascade)


def as_dicts(rows: Rows, fields: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Return rows as an export writes them, a few at a time."""
    return iter(rows.order_by("pk").values(*fields).iterator(chunk_size=1000))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One table, and what of it is about a person."""

    # Name of the file in an export, and of the line in a receipt.
    name: str
    label: str
    model: type[Model]
    rows: Callable[[Person], Rows]
    # Columns of the export; all of them when empty.
    fields: tuple[str, ...] = ()
    # Removes or blanks the rows; returns how many those were.
    erase: Callable[[Person, Rows], int] = delete
    # For what needs more than columns.
    exported: Callable[[Person, Rows], Iterator[dict[str, Any]]] | None = None

    def export(self, person: Person) -> Iterator[dict[str, Any]]:
        """Return the rows of a person, a few at a time."""
        rows = self.rows(person)
        if self.exported is not None:
            return self.exported(person, rows)
        return as_dicts(rows, self.fields)

    def count(self, person: Person) -> int:
        """Return how many rows there are."""
        return self.rows(person).order_by().count()

    def remove(self, person: Person) -> int:
        """Erase the rows, and what Django's admin noted of them."""
        rows = self.rows(person)
        if len(self.model._meta.pk_fields) == 1 and self.model._meta.managed:  # noqa: SLF001 (documented API)
            _scrub_admin_log(self.model, rows)
        return self.erase(person, rows)


def of_developer(
    model: type[Model], name: str, label: str, *fields: str, **more: Any
) -> Held:
    """Describe a table whose rows refer to a developer."""
    return Held(
        name=name,
        label=label,
        model=model,
        rows=lambda person: model._default_manager.filter(  # noqa: SLF001 (documented)
            developer_id=person.developer_id
        ),
        fields=fields,
        **more,
    )


def of_identity(
    model: type[Model], name: str, label: str, *fields: str, **more: Any
) -> Held:
    """Describe a table whose rows refer to an identity."""
    return Held(
        name=name,
        label=label,
        model=model,
        rows=lambda person: model._default_manager.filter(  # noqa: SLF001 (documented)
            identity_id__in=person.identity_ids
        ),
        fields=fields,
        **more,
    )


def of_both(
    model: type[Model], name: str, label: str, *fields: str, **more: Any
) -> Held:
    """Describe a table whose rows refer to a developer, an identity, or both."""
    return Held(
        name=name,
        label=label,
        model=model,
        rows=lambda person: model._default_manager.filter(  # noqa: SLF001 (documented)
            Q(developer_id=person.developer_id) | Q(identity_id__in=person.identity_ids)
        ),
        fields=fields,
        **more,
    )


# ---- Rows that are found, or erased, in a way of their own


def _forget_corrections(person: Person, rows: Rows) -> int:
    """Keep that and when something was corrected, and nothing about whom.

    Such a correction cannot be taken back any more.
    """
    del person
    return rows.update(before={}, developer_ids=[], reason="")


def _audit_entries(person: Person) -> Rows:
    """Return the lines that name them, and those about corrections of them."""
    corrections = corrections_about(person).values_list("pk", flat=True)
    wanted = Q(detail__correction__in=list(corrections))
    if person.words:
        named = pattern(person.words)
        # A detail is JSON, and Django would have the pattern be JSON too.
        wanted |= Q(subject__iregex=named) | Q(told__iregex=named)
    rows = AuditEntry.objects.filter(workspace=person.workspace_id)
    return rows.alias(told=Cast("detail", TextField())).filter(wanted)


def _blank_audit(person: Person, rows: Rows) -> int:
    """Keep who did what and when; whom it was about goes.

    Of corrections with the reason that somebody typed; elsewhere the names alone.
    """
    found = list(rows.values_list("pk", flat=True))
    entries = AuditEntry.objects.filter(pk__in=found)
    corrections = list(corrections_about(person).values_list("pk", flat=True))
    entries.filter(detail__correction__in=corrections).update(
        subject=ERASED, detail={"erased": True}
    )
    columns = (TextColumn("subject", is_json=False), TextColumn("detail", is_json=True))
    with connection.cursor() as cursor:
        redact_table(cursor, AuditEntry, columns, person, person.words)
    return len(found)


def _seats(person: Person) -> Rows:
    return ProvisionedUser.objects.filter(
        workspace=person.workspace_id, folded_email__in=person.emails
    )


def _waiting_joins(person: Person) -> Rows:
    return WaitingJoin.objects.filter(
        Q(identity_id__in=person.identity_ids)
        | Q(other_identity_id__in=person.identity_ids),
        workspace=person.workspace_id,
    )


def _touched(person: Person) -> Rows:
    return TouchedDeveloper.objects.filter(developer_id__in=person.numbers)


def _leave_queue(person: Person, rows: Rows) -> int:
    """Delete what nobody is working at; the others go with that work.

    Whoever judges holds them while it waits for the stages, which the erasure owns.
    """
    with transaction.atomic():
        free = list(
            rows.select_for_update(skip_locked=True).values_list("pk", flat=True)
        )
        return delete(person, Rescored.objects.filter(pk__in=free))


def _rescored(person: Person) -> Rows:
    return Rescored.objects.filter(
        workspace=person.workspace_id,
        subject=Subject.DEVELOPER,
        subject_id__in=person.numbers,
    )


def _list_entries(person: Person) -> Rows:
    """Return entries that are theirs, and those that wait for their address."""
    return ListEntry.objects.filter(
        Q(developer_id=person.developer_id) | Q(value__in=person.emails),
        workspace=person.workspace_id,
    )


def _forget_usage(person: Person, rows: Rows) -> int:
    """Take their uses out of the workspace's sums, then delete them.

    The sums stay what the usage of all others adds up to, so that `check_usage` finds
    nothing afterwards.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            statement("erase_workspace_usage"), {"developer": person.developer_id}
        )
    return delete(person, rows)


def _leave_stages(person: Person, rows: Rows) -> int:
    """Count them out of the stage they are in, then delete their history."""
    with connection.cursor() as cursor:
        own_stages(cursor, person.workspace_id)
        cursor.execute(
            statement("erase_stage_days"),
            {"developer": person.developer_id, "day": today_utc()},
        )
    return delete(person, rows)


def _forget_versions(person: Person, rows: Rows) -> int:
    """Have the versions that they used counted again."""
    with connection.cursor() as cursor:
        cursor.execute(
            statement("erase_versions"),
            {
                "workspace": person.workspace_id,
                "identities": list(person.identity_ids),
            },
        )
    return delete(person, rows)


def _happenings(person: Person) -> Rows:
    return Happening.objects.filter(developer=person.developer_id)


def _deliveries(person: Person) -> Rows:
    return Delivery.objects.filter(happening__in=_happenings(person))


def _identities(person: Person) -> Rows:
    return Identity.objects.filter(pk__in=person.identity_ids)


def _developers(person: Person) -> Rows:
    return Developer.objects.filter(pk=person.developer_id)


# In the order in which they are erased: whoever refers to others first.
PERSONAL: tuple[Held, ...] = (
    Held(
        name="delivery_attempts",
        label="Attempts to deliver alerts about them",
        model=DeliveryAttempt,
        rows=lambda person: DeliveryAttempt.objects.filter(
            delivery__in=_deliveries(person)
        ),
    ),
    Held(
        name="deliveries",
        label="Alerts about them on their way out",
        model=Delivery,
        rows=_deliveries,
    ),
    Held(
        name="alerts",
        label="Alerts about them",
        model=Alert,
        rows=lambda person: Alert.objects.filter(happening__in=_happenings(person)),
    ),
    Held(
        name="happenings",
        label="What happened to them",
        model=Happening,
        rows=_happenings,
    ),
    of_developer(Follow, "follows", "Members who follow them"),
    of_developer(Watch, "watches", "What followers were told last"),
    of_both(FlaggedRecord, "flagged_records", "Records flagged as wrong"),
    of_both(RedFlag, "red_flags", "Red flags of usage"),
    of_identity(CompanySign, "company_signs", "Signs of a company"),
    of_identity(
        VersionSeen,
        "versions",
        "Product versions used",
        *("product__key", "version", "first_seen_at", "last_seen_at"),
        erase=_forget_versions,
    ),
    of_developer(Note, "notes", "Notes", "id", "text", "created_at", "edited_at"),
    of_developer(TagMark, "tags", "Tags", "id", "tag__name", "by_hand", "is_off", "at"),
    Held(
        name="list_entries",
        label="Entries of lists",
        model=ListEntry,
        rows=_list_entries,
        fields=("id", "curated_list__name", "value", "data", "added_at"),
    ),
    of_developer(
        StageEntry,
        "stages",
        "Stays in stages",
        *("id", "stage__name", "entered_at", "left_at", "by_hand", "reason"),
        "left_reason",
        erase=_leave_stages,
    ),
    of_developer(DeveloperScore, "score", "Score"),
    of_developer(
        DailyUsage,
        "daily_usage",
        "Days of usage",
        *("day", "metric__key", "product__key", "count", "value_sum"),
        erase=_forget_usage,
    ),
    of_developer(
        SegmentMember,
        "segments",
        "Stays in segments",
        *("id", "segment__name", "entered_at", "left_at"),
    ),
    Held(
        name="touched",
        label="Places in the queue for scoring",
        model=TouchedDeveloper,
        rows=_touched,
    ),
    Held(
        name="rescored",
        label="Places in the queue for stages",
        model=Rescored,
        rows=_rescored,
        erase=_leave_queue,
    ),
    Held(
        name="waiting_joins",
        label="Places in the queue for merging",
        model=WaitingJoin,
        rows=_waiting_joins,
    ),
    Held(
        name="seats",
        label="Seats in applications",
        model=ProvisionedUser,
        rows=_seats,
        fields=(
            *("id", "application__app_id", "app_user_id", "email", "username"),
            *("license", "created_at", "updated_at"),
        ),
    ),
    Held(
        name="audit_entries",
        label="Lines of the audit log",
        model=AuditEntry,
        rows=_audit_entries,
        fields=("id", "at", "action", "subject", "detail"),
        erase=_blank_audit,
    ),
    Held(
        name="corrections",
        label="Corrections",
        model=Correction,
        rows=corrections_about,
        erase=_forget_corrections,
    ),
    Held(name="identities", label="Identities", model=Identity, rows=_identities),
    Held(name="developer", label="The developer", model=Developer, rows=_developers),
)


def _scrub_admin_log(model: type[Model], rows: Rows) -> None:
    """Take the names of rows out of the log that Django's admin keeps."""
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model),
        object_id__in=rows.order_by().values_list(
            Cast("pk", output_field=CharField()), flat=True
        ),
    ).update(object_repr=ERASED, change_message="")
