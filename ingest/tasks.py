"""Background work of `ingest`: each task calls one plain function."""

from contextlib import suppress
from datetime import timedelta

from celery import shared_task
from kombu.exceptions import OperationalError

from accounts.models import User, Workspace
from accounts.tasks import score_touched
from ingest import (
    partitions,
    red_flags,
    removal,
    retention,
    watching,
)
from ingest import prune as pruning
from ingest.digest import digest_until_empty
from ingest.hints import publish_hint

# What is left gets a task of its own. Under a steady load the inbox is never empty:
# were all workers at it for longer, scoring would wait, and new scores with it: at half
# the maximum and a million developers, two seconds gave 5.4 s at the 95th percentile,
# one gives 2.1.
LONGEST_DIGEST = timedelta(seconds=1)
SCORE_EXPIRES_SECONDS = 30
LONGEST_REMOVAL = timedelta(minutes=4)


@shared_task
def digest_inbox() -> None:
    """Digest what waits in the inbox, and have the touched developers scored."""
    result = digest_until_empty(at_most=LONGEST_DIGEST)
    if result.events:
        # One message for a whole run of batches; when the broker is away, beat asks.
        # Before the hint, so that no worker digests on before somebody scores.
        with suppress(OperationalError):
            score_touched.apply_async(expires=SCORE_EXPIRES_SECONDS)
    if result.more:
        # At once: the debouncing loop of `hints` runs in web processes only.
        with suppress(OperationalError):
            publish_hint()


@shared_task
def ensure_partitions() -> None:
    """Create the months of the event table that will soon be needed."""
    partitions.ensure_partitions()


@shared_task
def prune() -> None:
    """Remove keys, answers, counters and events that are older than their window."""
    pruning.prune()
    retention.apply_everywhere()
    red_flags.forget_repeats()


@shared_task
def apply_retention(workspace_id: int, actor_id: int | None = None) -> None:
    """Delete what a workspace does not keep any longer, as somebody asked for it."""
    workspace = Workspace.objects.filter(pk=workspace_id).first()
    if workspace is not None:
        actor = User.objects.filter(pk=actor_id or 0).first()
        retention.apply_retention(workspace, actor=actor)


@shared_task
def remove_workspaces() -> None:
    """Go on with the workspaces that operators removed; the rest comes next time."""
    removal.go_on_with_all(at_most=LONGEST_REMOVAL)


@shared_task
def find_red_flags() -> None:
    """Look for red flags of the last hours that a crash may have cut off."""
    red_flags.find_lately()


@shared_task
def watch_workspaces() -> None:
    """Note where the quarantine grows, and which product has gone silent."""
    watching.watch_workspaces()
