"""Turns a rule into one query.

Conditions on the row and its score become plain conditions. Everything else is a set
of ids (`InSet`), which the planner can join only where all must hold: below "any" it
would look every row up. So an "any" with sets in it becomes the union of its parts,
and the opposite of several conditions is what is not in the set of their matches.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet

from accounts.models import Account, Developer, Subject, Workspace
from accounts.segments.context import Asked, Context
from accounts.segments.fields import fields_of
from accounts.segments.names import Names
from accounts.segments.operators import OPPOSITES
from accounts.segments.schema import (
    FieldCondition,
    Node,
    Not,
    Rule,
    UsageCondition,
)
from accounts.segments.sql import Among, InSet
from accounts.segments.usage import usage_filter


def matching(
    rule: Rule,
    *,
    workspace: Workspace,
    subject: Subject | str,
    today: date,
    only: Collection[int] | None = None,
    names: Names | None = None,
) -> QuerySet[Any]:
    """Return the accounts or developers that a rule selects, unordered.

    Args:
        rule: as `accounts.segments.schema.parse` read it.
        workspace: whose accounts or developers.
        subject: the rule's subject.
        today: the UTC day that "the last 30 days" ends on.
        only: ids to which the answer is limited, which makes it quick.
        names: the workspace's names, if the caller has read some already.

    Raises:
        ValueError: the rule is about something else.
    """
    if rule.subject != subject:
        raise ValueError(f"A rule about {rule.subject.label.lower()}.")
    context = Context(workspace, today, only=only, names=names)
    rows = everybody(rule.subject, workspace)
    if context.only is not None:
        rows = rows.filter(Among(F("pk"), context.only))
    return rows.filter(_compile(rule.root, rule.subject, context).where)


def part_matching(node: Node, subject: Subject, context: Context) -> QuerySet[Any]:
    """Return whom one part of a rule selects."""
    rows = everybody(subject, context.workspace)
    if context.only is not None:
        rows = rows.filter(Among(F("pk"), context.only))
    return rows.filter(_compile(node, subject, context).where)


def everybody(subject: Subject, workspace: Workspace) -> QuerySet[Any]:
    """Return all accounts, or all developers but the nameless users of companies."""
    if subject == Subject.ACCOUNT:
        return Account.objects.in_workspace(workspace).order_by()
    people = Developer.objects.in_workspace(workspace)
    return people.filter(is_aggregate=False).order_by()


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A condition as a filter. A plain one reads the row and its score alone."""

    where: Q
    is_plain: bool


def _compile(node: Node, subject: Subject, context: Context) -> _Compiled:
    if isinstance(node, FieldCondition):
        return _field(node, subject, context)
    if isinstance(node, UsageCondition):
        return _Compiled(usage_filter(node, subject, context), is_plain=False)
    if isinstance(node, Not):
        part = _compile(node.part, subject, context)
        is_leaf = isinstance(node.part, FieldCondition | UsageCondition)
        if part.is_plain or (is_leaf and len(part.where.children) == 1):
            return _Compiled(~part.where, part.is_plain)
        return _Compiled(~_in_set(part.where, subject, context), is_plain=False)
    parts = [_compile(part, subject, context) for part in node.parts]
    return _all(parts) if node.is_all else _any(parts, subject, context)


def _all(parts: list[_Compiled]) -> _Compiled:
    where = Q()
    for part in parts:
        where &= part.where
    return _Compiled(where, all(part.is_plain for part in parts))


def _any(parts: list[_Compiled], subject: Subject, context: Context) -> _Compiled:
    if len(parts) == 1:
        return parts[0]
    plain = Q()
    for part in parts:
        if part.is_plain:
            plain |= part.where
    sets = [part.where for part in parts if not part.is_plain]
    if not sets:
        return _Compiled(plain, is_plain=True)
    if plain:
        sets.insert(0, plain)
    first, *others = (_ids(where, subject, context) for where in sets)
    return _Compiled(Q(InSet("pk", first.union(*others, all=True))), is_plain=False)


def _ids(where: Q, subject: Subject, context: Context) -> QuerySet[Any, Any]:
    rows = everybody(subject, context.workspace)
    if context.only is not None:
        rows = rows.filter(Among(F("pk"), context.only))
    return rows.filter(where).values("pk")


def _in_set(where: Q, subject: Subject, context: Context) -> Q:
    return Q(InSet("pk", _ids(where, subject, context)))


def _field(asked: FieldCondition, subject: Subject, context: Context) -> _Compiled:
    if not asked.prefix:
        found = fields_of(subject)[asked.field]
        positive = OPPOSITES.get(asked.operator)
        question = Asked(positive or asked.operator, asked.value, asked.key, context)
        where = found.where(question)
        return _Compiled(~where if positive else where, not found.is_set)
    # A fact of the developer's account, or of some developer of the account.
    other = Subject(asked.prefix)
    without = FieldCondition(asked.field, asked.operator, asked.value, asked.key)
    elsewhere = Context(context.workspace, context.today, names=context.names)
    inner = _field(without, other, elsewhere)
    if other == Subject.ACCOUNT:
        rows = everybody(other, context.workspace).filter(inner.where)
        return _Compiled(Q(InSet("account_id", rows.values("pk"))), is_plain=False)
    rows = everybody(other, context.workspace).filter(account__isnull=False)
    if context.only is not None:
        rows = rows.filter(Among(F("account_id"), context.only))
    owners = rows.filter(inner.where).values("account_id")
    return _Compiled(Q(InSet("pk", owners)), is_plain=False)
