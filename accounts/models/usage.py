"""Daily usage: what scoring and pages read instead of raw events.

The rows are written only by `ingest/digest.py` and `rebuild_usage`, with COPY and
INSERT … SELECT. They carry no foreign-key constraints: every row is derived from
events whose references were resolved in the same transaction, and checking them
again costs a look-up per row and reference on the hottest write of the product.
"""

from django.db import models

from accounts.models.catalogue import Metric, Product
from accounts.models.developer import Developer
from accounts.models.workspace import Workspace


class DailyUsage(models.Model):
    """Uses of one metric of one product by one developer on one UTC day."""

    pk = models.CompositePrimaryKey("developer_id", "day", "metric_id", "product_id")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    developer = models.ForeignKey(
        Developer,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="usage",
    )
    day = models.DateField()
    metric = models.ForeignKey(
        Metric, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    count = models.BigIntegerField()
    value_sum = models.FloatField(default=0.0)

    class Meta:
        verbose_name_plural = "daily usage"
        indexes = (
            # Active developers of a workspace between two days.
            models.Index(fields=("workspace", "day", "developer"), name="usage_by_day"),
        )

    def __str__(self) -> str:
        return f"{self.day}: {self.count}"


class WorkspaceUsage(models.Model):
    """Uses of one metric of one product in a workspace on one UTC day.

    The sum of DailyUsage over developers, kept beside it so that an overview reads
    some hundred rows instead of one per developer and day.
    """

    pk = models.CompositePrimaryKey("workspace_id", "day", "metric_id", "product_id")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    day = models.DateField()
    metric = models.ForeignKey(
        Metric, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    count = models.BigIntegerField()
    value_sum = models.FloatField(default=0.0)

    class Meta:
        verbose_name_plural = "workspace usage"

    def __str__(self) -> str:
        return f"{self.day}: {self.count}"
