"""The tables of this app: what is too large to wait for. No data about customers."""

from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import User, Workspace
from accounts.querysets import WorkspaceQuerySet
from dashboards.exports import CSV, NDJSON


class ExportJob(models.Model):
    """A list being written into a file for one member; no data about customers."""

    class Status(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", "Waiting"
        RUNNING = "running", "Being written"
        DONE = "done", "Ready"
        FAILED = "failed", "Failed"

    class Format(models.TextChoices):
        """How rows are written."""

        CSV = CSV, "CSV"
        NDJSON = NDJSON, "NDJSON"

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="export_jobs"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    # Name of an `export_sources.Source`, and what its page's address asked for.
    source = models.CharField(max_length=30)
    query = models.TextField(blank=True)
    format = models.CharField(max_length=10, choices=Format, default=Format.CSV)
    status = models.CharField(
        max_length=10, choices=Status, default=Status.WAITING, editable=False
    )
    # None until counted.
    rows_total = models.BigIntegerField(null=True, editable=False)
    rows_done = models.BigIntegerField(default=0, editable=False)
    size = models.BigIntegerField(default=0, editable=False)
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # Moved with every piece that is written; one that stands still is begun again.
    moved_at = models.DateTimeField(default=timezone.now, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            # What is there to do?
            models.Index(
                fields=("id",),
                condition=Q(status__in=("waiting", "running")),
                name="export_job_unfinished",
            ),
        )

    def __str__(self) -> str:
        return f"{self.source}.{self.format}"

    @property
    def title(self) -> str:
        """Return what is exported, in words."""
        return self.source.replace("-", " ")

    @property
    def path(self) -> Path:
        """Where the file is, once it is done."""
        return Path(settings.EXPORT_DIR) / f"{self.pk}.{self.format}"

    @property
    def expires_at(self) -> datetime | None:
        """When the file goes."""
        kept = timedelta(hours=settings.EXPORT_HOURS)
        return None if self.finished_at is None else self.finished_at + kept

    @property
    def is_finished(self) -> bool:
        """Say whether anything more will happen."""
        return self.status in {self.Status.DONE, self.Status.FAILED}

    @property
    def percent(self) -> int:
        """How much is written, of what was counted when it began."""
        if self.status == self.Status.DONE:
            return 100
        if not self.rows_total:
            return 0
        return min(self.rows_done * 100 // self.rows_total, 99)


class ActiveFigures(models.Model):
    """How many were active in a period, where counting them takes long.

    Read and written by `dashboards.queries.active`.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    first = models.DateField()
    last = models.DateField()
    # `[day, developers, accounts]` each, and the fields of `ActiveTotals`.
    days = models.JSONField()
    totals = models.JSONField()
    counted_at = models.DateTimeField(default=timezone.now)
    # How long counting took.
    seconds = models.FloatField()
    # When somebody last looked at them, as far as that asked for counting them anew.
    seen_at = models.DateTimeField(default=timezone.now)
    # Since when a worker counts them anew.
    claimed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "first", "last"), name="active_figures_period"
            ),
        )

    def __str__(self) -> str:
        return f"{self.workspace_id}, {self.first} to {self.last}"
