"""How often a password was tried: what slows down guessing."""

from django.db import models


class LoginAttempts(models.Model):
    """Attempts to log in since a moment, for one bucket.

    A bucket is a hash of an address, of an e-mail address, or of both; neither stands
    here in the clear. Written by `accounts/login.py` only.
    """

    bucket = models.UUIDField(primary_key=True)
    since = models.DateTimeField()
    attempts = models.PositiveIntegerField()

    class Meta:
        verbose_name_plural = "login attempts"

    def __str__(self) -> str:
        return f"{self.attempts} since {self.since:%Y-%m-%d %H:%M}"
