"""Apps that name themselves by a public id instead of carrying a secret key."""

from django.db import models
from django.utils import timezone

from accounts.models.catalogue import Product
from accounts.models.workspace import Workspace
from accounts.querysets import WorkspaceQuerySet

LONGEST_APP_ID = 200


def fold_app_id(text: str) -> str:
    """Return the form in which app ids are compared: UUIDs come in either case."""
    return text.strip().casefold()


class AppId(models.Model):
    """One app id, and the product that its signals are about.

    It is public, shipped inside the app (contract ``telemetrydeck``), so it opens
    nothing but the door for signals and can be switched off.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="app_ids"
    )
    product = models.ForeignKey(
        Product,
        on_delete=models.CASCADE,
        related_name="app_ids",
        help_text="What its signals are about; several apps may be one product.",
    )
    app_id = models.CharField(
        "app id",
        max_length=LONGEST_APP_ID,
        help_text="The appID that the app sends, often a UUID.",
    )
    # Unique in the whole installation: a request without a namespace is found by it.
    folded_id = models.CharField(
        max_length=LONGEST_APP_ID,
        unique=True,
        editable=False,
        error_messages={"unique": "This app id is already in use."},
    )
    is_enabled = models.BooleanField(
        "enabled",
        default=True,
        help_text="Signals of an app that is not enabled wait in quarantine.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("app_id",)
        verbose_name = "app"

    def __str__(self) -> str:
        return self.app_id

    def clean(self) -> None:
        """Fold the id early, so that validation sees a clash of spellings."""
        self.app_id = self.app_id.strip()
        self.folded_id = fold_app_id(self.app_id)

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep the folded id in step with what was typed."""
        self.clean()
        super().save(*args, **kwargs)  # type: ignore[arg-type]
