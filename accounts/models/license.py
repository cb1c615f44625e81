"""Licences that a workspace has sold, where they are activated, and its versions."""

import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.catalogue import Product
from accounts.models.workspace import Workspace
from accounts.querysets import WorkspaceQuerySet


def new_license_key() -> str:
    """Return a random licence key: a UUID, as the seed's example is."""
    return str(uuid.uuid4())


class LicenseQuerySet(WorkspaceQuerySet["License"]):
    """Licences by the state they are in now."""

    def in_state(self, state: str, now: datetime | None = None) -> "LicenseQuerySet":
        """Keep the active, expired or revoked ones."""
        now = now or timezone.now()
        expired = Q(expires_at__lte=now)
        if state == License.State.REVOKED:
            return self.filter(revoked_at__isnull=False)
        rows = self.filter(revoked_at__isnull=True)
        if state == License.State.EXPIRED:
            return rows.filter(expired)
        return rows.exclude(expired)


class License(models.Model):
    """One licence. Revoked, never deleted: what it reported names it.

    ``key`` is compared as written. Telemetry under a licence that is not revoked
    belongs to its account (contracts/README, account rule 2).
    """

    class State(models.TextChoices):
        """What a licence is now; worked out of its dates."""

        ACTIVE = "active", "Active"
        EXPIRED = "expired", "Expired"
        REVOKED = "revoked", "Revoked"

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="licenses"
    )
    key = models.CharField(
        max_length=200,
        default=new_license_key,
        help_text="What the software sends as license_key.",
    )
    account = models.ForeignKey(
        Account,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="licenses",
        help_text="The company that bought it; its users belong to that account.",
    )
    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="licenses",
        help_text="Empty: good for every product.",
    )
    holder = models.CharField(
        max_length=200, blank=True, help_text="Customer or user, as you call them."
    )
    seats = models.PositiveIntegerField(
        null=True, blank=True, help_text="Activations sold; empty is no limit."
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = LicenseQuerySet.as_manager()

    class Meta:
        ordering = ("-id",)
        verbose_name = "licence"
        constraints = (
            # Also the look-up at the door of the dialect `license`.
            models.UniqueConstraint(
                fields=("workspace", "key"),
                name="license_key_once",
                violation_error_message="This workspace has a licence of that key.",
            ),
        )

    def __str__(self) -> str:
        return self.key

    @property
    def state(self) -> "License.State":
        """Say what the licence is now; revoked wins over expired."""
        if self.revoked_at is not None:
            return License.State.REVOKED
        if self.expires_at is not None and self.expires_at <= timezone.now():
            return License.State.EXPIRED
        return License.State.ACTIVE

    def clean(self) -> None:
        """Refuse a key that no sender can send: values are trimmed on arrival."""
        self.key = self.key.strip()
        if not self.key or not self.key.isprintable():
            raise ValidationError({"key": "A key is made of printable characters."})


class Activation(models.Model):
    """One installation that a licence was activated on."""

    # Found through its licence.
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_index=False, related_name="activations"
    )
    license = models.ForeignKey(
        License, on_delete=models.CASCADE, related_name="activations", db_index=False
    )
    identifier = models.CharField(
        max_length=200, help_text="What the software sends as activation_identifier."
    )
    hwid = models.CharField(
        "hardware id", max_length=200, blank=True, help_text="As last reported."
    )
    first_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("license", "identifier")
        constraints = (
            models.UniqueConstraint(
                fields=("license", "identifier"),
                name="activation_once",
                violation_error_message="The licence has an activation of that name.",
            ),
        )

    def __str__(self) -> str:
        return self.identifier


class ProductVersion(models.Model):
    """A version of a product that was really released."""

    workspace = models.ForeignKey(
        Workspace,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="product_versions",
    )
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    version = models.CharField(
        max_length=100, help_text="What the software sends as product_version."
    )
    released_on = models.DateField(null=True, blank=True)
    is_supported = models.BooleanField("supported", default=True)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("product", "-released_on", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("product", "version"),
                name="product_version_once",
                violation_error_message="The product has that version.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.product} {self.version}"
