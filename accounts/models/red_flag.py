"""What is odd about somebody's use, and the signs of companies that tell some of it."""

from django.db import models
from django.db.models import Q

from accounts.models.account import Account
from accounts.models.developer import Developer, Identity
from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet


class RedFlagQuerySet(WorkspaceQuerySet["RedFlag"]):
    """Red flags by what became of them and whose they are."""

    def open(self) -> "RedFlagQuerySet":
        """Keep those that nobody has resolved, or that happened again since."""
        return self.filter(resolved_at__isnull=True)

    def of_account(self, account: Account | int) -> "RedFlagQuerySet":
        """Keep those of an account's developers, and those that name the account."""
        # Each half by an index of its own, which an "or" of both would not use.
        theirs = self.model._default_manager.filter(developer__account=account)  # noqa: SLF001
        naming = self.model._default_manager.filter(account=account)  # noqa: SLF001
        return self.filter(pk__in=theirs.values("pk").union(naming.values("pk")))


class RedFlag(models.Model):
    """One thing that is odd about somebody's use, however often it happened.

    Written by the digest in the transaction of the events that show it, so that it is
    counted once as they are. ``identity`` is who did it; ``developer`` follows it
    through merges and splits. ``account`` is the second company of "one person in two
    companies"; the first is the developer's own.
    """

    class Kind(models.TextChoices):
        """What is odd; words for people are in `accounts.red_flags`."""

        TWO_ACCOUNTS = "two_accounts", "One person, two companies"
        CLOCK = "clock", "Impossible clock"
        BURST = "burst", "One event sent again and again"
        REVOKED_LICENSE = "revoked_license", "Revoked licence in use"
        UNKNOWN_LICENSE = "unknown_license", "Unknown licence in use"
        UNKNOWN_ACTIVATION = "unknown_activation", "Unknown activation"
        UNKNOWN_PRODUCT = "unknown_product", "Unknown product"
        UNKNOWN_VERSION = "unknown_version", "Unknown product version"
        INCORRECT_FORMAT = "incorrect_format", "Incorrect format"

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_index=False, related_name="red_flags"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    identity = models.ForeignKey(
        Identity,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="red_flags",
    )
    developer = models.ForeignKey(
        Developer,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        db_index=False,
        related_name="red_flags",
    )
    account = models.ForeignKey(
        Account,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="red_flags",
    )
    # What happened to whom, as text: with the kind it names the flag.
    subject_key = models.CharField(max_length=400)
    # Facts of the latest time; its shape by kind is in docs/red-flags.md.
    evidence = models.JSONField(default=dict)
    count = models.BigIntegerField(default=1)
    # When it happened; when it arrived, where the stated time is what is wrong.
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # Kept when the flag opens again, so that people see what was thought of it.
    note = models.CharField(max_length=500, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True)

    objects = RedFlagQuerySet.as_manager()

    class Meta:
        ordering = ("-last_at", "-id")
        constraints = (
            # Also the page of one kind's flags, by what they are about.
            models.UniqueConstraint(
                fields=("workspace", "kind", "subject_key"), name="red_flag_once"
            ),
        )
        indexes = (
            # The page, latest first, keyset paging.
            models.Index(
                fields=("workspace", "-last_at", "-id"), name="red_flag_latest"
            ),
            # Open flags by kind: the page's counts, its filter, and the lists'.
            models.Index(
                fields=("workspace", "kind", "-last_at"),
                condition=Q(resolved_at__isnull=True),
                name="red_flag_open",
            ),
            # Whose flags are these? Lists ask it for the open ones, pages for all.
            models.Index(fields=("developer", "resolved_at"), name="red_flag_of"),
            models.Index(
                fields=("account", "resolved_at"),
                condition=Q(account__isnull=False),
                name="red_flag_of_account",
            ),
        )

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def is_open(self) -> bool:
        """Say whether it still wants somebody's look."""
        return self.resolved_at is None


class CompanySign(models.Model):
    """A sign of a company that came with an identity: a domain, or a licence key.

    Two signs of two companies within some weeks are a red flag. Only events that name
    one leave a row; times are right to an hour.
    """

    class Kind(models.TextChoices):
        """What named the company."""

        DOMAIN = "domain", "Domain named in an event"
        LICENSE = "license", "Licence key"

    pk = models.CompositePrimaryKey("identity_id", "kind", "value")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    identity = models.ForeignKey(
        Identity,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="company_signs",
    )
    kind = models.CharField(max_length=10, choices=Kind)
    value = models.CharField(
        max_length=253, help_text="Registrable domain, or a licence's key."
    )
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        indexes = (
            # Which signs moved lately? Asked when all flags are looked for again.
            models.Index(
                fields=("workspace", "last_seen_at"), name="company_sign_late"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.value}"
