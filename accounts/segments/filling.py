"""Looks for the members of a segment whose rule was just written.

At once where that is quick, so that the next page shows them; else a worker does.
"""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

from accounts.clock import today_utc
from accounts.models import Segment
from accounts.segments.membership import refresh
from accounts.segments.preview import is_quick
from accounts.segments.schema import RuleError, parse

logger = logging.getLogger(__name__)


def fill(segment: Segment) -> None:
    """Fill a segment, or ask for it; the hourly round finds it in any case."""
    workspace = segment.workspace
    try:
        rule = parse(segment.rule, subject=segment.subject, workspace=workspace)
        quick = is_quick(rule, workspace, today=today_utc())
    except RuleError:
        # The refresh writes down what is wrong.
        quick = True
    if quick:
        refresh(segment)
        return
    try:
        # By name: the task calls what is above this module.
        current_app.send_task(
            "accounts.tasks.refresh_segment",
            args=[segment.pk],
            ignore_result=True,
            retry=False,
        )
    except OperationalError:
        logger.warning("No broker: %s is filled within the hour", segment)
