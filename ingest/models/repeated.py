"""Events that were sent again, counted by their key while it goes on."""

from django.db import models

from accounts.models import Identity, Workspace


class RepeatedEvent(models.Model):
    """How often one event was sent again within a day: a replay, or a broken sender.

    Kept only for keys that came again, the most frequent of each batch, and dropped
    two days after the last repeat.
    """

    pk = models.CompositePrimaryKey("workspace_id", "key")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    key = models.UUIDField()
    # Who the repeats name; null where nobody is known by it.
    identity = models.ForeignKey(
        Identity, on_delete=models.CASCADE, db_constraint=False, null=True
    )
    product = models.CharField(max_length=200)
    event_id = models.TextField()
    dialect = models.CharField(max_length=20)
    # Repeats since `first_at`; a pause of a day begins anew.
    count = models.BigIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        indexes = (
            # Pruning, and looking for bursts again.
            models.Index(fields=("last_at",), name="repeated_event_late"),
        )

    def __str__(self) -> str:
        return f"{self.event_id}: {self.count}"
