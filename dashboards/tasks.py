"""Background work of `dashboards`: each task calls one plain function."""

from celery import shared_task

from dashboards import export_jobs
from dashboards.queries import active

# A broker that hands a task out anew after less does no harm: the job is claimed.
LONGEST_SECONDS = 4 * 3600


@shared_task(time_limit=LONGEST_SECONDS)
def write_export(job_id: int) -> None:
    """Write the file of one export."""
    export_jobs.run(job_id)


@shared_task(time_limit=LONGEST_SECONDS)
def write_waiting_exports() -> None:
    """Write what no hint told of, and what a crash cut off."""
    for job_id in export_jobs.waiting_ids():
        export_jobs.run(job_id)


@shared_task
def prune_exports() -> None:
    """Remove files that have had their time."""
    export_jobs.prune()


@shared_task
def count_active(pk: int) -> None:
    """Count anew how many were active in one period of a large workspace."""
    active.count_kept(pk)


@shared_task
def count_active_ahead() -> None:
    """Count it for a day that has begun, before somebody waits for it."""
    active.count_ahead()
