"""Deletes a workspace with everything in it, in a few statements."""

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Model

from accounts.models import ScoreRun, Workspace


def wipe(workspace: Workspace) -> int:
    """Delete a workspace and every row that belongs to it; return how many.

    One statement per table, whatever the number of rows: references are only checked
    at the end, so the order of the tables does not matter.
    """
    deleted = 0
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        ScoreRun.objects.filter(model__workspace=workspace).delete()
        for model in _tables():
            cursor.execute(
                f"DELETE FROM {connection.ops.quote_name(model._meta.db_table)}"  # noqa: S608, SLF001 (our own names, documented API)
                " WHERE workspace_id = %s",
                [workspace.pk],
            )
            deleted += cursor.rowcount
        cursor.execute("DELETE FROM accounts_workspace WHERE id = %s", [workspace.pk])
    return deleted


def _tables() -> list[type[Model]]:
    """Return the models whose rows belong to a workspace."""
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if any(
            field.column == "workspace_id"
            for field in model._meta.concrete_fields  # noqa: SLF001 (documented API)
        )
    ]
