"""Application configs that replace Django's own."""

from django.contrib.admin.apps import AdminConfig


class UptickAdminConfig(AdminConfig):
    """Makes our admin site the default, so apps keep the ordinary decorator."""

    default_site = "config.admin.UptickAdminSite"
