"""The app that shows: pages, charts, queries. It writes nothing about customers."""

from django.apps import AppConfig
from django.core.checks import register

from dashboards.checks import vendored_files_unchanged


class DashboardsConfig(AppConfig):
    """Registers the check that vendored files are the ones recorded."""

    name = "dashboards"

    def ready(self) -> None:
        """Let `manage.py check` compare the vendored files."""
        register(vendored_files_unchanged)
