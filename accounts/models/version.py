"""Which versions of products were seen in use, by whom and when."""

from django.db import models
from django.db.models.functions import Now

from accounts.models.catalogue import Product
from accounts.models.developer import Identity
from accounts.models.workspace import Workspace

LONGEST_VERSION = 100


class VersionSeen(models.Model):
    """A version of a product in the hands of one identity, first and last seen.

    Written by the digest, like daily usage without constraints on its references, and
    only when a time moves to another UTC day. Filed under the identity, so that a merge
    or a split of developers moves no row.
    """

    pk = models.CompositePrimaryKey("identity_id", "product_id", "version")
    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    product = models.ForeignKey(
        Product,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="versions_seen",
    )
    version = models.CharField(max_length=LONGEST_VERSION)
    identity = models.ForeignKey(
        Identity,
        on_delete=models.CASCADE,
        db_constraint=False,
        db_index=False,
        related_name="versions_seen",
    )
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "versions seen"
        indexes = (
            # Who was seen with this version? Counting, and the list of its accounts.
            models.Index(
                fields=("product", "version", "identity"), name="version_seen_who"
            ),
        )

    def __str__(self) -> str:
        return self.version


class VersionCount(models.Model):
    """How many run a version of a product: counted in the background.

    A developer runs the version that was seen last; an account runs what any of its
    developers run. How many are behind stands on `VersionTotal`.
    """

    pk = models.CompositePrimaryKey("product_id", "version")
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, db_index=False)
    product = models.ForeignKey(
        Product,
        on_delete=models.CASCADE,
        db_index=False,
        related_name="version_counts",
    )
    version = models.CharField(max_length=LONGEST_VERSION)
    # Who runs it now, by what was seen last.
    accounts = models.PositiveIntegerField(default=0)
    developers = models.PositiveIntegerField(default=0)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.version}: {self.accounts}"


class VersionTotal(models.Model):
    """All who run any known version of a product, and those who are behind."""

    product = models.OneToOneField(
        Product,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="version_total",
    )
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE)
    accounts = models.PositiveIntegerField(default=0)
    developers = models.PositiveIntegerField(default=0)
    # The newest released version, or "" where no releases are entered; and the
    # accounts that were never seen with it or a newer one.
    newest = models.CharField(max_length=LONGEST_VERSION, blank=True)
    behind = models.PositiveIntegerField(default=0)
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.product}: {self.accounts}"


class VersionsChanged(models.Model):
    """A queue: products whose versions were seen anew since they were counted."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, db_constraint=False, db_index=False
    )
    product_id = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"Product {self.product_id}"
