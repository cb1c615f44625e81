"""Background work of `accounts`: each task calls one plain function."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

from celery import shared_task
from kombu.exceptions import OperationalError

from accounts import (
    alerts,
    deliveries,
    fit_store,
    happenings,
    judging,
    lists,
    score_history,
    score_models,
    score_store,
    trend_refresh,
    version_counts,
    waiting,
)
from accounts.attribution import reattribute
from accounts.clock import today_utc
from accounts.enrichment import run
from accounts.models import Segment, Workspace
from accounts.segments import membership

# Beat asks again within seconds.
JUDGE_EXPIRES_SECONDS = 30


@shared_task
def score_touched() -> None:
    """Score the developers whose usage changed, and their accounts."""
    if score_store.score_touched(in_turns=True):
        # A task of its own: the rules of stages and segments take longer than scores,
        # and the next scores are not to wait for them.
        with suppress(OperationalError):
            judge_rescored.apply_async(expires=JUDGE_EXPIRES_SECONDS)


@shared_task
def judge_rescored() -> None:
    """Judge those whose scores changed: stages, tags, segments."""
    judging.judge_rescored(rest=judging.REST)


@shared_task
def judge_all() -> None:
    """Judge everybody by the rules of stages, as the days move on."""
    judging.judge_all()


@shared_task
def snapshot_scores() -> None:
    """Keep yesterday's account scores; drop old ones; renew landmarks."""
    yesterday = datetime.now(tz=UTC).date() - timedelta(days=1)
    score_history.snapshot_scores(yesterday)
    score_history.prune_snapshots()
    score_models.renew_landmarks()


@shared_task
def refresh_trends() -> None:
    """Bring the trends of scores up to a day that has begun."""
    trend_refresh.refresh_trends()


@shared_task
def join_waiting() -> None:
    """Merge developers whom a digest found to be one and could not merge itself."""
    waiting.join_waiting()


@shared_task
def reattribute_workspace(workspace_id: int) -> None:
    """Judge a workspace's developers anew after its IP ranges or domains changed."""
    reattribute(Workspace.objects.get(pk=workspace_id))


@shared_task
def rate_fit(workspace_id: int) -> None:
    """Rate how well a workspace's accounts fit after its fields changed."""
    fit_store.rate_workspace(Workspace.objects.get(pk=workspace_id))


@shared_task
def rate_all_fits() -> None:
    """Catch up with whatever changed accounts without rating them."""
    fit_store.rate_all()


@shared_task
def enrich_accounts() -> None:
    """Let plug-ins look at accounts that are new to them, or stale."""
    run.enrich()


@shared_task
def count_versions() -> None:
    """Count who runs which version of the products that were seen anew."""
    version_counts.count_changed_versions()


@shared_task
def tidy_versions() -> None:
    """Forget old versions of each identity, and count all products anew."""
    version_counts.prune_versions()
    version_counts.count_all_versions()


@shared_task
def tell_followers() -> None:
    """Notice what happened to whom is followed, tell it, and send what is due."""
    happenings.look()
    alerts.tell()
    deliveries.deliver()


@shared_task
def plan_digests() -> None:
    """Plan the digest mails of the day; drop alerts that are past keeping."""
    alerts.plan_digests(today_utc())
    happenings.prune_happenings()


@shared_task
def resolve_lists() -> None:
    """Find whom entries of lists stand for that waited until now."""
    lists.resolve_waiting()


@shared_task
def refresh_segment(segment_id: int) -> None:
    """Look at everybody anew for one segment, whose rule was just written."""
    found = Segment.objects.filter(pk=segment_id).first()
    if found is not None:
        membership.refresh(found)


@shared_task
def refresh_segments() -> None:
    """Look at everybody anew for all segments."""
    membership.refresh_all()
