"""Scores of past days: the daily snapshot of accounts, and trends.

Accounts have a row per day, because their developers come and go. A developer's past
is computed from their own usage when it is looked at.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter

from django.db import connection, transaction

from accounts.clock import today_utc
from accounts.models import Account, Developer, ScoreModel, ScoreSnapshot, Workspace
from accounts.score_lists import score_of
from accounts.score_models import current_model
from accounts.score_sql import run_on_uses
from accounts.score_versions import models_on
from accounts.scoring import running_points, score_from_points

TREND_DAYS = 90
KEEP_DAYS = 400
SMALLEST_SCORE = 0.5


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """The score at the end of one UTC day; today's is the score of now."""

    day: date
    score: float
    # Of the score model that the day is judged by.
    version: int


def snapshot_scores(day: date, *, workspace: Workspace | None = None) -> int:
    """Write the account scores of the end of a past UTC day; return how many.

    From usage, so it can be repeated, late events included, and run for any day.
    """
    return snapshot_range(day, day, workspace=workspace)


def snapshot_range(
    first: date, last: date, *, workspace: Workspace | None = None
) -> int:
    """Write the account scores of a range of days, replacing what is there.

    One pass over the usage however long the range is; with the score model and the
    accounts that developers have now. Days more than 200 half-lives before the
    model's landmark come out as zero.
    """
    written = 0
    chosen = Workspace.objects.filter(**({"pk": workspace.pk} if workspace else {}))
    # A transaction for each: a snapshot of one must not wait for all the others.
    for each in chosen.order_by("pk"):
        written += _snapshot(each, first, last)
    return written


def _snapshot(workspace: Workspace, first: date, last: date) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('uptick.snapshot', %s))",
            [workspace.pk],
        )
        ScoreSnapshot.objects.filter(
            workspace=workspace, day__range=(first, last)
        ).delete()
        run_on_uses(
            cursor,
            "snapshots",
            models=[current_model(workspace).pk],
            workspaces=[workspace.pk],
            developers=None,
            first=first,
            until=last,
            smallest=SMALLEST_SCORE,
        )
        return int(cursor.rowcount)


def prune_snapshots(today: date | None = None) -> int:
    """Delete the snapshots older than 400 days; return how many."""
    oldest = (today or today_utc()) - timedelta(days=KEEP_DAYS)
    # Named workspaces let the index by workspace and day serve.
    workspaces = Workspace.objects.values("pk")
    deleted, _ = ScoreSnapshot.objects.filter(
        workspace_id__in=workspaces, day__lt=oldest
    ).delete()
    return deleted


def trend(
    subject: Account | Developer, *, days: int = TREND_DAYS, today: date | None = None
) -> list[TrendPoint]:
    """Return the score of each of the last days, oldest first, today's last."""
    model = current_model(subject.workspace)
    if isinstance(subject, Account):
        return account_trends([subject], model, days=days, today=today)[subject.pk]
    return developer_trends([subject], model, days=days, today=today)[subject.pk]


def account_trends(
    accounts: Collection[Account],
    model: ScoreModel,
    *,
    days: int = TREND_DAYS,
    today: date | None = None,
) -> dict[int, list[TrendPoint]]:
    """Return the trends of accounts by id, from snapshots, in three queries.

    Today's point is the score of now: select ``score`` along with the accounts.
    """
    calendar = _calendar(days, today)
    models = models_on(model, calendar, today=calendar[-1])
    kept = {
        (account, day): TrendPoint(day, score, version)
        for account, day, score, version in ScoreSnapshot.objects.filter(
            account__in=accounts, day__range=(calendar[0], calendar[-1])
        ).values_list("account_id", "day", "score", "model_version")
    }
    return {
        account.pk: [
            *(
                kept.get((account.pk, day), TrendPoint(day, 0.0, models[day].version))
                for day in calendar[:-1]
            ),
            TrendPoint(
                calendar[-1], score_of(account, model, calendar[-1]), model.version
            ),
        ]
        for account in accounts
    }


def developer_trends(
    developers: Collection[Developer],
    model: ScoreModel,
    *,
    days: int = TREND_DAYS,
    today: date | None = None,
) -> dict[int, list[TrendPoint]]:
    """Return the trends of developers by id, from their usage, in three queries.

    Each day is judged by the version that was in force; ``model`` is the present one.
    """
    calendar = _calendar(days, today)
    models = models_on(model, calendar, today=calendar[-1])
    versions = {each.pk: each for each in models.values()}
    ids = [developer.pk for developer in developers]
    with connection.cursor() as cursor:
        run_on_uses(
            cursor,
            "uses_by_day",
            models=list(versions),
            workspaces=[model.workspace_id],
            developers=ids,
            until=calendar[-1],
            first=calendar[0],
        )
        uses = {
            key: [(day, points) for _, _, day, points in rows]
            for key, rows in groupby(cursor.fetchall(), key=itemgetter(0, 1))
        }
    return {
        developer: _trend(
            {pk: uses.get((pk, developer), []) for pk in versions}, models, calendar
        )
        for developer in ids
    }


def _trend(
    uses: Mapping[int, Sequence[tuple[date, float]]],
    models: Mapping[date, ScoreModel],
    calendar: Sequence[date],
) -> list[TrendPoint]:
    """Return the score of each day by its own version, from uses by version."""
    versions = {model.pk: model for model in models.values()}
    points = {
        pk: dict(
            zip(
                calendar,
                running_points(uses[pk], calendar, model.half_life_days),
                strict=True,
            )
        )
        for pk, model in versions.items()
    }
    return [
        TrendPoint(
            day,
            score_from_points(points[model.pk][day], model.developer_scale),
            model.version,
        )
        for day in calendar
        for model in (models[day],)
    ]


def _calendar(days: int, today: date | None) -> list[date]:
    last = today or today_utc()
    return [last - timedelta(days=days - 1 - i) for i in range(days)]
