"""Which version of the score model a past day is judged by."""

from collections.abc import Sequence
from datetime import UTC, date

from django.db import connection

from accounts.clock import today_utc
from accounts.models import ScoreModel
from accounts.score_sql import run


def models_on(
    current: ScoreModel, days: Sequence[date], *, today: date | None = None
) -> dict[date, ScoreModel]:
    """Return the version each of some days is judged by, in two queries.

    That which the night's scores were kept with; where none were kept, that in force
    at the end of the day; before any was in force, and today, the present one.

    Args:
        current: the version in force now.
        days: UTC days.
        today: the UTC day.
    """
    today = today or today_utc()
    past = [day for day in days if day < today]
    if not past:
        return dict.fromkeys(days, current)
    with connection.cursor() as cursor:
        run(
            cursor,
            "versions",
            workspace=current.workspace_id,
            first=min(past),
            last=max(past),
        )
        kept = dict(cursor.fetchall())
    models = ScoreModel.objects.filter(workspace=current.workspace_id)
    by_version = {model.version: model for model in models.order_by("version")}
    applied = [model for model in by_version.values() if model.applied_at]
    found = dict.fromkeys(days, current)
    for day in past:
        version = kept[day]
        if version in by_version:
            found[day] = by_version[version]
        else:
            found[day] = _in_force(applied, day) or current
    return found


def model_on(
    current: ScoreModel, day: date, *, today: date | None = None
) -> ScoreModel:
    """Return the version that a day is judged by."""
    return models_on(current, [day], today=today)[day]


def _in_force(applied: Sequence[ScoreModel], day: date) -> ScoreModel | None:
    """Return the last of some versions, oldest first, applied by the end of a day."""
    until = [
        model
        for model in applied
        if model.applied_at and model.applied_at.astimezone(UTC).date() <= day
    ]
    return until[-1] if until else None
