"""Key pairs that answers are signed with, for operators to look at."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.base import OperatorsLookAdmin
from ingest.models import SigningKey


@admin.register(SigningKey)
class SigningKeyAdmin(OperatorsLookAdmin):
    """Signing keys. Made and replaced by ``manage.py signing_keys``.

    None is deleted: what it signed is still being verified.
    """

    list_display = ("kid", "belongs_to", "status", "created_at", "retired_at")
    list_select_related = ("product", "workspace")
    ordering = ("-retired_at", "-id")
    sortable_by = ()
    fields = (
        *("kid", "belongs_to", "status", "public", "public_pem"),
        *("created_at", "retired_at"),
    )
    readonly_fields = fields
    show_full_result_count = False

    @admin.display(description="belongs to")
    def belongs_to(self, key: SigningKey) -> str:
        """Return whose answers it signs."""
        if key.product is None:
            return "the whole installation"
        return f"{key.product} of {key.workspace}"

    @admin.display(description="status")
    def status(self, key: SigningKey) -> SafeString:
        """Return whether it signs new answers."""
        kind, text = ("low", "Replaced") if key.retired_at else ("good", "In use")
        return format_html('<span class="badge badge-{}">{}</span>', kind, text)

    @admin.display(description="public half")
    def public(self, key: SigningKey) -> SafeString:
        """Lead to the file that verifies what it signed."""
        address = reverse("key-by-id", args=[key.kid])
        return format_html('<a href="{}">{}</a>', address, address)
