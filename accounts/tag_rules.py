"""Brings tags that have a rule in step with whom the rule matches.

One of `accounts.judging.JUDGES`: within seconds for those whose scores changed, and
every night for everybody.
"""

from collections.abc import Collection

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from accounts.clock import today_utc
from accounts.models import Subject, Tag, Workspace
from accounts.segments.compile import matching
from accounts.segments.names import Names
from accounts.segments.schema import RuleError, parse
from accounts.statements import insert_selected, statement


def apply_rules(
    workspace: Workspace, subject: Subject, only: Collection[int] | None = None
) -> int:
    """Put and take the tags that have a rule; return how many came or went.

    Two statements a tag, limited to ``only`` these accounts or developers. A rule that
    makes no sense any more (its metric is gone) changes nothing; the admin says so.
    """
    tags = list(
        Tag.objects.filter(workspace=workspace, subject=subject, rule__isnull=False)
    )
    names = Names(workspace) if tags else None
    return sum(apply_rule(tag, only=only, names=names) for tag in tags)


def apply_rule(
    tag: Tag, *, only: Collection[int] | None = None, names: Names | None = None
) -> int:
    """Do for one tag what `apply_rules` does."""
    subject = Subject(tag.subject)
    try:
        rule = parse(tag.rule, subject=subject, workspace=tag.workspace)
    except RuleError:
        return 0
    rows = matching(
        rule,
        workspace=tag.workspace,
        subject=subject,
        today=today_utc(),
        only=only,
        names=names,
    )
    with transaction.atomic(), connection.cursor() as cursor:
        # Two at a time would both find the same marks missing.
        Tag.objects.select_for_update().get(pk=tag.pk)
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS tag_matched (id bigint)"
            " ON COMMIT DELETE ROWS"
        )
        cursor.execute("TRUNCATE tag_matched")
        insert_selected(cursor, "INSERT INTO tag_matched {rows}", rows.values("pk"))
        return _run(cursor, "tag_take", tag, only) + _run(cursor, "tag_put", tag, only)


def _run(
    cursor: CursorWrapper, name: str, tag: Tag, only: Collection[int] | None
) -> int:
    cursor.execute(
        sql.SQL(statement(name)).format(
            column=sql.Identifier(Subject(tag.subject).column)
        ),
        {
            "tag": tag.pk,
            "workspace": tag.workspace_id,
            "only": None if only is None else list(only),
        },
    )
    changed: int = cursor.rowcount
    return changed
