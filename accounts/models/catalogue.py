"""What is measured: products and metrics."""

import re

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from accounts.models.workspace import Workspace
from accounts.querysets import WorkspaceQuerySet

LONGEST_KEY = 200
FOLDED_AWAY = re.compile(r"[\s_-]+")

# Score weight of a new metric by its level; levels past the last get the last.
LEVEL_WEIGHTS = {"primary": 10.0, "secondary1": 6.0, "secondary2": 4.0}
OTHER_LEVEL_WEIGHT = 2.0


def fold_metric_key(key: str) -> str:
    """Return the form in which metric keys are compared.

    Case, spaces, hyphens and underscores do not count: the seed of the ``reo`` dialect
    itself writes both ``CALL HOME`` and ``CALL_HOME`` (contract ``reo``, R1). Cut to
    what the column holds: folded, a key can be three times as long.
    """
    return FOLDED_AWAY.sub("", key).casefold()[:LONGEST_KEY]


def default_weight(level: str) -> float:
    """Return the score weight, in points, that a metric of this level starts with."""
    return LEVEL_WEIGHTS.get(level, OTHER_LEVEL_WEIGHT)


class Product(models.Model):
    """The thing whose use is measured: an SDK, an app, a CLI."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="products"
    )
    key = models.CharField(
        max_length=200, help_text="The product_id that senders put into their events."
    )
    name = models.CharField(max_length=200)
    is_discovered = models.BooleanField(
        "discovered",
        default=False,
        help_text="Registered itself through an event; nobody has confirmed it yet.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "key"), name="product_key_once"
            ),
        )

    def __str__(self) -> str:
        return self.name


class Metric(models.Model):
    """A named kind of event with the weight that its use has in scores."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="metrics"
    )
    key = models.CharField(
        max_length=LONGEST_KEY, help_text="As senders write it: CALL_HOME."
    )
    folded_key = models.CharField(max_length=LONGEST_KEY, editable=False)
    label = models.CharField(max_length=200, blank=True)
    level = models.CharField(
        max_length=20,
        default="secondary1",
        validators=[
            RegexValidator(
                r"^(primary|secondary[1-9][0-9]?)$",
                "Use primary, secondary1, secondary2, …",
            )
        ],
        help_text="primary, secondary1, secondary2, …",
    )
    weight = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0.0)],
        help_text="Points for the first use on a day. Empty takes the level's weight.",
    )
    daily_cap = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Uses a developer can score with on one day; empty is no limit.",
    )
    adds_to_lifetime_value = models.BooleanField(
        default=False,
        db_default=False,
        help_text="The values of its events are money, or another worth to add up: "
        "their sum is the lifetime value of developers and accounts.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("key",)
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "folded_key"),
                name="metric_key_once",
                violation_error_message="This workspace has a metric of that key.",
            ),
            models.CheckConstraint(
                condition=models.Q(weight__gte=0) | models.Q(weight__isnull=True),
                name="metric_weight_not_negative",
            ),
        )

    def __str__(self) -> str:
        return self.label or self.key

    def clean(self) -> None:
        """Fold the key early, so that validation sees a clash of spellings."""
        self.folded_key = fold_metric_key(self.key)

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the folded key and the weight in step with what was typed."""
        self.folded_key = fold_metric_key(self.key)
        if not self.label:
            self.label = self.key
        if self.weight is None:
            self.weight = default_weight(self.level)
        super().save(*args, **kwargs)  # type: ignore[arg-type]
