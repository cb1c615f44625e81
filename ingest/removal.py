"""Removes a workspace wholly, in pieces, and leaves a receipt that outlives it.

First the door is closed: keys, tokens and app ids end, and nobody is a member any more.
Then its rows go, some pages of a table at a time, whoever refers to others first, so
that the rest of the installation goes on. The workspace itself goes last, in one
transaction with whatever came meanwhile. Safe to stop and to repeat at any moment.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from graphlib import TopologicalSorter
from time import monotonic

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import (
    DatabaseError,
    IntegrityError,
    OperationalError,
    connection,
    transaction,
)
from django.db.backends.utils import CursorWrapper
from django.db.models import F, Field, ForeignKey, Model
from django.utils.text import capfirst
from psycopg.errors import DeadlockDetected, ForeignKeyViolation

from accounts.audit import COMMAND_LINE
from accounts.clock import now_utc
from accounts.errors import AccountsError
from accounts.locks import own_stages, own_usage
from accounts.models import (
    AccessToken,
    ApiKey,
    AppId,
    Membership,
    RemovedWorkspace,
    User,
    Workspace,
)
from ingest.statements import statement

# One transaction deletes from this many pages of 8 kB.
PAGES_AT_ONCE = 2000
# What somebody writes while it goes makes another pass. What is left after this many
# goes with the workspace, behind its lock.
MOST_PASSES = 3
# What Django makes of it; see `_is_passing`.
IN_THE_WAY = (IntegrityError, OperationalError)


@dataclass(frozen=True, slots=True)
class Table:
    """A table with rows of workspaces."""

    name: str
    label: str
    # Which rows are those of %(workspace)s.
    is_theirs: str
    model: type[Model]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a receipt, or of what a removal would do."""

    label: str
    rows: int


def tables() -> list[Table]:
    """Return all tables with rows of workspaces, whoever refers to others first."""
    found = {model: where for model in _models() if (where := _is_theirs(model))}
    order: TopologicalSorter[type[Model]] = TopologicalSorter()
    for model in found:
        order.add(model)
        for field in _references(model):
            if field.related_model in found and field.related_model is not model:
                order.add(field.related_model, model)
    labels = Counter(_label(model) for model in found)
    return [
        Table(
            name=model._meta.db_table,  # noqa: SLF001 (documented API)
            # Where two are called alike, by what they are in the code.
            label=_label(model) if labels[_label(model)] == 1 else model.__name__,
            is_theirs=found[model],
            model=model,
        )
        for model in order.static_order()
    ]


def preview(workspace: Workspace) -> list[Line]:
    """Count what a removal would take, table by table; nothing is changed."""
    lines = []
    with connection.cursor() as cursor:
        for table in tables():
            cursor.execute(
                f"SELECT count(*) FROM {table.name} AS t WHERE {table.is_theirs}",  # noqa: S608 (our own names)
                {"workspace": workspace.pk},
            )
            lines.append(Line(table.label, cursor.fetchone()[0]))
    found = [line for line in lines if line.rows]
    return sorted(found, key=lambda line: (-line.rows, line.label))


def begin(
    workspace: Workspace, *, actor: User | None, reason: str = ""
) -> RemovedWorkspace:
    """Close the door of a workspace and begin its receipt; what is left, `go_on` takes.

    Once more is the same removal. From here on there is no way back.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        own_usage(cursor, workspace.pk)
        if not Workspace.objects.select_for_update().filter(pk=workspace.pk).exists():
            raise AccountsError("The workspace is gone.")
        receipt, _ = RemovedWorkspace.objects.get_or_create(
            number=workspace.pk,
            defaults={
                "slug": workspace.slug,
                "name": workspace.name,
                "actor": actor,
                "actor_label": actor.email if actor else COMMAND_LINE,
                "reason": reason[:100],
            },
        )
        # With its version, so that no process goes on with what it remembers.
        ApiKey.objects.filter(workspace=workspace, revoked_at__isnull=True).update(
            revoked_at=now_utc(), version=F("version") + 1
        )
        for model in (AccessToken, AppId, Membership):
            rows = model._default_manager.filter(workspace=workspace)  # noqa: SLF001 (documented API)
            _add(cursor, receipt, model._meta.db_table, rows.delete()[0])  # noqa: SLF001
    return receipt


def go_on(receipt: RemovedWorkspace, *, at_most: timedelta | None = None) -> bool:
    """Take what is left of a workspace; say whether nothing is.

    `at_most` is after how long to stop with something left.
    """
    end = None if at_most is None else monotonic() + at_most.total_seconds()
    for _ in range(MOST_PASSES):
        in_the_way = _pass(receipt, end)
        if in_the_way is None:
            return False
        if not in_the_way:
            break
    for _ in range(MOST_PASSES):
        try:
            _finish(receipt)
        except IN_THE_WAY as error:
            # What refers to a row that goes came in the moment before it was locked.
            if not _is_passing(error):
                raise
            continue
        receipt.refresh_from_db()
        return True
    raise AccountsError(f"{receipt} finds ever new rows; is something still writing?")


def go_on_with_all(*, at_most: timedelta) -> int:
    """Go on with every removal that has not ended; return how many ended now."""
    waiting = RemovedWorkspace.objects.filter(finished_at__isnull=True)
    return sum(go_on(one, at_most=at_most) for one in waiting.order_by("begun_at"))


def receipt_lines(receipt: RemovedWorkspace) -> list[Line]:
    """Return what a receipt says, the most first."""
    labels = {table.name: table.label for table in tables()}
    counts = sorted(receipt.counts.items(), key=lambda one: (-one[1], one[0]))
    return [Line(labels.get(name, name), rows) for name, rows in counts]


def _pass(receipt: RemovedWorkspace, end: float | None) -> int | None:
    """Go through all tables once; None when the time was up.

    Returns how many pieces stay for now, because somebody wrote what refers to a row
    of theirs, such as the counter of a sender who goes on with a key that ended.
    """
    in_the_way = 0
    for table in tables():
        _forget_admin_log(receipt, table)
        for part, pages in _parts(table):
            for first_page in range(0, pages, PAGES_AT_ONCE):
                if end is not None and monotonic() > end:
                    return None
                try:
                    _take(receipt, table, part, first_page)
                except IN_THE_WAY as error:
                    if not _is_passing(error):
                        raise
                    in_the_way += 1
    return in_the_way


def _take(receipt: RemovedWorkspace, table: Table, part: str, first_page: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        own_usage(cursor, receipt.number)
        own_stages(cursor, receipt.number)
        cursor.execute(
            statement("removal_piece").format(table=part, is_theirs=table.is_theirs),
            {
                "workspace": receipt.number,
                "first_page": first_page,
                "end_page": first_page + PAGES_AT_ONCE,
            },
        )
        _add(cursor, receipt, table.name, cursor.rowcount)


def _finish(receipt: RemovedWorkspace) -> None:
    """Take what came meanwhile, and the workspace itself, while nobody else writes."""
    with transaction.atomic(), connection.cursor() as cursor:
        own_usage(cursor, receipt.number)
        own_stages(cursor, receipt.number)
        # In the order in which counters look for theirs, or two would wait in a ring.
        keys = ApiKey.objects.filter(workspace_id=receipt.number).order_by("pk")
        list(keys.select_for_update().values_list("pk"))
        list(Workspace.objects.select_for_update().filter(pk=receipt.number))
        for table in tables():
            cursor.execute(
                f"DELETE FROM {table.name} AS t WHERE {table.is_theirs}",  # noqa: S608 (our own names)
                {"workspace": receipt.number},
            )
            _add(cursor, receipt, table.name, cursor.rowcount)
        _forget_admin_log_of(Workspace, [str(receipt.number)])
        cursor.execute("DELETE FROM accounts_workspace WHERE id = %s", [receipt.number])
        RemovedWorkspace.objects.filter(pk=receipt.pk).update(finished_at=now_utc())


def _is_passing(error: DatabaseError) -> bool:
    """Say whether somebody else was in the way, who will be done soon."""
    return isinstance(error.__cause__, (ForeignKeyViolation, DeadlockDetected))


def _add(
    cursor: CursorWrapper, receipt: RemovedWorkspace, name: str, rows: int
) -> None:
    """Note in the receipt what went, in the transaction in which it goes."""
    if rows:
        cursor.execute(
            statement("removal_count"),
            {"receipt": receipt.pk, "name": name, "rows": rows},
        )


def _forget_admin_log(receipt: RemovedWorkspace, table: Table) -> None:
    """Delete what Django's admin noted of rows that go: their names stand in it."""
    noted = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(table.model)
    )
    if len(table.model._meta.pk_fields) > 1 or not noted.exists():  # noqa: SLF001 (documented API)
        return
    key = table.model._meta.pk.column  # noqa: SLF001 (documented API)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.{key}::text FROM {table.name} AS t"  # noqa: S608 (our own names)
            f" WHERE t.{key}::text = ANY (%(noted)s) AND {table.is_theirs}",
            {
                "noted": list(noted.values_list("object_id", flat=True)),
                "workspace": receipt.number,
            },
        )
        _forget_admin_log_of(table.model, [number for (number,) in cursor.fetchall()])


def _forget_admin_log_of(model: type[Model], numbers: list[str]) -> None:
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(model), object_id__in=numbers
    ).delete()


def _parts(table: Table) -> list[tuple[str, int]]:
    """Return a table, or the partitions that it consists of, with their pages."""
    with connection.cursor() as cursor:
        cursor.execute(statement("removal_parts"), {"table": table.name})
        return [(name, int(pages)) for name, pages in cursor.fetchall()]


def _label(model: type[Model]) -> str:
    return capfirst(str(model._meta.verbose_name_plural))  # noqa: SLF001 (documented API)


def _models() -> list[type[Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model is not Workspace
    ]


def _references(model: type[Model]) -> list[ForeignKey[Model, Model]]:
    return [
        field
        for field in model._meta.concrete_fields  # noqa: SLF001 (documented API)
        if isinstance(field, ForeignKey)
    ]


def _is_theirs(model: type[Model]) -> str:
    """Return the condition for the rows of a workspace; empty where there is none.

    A table without the column belongs to the workspace of what it refers to.
    """
    if _has_workspace(model):
        return "t.workspace_id = %(workspace)s"
    for field in _references(model):
        owner = field.related_model
        if _has_workspace(owner):
            return (
                f"t.{field.column} IN (SELECT o.id FROM {owner._meta.db_table} AS o"  # noqa: SLF001, S608 (our own names)
                " WHERE o.workspace_id = %(workspace)s)"
            )
    return ""


def _has_workspace(model: type[Model]) -> bool:
    fields: list[Field[object, object]] = list(model._meta.concrete_fields)  # noqa: SLF001 (documented API)
    return any(field.column == "workspace_id" for field in fields)
