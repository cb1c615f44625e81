"""The stage that an account or a developer is in, beside rows of lists."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.models.stage import StageEntry


def with_stage(rows: QuerySet[Any], subject: str) -> QuerySet[Any]:
    """Annotate ``stage_name``: the stage of now, None where there is none.

    A look-up in stage_entry_account_now or stage_entry_developer_now for each row.
    """
    now = StageEntry.objects.filter(
        **{subject: OuterRef("pk")}, left_at__isnull=True
    ).values("stage__name")
    annotated: QuerySet[Any] = rows.annotate(stage_name=Subquery(now[:1]))
    return annotated
