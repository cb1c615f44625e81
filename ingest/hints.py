"""Tells the workers that the inbox holds something; that and nothing else.

A hint that is lost costs a few seconds, because beat looks anyway. So it is sent
beside the requests, debounced, and an error is nobody's problem.
"""

from celery import current_app

from ingest import background

PAUSE_SECONDS = 0.25
# A hint that waited this long says nothing new: beat has looked since.
EXPIRES_SECONDS = 10


def publish_hint() -> None:
    """Ask the broker for one run of the digest, now."""
    # By name: the task calls the digest, and this module is below it.
    current_app.send_task(
        "ingest.tasks.digest_inbox", expires=EXPIRES_SECONDS, ignore_result=True
    )


_loop = background.loop("hints", publish_hint, pause=PAUSE_SECONDS)


def hint_digest() -> None:
    """Say that there is work for the digest; returns at once."""
    _loop.wake()


def flush() -> None:
    """Send a waiting hint now."""
    _loop.flush()
