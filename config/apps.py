"""Application configs: our own, and the one that replaces the admin's."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ProjectConfig(AppConfig):
    """Makes `config` an app, so that its management commands are found."""

    name = "config"
    default = True


class UptickAdminConfig(admin_apps.AdminConfig):
    """Makes our admin site the default, so apps keep the ordinary decorator."""

    default = False
    default_site = "config.admin.UptickAdminSite"
