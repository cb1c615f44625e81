"""People who use a product, and the ways each of them is known."""

from django.db import models
from django.utils import timezone

from accounts.models.account import Account
from accounts.models.workspace import Workspace
from accounts.querysets import WorkspaceQuerySet


class AttributionRule(models.TextChoices):
    """Which rule found a developer's company (contracts/README, account rules)."""

    HAND = "hand", "Corrected by hand"
    EVENT_DOMAIN = "event_domain", "Domain named in an event"
    LICENSE = "license", "Licence of the account"
    EMAIL_DOMAIN = "email_domain", "Domain of the e-mail address"
    NETWORK = "network", "IP range of the account"
    IP_OWNER = "ip_owner", "Owner of the IP network"
    NONE = "none", "No company found"


# How sure each rule is, 0 to 1 (contracts/README, last paragraph). First match wins,
# so the order of the numbers is the order of the rules.
CONFIDENCE: dict[str, float] = {
    AttributionRule.HAND: 1.0,
    AttributionRule.EVENT_DOMAIN: 1.0,
    AttributionRule.LICENSE: 0.95,
    AttributionRule.EMAIL_DOMAIN: 0.9,
    AttributionRule.NETWORK: 0.8,
    AttributionRule.IP_OWNER: 0.4,
    AttributionRule.NONE: 0.0,
}


class Developer(models.Model):
    """A person who uses a product, under all identities known for them.

    ``is_aggregate`` marks the nameless user that pre-counted events of a company hang
    on (contract ``reo``, R2): it scores, but no list of people shows it.
    """

    # Found through developer_by_seen; an index less to write for each developer.
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_index=False, related_name="developers"
    )
    account = models.ForeignKey(
        Account,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="developers",
    )
    rule = models.CharField(
        max_length=20,
        choices=AttributionRule,
        default=AttributionRule.NONE,
        help_text="How the account was found; corrections by hand win for ever.",
    )
    confidence = models.FloatField(default=0.0, help_text="0 to 1, from the rule.")
    rule_detail = models.CharField(
        max_length=300, blank=True, help_text="What the rule saw: a domain, a range."
    )
    display_name = models.CharField(max_length=200, blank=True)
    is_aggregate = models.BooleanField("pre-counted", default=False, editable=False)
    is_anonymous = models.BooleanField(
        "anonymous",
        default=False,
        editable=False,
        help_text="Every identity is derived from an address or sent as anonymous.",
    )
    traits = models.JSONField(default=dict, blank=True)
    first_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("display_name", "id")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(confidence__gte=0) & models.Q(confidence__lte=1),
                name="developer_confidence_0_to_1",
            ),
        )
        indexes = (
            # Developer list sorted by last seen, keyset paging.
            models.Index(
                fields=("workspace", "-last_seen_at", "-id"), name="developer_by_seen"
            ),
            # Developer list sorted by name, keyset paging.
            models.Index(
                fields=("workspace", "display_name", "id"), name="developer_by_name"
            ),
        )

    def __str__(self) -> str:
        return self.display_name or f"Developer {self.pk}"


class Identity(models.Model):
    """One way a developer is known. Events hang on it, so merging moves no event."""

    class Kind(models.TextChoices):
        """The kinds of contracts/README, "Who did it", and one of our own."""

        EMAIL = "email", "E-mail"
        GITHUB = "github", "GitHub"
        LINKEDIN = "linkedin", "LinkedIn"
        SOCIAL = "social", "Social profile"
        USERNAME = "username", "Username"
        USER_HASH = "user_hash", "User hash"
        LICENSE_USER = "license_user", "Licence user"
        CUSTOMER_ID = "customer_id", "Customer id"
        ANONYMOUS = "anonymous", "Anonymous"
        AGGREGATE = "aggregate", "Pre-counted use"

    # Found through identity_once.
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_index=False, related_name="identities"
    )
    developer = models.ForeignKey(
        Developer, on_delete=models.CASCADE, related_name="identities"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    value = models.CharField(max_length=320, help_text="Normalised for its kind.")
    joined_by = models.CharField(
        max_length=100,
        blank=True,
        help_text="The rule that joined it to this developer; empty for the first.",
    )
    # Set when a person split it off: no rule joins its developer with another one.
    kept_apart = models.BooleanField(default=False, db_default=False, editable=False)
    # Address that told the company, or the latest while none did. Kept only while
    # nothing better tells it: a changed table of IP ranges is applied to somebody.
    last_ip = models.GenericIPAddressField(null=True, blank=True, editable=False)
    first_seen_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("kind", "value")
        verbose_name_plural = "identities"
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "kind", "value"), name="identity_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.value}"


class WaitingJoin(models.Model):
    """A queue: identities of one event whose developers are still two.

    Digests only add to usage and run side by side, so they do not merge. They leave
    a row here, and `identity.join_waiting` merges when it is alone in the workspace.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_constraint=False
    )
    identity_id = models.BigIntegerField()
    other_identity_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"Identities {self.identity_id} and {self.other_identity_id}"
