"""Scores, the model they were made with, and their daily history."""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.developer import Developer
from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet


class Trend(models.TextChoices):
    """Where a score is going; `accounts/trends.py` has the rules."""

    NEW = "new", "New"
    SURGING = "surging", "Surging"
    COOLING = "cooling", "Cooling"
    DORMANT = "dormant", "Dormant"
    STEADY = "steady", "Steady"


class Damp(models.TextChoices):
    """What the second use on a day is worth beside the first."""

    LOG2 = "log2", "Logarithm: 1, 1.6, 2, 2.3 … for 1, 2, 3, 4 uses"
    SQRT = "sqrt", "Square root: 1, 1.4, 1.7, 2 … for 1, 2, 3, 4 uses"
    LINEAR = "linear", "None: every use counts fully"
    ONCE = "once", "Once a day: further uses add nothing"


class ScoreModel(models.Model):
    """One version of how a workspace turns usage into scores. Never edited.

    Only metrics that are new to it are added to ``weights``: nothing was ever scored
    with them.

    Points are kept decayed *forward* to ``landmark``: time passing changes no row, and
    the points of day ``d`` are ``stored × 2^((landmark − d) / half_life_days)``.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="score_models"
    )
    version = models.PositiveIntegerField()
    half_life_days = models.FloatField(
        "half-life in days", default=14.0, validators=[MinValueValidator(1)]
    )
    landmark = models.DateField()
    damp = models.CharField(
        max_length=10, choices=Damp, default=Damp.LOG2, db_default=Damp.LOG2
    )
    # Points at which a score is 63 (1 − 1/e); a typical active one lands mid-scale.
    developer_scale = models.FloatField(default=125.0)
    account_scale = models.FloatField(default=375.0)
    # Share of the points added for each doubling of the effective developers.
    breadth_bonus = models.FloatField(default=0.1)
    high_from = models.FloatField(default=60.0)
    medium_from = models.FloatField(default=20.0)
    # {metric id: [weight, daily cap or null]} as it was when the version was made.
    weights = models.JSONField(default=dict)
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # When all scores of the workspace were made with it. Until then it is pending:
    # the scores are of the version before, and stale.
    applied_at = models.DateTimeField(null=True, editable=False)
    # The UTC day that the trends of all its scores were last brought up to.
    trends_on = models.DateField(null=True, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("workspace", "-version")
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "version"), name="score_model_version_once"
            ),
            models.CheckConstraint(
                condition=Q(half_life_days__gte=1)
                & Q(developer_scale__gt=0)
                & Q(account_scale__gt=0)
                & Q(breadth_bonus__gte=0)
                & Q(high_from__gt=F("medium_from"))
                & Q(medium_from__gt=0)
                & Q(high_from__lt=100),
                name="score_model_sane",
            ),
        )

    def __str__(self) -> str:
        return f"Score model {self.version}"


class ScoreRun(models.Model):
    """How far the scoring of a workspace with a new version of its model has come.

    Written on a connection of its own while the scores change in one transaction, so
    that a page sees it move.
    """

    model = models.OneToOneField(
        ScoreModel, on_delete=models.CASCADE, primary_key=True, related_name="run"
    )
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.done} of {self.total}"


class DeveloperScore(models.Model):
    """A developer's points as of the landmark day of their score model."""

    developer = models.OneToOneField(
        Developer, on_delete=models.CASCADE, primary_key=True, related_name="score"
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    points = models.FloatField()
    # Of those, the points of uses until seven days before `trend_on`.
    points_before = models.FloatField(default=0.0, db_default=0.0)
    # Id of the account whose score holds these points, so that an account that lost
    # the developer is scored again as well. Not a reference: it may be gone.
    counted_in = models.BigIntegerField(null=True)
    # Sum of the values of metrics that add to it; no part of the points.
    lifetime_value = models.FloatField(default=0.0, db_default=0.0)
    model_version = models.PositiveIntegerField()
    last_active_on = models.DateField()
    scored_at = models.DateTimeField()
    # Score of now less that of seven days before `trend_on`, in points of the score.
    change_7d = models.FloatField(default=0.0, db_default=0.0)
    trend = models.CharField(
        max_length=10, choices=Trend, default=Trend.STEADY, db_default=Trend.STEADY
    )
    # Since when the two above are as they are; empty until first worked out.
    trend_on = models.DateField(null=True)

    class Meta:
        indexes = (
            # Developer list sorted by score; the order never changes with time.
            models.Index(
                fields=("workspace", "-points", "-developer"),
                name="developer_score_order",
            ),
            # The same sorted by lifetime value, of those who have one.
            models.Index(
                fields=("workspace", "-lifetime_value", "-developer"),
                condition=Q(lifetime_value__lt=0) | Q(lifetime_value__gt=0),
                name="developer_value_order",
            ),
            # Those with a trend, by score.
            models.Index(
                fields=("workspace", "trend", "-points", "-developer"),
                condition=~Q(trend=Trend.STEADY),
                name="developer_trend_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.points:.1f} points"


class AccountScore(models.Model):
    """An account's points as of the landmark day of its score model.

    ``points`` includes the breadth bonus; ``effective_developers`` is the inverse
    Simpson index (Σp)² / Σp² of its developers' points, which common decay leaves
    unchanged, so the bonus needs no touching as time passes either.
    ``active_developers`` are people whose uses scored, however long ago.
    """

    account = models.OneToOneField(
        Account, on_delete=models.CASCADE, primary_key=True, related_name="score"
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    points = models.FloatField()
    effective_developers = models.FloatField()
    active_developers = models.PositiveIntegerField()
    lifetime_value = models.FloatField(default=0.0, db_default=0.0)
    model_version = models.PositiveIntegerField()
    last_active_on = models.DateField()
    scored_at = models.DateTimeField()
    # Score of now less that of seven days before `trend_on`, in points of the score.
    change_7d = models.FloatField(default=0.0, db_default=0.0)
    trend = models.CharField(
        max_length=10, choices=Trend, default=Trend.STEADY, db_default=Trend.STEADY
    )
    # Since when the two above are as they are; empty until first worked out.
    trend_on = models.DateField(null=True)

    class Meta:
        indexes = (
            # Account list sorted by score; the order never changes with time.
            models.Index(
                fields=("workspace", "-points", "-account"), name="account_score_order"
            ),
            # The same sorted by lifetime value, of those who have one.
            models.Index(
                fields=("workspace", "-lifetime_value", "-account"),
                condition=Q(lifetime_value__lt=0) | Q(lifetime_value__gt=0),
                name="account_value_order",
            ),
            # Those with a trend, by score.
            models.Index(
                fields=("workspace", "trend", "-points", "-account"),
                condition=~Q(trend=Trend.STEADY),
                name="account_trend_order",
            ),
        )

    def __str__(self) -> str:
        return f"{self.points:.1f} points"


class TouchedDeveloper(models.Model):
    """A queue: developers whose usage changed since they were last scored.

    Written by the digest in the transaction that changes the usage. A developer may
    stand in it more than once; scoring takes rows with SKIP LOCKED and deletes them.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    developer_id = models.BigIntegerField()
    touched_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            # Is this developer's score stale?
            models.Index(fields=("developer_id",), name="touched_by_developer"),
        )

    def __str__(self) -> str:
        return f"Developer {self.developer_id}"


class ScoreSnapshot(models.Model):
    """The score of one account at the end of one UTC day.

    Scores under half a point are not kept: a day without a row is a zero. Developers
    have none: their history is a running sum over their own usage.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    day = models.DateField()
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="snapshots", db_index=False
    )
    points = models.FloatField()
    score = models.FloatField()
    model_version = models.PositiveIntegerField()

    class Meta:
        constraints = (
            # Also the trend of an account.
            models.UniqueConstraint(
                fields=("account", "day"), name="snapshot_account_day_once"
            ),
        )
        indexes = (
            # Who moved since a day; writing a day again; pruning.
            models.Index(fields=("workspace", "day"), name="snapshot_by_day"),
        )

    def __str__(self) -> str:
        return f"{self.day}: {self.score:.0f}"
