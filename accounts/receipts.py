"""Receipts: which uses make up a score, line by line, adding up exactly.

A receipt is computed from daily usage with the score model in force, for now or for the
end of any past day; it is also how a developer's or account's score can be checked.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection

from accounts.clock import today_utc
from accounts.models import (
    Account,
    AccountScore,
    Developer,
    Product,
    ScoreModel,
    TouchedDeveloper,
)
from accounts.score_models import current_model
from accounts.score_sql import run_on_uses
from accounts.score_versions import model_on
from accounts.scoring import (
    Band,
    apportion,
    band_of,
    breadth_points,
    decay,
    effective_developers,
    score_from_points,
    shown_score,
)

# Lines of fewer points than a page can show come as one.
SMALLEST_LINE = 0.005
# How far back pages and the API give them.
RECEIPT_DAYS = 90


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    """Uses of one metric on one day: ``weight × damp × age_factor = points``."""

    metric_id: int
    metric: str
    # Names of the products used, separated by commas.
    product: str
    day: date
    # How many developers used it; 1 on a developer's receipt.
    developers: int
    count: int
    # Uses after the metric's daily cap, which holds per developer.
    counted: int
    weight: float
    # What the model's damping makes of them, summed over the developers.
    damp: float
    # Negative for usage of a day that has not begun in UTC.
    age_days: int
    age_factor: float
    points: float
    # Points to two decimals, and what they are of the score, to one: each adds up
    # exactly to its shown total.
    shown: Decimal
    share: Decimal


@dataclass(frozen=True, slots=True)
class OtherUses:
    """Everything older or smaller than the lines above it, as one line."""

    # Lines folded into this one, and the uses on them.
    lines: int
    count: int
    points: float
    shown: Decimal
    share: Decimal


@dataclass(frozen=True, slots=True)
class Breadth:
    """What an account gains because several people use the product."""

    effective_developers: float
    # Share of the points for each doubling of the effective developers.
    bonus: float
    points: float
    shown: Decimal
    share: Decimal


@dataclass(frozen=True, slots=True)
class Receipt:
    """A score and everything that made it, largest first."""

    lines: tuple[ReceiptLine, ...]
    other: OtherUses | None
    # Only on an account's receipt.
    breadth: Breadth | None
    points: float
    shown_points: Decimal
    # Points that score 63 (1 − 1/e).
    scale: float
    score: float
    # As every page writes it; the shares add up to it.
    shown_score: Decimal
    band: Band
    half_life_days: float
    # How the model damps further uses on a day: one of `Damp`.
    damping: str
    model_version: int
    as_of: date

    def folded(self, limit: int) -> "Receipt":
        """Return the same receipt with at most so many lines, the rest as one."""
        if len(self.lines) <= limit:
            return self
        kept, rest = self.lines[:limit], self.lines[limit:]
        other = self.other or OtherUses(0, 0, 0.0, Decimal(0), Decimal(0))
        folded = OtherUses(
            lines=other.lines + len(rest),
            count=other.count + sum(line.count for line in rest),
            points=math.fsum([other.points, *(line.points for line in rest)]),
            shown=other.shown + sum(line.shown for line in rest),
            share=other.share + sum(line.share for line in rest),
        )
        return replace(self, lines=kept, other=folded)


def receipt_for_developer(
    developer: Developer, *, on: date | None = None, model: ScoreModel | None = None
) -> Receipt:
    """Return the receipt of a developer, as of now or of the end of a past UTC day.

    ``model`` None is the version that the day is judged by.
    """
    model = model or _model_of(developer, on)
    return _receipt(model, developer, scale=model.developer_scale, on=on)


def receipt_for_account(
    account: Account, *, on: date | None = None, model: ScoreModel | None = None
) -> Receipt:
    """Return the receipt of an account, with the developers it has now.

    Lines are summed over developers; the daily cap and the damping hold for each.
    ``model`` None is the version that the day is judged by.
    """
    model = model or _model_of(account, on)
    return _receipt(model, account, scale=model.account_scale, on=on)


def _model_of(subject: Account | Developer, on: date | None) -> ScoreModel:
    current = current_model(subject.workspace)
    return current if on is None else model_on(current, on)


def _receipt(
    model: ScoreModel, subject: Account | Developer, *, scale: float, on: date | None
) -> Receipt:
    as_of = on or today_utc()
    uses = _uses(model, subject, as_of=as_of, until=on)
    ages = [(as_of - use.day).days if use.day else 0 for use in uses]
    factors = [decay(age, model.half_life_days) for age in ages]
    points = [
        use.weight * use.damp * factor if use.day else use.points
        for use, factor in zip(uses, factors, strict=True)
    ]
    if isinstance(subject, Account):
        effective = _effective_developers(model, subject, until=on)
        points.append(breadth_points(math.fsum(points), effective, model.breadth_bonus))
    total = math.fsum(points)
    score = score_from_points(total, scale)
    shown = apportion(points)
    shares = apportion(
        [score * (gained / total) if total else 0.0 for gained in points],
        digits=1,
        total=shown_score(score),
    )
    lines, other = [], None
    for use, age, factor, gained, value, share in zip(
        uses, ages, factors, points, shown, shares, strict=False
    ):
        if use.day is None:
            other = OtherUses(use.lines, use.count, gained, value, share)
            continue
        lines.append(
            ReceiptLine(
                metric_id=use.metric_id,
                metric=use.metric,
                product=use.product,
                day=use.day,
                developers=use.lines,
                count=use.count,
                counted=use.counted,
                weight=use.weight,
                damp=use.damp,
                age_days=age,
                age_factor=factor,
                points=gained,
                shown=value,
                share=share,
            )
        )
    return Receipt(
        lines=tuple(lines),
        other=other,
        breadth=(
            Breadth(effective, model.breadth_bonus, points[-1], shown[-1], shares[-1])
            if isinstance(subject, Account)
            else None
        ),
        points=total,
        shown_points=sum(shown, Decimal(0)),
        scale=scale,
        score=score,
        shown_score=shown_score(score),
        band=band_of(score, model),
        half_life_days=model.half_life_days,
        damping=model.damp,
        model_version=model.version,
        as_of=as_of,
    )


@dataclass(frozen=True, slots=True)
class _Use:
    """A row of score_receipt.sql; without a day it stands for many."""

    metric_id: int
    metric: str
    product: str
    day: date | None
    # Developers of a line; lines of the row that stands for many.
    lines: int
    count: int
    counted: int
    weight: float
    damp: float
    points: float


def _uses(
    model: ScoreModel,
    subject: Account | Developer,
    *,
    as_of: date,
    until: date | None,
) -> list[_Use]:
    is_account = isinstance(subject, Account)
    products = dict(
        Product.objects.filter(workspace_id=model.workspace_id)
        .order_by("name")
        .values_list("pk", "name")
    )
    with connection.cursor() as cursor:
        run_on_uses(
            cursor,
            "receipt",
            models=[model.pk],
            workspaces=[model.workspace_id],
            developers=() if is_account else (subject.pk,),
            account=subject.pk if is_account else None,
            alike=True,
            until=until,
            products=list(products),
            marks=_marks(len(products)),
            as_of=as_of,
            smallest=SMALLEST_LINE,
        )
        rows = cursor.fetchall()
    # Mostly the same few over and over.
    named = {marks: _marked(marks, products.values()) for _, _, marks, *_ in rows}
    return [_Use(pk, metric, named[marks], *rest) for pk, metric, marks, *rest in rows]


def _marks(number: int) -> list[str]:
    """Return a bit of its own for each of so many things: `100`, `010`, `001`."""
    return ["0" * place + "1" + "0" * (number - 1 - place) for place in range(number)]


def _marked(marks: str | None, names: Iterable[str]) -> str:
    """Write the names of those whose bits are set."""
    named = (name for bit, name in zip(marks or "", names, strict=False) if bit == "1")
    return ", ".join(dict.fromkeys(named))


def _effective_developers(
    model: ScoreModel, account: Account, *, until: date | None
) -> float:
    """Return how many equally active people an account's would look like.

    As of now, points are those of the people's scores, worked out only for those whose
    newer use waits to be scored: an account may have thousands.
    """
    kept = _scored(account, model) if until is None else None
    if kept is not None and not kept.waiting:
        return float(kept.effective_developers)
    with connection.cursor() as cursor:
        run_on_uses(
            cursor,
            "breadth",
            models=[model.pk],
            workspaces=[model.workspace_id],
            developers=() if kept is None else kept.waiting,
            account=account.pk if kept is None else None,
            scored_in=None if kept is None else account.pk,
            until=until,
        )
        total, squares = cursor.fetchone()
    return effective_developers(total, squares)


def _scored(account: Account, model: ScoreModel) -> Any:
    """Return an account's score by a model, with those who wait for another one.

    ``waiting`` is the ids of the account's developers with newer use.
    """
    people = Developer.objects.filter(account=account).values("pk")
    touched = TouchedDeveloper.objects.filter(developer_id__in=people)
    return (
        AccountScore.objects.filter(pk=account.pk, model_version=model.version)
        .annotate(waiting=ArraySubquery(touched.values("developer_id")))
        .first()
    )
