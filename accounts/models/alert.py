"""Following, what happened to whom is followed, and how members are told."""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.catalogue import Product
from accounts.models.developer import Developer
from accounts.models.segment import Segment
from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet


class HappeningKind(models.TextChoices):
    """What can happen that members want to be told."""

    ENTERED = "entered", "Entered a segment"
    LEFT = "left", "Left a segment"
    BAND = "band", "Band changed"
    SURGE = "surge", "Surging"
    STAGE = "stage", "Stage changed"
    RED_FLAG = "red_flag", "Red flag"
    QUARANTINE = "quarantine", "Quarantine growing"
    SILENT = "silent", "Product gone silent"
    TEST = "test", "Test"


# Of the workspace as a whole: no account, developer or segment has them.
WORKSPACE_KINDS = (HappeningKind.QUARANTINE, HappeningKind.SILENT)


class Follow(models.Model):
    """A member's wish to be told about an account, developer, segment or workspace.

    With neither of the three it is the workspace: its quarantine and its products.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="follows"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="follows")
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="follows"
    )
    developer = models.ForeignKey(
        Developer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="follows",
    )
    segment = models.ForeignKey(
        Segment, on_delete=models.CASCADE, null=True, blank=True, related_name="follows"
    )
    created_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "user", "account", "developer", "segment"),
                nulls_distinct=False,
                name="follow_once",
            ),
            models.CheckConstraint(
                condition=(
                    Q(account__isnull=True, developer__isnull=True)
                    | Q(account__isnull=True, segment__isnull=True)
                    | Q(developer__isnull=True, segment__isnull=True)
                ),
                name="follow_one_subject",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} follows {self.subject or self.workspace}"

    @property
    def subject(self) -> Account | Developer | Segment | None:
        """Return whom or what is followed; None is the workspace."""
        return self.account or self.developer or self.segment


class Watch(models.Model):
    """What was last known of an account or developer whom somebody follows.

    Comparing it with the present tells what happened, so that nothing is lost with a
    hint that was, and nothing is told twice.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, null=True, blank=True, related_name="watch"
    )
    developer = models.ForeignKey(
        Developer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="watches",
    )
    band = models.CharField(max_length=10)
    trend = models.CharField(max_length=10)
    # Id of the current stage; not a reference, stages may be deleted.
    stage_id = models.BigIntegerField(null=True)
    # Red flags up to this number, and those that opened again until then, are known.
    last_flag_id = models.BigIntegerField(default=0)
    flags_until = models.DateTimeField()

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "watches"
        constraints = (
            models.UniqueConstraint(fields=("developer",), name="watch_developer_once"),
            models.CheckConstraint(
                condition=Q(account__isnull=True) ^ Q(developer__isnull=True),
                name="watch_one_subject",
            ),
        )

    def __str__(self) -> str:
        return f"{self.account or self.developer}: {self.band}, {self.trend}"


class Happening(models.Model):
    """One thing that happened, told to whoever follows it. Kept for 90 days."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="happenings"
    )
    kind = models.CharField(max_length=20, choices=HappeningKind)
    at = models.DateTimeField(default=timezone.now)
    account = models.ForeignKey(
        Account,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="happenings",
    )
    developer = models.ForeignKey(
        Developer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="happenings",
    )
    segment = models.ForeignKey(
        Segment,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="happenings",
    )
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    # A sentence, without the name of who or what it is about at its beginning.
    text = models.CharField(max_length=500)
    # The same for machines; its shape by kind is in docs/alerts.md.
    data = models.JSONField(default=dict)
    # What makes it happen once; kept although nobody asks for it.
    key = models.CharField(max_length=200)
    # When followers and webhooks were told; a queue while it is empty.
    told_at = models.DateTimeField(null=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("workspace", "key"), name="happening_once"),
        )
        indexes = (
            # The queue.
            models.Index(
                fields=("id",), condition=Q(told_at__isnull=True), name="happening_new"
            ),
            # Digest mails; pruning.
            models.Index(fields=("workspace", "at"), name="happening_by_time"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text}"


class Alert(models.Model):
    """A happening in one member's inbox."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, db_index=False)
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    happening = models.ForeignKey(
        Happening, on_delete=models.CASCADE, related_name="alerts"
    )
    read_at = models.DateTimeField(null=True, blank=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(fields=("user", "happening"), name="alert_once"),
        )
        indexes = (
            # The inbox, newest first, keyset paging.
            models.Index(fields=("user", "workspace", "-id"), name="alert_inbox"),
            # How many are unread?
            models.Index(
                fields=("user", "workspace"),
                condition=Q(read_at__isnull=True),
                name="alert_unread",
            ),
        )

    def __str__(self) -> str:
        return str(self.happening)


class AlertSettings(models.Model):
    """How one member is told about a workspace, beside the inbox in the pages."""

    class Mail(models.TextChoices):
        """When mail is sent."""

        NONE = "none", "No mail"
        AT_ONCE = "at_once", "A mail for each alert"
        DAILY = "daily", "One a day"
        WEEKLY = "weekly", "One a week, on Mondays"

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="alert_settings"
    )
    mail = models.CharField(max_length=10, choices=Mail, default=Mail.NONE)
    # Day (UTC) of the last digest that was made.
    digest_on = models.DateField(null=True, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "alert settings"
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "user"), name="alert_settings_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.get_mail_display()}"


class Webhook(models.Model):
    """A receiver of alerts elsewhere: a chat channel, or a program."""

    class Format(models.TextChoices):
        """What is sent."""

        STANDARD = "standard", "JSON, signed (Standard Webhooks)"
        SLACK = "slack", "Message for a chat (Slack-compatible)"

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="webhooks"
    )
    name = models.CharField(max_length=100)
    format = models.CharField(max_length=10, choices=Format, default=Format.STANDARD)
    # Sealed: whoever knows the address of a chat's webhook may write there.
    url_sealed = models.TextField(editable=False)
    # Of the address, to tell webhooks apart: its scheme and host.
    host = models.CharField(max_length=260, editable=False)
    secret_sealed = models.TextField(editable=False)
    # After a rotation both sign, until then.
    old_secret_sealed = models.TextField(blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    kinds = ArrayField(
        models.CharField(max_length=20, choices=HappeningKind),
        default=list,
        blank=True,
        help_text="What is sent; nothing chosen sends everything.",
    )
    is_active = models.BooleanField("active", default=True)
    # Set while deliveries fail; switched off after five days of nothing else.
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One message on its way to a webhook or a mailbox, and what came of it."""

    class State(models.TextChoices):
        """Where it is."""

        WAITING = "waiting", "Waiting"
        SENT = "sent", "Sent"
        GIVEN_UP = "given_up", "Given up"

    # Also the webhook-id, by which receivers tell a second try from a second message.
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="deliveries"
    )
    webhook = models.ForeignKey(
        Webhook,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="deliveries",
    )
    # A mail goes to this member.
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    # Empty for a digest, whose mail is made when it is sent.
    happening = models.ForeignKey(
        Happening, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    # Of a digest: the days it is about.
    first_day = models.DateField(null=True, blank=True)
    last_day = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        verbose_name_plural = "deliveries"
        constraints = (
            models.CheckConstraint(
                condition=Q(webhook__isnull=True) ^ Q(user__isnull=True),
                name="delivery_one_receiver",
            ),
            # Telling twice, as after a crash, sends once.
            models.UniqueConstraint(
                fields=("webhook", "happening"), name="delivery_webhook_once"
            ),
            models.UniqueConstraint(
                fields=("user", "happening"),
                condition=Q(happening__isnull=False),
                name="delivery_mail_once",
            ),
        )
        indexes = (
            # What is due?
            models.Index(
                fields=("next_at",),
                condition=Q(state="waiting"),
                name="delivery_due",
            ),
            # The log of a webhook, newest first.
            models.Index(fields=("webhook", "-created_at"), name="delivery_of_webhook"),
        )

    def __str__(self) -> str:
        return f"{self.get_state_display()}: {self.webhook or self.user}"


class DeliveryAttempt(models.Model):
    """One try of a delivery: when, and what came back."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="tries"
    )
    at = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(default=0.0)
    # HTTP status; empty where nothing came back.
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    said = models.TextField(blank=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}: {self.status or self.said[:60]}"
