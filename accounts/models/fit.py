"""What a workspace's best customers look like, version by version."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet

STRONG_FROM, MODERATE_FROM = 0.7, 0.4


class Fit(models.TextChoices):
    """How well an account fits the criteria; empty where nothing is known of it."""

    STRONG = "strong", "Strong"
    MODERATE = "moderate", "Moderate"
    WEAK = "weak", "Weak"


class FitModel(models.Model):
    """One version of the criteria for fit. Never edited; the newest is in force.

    ``criteria`` is a list of ``{"field": key, "first": [text, …], "second": [text, …],
    "importance": 1 to 5}``, with values written as people type them: `accounts.fit`
    reads them.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="fit_models"
    )
    version = models.PositiveIntegerField()
    criteria = models.JSONField(default=list)
    # Shares of the points that can be had.
    strong_from = models.FloatField(default=STRONG_FROM)
    moderate_from = models.FloatField(default=MODERATE_FROM)
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("workspace", "-version")
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "version"), name="fit_model_version_once"
            ),
            models.CheckConstraint(
                condition=Q(moderate_from__gt=0)
                & Q(strong_from__gt=F("moderate_from"))
                & Q(strong_from__lte=1),
                name="fit_model_sane",
            ),
        )

    def __str__(self) -> str:
        return f"Fit criteria {self.version}"
