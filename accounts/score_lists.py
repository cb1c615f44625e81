"""Scores in lists of accounts and developers: annotated, filtered by band.

Order by ``-score__points`` (served by an index): the order of stored points is the
order of scores, on every day.
"""

from datetime import date
from typing import Any, TypeVar

from django.db.models import Exists, F, FloatField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Exp, Least

from accounts.models import (
    Account,
    Developer,
    Metric,
    ScoreModel,
    TouchedDeveloper,
    Workspace,
)
from accounts.models.score import Trend
from accounts.scoring import (
    HALF_SHOWN,
    LARGEST_EXPONENT,
    Band,
    decay_from_landmark,
    points_at_score,
    score_from_points,
)

Subject = TypeVar("Subject", Account, Developer)


def with_score(
    queryset: QuerySet[Subject], model: ScoreModel, today: date
) -> QuerySet[Any]:
    """Annotate accounts or developers of one workspace with their score of today.

    Adds ``points_now``, ``score_now`` (0 to 100; 0 without any use) and ``is_stale``:
    True while newer usage, or a newer score model, waits to be scored.

    Args:
        queryset: accounts or developers.
        model: the workspace's `current_model`.
        today: the UTC day.
    """
    points: Any = Coalesce(F("score__points"), 0.0) * Value(_factor(model, today))
    exponent = Least(
        F("points_now") / Value(scale_of(queryset.model, model)),
        Value(LARGEST_EXPONENT),
        output_field=FloatField(),
    )
    touched = TouchedDeveloper.objects.filter(workspace_id=model.workspace_id)
    waiting: Any = Exists(touched.filter(developer_id=OuterRef("pk")))
    if queryset.model is Account:
        # The few who wait, once; not for each account the many that it may have.
        people = Developer.objects.filter(
            pk__in=touched.values("developer_id"), account__isnull=False
        )
        waiting = Q(pk__in=people.values("account_id"))
    return queryset.annotate(
        points_now=points,
        score_now=(Value(1.0) - Exp(-exponent)) * Value(100.0),
        is_stale=waiting
        | Exists(
            ScoreModel.objects.filter(
                workspace_id=model.workspace_id, version__gt=model.version
            )
        ),
    )


def with_worth(queryset: QuerySet[Subject]) -> QuerySet[Any]:
    """Annotate accounts or developers with their lifetime value.

    Adds ``worth`` and ``has_worth``: whether their workspace adds up values at all.
    """
    metrics = Metric.objects.filter(
        workspace_id=OuterRef("workspace_id"), adds_to_lifetime_value=True
    )
    return queryset.annotate(
        worth=Coalesce(F("score__lifetime_value"), 0.0), has_worth=Exists(metrics)
    )


def in_band(
    queryset: QuerySet[Subject], band: Band, model: ScoreModel, today: date
) -> QuerySet[Subject]:
    """Keep those whose score of today lies in a band; Low includes the unscored."""
    scale = scale_of(queryset.model, model)
    factor = _factor(model, today)
    high, medium = (
        points_at_score(start - HALF_SHOWN, scale) / factor
        for start in (model.high_from, model.medium_from)
    )
    match band:
        case Band.HIGH:
            return queryset.filter(score__points__gte=high)
        case Band.MEDIUM:
            return queryset.filter(score__points__gte=medium, score__points__lt=high)
        case Band.LOW:
            return queryset.filter(Q(score__points__lt=medium) | Q(score__isnull=True))


def in_trend(
    queryset: QuerySet[Subject], trend: Trend, workspace: Workspace
) -> QuerySet[Subject]:
    """Keep those with a trend; walks account_trend_order and developer_trend_order."""
    return queryset.filter(score__trend=trend, score__workspace=workspace)


def score_of(subject: Account | Developer, model: ScoreModel, today: date) -> float:
    """Return the score of today of one account or developer, 0 without any use.

    Reads ``subject.score``, so select it along with lists.
    """
    stored = getattr(subject, "score", None)
    if stored is None:
        return 0.0
    points = stored.points * _factor(model, today)
    return score_from_points(points, scale_of(type(subject), model))


def scale_of(subject: type[Account | Developer], model: ScoreModel) -> float:
    """Return the points that score 63, for accounts or for developers."""
    return model.account_scale if subject is Account else model.developer_scale


def _factor(model: ScoreModel, today: date) -> float:
    return decay_from_landmark(
        landmark=model.landmark, today=today, half_life_days=model.half_life_days
    )
