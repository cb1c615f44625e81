"""The admin site: where people configure what they look at elsewhere."""

from django.contrib.admin import AdminSite
from django.http import HttpRequest


class UptickAdminSite(AdminSite):
    """Open to every active member, whatever their role; the model admins decide."""

    site_header = "Uptick"
    site_title = "Uptick"
    index_title = "Settings"
    site_url = "/"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in operators and everyone who belongs to a workspace."""
        user = request.user
        return bool(
            user.is_authenticated
            and user.is_active
            and (user.is_superuser or user.memberships.exists())
        )
