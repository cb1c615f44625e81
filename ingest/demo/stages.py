"""Stages in the demo: as if the rules had been there for months, and some by hand."""

from django.db import connection, transaction

from accounts.locks import own_stages
from accounts.models import (
    Account,
    Role,
    StageDay,
    StageEntry,
    Subject,
    Workspace,
)
from accounts.stage_history import backfill
from accounts.stages import judge, set_stage, stages_of
from ingest.demo.members import somebody
from ingest.demo.world import Size

DAYS, EVERY = 90, 3
# What a member knows and usage does not tell: from which stage to which, and why.
BY_HAND = (
    ("Build", "Deploy", "Signed; the roll-out begins next week"),
    ("Evaluate", "Build", "They have begun to write their own plug-in"),
)


def go_through_stages(workspace: Workspace, size: Size) -> None:
    """Write the history of the stages from usage, then put somebody in by hand."""
    days = min(DAYS, size.days - 1)
    with transaction.atomic(), connection.cursor() as cursor:
        # A worker may have judged what was scored already.
        own_stages(cursor, workspace.pk)
        for table in (StageEntry, StageDay):
            table.objects.filter(workspace=workspace).delete()
        for subject in Subject:
            if days > 0:
                backfill(workspace, subject, days=days, every=EVERY)
            judge(workspace, subject)
    member = somebody(workspace, Role.MEMBER)
    stages = {one.name: one for one in stages_of(workspace, Subject.ACCOUNT)}
    for before, after, reason in BY_HAND:
        account = (
            Account.objects.filter(
                workspace=workspace,
                stage_entries__stage=stages[before],
                stage_entries__left_at__isnull=True,
            )
            .exclude(domain="")
            .order_by("-score__points", "pk")
            .first()
        )
        if account is not None:
            set_stage(
                account,
                stages[after],
                actor=member,
                reason=reason,
            )
