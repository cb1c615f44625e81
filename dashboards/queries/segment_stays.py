"""The segments of one account or developer: since when, why, and which it left."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import BigIntegerField, OuterRef, Q, Subquery
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from accounts.clock import now_utc
from accounts.models import (
    Account,
    Developer,
    Segment,
    SegmentMember,
    SegmentRule,
    User,
)
from accounts.segments.membership import reasons_of

# How long one that was left is still told of.
LEFT_FOR = timedelta(days=30)
MOST = 50


@dataclass(frozen=True, slots=True)
class Stay:
    """One segment that somebody is in, or left lately."""

    pk: int
    name: str
    # When it was entered; of one that was left, when that was.
    at: datetime
    # The conditions that came, or ceased, to hold.
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stays:
    """The segments of one account or developer, latest first."""

    now: tuple[Stay, ...]
    left: tuple[Stay, ...]


def stays_of(one: Account | Developer, user: User) -> Stays:
    """Return the segments of somebody that a member sees, in one query.

    By segment_member_of_account and segment_member_of_developer.
    """
    place = "account" if isinstance(one, Account) else "developer"
    seen = Segment.objects.filter(workspace=one.workspace_id, is_hidden=False)
    rows = (
        SegmentMember.objects.filter(
            Q(left_at__isnull=True) | Q(left_at__gte=now_utc() - LEFT_FOR),
            segment__in=seen.seen_by(user),
            **{place: one},
        )
        .select_related("segment")
        .annotate(came=_parts("because"), went=_parts("left_because"))
        .order_by("-entered_at", "-pk")[:MOST]
    )
    stays: list[Any] = list(rows)
    inside = {stay.segment_id for stay in stays if stay.left_at is None}
    # The last stay of each that it left and did not enter again.
    gone: dict[int, Any] = {}
    for stay in stays:
        if stay.segment_id not in inside:
            gone.setdefault(stay.segment_id, stay)
    left = sorted(gone.values(), key=lambda stay: stay.left_at, reverse=True)
    return Stays(
        now=tuple(
            _stay(stay, stay.entered_at, stay.because, stay.came)
            for stay in stays
            if stay.left_at is None
        ),
        left=tuple(
            _stay(stay, stay.left_at, stay.left_because, stay.went) for stay in left
        ),
    )


def _parts(because: str) -> Subquery:
    """Ask for the conditions of the rule that a reason is of, in words."""
    number = Cast(KeyTextTransform("rule", OuterRef(because)), BigIntegerField())
    return Subquery(SegmentRule.objects.filter(pk=number).values("parts")[:1])


def _stay(row: Any, at: datetime, because: Any, parts: list[str] | None) -> Stay:
    reasons = reasons_of(because, parts or [])
    return Stay(row.segment_id, row.segment.name, at, reasons)
