"""Care of what is held about people: who opted out, who was erased, what is wrong."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.developer import Developer, Identity
from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet


class OptOut(models.Model):
    """One identity whose events are never kept.

    Only a keyed hash of it is stored (`accounts.opt_outs`): the register tells who
    opted out to those who know the identity already, and to nobody else.
    """

    class Reason(models.TextChoices):
        """Why it stands in the register."""

        ASKED = "asked", "The person asked"
        ERASED = "erased", "Erased as well"
        STAFF = "staff", "One of our own"
        OTHER = "other", "Other"

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_index=False, related_name="opt_outs"
    )
    kind = models.CharField(max_length=20, choices=Identity.Kind)
    # 16 bytes of HMAC-SHA256, kept as uuid because that is a fixed-size type.
    digest = models.UUIDField(editable=False)
    label = models.CharField(
        max_length=100,
        blank=True,
        help_text="Such as the number of a ticket; never the identity itself.",
    )
    reason = models.CharField(max_length=10, choices=Reason, default=Reason.ASKED)
    # Empty for an operator at the command line.
    actor = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = "opt-out"
        constraints = (
            # Also the look-up of the digest.
            models.UniqueConstraint(
                fields=("workspace", "digest"), name="opt_out_once"
            ),
        )
        indexes = (
            # The register, newest first.
            models.Index(fields=("workspace", "-id"), name="opt_out_newest"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {str(self.digest)[:8]}"


class Erasure(models.Model):
    """The receipt of an erasure: what went, when, by whom. No personal data.

    Events that were accepted before it and wait to be digested go too: the digest
    compares their identities with ``digests``.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_index=False, related_name="erasures"
    )
    at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_label = models.CharField("by", max_length=254)
    reason = models.CharField(
        max_length=100,
        blank=True,
        help_text="Such as the number of a ticket; never a name or an address.",
    )
    # Keyed hashes of the identities, as in the opt-out register.
    digests = ArrayField(models.UUIDField(), default=list)
    # Rows by what they were, in the order of the registry.
    counts = models.JSONField(default=dict)
    opted_out = models.BooleanField("opted out", default=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        indexes = (
            # Receipts of a workspace, newest first; those since a moment (digest).
            models.Index(fields=("workspace", "-at"), name="erasure_newest"),
        )

    def __str__(self) -> str:
        return f"Erasure {self.pk}"

    @property
    def rows(self) -> int:
        """Return how many rows went or were changed."""
        return sum(self.counts.values())


class RemovedWorkspace(models.Model):
    """The receipt of a workspace that was removed, or is being removed.

    It refers to nothing of it, so it outlives it. ``counts`` grow with each piece that
    goes, in its transaction: after a crash they are right, and the removal goes on.
    """

    # The id that the workspace had.
    number = models.BigIntegerField(unique=True)
    slug = models.CharField(max_length=63)
    name = models.CharField(max_length=150)
    begun_at = models.DateTimeField(default=timezone.now)
    # Null while something is left.
    finished_at = models.DateTimeField(null=True)
    actor = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_label = models.CharField("by", max_length=254)
    reason = models.CharField(max_length=100, blank=True)
    # Rows by table.
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ("-id",)
        indexes = (
            # What is left to do?
            models.Index(
                fields=("begun_at",),
                condition=Q(finished_at__isnull=True),
                name="removed_workspace_open",
            ),
        )

    def __str__(self) -> str:
        return f"Removal of {self.slug}"

    @property
    def rows(self) -> int:
        """Return how many rows went so far."""
        return sum(self.counts.values())


class FlaggedRecord(models.Model):
    """Somebody says that a record is wrong; an admin looks into it."""

    class Subject(models.TextChoices):
        """What kind of record it is."""

        DEVELOPER = "developer", "Developer"
        ACCOUNT = "account", "Account"
        IDENTITY = "identity", "Identity"
        EVENT = "event", "Event"
        LICENSE_RECORD = "license_record", "Licence record"

    class Problem(models.TextChoices):
        """What is wrong with it."""

        WRONG_COMPANY = "wrong_company", "Wrong company"
        WRONG_PERSON = "wrong_person", "Wrong person"
        DUPLICATE = "duplicate", "Duplicate"
        TEST_DATA = "test_data", "Test data"
        OTHER = "other", "Something else"

    class Status(models.TextChoices):
        """What became of it."""

        OPEN = "open", "Open"
        RESOLVED = "resolved", "Resolved"
        DISMISSED = "dismissed", "Dismissed"

    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="flagged_records",
    )
    subject = models.CharField(max_length=20, choices=Subject)
    # Whom it is about, for an identity or an event as well; an account alone else.
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="flags"
    )
    developer = models.ForeignKey(
        Developer, on_delete=models.CASCADE, null=True, blank=True, related_name="flags"
    )
    identity = models.ForeignKey(
        Identity, on_delete=models.CASCADE, null=True, blank=True, related_name="flags"
    )
    # Not a reference: raw events are not kept for ever.
    event_id = models.BigIntegerField(null=True, blank=True)
    problem = models.CharField("what is wrong", max_length=20, choices=Problem)
    text = models.CharField("in words", max_length=500, blank=True)
    status = models.CharField(
        max_length=10, choices=Status, default=Status.OPEN, db_default=Status.OPEN
    )
    flagged_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    flagged_at = models.DateTimeField(default=timezone.now)
    note = models.CharField(max_length=500, blank=True)
    settled_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = "flagged record"
        constraints = (
            models.CheckConstraint(
                condition=Q(account__isnull=True) ^ Q(developer__isnull=True),
                name="flag_one_subject",
            ),
        )
        indexes = (
            # What is open, and how much.
            models.Index(
                fields=("workspace", "-id"),
                condition=Q(status="open"),
                name="flags_open",
            ),
            # The queue, settled ones included.
            models.Index(fields=("workspace", "status", "-id"), name="flags_by_status"),
        )

    def __str__(self) -> str:
        return f"{self.get_subject_display()}: {self.get_problem_display()}"
