"""Does it stay quick at a million developers? Pages, scoring, nightly work, news.

A few minutes at the full size; the default size is for seeing that nothing has broken.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db import connection

from accounts import (
    alerts,
    deliveries,
    fit_store,
    happenings,
    judging,
    lists,
    version_counts,
    waiting,
)
from accounts.clock import today_utc
from accounts.enrichment import run as enrichment
from accounts.models import (
    Account,
    DailyUsage,
    Developer,
    DeveloperScore,
    Role,
    ScoreModel,
    User,
    Workspace,
)
from accounts.score_history import prune_snapshots, snapshot_range, snapshot_scores
from accounts.score_models import renew_landmarks
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
from ingest import partitions, prune, recount, red_flags, retention, watching
from ingest.models import Event

SLUG = "scale"
RESCORE_TARGET = 180.0
HISTORY_DAYS = 30


def measure(size: Size, *, rounds: int, generator: str) -> Section:
    """Fill a workspace of its own and measure what people and machines do with it."""
    load = load_average()
    workspace, filling = _filled(size)
    section = Section(
        "At scale",
        f"{_described(workspace)}. Pages through all of Django in this process, many "
        "addresses a round: lists at eleven depths and in both directions. Jobs once.",
        rows=filling,
        load_average=load,
    )
    _jobs(section, workspace)
    user = _user()
    set_role(workspace, user, Role.ADMIN)
    rows, checks = scale_pages.measure(workspace, user, rounds=rounds)
    section.rows += rows
    section.checks += checks
    connection.close()
    rows, checks = scale_live.measure(workspace, user, generator=generator)
    section.rows += rows
    section.checks += checks
    return section


def _filled(size: Size) -> tuple[Workspace, list[Row]]:
    """Return the workspace, filled; by an earlier run where its data were kept."""
    workspace = Workspace.objects.filter(slug=SLUG).first()
    if workspace is None:
        workspace = create_workspace(SLUG, "Scale")
    # Filling is one transaction: there is all of it or nothing.
    if Developer.objects.filter(workspace=workspace).exists():
        return workspace, []
    row = _row(Clock(), "fill by statements", lambda: fill(workspace, size))
    return workspace, [row]


def _user() -> User:
    email = "scale@bench.example"
    user = User.objects.filter(email=email).first()
    return user or new_user(email)[0]


def _jobs(section: Section, workspace: Workspace) -> None:
    """Score and judge everybody, and do what every night does."""
    clock = Clock()
    is_new = not DeveloperScore.objects.filter(workspace=workspace).exists()
    if is_new:
        first = _row(
            clock, "score all, the first time", lambda: score_workspace(workspace)
        )
        section.rows.append(first)
    again = _row(clock, "score all", lambda: score_workspace(workspace))
    section.rows.append(again)
    section.checks.append(
        Check("score all, s", again.median, RESCORE_TARGET, at_most=True)
    )
    models = ScoreModel.objects.filter(workspace=workspace)
    for name, job in _periodic(workspace, is_new=is_new):
        models.update(trends_on=today_utc() - timedelta(days=1))
        section.rows.append(_row(clock, name, job))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _periodic(
    workspace: Workspace, *, is_new: bool
) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what beat has workers do, less what only follows single events."""
    yesterday = today_utc() - timedelta(days=1)
    first = yesterday - timedelta(days=HISTORY_DAYS - 1)
    if is_new:
        yield (
            f"scores of {HISTORY_DAYS} days past",
            lambda: snapshot_range(first, yesterday, workspace=workspace),
        )
        yield "stages, tags and segments, the first time", judging.judge_all
    yield "nightly: scores of yesterday", lambda: snapshot_scores(yesterday)
    yield "nightly: old scores", prune_snapshots
    yield "nightly: landmarks", renew_landmarks
    yield "nightly: stages, tags and segments of all", judging.judge_all
    yield "nightly: trends", refresh_trends
    yield "nightly: fits", fit_store.rate_all
    yield "nightly: partitions", partitions.ensure_partitions
    yield "nightly: keys, answers, counters", prune.prune
    yield "nightly: retention", retention.apply_everywhere
    yield (
        "nightly: retention of 30 days, dry run",
        lambda: retention.plan(workspace, dict.fromkeys(retention.LABELS, 30)),
    )
    yield "nightly: repeats", red_flags.forget_repeats
    yield "nightly: old versions", version_counts.prune_versions
    yield "nightly: versions", version_counts.count_all_versions
    yield "daily: digest mails", lambda: alerts.plan_digests(today_utc())
    yield "daily: old happenings", happenings.prune_happenings
    yield "hourly: segments of all", refresh_all
    yield "hourly: red flags", red_flags.find_lately
    yield "every 10 minutes: enrichment", enrichment.enrich
    yield "every 5 minutes: quarantine and products", watching.watch_workspaces
    yield "every minute: versions", version_counts.count_changed_versions
    yield "every minute: lists", lists.resolve_waiting
    yield "every minute: merges", waiting.join_waiting
    yield "every 15 seconds: happenings", happenings.look
    yield "every 15 seconds: alerts", alerts.tell
    yield "every 15 seconds: deliveries", deliveries.deliver
    yield "by hand: check of usage", lambda: recount.check_usage(workspace)


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
    took = clock.time_long(work)
    note = f"{took.work:.1f} s of work, {took.mib:.0f} MiB"
    row = Row(name, "s", [took.wall], note=note)
    print(f"  {name}: {took.wall:.1f} s, {row.note}", flush=True)
    return row
