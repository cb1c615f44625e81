"""Stages: how far an account or a developer has come, and every step of the way."""

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.developer import Developer
from accounts.models.palette import Hue
from accounts.models.subject import Subject
from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet


class StageQuerySet(WorkspaceQuerySet["Stage"]):
    """Stages that are in use."""

    def in_use(self) -> "StageQuerySet":
        """Leave out those that were removed."""
        return self.filter(removed_at__isnull=True)


class Stage(models.Model):
    """One step of the account lifecycle or of the developer funnel.

    A removed stage keeps its row: timelines go on naming it.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="stages"
    )
    subject = models.CharField(
        max_length=10, choices=Subject, verbose_name="of", default=Subject.ACCOUNT
    )
    name = models.CharField(max_length=50)
    position = models.PositiveSmallIntegerField(
        default=0, help_text="First comes 1; later stages are further."
    )
    colour = models.CharField(max_length=10, choices=Hue, default=Hue.BLUE)
    description = models.CharField(max_length=300, blank=True)
    rule = models.JSONField(
        null=True,
        blank=True,
        help_text="In the language of segments. Whoever it matches is in this stage, "
        "or in a later one that matches too. Empty: by hand only.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    removed_at = models.DateTimeField(null=True, editable=False)

    objects = StageQuerySet.as_manager()

    class Meta:
        ordering = ("subject", "position", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "subject", "name"),
                condition=Q(removed_at__isnull=True),
                name="stage_name_once",
                violation_error_message="There is a stage of that name.",
            ),
        )

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Trim the name."""
        self.name = self.name.strip()
        if not self.name:
            raise ValidationError({"name": "A stage needs a name."})


class StageRule(models.Model):
    """One version of a stage's rule, with the words that say it. Never edited."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    stage = models.ForeignKey(Stage, on_delete=models.CASCADE, related_name="rules")
    rule = models.JSONField()
    words = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.words[:80]


class StageEntry(models.Model):
    """A stay of one account or developer in a stage. Current while ``left_at`` is null.

    Written by `accounts.stages.record_moves`, which counts it in StageDay too.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    stage = models.ForeignKey(
        Stage, on_delete=models.RESTRICT, db_index=False, related_name="entries"
    )
    account = models.ForeignKey(
        Account,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="stage_entries",
    )
    developer = models.ForeignKey(
        Developer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="stage_entries",
    )
    # The stage before, where there was one.
    came_from = models.ForeignKey(
        Stage,
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
    )
    # Further than the stage before, or the first one, as the order was then.
    is_advance = models.BooleanField(default=True)
    entered_at = models.DateTimeField(default=timezone.now)
    left_at = models.DateTimeField(null=True, blank=True)
    # Put there by a person, who wins over all rules until released.
    by_hand = models.BooleanField(default=False)
    actor = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
    )
    reason = models.CharField(max_length=200, blank=True)
    # The rule that matched; none for what was done by hand.
    matched = models.ForeignKey(
        StageRule,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
    )
    # The day that the rules were first seen to want them further back, or nowhere;
    # they are waited for (`accounts.stages.PATIENCE_DAYS`). Null: the rules agree.
    missed_since = models.DateField(null=True, blank=True)
    # Why it ended, where no next stage tells it.
    left_reason = models.CharField(max_length=200, blank=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("-entered_at", "-id")
        verbose_name_plural = "stage entries"
        constraints = (
            models.CheckConstraint(
                condition=Q(account__isnull=True) ^ Q(developer__isnull=True),
                name="stage_entry_one_subject",
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=True)
                | Q(left_at__gte=models.F("entered_at")),
                name="stage_entry_in_order",
            ),
            # One current stage each; also: which one is it?
            models.UniqueConstraint(
                fields=("account",),
                condition=Q(left_at__isnull=True),
                name="stage_entry_account_now",
            ),
            models.UniqueConstraint(
                fields=("developer",),
                condition=Q(left_at__isnull=True),
                name="stage_entry_developer_now",
            ),
        )
        indexes = (
            # Who is in this stage?
            models.Index(
                fields=("stage", "developer", "account"),
                condition=Q(left_at__isnull=True),
                name="stage_entry_members",
            ),
            # Who entered it lately?
            models.Index(fields=("stage", "-entered_at"), name="stage_entry_entered"),
            # The history of an account, and of a developer.
            models.Index(
                fields=("account", "-entered_at"),
                condition=Q(account__isnull=False),
                name="stage_entry_of_account",
            ),
            models.Index(
                fields=("developer", "-entered_at"),
                condition=Q(developer__isnull=False),
                name="stage_entry_of_developer",
            ),
        )

    def __str__(self) -> str:
        return f"Stage {self.stage_id} from {self.entered_at:%Y-%m-%d}"


class StageDay(models.Model):
    """How many entered and left a stage on one UTC day.

    ``entered − left`` over all days is the size of the stage, so that a funnel reads
    some hundred rows and not everybody.
    """

    pk = models.CompositePrimaryKey("stage_id", "day")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    stage = models.ForeignKey(
        Stage, on_delete=models.CASCADE, db_index=False, related_name="days"
    )
    day = models.DateField()
    entered = models.BigIntegerField(default=0)
    # Of those who entered, the ones who had not been as far just before.
    advanced = models.BigIntegerField(default=0)
    left = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.day}: {self.entered} in, {self.left} out"


class Rescored(models.Model):
    """A queue: whose score changed since stages and the like were judged.

    Written in the transaction that scores, so that a crash loses nobody;
    ``subject_id`` null is everybody in the workspace. Taken by `accounts.rescored`.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    subject = models.CharField(max_length=10, choices=Subject)
    subject_id = models.BigIntegerField(null=True)
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.subject} {self.subject_id or 'all'}"
