"""A member's alerts: what happened to whom they follow, and what they follow."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from accounts.alert_messages import name_of, page_of
from accounts.models import (
    Alert,
    AlertSettings,
    Delivery,
    Follow,
    Happening,
    User,
    Workspace,
)
from accounts.models.alert import HappeningKind
from dashboards.paging import NEWEST_FIRST, paginate

# Of the follows shown beside the inbox; the admin has them all.
MOST_FOLLOWS = 200
BADGES = {
    HappeningKind.ENTERED: "good",
    HappeningKind.SURGE: "good",
    HappeningKind.LEFT: "low",
    HappeningKind.BAND: "info",
    HappeningKind.STAGE: "info",
    HappeningKind.RED_FLAG: "bad",
    HappeningKind.QUARANTINE: "warn",
    HappeningKind.SILENT: "warn",
}


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One line of the inbox."""

    pk: int
    kind: str
    badge: str
    name: str
    href: str
    text: str
    at: datetime
    is_new: bool


@dataclass(frozen=True, slots=True)
class FollowRow:
    """One thing a member follows."""

    pk: int
    name: str
    href: str
    what: str


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of alerts, and what brings them."""

    rows: tuple[AlertRow, ...]
    follows: tuple[FollowRow, ...]
    follows_workspace: bool
    next_cursor: str
    previous_cursor: str


def build(
    workspace: Workspace, user: User, params: Mapping[str, str], *, kind: str = ""
) -> Inbox:
    """Return one page of the inbox, in two queries whatever its length."""
    alerts = Alert.objects.filter(workspace=workspace, user=user).select_related(
        *("happening__account", "happening__developer", "happening__segment"),
        *("happening__product", "happening__workspace"),
    )
    if kind:
        alerts = alerts.filter(happening__kind=kind)
    if params.get("show") == "new":
        alerts = alerts.filter(read_at=None)
    page = paginate(alerts, order=NEWEST_FIRST, params=params)
    # What its owner has kept to themselves since then is nobody else's to read.
    seen = Q(segment=None) | Q(segment__is_shared=True) | Q(segment__owner=user)
    follows = list(
        Follow.objects.filter(seen, workspace=workspace, user=user)
        .select_related("account", "developer", "segment", "workspace")
        .order_by("pk")[:MOST_FOLLOWS]
    )
    return Inbox(
        rows=tuple(_row(alert) for alert in page.rows),
        follows=tuple(_follow(one) for one in follows if one.subject is not None),
        follows_workspace=any(one.subject is None for one in follows),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )


def _row(alert: Alert) -> AlertRow:
    happening = alert.happening
    return AlertRow(
        pk=alert.pk,
        kind=happening.get_kind_display(),
        badge=BADGES.get(HappeningKind(happening.kind), "low"),
        name=name_of(happening),
        href=page_of(happening),
        text=happening.text,
        at=happening.at,
        is_new=alert.read_at is None,
    )


def _follow(one: Follow) -> FollowRow:
    subject = one.subject
    assert subject is not None  # noqa: S101 (the caller asked)
    what = type(subject)._meta.verbose_name  # noqa: SLF001
    return FollowRow(
        pk=one.pk, name=str(subject), href=page_of(_as_if(one)), what=str(what)
    )


def _as_if(one: Follow) -> Happening:
    """Return something whose page is that of whom is followed."""
    return Happening(
        workspace=one.workspace,
        account=one.account,
        developer=one.developer,
        segment=one.segment,
    )


def refused_mail(chosen: AlertSettings) -> str:
    """Return what the mail server said when it refused a member's address for good."""
    if not chosen.pk or chosen.mail != AlertSettings.Mail.NONE:
        # Who never chose was never mailed.
        return ""
    last = (
        Delivery.objects.filter(workspace=chosen.workspace_id, user=chosen.user_id)
        .prefetch_related("tries")
        .order_by("-created_at")
        .first()
    )
    if last is None or last.state != Delivery.State.GIVEN_UP:
        return ""
    return next((one.said for one in last.tries.all()), "")
