"""Accepted requests that wait to be digested."""

from django.db import models
from django.db.models.functions import Now

from accounts.models import ApiKey, Workspace
from accounts.querysets import WorkspaceQuerySet


class InboxEntry(models.Model):
    """One accepted request. Deleted in the transaction that makes events of it."""

    # Empty where nobody had the app that sent it; the digest looks once more.
    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        null=True,
        db_constraint=False,
        db_index=False,
    )
    api_key = models.ForeignKey(
        ApiKey,
        on_delete=models.CASCADE,
        null=True,
        verbose_name="API key",
        db_constraint=False,
        db_index=False,
    )
    dialect = models.CharField(max_length=20)
    received_at = models.DateTimeField(db_default=Now())
    event_count = models.PositiveIntegerField()
    payload = models.BinaryField()
    # How often digesting it has failed, and when to try again.
    tries = models.PositiveSmallIntegerField(db_default=0)
    not_before = models.DateTimeField(null=True)
    last_error = models.TextField(db_default="")
    # Put back from the quarantine: its keys stand in the ledger already.
    is_replay = models.BooleanField("replay", db_default=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        indexes = (
            # Entries that failed and are due again; new ones are read by primary key.
            models.Index(
                fields=("not_before", "id"),
                condition=models.Q(tries__gt=0),
                name="inbox_to_try_again",
            ),
        )
        verbose_name_plural = "inbox entries"

    def __str__(self) -> str:
        return f"{self.event_count} events from {self.received_at:%Y-%m-%d %H:%M}"


class IdempotencyKey(models.Model):
    """A request that carried an ``Idempotency-Key``, and what was answered."""

    pk = models.CompositePrimaryKey("workspace_id", "digest")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    # Of dialect and key; 16 bytes, kept as uuid because that is a fixed-size type.
    digest = models.UUIDField()
    # Of the body: another body under the same key is an error, not a repeat.
    body_digest = models.UUIDField()
    received_at = models.DateTimeField(db_default=Now())
    status = models.PositiveSmallIntegerField()
    answer = models.BinaryField()

    class Meta:
        indexes = (
            # Pruning of those older than the window.
            models.Index(fields=("received_at",), name="idempotency_by_age"),
        )

    def __str__(self) -> str:
        return str(self.digest)
