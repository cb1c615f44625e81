"""The last requests that were turned away, for people to look into."""

from django.db import models

from accounts.models import ApiKey, Workspace
from accounts.querysets import WorkspaceQuerySet


class RefusedRequest(models.Model):
    """One of the last requests of a key and dialect that were turned away.

    Secrets are replaced by words in braces before it gets here, and only few are kept
    for only days: `ingest.refused_requests`.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    # Empty where the dialect has no keys.
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.CASCADE, null=True, verbose_name="API key"
    )
    dialect = models.CharField(max_length=20)
    at = models.DateTimeField()
    # A word of `ingest.refusals.Reason`.
    reason = models.CharField(max_length=40)
    status = models.PositiveSmallIntegerField()
    peer = models.CharField(max_length=64, blank=True)
    # As text of HTTP/1.1, and what was answered.
    request = models.TextField()
    answer = models.TextField()

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        indexes = (
            # The doctor's page lists the last of a workspace.
            models.Index(fields=("workspace", "-at"), name="ingest_refused_recent"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.dialect}: {self.reason}"
