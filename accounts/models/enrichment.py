"""What enrichment plug-ins have looked at, and how that went."""

from django.db import models

from accounts.models.account import Account
from accounts.models.workspace import Workspace
from accounts.querysets import WorkspaceQuerySet

LONGEST_PLUG_IN_NAME = 60
LONGEST_ERROR = 500


class EnrichedAccount(models.Model):
    """When a plug-in last looked at an account, whatever it found."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="enrichments", db_index=False
    )
    plug_in = models.CharField(max_length=LONGEST_PLUG_IN_NAME)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            # Also: which accounts are new to a plug-in, or stale?
            models.UniqueConstraint(
                fields=("account", "plug_in"), name="enriched_account_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.plug_in}: account {self.account_id}"


class EnrichmentState(models.Model):
    """How a plug-in fared last in one workspace."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="enrichment_states"
    )
    plug_in = models.CharField("plug-in", max_length=LONGEST_PLUG_IN_NAME)
    # When it last answered, and what of; null while it never did.
    ran_at = models.DateTimeField("last answered", null=True)
    accounts = models.PositiveIntegerField("accounts looked at", default=0)
    values_written = models.PositiveIntegerField(default=0)
    # What stands in its way now; empty after an answer.
    failed_at = models.DateTimeField("last failed", null=True)
    error = models.CharField(max_length=LONGEST_ERROR, blank=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("workspace", "plug_in")
        verbose_name = "enrichment"
        verbose_name_plural = "enrichment"
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "plug_in"), name="enrichment_state_once"
            ),
        )

    def __str__(self) -> str:
        return self.plug_in
