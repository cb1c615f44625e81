"""App config of `accounts`."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Who is it, and how are they doing?"""

    name = "accounts"
    verbose_name = "People and companies"
