"""Background work of `ingest`: each task calls one plain function."""

from celery import shared_task

from ingest.digest import digest_until_empty
from ingest.hints import hint_digest

__all__ = ["digest_inbox", "hint_digest"]


@shared_task
def digest_inbox() -> None:
    """Digest all that waits in the inbox."""
    digest_until_empty()
