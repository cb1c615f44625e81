"""Key pairs that answers of the dialect `license` are signed with."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from accounts.models import Product, Workspace


class SigningKey(models.Model):
    """One RSA key pair; the private half is sealed (`accounts.sealing`).

    One in use for the whole installation, and one for each product that has its own.
    Replaced ones stay, so that their public halves go on being listed.
    """

    # Empty for the pair of the whole installation, as product is.
    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, null=True)
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, null=True, related_name="signing_keys"
    )
    # RFC 7638 thumbprint of the public half.
    kid = models.CharField("key id", max_length=43, unique=True)
    public_pem = models.TextField("public key (PEM)")
    sealed = models.TextField()
    created_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("product", "-id")
        constraints = (
            # Two processes that make the first pair at the same time make one.
            models.UniqueConstraint(
                fields=("product",),
                condition=Q(retired_at__isnull=True),
                nulls_distinct=False,
                name="signing_key_in_use_once",
            ),
        )

    def __str__(self) -> str:
        return self.kid
