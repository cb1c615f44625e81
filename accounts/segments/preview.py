"""Whom a rule would select: how many and a few of them, quickly.

The planner is asked first what the whole answer costs. Where that is more than a page
can wait for, some accounts or developers are drawn by lot and judged, which takes
look-ups by key instead of a pass over a month of usage: with a million developers and
ten million rows of usage, a quarter of a second becomes seconds otherwise. The same
ones are drawn every time, so that the number moves with the rule and not by itself.
"""

import json
import random
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F, QuerySet

from accounts.models import Subject, Workspace
from accounts.segments.compile import everybody
from accounts.segments.names import Names
from accounts.segments.schema import Rule
from accounts.segments.selection import selected
from accounts.segments.sql import Among

SHOWN = 10
# Counting goes on no further: a rule that so many match is wide, whatever the number.
COUNTED_UP_TO = 10_000
# In units of the planner, of which an idle machine of 2020 does some 300 a millisecond.
DEAREST = 30_000.0
# How many are judged instead of all. An account is judged by all of its developers.
DRAWN = {Subject.ACCOUNT: 400, Subject.DEVELOPER: 2000}
MOST_DRAWS = 60_000
# Of n drawn ones without a match, the share of matches is below 3/n, 95 times of 100.
RULE_OF_THREE = 3


@dataclass(frozen=True, slots=True)
class Preview:
    """How many match, as far as was counted, and some of them.

    An estimate is out of ``drawn`` ones. ``is_exact`` false and no estimate: more than
    ``count``. An estimate without a match is a bound: probably fewer than ``count``.
    """

    count: int
    is_exact: bool
    rows: tuple[Any, ...]
    drawn: int = 0
    matched: int = 0

    @property
    def is_estimate(self) -> bool:
        """Say whether only some were judged."""
        return self.drawn > 0

    @property
    def text(self) -> str:
        """Write the number for people."""
        if self.is_estimate:
            sign = "about" if self.matched else "probably fewer than"
            return f"{sign} {_rounded(self.count):,}"
        return f"{self.count:,}" if self.is_exact else f"more than {self.count:,}"


def is_quick(rule: Rule, workspace: Workspace, *, today: date) -> bool:
    """Say whether the whole answer comes while somebody waits for a page."""
    try:
        cost, _ = _planned(selected(rule, workspace, today=today).values("pk"))
    except EmptyResultSet:
        return True
    return cost <= DEAREST


def preview(
    rule: Rule,
    workspace: Workspace,
    *,
    today: date,
    names: Names | None = None,
    count_all: bool = False,
) -> Preview:
    """Count whom a rule selects and show some; ``count_all`` waits for the whole."""
    names = names or Names(workspace)
    rows = selected(rule, workspace, today=today, names=names)
    if count_all:
        first = list(rows.values_list("pk", flat=True)[:SHOWN])
        return Preview(rows.count(), is_exact=True, rows=_show(rows, first))
    try:
        cost, _ = _planned(rows.values("pk"))
    except EmptyResultSet:
        return Preview(0, is_exact=True, rows=())
    if cost > DEAREST:
        found = _drawn(rule, workspace, today=today, names=names)
        if found is not None:
            return found
    pks = list(rows.values_list("pk", flat=True)[: COUNTED_UP_TO + 1])
    return Preview(
        count=min(len(pks), COUNTED_UP_TO),
        is_exact=len(pks) <= COUNTED_UP_TO,
        rows=_show(rows, sorted(pks)[:SHOWN]),
    )


def _drawn(
    rule: Rule, workspace: Workspace, *, today: date, names: Names
) -> Preview | None:
    """Estimate out of some; None when there are too few for that."""
    everyone = everybody(rule.subject, workspace)
    _, total = _planned(everyone.values("pk"))
    wanted = DRAWN[rule.subject]
    if total <= wanted:
        return None
    newest = everyone.model._default_manager.order_by("-pk")  # noqa: SLF001 documented
    last: int = newest.values_list("pk", flat=True)[0]
    # Other workspaces have numbers in between.
    draws = min(int(wanted * max(last / total, 1.0)), MOST_DRAWS)
    lot = random.Random(workspace.pk)  # noqa: S311 no secret
    numbers = lot.sample(range(1, last + 1), min(draws, last))
    there = sorted(
        everyone.filter(Among(F("pk"), numbers)).values_list("pk", flat=True)
    )
    if not there:
        return None
    rows = selected(rule, workspace, today=today, only=there, names=names)
    found = sorted(rows.values_list("pk", flat=True))
    share = (len(found) or RULE_OF_THREE) / len(there)
    return Preview(
        count=max(round(share * total), 1),
        is_exact=False,
        rows=_show(rows, found[:SHOWN]),
        drawn=len(there),
        matched=len(found),
    )


def _show(rows: QuerySet[Any], pks: list[int]) -> tuple[Any, ...]:
    plain = rows.model._default_manager.select_related("score")  # noqa: SLF001 documented API
    return tuple(plain.in_bulk(pks).values())


def _planned(rows: QuerySet[Any, Any]) -> tuple[float, int]:
    """Return what the planner expects: the cost of the whole answer, and its length."""
    text, params = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {text}", params)
        (answer,) = cursor.fetchone()
    plan = (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]
    return float(plan["Total Cost"]), int(plan["Plan Rows"])


def _rounded(number: int) -> int:
    """Keep two figures: an estimate has no more."""
    unit: int = 10 ** max(len(str(number)) - 2, 0)
    return max(round(number / unit) * unit, 1)
