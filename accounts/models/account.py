"""Customer companies and how they are recognised."""

from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import JSONField, Q, Value
from django.utils import timezone

from accounts.models.fields import NetworkField
from accounts.models.fit import Fit
from accounts.models.workspace import User, Workspace
from accounts.querysets import WorkspaceQuerySet


class Account(models.Model):
    """A customer company. Never a login."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="accounts"
    )
    name = models.CharField(max_length=200)
    domain = models.CharField(
        max_length=253,
        blank=True,
        help_text="Registrable domain, such as example.com; empty when none is known.",
    )
    organisation = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text="Owner of an IP network, as the IP database names it.",
    )
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166 code.")
    industry = models.CharField(max_length=100, blank=True)
    employees = models.PositiveIntegerField(null=True, blank=True)
    # Values of the workspace's own fields by key; see `AccountField`.
    fields = models.JSONField(
        default=dict, db_default=Value({}, JSONField()), editable=False
    )
    # Who filled a field, built-in or own: {key: {"by": "hand", "who": …, "at": …}}.
    # `accounts.account_values` writes both and knows what beats what.
    field_sources = models.JSONField(
        default=dict, db_default=Value({}, JSONField()), editable=False
    )
    # By the fit criteria in force, as kept by `accounts.fit_store`; the points are
    # the share reached of those that can be had, null where nothing is known.
    fit = models.CharField(
        max_length=10,
        choices=Fit,
        blank=True,
        default="",
        db_default="",
        editable=False,
    )
    fit_points = models.FloatField(null=True, editable=False)
    first_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "domain"),
                condition=~Q(domain=""),
                name="account_domain_once",
            ),
            # Two digests that meet the same network owner make one account.
            models.UniqueConstraint(
                fields=("workspace", "organisation"),
                condition=~Q(organisation=""),
                name="account_organisation_once",
            ),
        )
        indexes = (
            # Account list sorted by name, keyset paging.
            models.Index(fields=("workspace", "name", "id"), name="account_by_name"),
            # Account list sorted by last seen, keyset paging.
            models.Index(
                fields=("workspace", "-last_seen_at", "-id"), name="account_by_seen"
            ),
        )

    def __str__(self) -> str:
        return self.name


class AccountDomain(models.Model):
    """A further domain of an account: mail or events of it belong to the account."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="account_domains"
    )
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="domains"
    )
    domain = models.CharField(max_length=253)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("domain",)
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "domain"), name="account_domain_alias_once"
            ),
        )

    def __str__(self) -> str:
        return self.domain


class AccountNetwork(models.Model):
    """An IP range that an admin says belongs to an account.

    The database holds ``network`` as ``cidr``, so containment is asked in SQL.
    """

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="account_networks"
    )
    account = models.ForeignKey(
        Account, on_delete=models.CASCADE, related_name="networks"
    )
    network = NetworkField(help_text="Such as 203.0.113.0/24 or 2001:db8::/32.")
    note = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = WorkspaceQuerySet.as_manager()

    class Meta:
        ordering = ("network",)
        verbose_name = "IP range"
        constraints = (
            models.UniqueConstraint(
                fields=("workspace", "network"), name="account_network_once"
            ),
        )
        indexes = (
            # Which ranges hold this address?
            GistIndex(
                fields=("network",),
                opclasses=("inet_ops",),
                name="account_network_holds",
            ),
        )

    def __str__(self) -> str:
        return str(self.network)
