"""Does it stay quick at a million developers? Pages, scoring, nightly work, news.

A few minutes at the full size; the default size is for seeing that nothing has broken.
"""

from collections.abc import Callable
from datetime import timedelta

from django.db import connection

from accounts import judging, version_counts
from accounts.clock import today_utc
from accounts.models import (
    Account,
    DailyUsage,
    Developer,
    Role,
    ScoreModel,
    Workspace,
)
from accounts.score_history import snapshot_range, snapshot_scores
from accounts.score_store import score_workspace
from accounts.segments.membership import refresh_all
from accounts.services import create_workspace, new_user, set_role
from accounts.trend_refresh import refresh_trends
from bench import scale_live, scale_pages
from bench.clock import Clock
from bench.figures import Check, Row, Section
from bench.machine import load_average
from bench.scale_data import fill
from bench.scale_size import Size
from ingest.models import Event

SLUG = "scale"
RESCORE_TARGET = 180.0
HISTORY_DAYS = 30


def measure(size: Size, *, rounds: int, generator: str) -> Section:
    """Fill a workspace of its own and measure what people and machines do with it."""
    load = load_average()
    workspace = create_workspace(SLUG, "Scale")
    filling = _row(Clock(), "fill by statements", lambda: fill(workspace, size))
    section = Section(
        "At scale",
        f"{_described(workspace)}. Pages through all of Django in this process, many "
        "addresses a round: lists at eleven depths and in both directions. Jobs once.",
        rows=[filling],
        load_average=load,
    )
    _jobs(section, workspace)
    user, _ = new_user("scale@bench.example")
    set_role(workspace, user, Role.ADMIN)
    rows, checks = scale_pages.measure(workspace, user, rounds=rounds)
    section.rows += rows
    section.checks += checks
    connection.close()
    rows, checks = scale_live.measure(workspace, generator=generator)
    section.rows += rows
    section.checks += checks
    return section


def _jobs(section: Section, workspace: Workspace) -> None:
    """Score and judge everybody, and do what every night does."""
    clock = Clock()
    first = _row(clock, "score all, the first time", lambda: score_workspace(workspace))
    again = _row(clock, "score all", lambda: score_workspace(workspace))
    section.rows += [first, again]
    section.checks.append(
        Check("score all, s", again.median, RESCORE_TARGET, at_most=True)
    )
    yesterday = today_utc() - timedelta(days=1)
    models = ScoreModel.objects.filter(workspace=workspace)
    jobs: tuple[tuple[str, Callable[[], object]], ...] = (
        (
            f"scores of {HISTORY_DAYS} days past",
            lambda: snapshot_range(
                yesterday - timedelta(days=HISTORY_DAYS - 1),
                yesterday,
                workspace=workspace,
            ),
        ),
        ("nightly: scores of yesterday", lambda: snapshot_scores(yesterday)),
        ("stages, tags and segments, the first time", judging.judge_rescored),
        ("nightly: stages, tags and segments of all", judging.judge_all),
        ("nightly: trends", refresh_trends),
        ("nightly: versions", version_counts.count_all_versions),
        ("hourly: segments of all", refresh_all),
    )
    for name, job in jobs:
        models.update(trends_on=yesterday)
        section.rows.append(_row(clock, name, job))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _described(workspace: Workspace) -> str:
    counts = (
        (Event, "events"),
        (DailyUsage, "rows of daily usage"),
        (Developer, "developers"),
        (Account, "accounts"),
    )
    return ", ".join(
        f"{model.objects.filter(workspace=workspace).count():,} {name}"
        for model, name in counts
    )


def _row(clock: Clock, name: str, work: Callable[[], object]) -> Row:
    took = clock.time(work)
    row = Row(name, "s", [took.wall], note=f"{took.work:.1f} s of work")
    print(f"  {name}: {took.wall:.1f} s, {row.note}", flush=True)
    return row
