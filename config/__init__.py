"""Settings, URLs, Celery, security policy and the admin site of Uptick."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
