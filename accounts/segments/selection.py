"""Whom a segment is about: its rule, less who is on an exclude list."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from accounts.models import ListEntry, Subject, Workspace
from accounts.segments.compile import matching
from accounts.segments.names import Names
from accounts.segments.schema import Rule
from accounts.segments.sql import InSet


def selected(
    rule: Rule,
    workspace: Workspace,
    *,
    today: date,
    only: Collection[int] | None = None,
    names: Names | None = None,
) -> QuerySet[Any]:
    """Return whom a rule selects, unordered, without those on an exclude list.

    An account on such a list takes its developers along.
    """
    rows = matching(
        rule,
        workspace=workspace,
        subject=rule.subject,
        today=today,
        only=only,
        names=names,
    )
    return rows.filter(not_excluded(rule.subject, workspace))


def not_excluded(subject: Subject, workspace: Workspace) -> Q:
    """Return the filter that leaves out who is on an exclude list."""
    entries = ListEntry.objects.filter(
        curated_list__workspace=workspace, curated_list__is_exclude=True
    ).order_by()
    accounts = entries.filter(account__isnull=False).values("account_id")
    if subject == Subject.ACCOUNT:
        return ~Q(InSet("pk", accounts))
    people = entries.filter(developer__isnull=False).values("developer_id")
    return ~Q(InSet("account_id", accounts)) & ~Q(InSet("pk", people))
