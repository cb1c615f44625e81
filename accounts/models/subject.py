"""What lists, tags, rules, segments and stages can be about."""

from django.db import models


class Subject(models.TextChoices):
    """Customer companies or people."""

    ACCOUNT = "account", "Accounts"
    DEVELOPER = "developer", "Developers"

    @property
    def column(self) -> str:
        """The column by which tables of both hang on one: the other's is null there."""
        return f"{self.value}_id"
