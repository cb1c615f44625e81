"""Large exports: asked for on a page, written by a worker, fetched while they last.

A job is claimed by one conditional UPDATE, so that two workers never write one file,
and moves its own row on with each piece; one that stands still is begun again. The file
has its final name only once it is whole.
"""

import logging
import os
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import IO

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import QueryDict

from accounts.clock import now_utc, today_utc
from accounts.models import Erasure, User, Workspace
from dashboards.export_sources import PAGES, parts_of
from dashboards.models import ExportJob

log = logging.getLogger(__name__)

STALLED = timedelta(minutes=2)
MOST_TRIES = 3
# Of one member at a time.
MOST_UNFINISHED = 3
KEEP_RECORDS = timedelta(days=90)
Status = ExportJob.Status


class TooManyExports(Exception):  # noqa: N818 (a state of affairs, no fault)
    """This member's other exports are not finished yet."""


def start(
    workspace: Workspace, *, source: str, form: str, query: str, user: User
) -> ExportJob:
    """Note that a member wants a file; a worker hears of it at once.

    Raises:
        TooManyExports: enough of theirs are being written.
    """
    unfinished = ExportJob.objects.filter(
        workspace=workspace, user=user, status__in=(Status.WAITING, Status.RUNNING)
    )
    if unfinished.count() >= MOST_UNFINISHED:
        raise TooManyExports
    with transaction.atomic():
        job = ExportJob.objects.create(
            workspace=workspace, source=source, format=form, query=query, user=user
        )
        transaction.on_commit(partial(_hint, job.pk), robust=True)
    return job


def waiting_ids() -> list[int]:
    """Return the jobs that nobody works at."""
    return list(_claimable().order_by("pk").values_list("pk", flat=True))


def run(job_id: int) -> bool:
    """Write the file of a job, unless somebody else does; say whether it was done."""
    claimed = (
        _claimable()
        .filter(pk=job_id)
        .update(
            status=Status.RUNNING,
            moved_at=now_utc(),
            rows_done=0,
            tries=F("tries") + 1,
        )
    )
    if not claimed:
        return False
    job = ExportJob.objects.select_related("workspace", "user").get(pk=job_id)
    if job.tries > MOST_TRIES:
        _finish(job, Status.FAILED)
        return False
    part = job.path.with_suffix(f".{os.getpid()}.part")
    try:
        whole = _write(job, part)
    except Exception:
        # What is wrong is for the operator; the page says that something was.
        log.exception("export %s of workspace %s failed", job.pk, job.workspace_id)
        part.unlink(missing_ok=True)
        _finish(job, Status.FAILED)
        return False
    if not whole:
        part.unlink(missing_ok=True)
        return False
    job.size = part.stat().st_size
    part.replace(job.path)
    _finish(job, Status.DONE)
    return True


def prune() -> int:
    """Remove files that are old, or hold somebody who was erased; return how many.

    What remains of them is who took what, for 90 days.
    """
    now = now_utc()
    old = Q(finished_at__lt=now - timedelta(hours=settings.EXPORT_HOURS))
    erased = Erasure.objects.filter(
        workspace_id=OuterRef("workspace_id"), at__gte=OuterRef("created_at")
    )
    gone = 0
    for job in ExportJob.objects.filter(old | Q(Exists(erased))):
        gone += job.path.is_file()
        job.path.unlink(missing_ok=True)
    ExportJob.objects.filter(created_at__lt=now - KEEP_RECORDS).delete()
    # Of workspaces that were removed. Files first: no job is younger than they are.
    files = list(Path(settings.EXPORT_DIR).glob("*.*"))
    known = set(ExportJob.objects.values_list("pk", flat=True))
    for path in files:
        is_ours = path.stem.isdecimal() and path.suffix[1:] in ExportJob.Format.values
        if is_ours and int(path.stem) not in known:
            path.unlink(missing_ok=True)
            gone += 1
    # Left behind by a worker that died.
    for part in Path(settings.EXPORT_DIR).glob("*.part"):
        age = now.timestamp() - part.stat().st_mtime
        if age > STALLED.total_seconds() * 2:
            part.unlink(missing_ok=True)
    return gone


def is_available(job: ExportJob) -> bool:
    """Say whether the file may be had: whole, in time, of nobody erased since."""
    return (
        job.status == Status.DONE
        and job.expires_at is not None
        and job.expires_at > now_utc()
        and not Erasure.objects.filter(
            workspace=job.workspace_id, at__gte=job.created_at
        ).exists()
        and job.path.is_file()
    )


def delete(job: ExportJob) -> None:
    """Remove a job and its file; a worker that writes it notices and stops."""
    path = job.path
    job.delete()
    path.unlink(missing_ok=True)


def _claimable() -> QuerySet[ExportJob]:
    stalled = Q(status=Status.RUNNING, moved_at__lt=now_utc() - STALLED)
    return ExportJob.objects.filter(Q(status=Status.WAITING) | stalled)


def _write(job: ExportJob, part: Path) -> bool:
    """Write all rows; say whether that is still wanted."""
    source = PAGES[job.source](
        job.workspace, QueryDict(job.query), today=today_utc(), user=job.user
    )
    job.rows_total = source.count()
    job.save(update_fields=["rows_total"])
    part.parent.mkdir(parents=True, exist_ok=True)
    with _private(part) as file:
        for rows, text in parts_of(source, job.format):
            file.write(text)
            job.rows_done += rows
            wanted = ExportJob.objects.filter(
                pk=job.pk, status=Status.RUNNING, tries=job.tries
            ).update(rows_done=job.rows_done, moved_at=now_utc())
            if not wanted:
                return False
    return True


def _private(path: Path) -> IO[str]:
    """Open a file that nobody else may read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    return os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8", newline="")


def _finish(job: ExportJob, status: Status) -> None:
    job.status = status
    job.finished_at = job.moved_at = now_utc()
    job.save(update_fields=["status", "finished_at", "moved_at", "rows_done", "size"])


def _hint(job_id: int) -> None:
    """Tell a worker; when the broker is away, the beat finds the job."""
    # By name: the task calls `run`, and this module is below it.
    current_app.send_task(
        "dashboards.tasks.write_export", args=[job_id], ignore_result=True
    )
