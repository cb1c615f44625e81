"""The tenant, the people who log in, and what each may do where."""

from functools import cached_property
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from accounts.querysets import WorkspaceQuerySet, WorkspaceSet

SLUG_PATTERN = r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$"


class Role(models.TextChoices):
    """What a member may do in one workspace, weakest last."""

    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


class UserManager(BaseUserManager["User"]):
    """Makes users from an e-mail address and a password."""

    def create_user(
        self, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        """Create a person who may log in; the address is kept in lower case."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, email: str, password: str | None = None, **fields: Any
    ) -> "User":
        """Create an operator: someone who is admin of every workspace."""
        return self.create_user(email, password, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a user at log-in; the case of the address does not matter."""
        return self.get(email=(username or "").strip().lower())


class User(AbstractBaseUser, PermissionsMixin):
    """A person who logs in. What they may do hangs on their memberships."""

    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField(max_length=150, blank=True)
    is_active = models.BooleanField("active", default=True)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = "user"

    def __str__(self) -> str:
        return self.email

    @property
    def is_staff(self) -> bool:
        """Django's admin asks this; the admin site itself checks memberships."""
        return self.is_active

    @cached_property
    def roles(self) -> dict[int, str]:
        """The person's role by workspace id, read once per object."""
        return dict(self.memberships.values_list("workspace_id", "role"))

    def get_full_name(self) -> str:
        """Return the name, else the address."""
        return self.name or self.email

    def get_short_name(self) -> str:
        """Return the first word of the name, else the local part of the address."""
        return self.name.split(" ")[0] if self.name else self.email.split("@")[0]


class Workspace(models.Model):
    """The tenant: everything that is measured and everyone who may see it."""

    slug = models.CharField(
        max_length=63,
        unique=True,
        validators=[
            RegexValidator(
                SLUG_PATTERN,
                "Use lower-case letters, digits and hyphens, at most 63.",
            )
        ],
        help_text="In web addresses and, as namespace or account, in some clients.",
    )
    name = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    is_demo = models.BooleanField("demo", default=False, editable=False)
    license_days = models.PositiveIntegerField(
        "days to keep licence telemetry",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Older records are deleted every night; what they added to usage and "
        "scores stays. Empty keeps them all.",
    )
    event_days = models.PositiveIntegerField(
        "days to keep raw events",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Of every kind but signals and licence telemetry. Empty keeps all.",
    )
    signal_days = models.PositiveIntegerField(
        "days to keep signals",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Raw signals of apps. Empty keeps all.",
    )
    quarantine_days = models.PositiveIntegerField(
        "days to keep quarantined events",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Since their arrival, also those that still wait. Empty keeps what "
        "waits; what is settled goes after 90 days in any case.",
    )
    audit_days = models.PositiveIntegerField(
        "days to keep the audit log",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Receipts of erasures stay. Empty keeps all.",
    )
    # Raised by every change of the opt-out register; 0 while it was never used.
    opt_out_version = models.PositiveIntegerField(
        default=0, db_default=0, editable=False
    )
    reamaze_authkey_alone = models.BooleanField(
        "accept an authkey alone",
        default=False,
        db_default=False,
        help_text="Reamaze senders that name the account in the address may leave out "
        "the API key: their authkey proves that they know it. The browser script "
        "works in this way in any case.",
    )
    # Sealed; the vendor's plug-ins sign with it (contract reamaze, authkey).
    reamaze_sso_sealed = models.TextField(
        blank=True, default="", db_default="", editable=False
    )
    outside_images = models.BooleanField(
        "show pictures from elsewhere",
        default=False,
        db_default=False,
        help_text="Avatars are fetched by the browsers of your members from where the "
        "profile says, or from gravatar.com, which so learns who is looked at.",
    )
    members = models.ManyToManyField(
        User, through="Membership", related_name="workspaces"
    )

    objects = WorkspaceSet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's role in one workspace."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.MEMBER)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("workspace", "user")
        verbose_name = "member"
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "user"), name="membership_once"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_role_known"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"
