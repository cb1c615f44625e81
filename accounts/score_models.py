"""Versions of how a workspace turns usage into scores.

A new version is only written here. `accounts/score_store.py` applies it: it makes all
scores of the workspace anew, and until then the version before stays in force.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.audit import record
from accounts.clock import today_utc
from accounts.errors import AccountsError
from accounts.models import (
    AuditEntry,
    Metric,
    ScoreModel,
    ScoreRun,
    User,
    Workspace,
)
from accounts.models.catalogue import OTHER_LEVEL_WEIGHT
from accounts.models.score import Damp
from accounts.score_sql import run
from accounts.score_words import changes_of
from accounts.scoring import decay_from_landmark, scale_for_median

CHANGEABLE = (
    "half_life_days",
    "damp",
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
        weights=weights_of(workspace),
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
    ip: str | None = None,
    is_audited: bool = True,
    **changes: float | str,
) -> ScoreModel:
    """Write the next version: some of `CHANGEABLE`, and the metrics' weights of now.

    It is pending until the workspace is scored with it, which the next run of
    `score_touched` does. The audit log has a line of it, unless nobody did it.

    Raises:
        AccountsError: a value is unknown or makes no sense.
    """
    check_values(changes)
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        newest = ScoreModel.objects.filter(workspace=workspace).latest("version")
        values: dict[str, Any] = {name: getattr(newest, name) for name in CHANGEABLE}
        model = ScoreModel(
            workspace=workspace,
            version=newest.version + 1,
            landmark=today_utc(),
            weights=weights_of(workspace),
            note=note,
            created_by=actor,
            **{**values, **changes},
        )
        check_model(model)
        model.save(force_insert=True)
        ScoreRun.objects.create(model=model)
        if is_audited:
            record(
                workspace=workspace,
                action=AuditEntry.Action.SCORE_MODEL_CHANGED,
                subject=f"Version {model.version}",
                actor=actor,
                ip=ip,
                detail={
                    "note": note,
                    "changes": [change.text for change in changes_of(newest, model)],
                },
            )
    return model


def check_values(values: Mapping[str, float | str]) -> None:
    """Refuse settings that no score model has or that make no sense.

    Raises:
        AccountsError: says which and why.
    """
    unknown = set(values) - set(CHANGEABLE)
    if unknown:
        raise AccountsError(f"A score model has no {min(unknown)}.")
    for name, value in values.items():
        if name == "damp":
            if value not in Damp.values:
                raise AccountsError(f"There is no damping {value}.")
            continue
        low, high = LIMITS.get(name, (0.0, 100.0))
        if isinstance(value, str) or not low <= value <= high:
            raise AccountsError(
                f"{name.replace('_', ' ')} must be between {low:g} and {high:g}."
            )


def check_model(model: ScoreModel) -> None:
    """Refuse a version whose values contradict each other, as AccountsError says."""
    try:
        model.full_clean()
    except ValidationError as error:
        raise AccountsError(" ".join(error.messages)) from None


def sync_weights(workspace: Workspace, *, actor: User | None = None) -> ScoreModel:
    """Bring the newest version in step with the metrics; return what is newest then.

    New metrics join the version that is there. A changed weight or daily cap, or a
    metric that is gone, makes a new one.
    """
    newest = ScoreModel.objects.filter(workspace=workspace).latest("version")
    weights = weights_of(workspace)
    changed = [
        key for key, value in newest.weights.items() if weights.get(key) != value
    ]
    if changed:
        return new_model_version(
            workspace,
            actor=actor,
            note="Weights changed",
            is_audited=actor is not None,
        )
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


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scales that put the median active one at 50, and how many are active."""

    scales: dict[str, float]
    developers: int
    accounts: int

    @property
    def note(self) -> str:
        """Say what they come from."""
        return (
            f"Calibrated: {self.developers} developers, {self.accounts} accounts active"
        )


def calibrate(
    workspace: Workspace, *, actor: User | None = None, today: date | None = None
) -> ScoreModel | None:
    """Write a version whose scales put the median active one at 50.

    Returns None when neither changes; see `calibration`.
    """
    found = calibration(workspace, today=today)
    if not found.scales:
        return None
    scales: dict[str, Any] = found.scales
    return new_model_version(workspace, actor=actor, note=found.note, **scales)


def calibration(workspace: Workspace, *, today: date | None = None) -> Calibration:
    """Return the scales that put the median active developer, and account, at 50.

    Active means used within 30 days. With fewer than five active developers (or
    accounts) that scale is left out.
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
            scale = min(max(scale_for_median(points * now), low), high)
            # A number to be read and changed: the score of the median one moves by
            # less than is shown.
            scales[name] = float(f"{scale:.4g}")
    return Calibration(scales, developers, accounts)


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
        new_model_version(model.workspace, note="Landmark renewed", is_audited=False)
    return len(models)


def weights_of(workspace: Workspace) -> dict[str, list[float | None]]:
    """Return the weight and the daily cap of each metric, by its id as text."""
    metrics = Metric.objects.filter(workspace=workspace)
    return {
        str(metric.pk): [
            OTHER_LEVEL_WEIGHT if metric.weight is None else metric.weight,
            metric.daily_cap,
        ]
        for metric in metrics
    }
