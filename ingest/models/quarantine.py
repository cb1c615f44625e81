"""Events that were accepted but cannot be used yet."""

from django.db import models

from accounts.models import ApiKey, Workspace
from accounts.querysets import WorkspaceQuerySet


class QuarantinedEvent(models.Model):
    """One event that waits for its cause to be mended. Nothing is lost in silence.

    Its key is already in the ledger, so a repeat counts as one; the replay therefore
    goes around the ledger.
    """

    class Reason(models.TextChoices):
        """Why it could not be used: a closed set."""

        METRIC_NOT_CONFIGURED = "metric_not_configured", "Metric not configured"
        UNKNOWN_APP = "unknown_app", "Unknown app"
        APP_DISABLED = "app_disabled", "App not enabled"
        BAD_SIGNAL = "bad_signal", "Not a valid signal"
        TOO_MANY_METRICS = "too_many_metrics", "Too many metrics"
        TOO_MANY_PRODUCTS = "too_many_products", "Too many products"
        POISON = "poison", "Could not be digested"

    class Status(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", "Waiting"
        REPLAYED = "replayed", "Replayed"
        DISCARDED = "discarded", "Discarded"

    # Empty where nobody has the app that sent it; operators alone see those.
    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        related_name="quarantined_events",
        null=True,
        blank=True,
    )
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.SET_NULL, null=True, verbose_name="API key"
    )
    dialect = models.CharField(max_length=20)
    reason = models.CharField(max_length=30, choices=Reason)
    # What the reason is about: the metric or app that is missing, the error's text.
    detail = models.TextField(blank=True)
    # The folded metric key or app id that a replay is grouped by.
    subject = models.CharField(max_length=200, blank=True)
    received_at = models.DateTimeField()
    # One encoded NormalizedEvent, or the bytes that could not be decoded.
    payload = models.BinaryField()
    status = models.CharField(
        max_length=10, choices=Status, default=Status.WAITING, db_default=Status.WAITING
    )
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        indexes = (
            # What waits, by reason and subject: the quarantine page and the replay.
            models.Index(
                fields=("workspace", "reason", "subject", "id"),
                condition=models.Q(status="waiting"),
                name="quarantine_waiting",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {self.subject or self.pk}"
