"""Facts that a workspace keeps about its accounts beside the built-in ones."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils import timezone

from accounts.models.workspace import Workspace
from accounts.querysets import WorkspaceQuerySet

LONGEST_FIELD_KEY = 40
# Columns of an account, and of a file of accounts, that no field may be called.
RESERVED_KEYS = frozenset(
    {"country", "domain", "employees", "fit", "id", "industry", "name", "organisation"}
)


class FieldKind(models.TextChoices):
    """What the values of a field are."""

    TEXT = "text", "Text"
    NUMBER = "number", "Number"
    YES_NO = "yes_no", "Yes or no"
    CHOICE = "choice", "One of several"
    DATE = "date", "Date"


class AccountField(models.Model):
    """One field of a workspace's own. Its values are in `Account.fields`, by key.

    Kept there as JSON: text, choice and date (ISO 8601) as text, numbers as numbers,
    yes and no as booleans. What an account does not have is no key.
    """

    Kind = FieldKind

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="account_fields"
    )
    key = models.CharField(
        max_length=LONGEST_FIELD_KEY,
        validators=[
            RegexValidator(
                r"^[a-z][a-z0-9_]*$",
                "Use lower-case letters, digits and underscores; begin with a letter.",
            )
        ],
        help_text="In files, rules and the API, such as support_tier; never changed.",
    )
    label = models.CharField(max_length=100, help_text="On pages: Support tier.")
    kind = models.CharField(max_length=10, choices=FieldKind, default=FieldKind.TEXT)
    choices = models.JSONField(
        default=list,
        blank=True,
        help_text="The values of a field that is one of several.",
    )
    position = models.PositiveSmallIntegerField(
        default=0, help_text="Fields are listed by it, then by label."
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("position", "label", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "key"),
                name="account_field_key_once",
                violation_error_message="This workspace has a field of that key.",
            ),
        )

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        """Refuse a built-in key, and choices that are none."""
        if self.key in RESERVED_KEYS:
            raise ValidationError({"key": f"“{self.key}” is a field of every account."})
        if self.kind == FieldKind.CHOICE and not self.choices:
            raise ValidationError({"choices": "Name the values to choose from."})
