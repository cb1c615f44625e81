"""Versions of how a workspace turns usage into scores.

A new version is only written here. `accounts/score_store.py` applies it: it makes all
scores of the workspace anew, and until then the version before stays in force.
"""

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.clock import today_utc
from accounts.errors import AccountsError
from accounts.models import Metric, ScoreModel, User, Workspace
from accounts.models.catalogue import OTHER_LEVEL_WEIGHT
from accounts.score_sql import run
from accounts.scoring import decay_from_landmark, scale_for_median

CHANGEABLE = (
    "half_life_days",
    "developer_scale",
    "account_scale",
    "breadth_bonus",
    "high_from",
    "medium_from",
)
# Outside of these, doubles over- or underflow somewhere between usage and score.
LIMITS = {
    "half_life_days": (1.0, 3650.0),
    "developer_scale": (1e-3, 1e12),
    "account_scale": (1e-3, 1e12),
    "breadth_bonus": (0.0, 10.0),
}
# Calibration: whose median lands at 50, and how many there must be.
ACTIVE_DAYS = 30
FEWEST_ACTIVE = 5
# Half-lives after which stored points are written anew: doubles end at 1024.
LONGEST_LANDMARK = 100


def first_model(workspace: Workspace) -> ScoreModel:
    """Create version 1 of a new workspace, in force at once: nothing is scored yet."""
    return ScoreModel.objects.create(
        workspace=workspace,
        version=1,
        landmark=today_utc(),
        weights=_weights(workspace),
        note="First version",
        applied_at=timezone.now(),
    )


def current_model(workspace: Workspace) -> ScoreModel:
    """Return the version that the workspace's scores were made with."""
    return (
        ScoreModel.objects.filter(workspace=workspace)
        .filter(Q(applied_at__isnull=False) | Q(version=1))
        .latest("version")
    )


def pending_model(workspace: Workspace) -> ScoreModel | None:
    """Return the newest version when the scores have not been made with it yet."""
    newest = ScoreModel.objects.filter(workspace=workspace).latest("version")
    return newest if newest.applied_at is None else None


def pending_workspaces() -> list[int]:
    """Return the ids of the workspaces that have a pending version."""
    newest = (
        ScoreModel.objects.order_by("workspace_id", "-version")
        .distinct("workspace_id")
        .values("pk")
    )
    return list(
        ScoreModel.objects.filter(pk__in=newest, applied_at__isnull=True).values_list(
            "workspace_id", flat=True
        )
    )


def new_model_version(
    workspace: Workspace,
    *,
    actor: User | None = None,
    note: str = "",
    **changes: float,
) -> ScoreModel:
    """Write the next version: some of `CHANGEABLE`, and the metrics' weights of now.

    It is pending until the workspace is scored with it, which the next run of
    `score_touched` does.

    Raises:
        AccountsError: a value is unknown or makes no sense.
    """
    unknown = set(changes) - set(CHANGEABLE)
    if unknown:
        raise AccountsError(f"A score model has no {min(unknown)}.")
    for name, value in changes.items():
        low, high = LIMITS.get(name, (0.0, 100.0))
        if not low <= value <= high:
            raise AccountsError(
                f"{name.replace('_', ' ')} must be between {low:g} and {high:g}."
            )
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        newest = ScoreModel.objects.filter(workspace=workspace).latest("version")
        values: dict[str, Any] = {name: getattr(newest, name) for name in CHANGEABLE}
        model = ScoreModel(
            workspace=workspace,
            version=newest.version + 1,
            landmark=today_utc(),
            weights=_weights(workspace),
            note=note,
            created_by=actor,
            **{**values, **changes},
        )
        try:
            model.full_clean()
        except ValidationError as error:
            raise AccountsError(" ".join(error.messages)) from None
        model.save(force_insert=True)
    return model


def sync_weights(workspace: Workspace, *, actor: User | None = None) -> ScoreModel:
    """Bring the newest version in step with the metrics; return what is newest then.

    New metrics join the version that is there. A changed weight or daily cap, or a
    metric that is gone, makes a new one.
    """
    newest = ScoreModel.objects.filter(workspace=workspace).latest("version")
    weights = _weights(workspace)
    changed = [
        key for key, value in newest.weights.items() if weights.get(key) != value
    ]
    if changed:
        return new_model_version(workspace, actor=actor, note="Weights changed")
    if len(weights) > len(newest.weights):
        add_new_metrics([newest.pk])
        newest.refresh_from_db()
    return newest


def add_new_metrics(models: list[int]) -> None:
    """Add the metrics that these versions do not know yet to their weights.

    Nothing was ever scored with such a metric, so no score changes its meaning.
    """
    with connection.cursor() as cursor:
        run(cursor, "add_metrics", models=models, weight=OTHER_LEVEL_WEIGHT)


def calibrate(
    workspace: Workspace, *, actor: User | None = None, today: date | None = None
) -> ScoreModel | None:
    """Write a version whose scales put the median active one at 50.

    Active means used within 30 days. With fewer than five active developers (or
    accounts) that scale stays. Returns None when neither changes.
    """
    today = today or today_utc()
    model = current_model(workspace)
    with connection.cursor() as cursor:
        run(
            cursor,
            "median",
            workspace=workspace.pk,
            since=today - timedelta(days=ACTIVE_DAYS),
        )
        row: tuple[float | None, int, float | None, int] = cursor.fetchone()
    developer_points, developers, account_points, accounts = row
    now = decay_from_landmark(
        landmark=model.landmark, today=today, half_life_days=model.half_life_days
    )
    scales = {}
    for name, points, number in (
        ("developer_scale", developer_points, developers),
        ("account_scale", account_points, accounts),
    ):
        if points is not None and number >= FEWEST_ACTIVE:
            low, high = LIMITS[name]
            scales[name] = min(max(scale_for_median(points * now), low), high)
    if not scales:
        return None
    note = f"Calibrated: {developers} developers, {accounts} accounts active"
    return new_model_version(workspace, actor=actor, note=note, **scales)


def renew_landmarks(today: date | None = None) -> int:
    """Give a new version to each workspace whose landmark is too long ago.

    Stored points grow with the days since the landmark and would overflow after 1024
    half-lives. Returns how many.
    """
    today = today or today_utc()
    newest = (
        ScoreModel.objects.order_by("workspace_id", "-version")
        .distinct("workspace_id")
        .values("pk")
    )
    models = [
        model
        for model in ScoreModel.objects.filter(pk__in=newest).select_related(
            "workspace"
        )
        if (today - model.landmark).days > LONGEST_LANDMARK * model.half_life_days
    ]
    for model in models:
        new_model_version(model.workspace, note="Landmark renewed")
    return len(models)


def _weights(workspace: Workspace) -> dict[str, list[float | None]]:
    metrics = Metric.objects.filter(workspace=workspace)
    return {
        str(metric.pk): [
            OTHER_LEVEL_WEIGHT if metric.weight is None else metric.weight,
            metric.daily_cap,
        ]
        for metric in metrics
    }
