"""Credentials of senders: what the server keeps of an API key."""

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models.catalogue import Product
from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet


class Dialect(models.TextChoices):
    """Senders that a key can be limited to; the values are stored with events."""

    REO = "reo", "Reo"
    LICENSE = "license", "Licence telemetry"
    TELEMETRYDECK = "telemetrydeck", "TelemetryDeck"
    PRODUCTIV = "productiv", "Productiv"
    REAMAZE = "reamaze", "Reamaze"
    NATIVE = "native", "Uptick API"


class Scope(models.TextChoices):
    """What a workspace lets the access tokens of a client be good for.

    In a token request the second is a name of the first as well, as long as the client
    may write (contract ``productiv``, Token).
    """

    WRITE = "connector.write", "Send events and provisioned users"
    READ = "report.read", "Read provisioned users"


class ReadScope(models.TextChoices):
    """What a read key may be limited to; one without scopes reads everything."""

    PRODUCTS = "products:read", "Products and metrics"
    ACCOUNTS = "accounts:read", "Accounts, their scores and receipts"
    PEOPLE = "people:read", "Developers and identities (personal data)"
    EVENTS = "events:read", "Single events (personal data)"
    USAGE = "usage:read", "Daily usage"
    SEGMENTS = "segments:read", "Segments and their members"
    LISTS = "lists:read", "Lists and tags"
    QUARANTINE = "quarantine:read", "Quarantine"
    LICENCES = "licences:read", "Licences, activations, versions, licence telemetry"


class IngestScope(models.TextChoices):
    """What an ingestion key may do besides sending events; nothing unless named."""

    LISTS = "lists", "Make and fill lists (reo)"


# The scopes that each kind of key may have.
SCOPES_OF_KINDS: dict[str, type[models.TextChoices]] = {
    "ingest": IngestScope,
    "read": ReadScope,
    "client": Scope,
    "manage": ReadScope,
}


class ApiKey(models.Model):
    """One credential of a sender. Revoked, never deleted.

    The key itself is never stored in the clear: ``digest`` finds it, ``sealed`` lets
    members copy it again and lets the server compute a Reamaze authkey.
    """

    class Kind(models.TextChoices):
        """What the credential is for; part of the key's visible prefix."""

        INGEST = "ingest", "Ingestion key"
        READ = "read", "Read API key"
        CLIENT = "client", "OAuth client"
        MANAGE = "manage", "Management API key"

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="api_keys"
    )
    name = models.CharField(max_length=100)
    kind = models.CharField(
        max_length=10,
        choices=Kind,
        default=Kind.INGEST,
        help_text="Ingestion keys go into software and read nothing; read keys read "
        "telemetry and licences; management keys also change licences; OAuth clients "
        "get access tokens for sending usage events.",
    )
    prefix = models.CharField(max_length=24, editable=False)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    sealed = models.TextField(editable=False)
    dialects = ArrayField(
        models.CharField(max_length=20),
        default=list,
        blank=True,
        help_text="Which senders may use it; empty means all.",
    )
    scopes = ArrayField(
        models.CharField(max_length=50),
        default=list,
        blank=True,
        help_text="What an OAuth client's tokens may do; empty means everything.",
    )
    product = models.ForeignKey(
        Product,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        help_text="When set, only events of this product are taken.",
    )
    allowed_networks = ArrayField(
        models.CharField(max_length=50),
        default=list,
        blank=True,
        help_text="Networks such as 203.0.113.0/24; empty means everywhere.",
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    sdk_signature = models.BooleanField(
        "SDK-compatible signature",
        default=False,
        db_default=False,
        help_text="Licence telemetry: sign the answer's whole text, as the vendor's "
        "SDKs verify it, instead of response_base64.",
    )
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    rotated_from = models.OneToOneField(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="rotated_to",
    )
    # Raised by every change, and compared in the statement that stores an event, so
    # that a key cached in a web process is never used after it was changed.
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("workspace", "name", "id")
        verbose_name = "API key"
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=("ingest", "read", "client", "manage")),
                name="api_key_kind_known",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    def is_usable(self, now: datetime | None = None) -> bool:
        """Say whether the key is neither revoked nor expired."""
        now = now or timezone.now()
        return self.revoked_at is None and (
            self.expires_at is None or self.expires_at > now
        )
