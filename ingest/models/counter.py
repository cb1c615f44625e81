"""Ingestion counters: what each key sent, by hour and outcome."""

from django.db import models

from accounts.models import ApiKey, Workspace
from accounts.querysets import WorkspaceQuerySet


class IngestCounter(models.Model):
    """Events (or refused requests) of one key, hour, dialect and outcome.

    Outcomes: ``accepted``, ``duplicate``, ``quarantined``, ``opted_out`` and ``erased``
    for events of people who opted out or were erased while they waited, and
    ``refused:<reason>`` for requests turned away at the door. Refusals without a known
    key have neither workspace nor key.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True)
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.CASCADE, null=True, verbose_name="API key"
    )
    dialect = models.CharField(max_length=20)
    hour = models.DateTimeField()
    outcome = models.CharField(max_length=60)
    count = models.BigIntegerField()

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name = "ingestion counter"
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "api_key", "dialect", "hour", "outcome"),
                name="ingest_counter_once",
                nulls_distinct=False,
            ),
        )
        indexes = (
            # The ingestion page: the last hours of one workspace.
            models.Index(fields=("workspace", "-hour"), name="ingest_counter_recent"),
        )

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H:00} {self.outcome}: {self.count}"
