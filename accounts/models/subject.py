"""What lists, tags, rules, segments and stages can be about."""

from django.db import models


class Subject(models.TextChoices):
    """Customer companies or people."""

    ACCOUNT = "account", "Accounts"
    DEVELOPER = "developer", "Developers"
