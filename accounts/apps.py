"""App config of `accounts`."""

from importlib import import_module

from django.apps import AppConfig
from django.core.checks import register


class AccountsConfig(AppConfig):
    """Who is it, and how are they doing?"""

    name = "accounts"
    verbose_name = "People and companies"

    def ready(self) -> None:
        """Let `manage.py check` try the enrichment plug-ins."""
        # Plug-ins import models, which are there only now.
        registry = import_module("accounts.enrichment.registry")
        register(registry.check_plug_ins)
