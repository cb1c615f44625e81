"""Events and the ledger that keeps them from being counted twice."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now

from accounts.models import ApiKey, Identity, Metric, Product, Workspace
from accounts.querysets import WorkspaceQuerySet


class Event(models.Model):
    """One immutable fact, filed under the identity that did it.

    The table is partitioned by month of ``occurred_at`` (migration 0002) and written
    only with set-based SQL, so Django neither creates nor changes it. It has no unique
    index of its own: `EventKey` is what makes an event count once.
    """

    class Flag(models.IntegerChoices):
        """Oddities of one event; the numbers are bits."""

        CLOCK_IN_FUTURE = 1, "Clock in the future"
        # Red flags of licence telemetry (contracts/license): a set bit is a bad one.
        INCORRECT_FORMAT = 2, "Incorrect format"
        UNKNOWN_LICENSE = 4, "Unknown licence key"
        UNKNOWN_PRODUCT = 8, "Unknown product"
        UNKNOWN_VERSION = 16, "Unknown product version"
        UNKNOWN_ACTIVATION = 32, "Unknown activation"
        REVOKED_LICENSE = 64, "Revoked licence"
        # Before the year 2000, or long before the version it names was released.
        CLOCK_TOO_EARLY = 128, "Clock too early"

    RED_FLAGS = (
        Flag.INCORRECT_FORMAT
        | Flag.UNKNOWN_LICENSE
        | Flag.UNKNOWN_PRODUCT
        | Flag.UNKNOWN_VERSION
        | Flag.UNKNOWN_ACTIVATION
        | Flag.REVOKED_LICENSE
    )

    id = models.BigIntegerField(primary_key=True)
    workspace = models.ForeignKey(Workspace, on_delete=models.DO_NOTHING)
    identity = models.ForeignKey(Identity, on_delete=models.DO_NOTHING)
    product = models.ForeignKey(Product, on_delete=models.DO_NOTHING)
    metric = models.ForeignKey(Metric, on_delete=models.DO_NOTHING)
    api_key = models.ForeignKey(
        ApiKey, on_delete=models.DO_NOTHING, null=True, verbose_name="API key"
    )
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    count = models.IntegerField(default=1)
    value = models.FloatField(null=True)
    flags = models.SmallIntegerField(default=0)
    is_test = models.BooleanField("test mode", default=False)
    dialect = models.CharField(max_length=20)
    source = models.CharField(max_length=20)
    event_id = models.TextField()
    environment = models.TextField()
    session_id = models.TextField()
    user_agent = models.TextField()
    ip = models.GenericIPAddressField("IP address", null=True)
    properties = models.JSONField(default=dict)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "ingest_event"

    def __str__(self) -> str:
        return f"Event {self.pk}"


class EventKey(models.Model):
    """The ledger: one row per event that must count once, whatever became of it.

    ``key`` is 16 bytes of BLAKE2b over the dialect's own dedupe key, kept as ``uuid``
    because that is a fixed-size type. Rows older than ``EVENT_KEY_DAYS`` are pruned.
    """

    pk = models.CompositePrimaryKey("workspace_id", "key")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    key = models.UUIDField()
    seen_on = models.DateField(db_default=Now())

    class Meta:
        indexes = (
            # Pruning; rows are written in the order of this column.
            BrinIndex(fields=("seen_on",), name="event_key_by_day"),
        )

    def __str__(self) -> str:
        return str(self.key)


class EventHorizon(models.Model):
    """Raw events before ``day`` have been dropped; usage before it cannot be recounted.

    One row is added each time that retention moves on; the latest day counts. Without
    a workspace it holds for all of them.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True)
    day = models.DateField()
    moved_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"Events from {self.day} on"
