"""The next version of a score model while it is thought about, and saving it.

Weights and daily caps live on the metrics: a draft that is saved changes them there,
in the transaction that makes the version, so that the settings of a metric and the
editor of the score model never say two things.
"""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.clock import today_utc
from accounts.errors import AccountsError
from accounts.models import Metric, ScoreModel, User, Workspace
from accounts.models.catalogue import default_weight
from accounts.score_models import (
    ACTIVE_DAYS,
    CHANGEABLE,
    FEWEST_ACTIVE,
    calibration,
    check_model,
    check_values,
    new_model_version,
    weights_of,
)
from accounts.tasks import score_touched

MOST_WEIGHT = 1e6
MOST_CAP = 2**31 - 1
LAST_VERSION = 2**31 - 1


class OvertakenError(AccountsError):
    """Somebody else made a version since the draft was begun."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Settings of a version that is not made yet."""

    # Of `CHANGEABLE`, all of them.
    values: Mapping[str, float | str]
    # Weight and daily cap of each metric, by its id as text.
    weights: Mapping[str, list[float | None]]
    # The newest version when it was begun.
    based_on: int
    note: str = field(default="", compare=False)

    @property
    def fingerprint(self) -> str:
        """Return a short text that is the same for the same settings."""
        text = json.dumps(
            [dict(self.values), dict(self.weights), self.based_on], sort_keys=True
        )
        return hashlib.sha256(text.encode()).hexdigest()[:20]

    def as_model(self, workspace: Workspace) -> ScoreModel:
        """Return the version it would be, not saved; its landmark is today."""
        return ScoreModel(
            workspace=workspace,
            version=self.based_on + 1,
            landmark=today_utc(),
            weights=dict(self.weights),
            note=self.note,
            **self.values,
        )


def newest_model(workspace: Workspace) -> ScoreModel:
    """Return the newest version, which the next one starts from."""
    return ScoreModel.objects.filter(workspace=workspace).latest("version")


def begin_draft(workspace: Workspace) -> Draft:
    """Return a draft that changes nothing."""
    newest = newest_model(workspace)
    return Draft(
        values={name: getattr(newest, name) for name in CHANGEABLE},
        weights=weights_of(workspace),
        based_on=newest.version,
    )


def draft_like(workspace: Workspace, version: int) -> Draft:
    """Return a draft with the values of an older version; newer metrics keep theirs.

    Raises:
        AccountsError: there is no such version.
    """
    model = ScoreModel.objects.filter(workspace=workspace, version=version).first()
    if model is None:
        raise AccountsError(f"There is no version {version}.")
    draft = begin_draft(workspace)
    return replace(
        draft,
        values={name: getattr(model, name) for name in CHANGEABLE},
        weights={
            pk: model.weights.get(pk, value) for pk, value in draft.weights.items()
        },
        note=f"Back to version {version}",
    )


def draft_calibrated(workspace: Workspace) -> Draft:
    """Return a draft whose scales put the median active one at 50.

    Raises:
        AccountsError: too few are active.
    """
    found = calibration(workspace)
    if not found.scales:
        raise AccountsError(
            f"To calibrate, {FEWEST_ACTIVE} developers or accounts must have been "
            f"active within {ACTIVE_DAYS} days."
        )
    draft = begin_draft(workspace)
    return replace(draft, values={**draft.values, **found.scales}, note=found.note)


def check_draft(workspace: Workspace, draft: Draft) -> None:
    """Refuse settings that make no sense, as AccountsError says."""
    check_values(draft.values)
    for weight, cap in draft.weights.values():
        if weight is None or not 0.0 <= weight <= MOST_WEIGHT:
            raise AccountsError(f"A weight must be between 0 and {MOST_WEIGHT:g}.")
        if cap is not None and not 0 <= cap <= MOST_CAP:
            raise AccountsError(f"A daily cap must be between 0 and {MOST_CAP}.")
    model = draft.as_model(workspace)
    # Whether its number is taken is asked when it is saved.
    model.version = LAST_VERSION
    check_model(model)


def level_weight(metric: Metric) -> float:
    """Return the weight that a metric has by its level."""
    return default_weight(metric.level)


def save_draft(
    workspace: Workspace,
    draft: Draft,
    *,
    actor: User | None = None,
    ip: str | None = None,
) -> ScoreModel:
    """Make the version, and have the workspace scored with it in the background.

    Raises:
        OvertakenError: somebody else made a version meanwhile.
        AccountsError: a value makes no sense.
    """
    check_draft(workspace, draft)
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        newest = newest_model(workspace)
        if newest.version != draft.based_on:
            raise OvertakenError(
                f"Version {newest.version} was made meanwhile. Look at what it changed "
                "and preview yours again."
            )
        changed = []
        for metric in Metric.objects.filter(workspace=workspace).select_for_update():
            weight, cap = draft.weights.get(
                str(metric.pk), [metric.weight, metric.daily_cap]
            )
            if (metric.weight, metric.daily_cap) != (weight, cap):
                metric.weight = weight
                metric.daily_cap = None if cap is None else int(cap)
                changed.append(metric)
        Metric.objects.bulk_update(changed, ["weight", "daily_cap"])
        values: dict[str, Any] = dict(draft.values)
        model = new_model_version(
            workspace, actor=actor, note=draft.note, ip=ip, **values
        )
        transaction.on_commit(_ask_for_scores)
    return model


def _ask_for_scores() -> None:
    # When the broker is away, beat asks within seconds of its return.
    with suppress(OperationalError):
        score_touched.delay()
