"""OAuth access tokens: what a client trades its secret for, for an hour."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from accounts.models.api_key import ApiKey
from accounts.models.workspace import Workspace
from accounts.querysets import WorkspaceQuerySet


class AccessToken(models.Model):
    """One token that a client was given. Only its keyed hash is stored.

    It is worth nothing once it has expired, is revoked, or its client is.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+")
    client = models.ForeignKey(
        ApiKey, on_delete=models.CASCADE, related_name="access_tokens"
    )
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    prefix = models.CharField(max_length=24, editable=False)
    scopes = ArrayField(models.CharField(max_length=50), editable=False)
    expires_at = models.DateTimeField(editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            # Pruning of those that have expired.
            models.Index(fields=("expires_at",), name="access_token_by_end"),
        )

    def __str__(self) -> str:
        return f"{self.prefix}…"
