"""What happens to those whom members follow: noticed once, however often looked at.

What was last known of each followed account or developer is kept (`Watch`), and the
present compared with it. Segments and the workspace as a whole are noted by whoever
knows of them, through `note`.
"""

import uuid
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.clock import today_utc
from accounts.models import (
    Account,
    Developer,
    Follow,
    Happening,
    RedFlag,
    ScoreModel,
    StageEntry,
    Watch,
    Workspace,
)
from accounts.models.alert import HappeningKind
from accounts.models.score import Trend
from accounts.red_flag_words import in_words
from accounts.score_lists import with_score
from accounts.score_models import current_model
from accounts.scoring import Band, band_of

BATCH = 1000
KEPT_DAYS = 90
LONGEST_TEXT = 500

Subject = Account | Developer


def note(happenings: Iterable[Happening]) -> int:
    """Write happenings down; those whose key is known already are not new.

    Call it in the transaction of their cause: neither exists without the other.
    Followers are told by `accounts.alerts.tell`, a few seconds later.
    """
    rows = list(happenings)
    keys = {(row.workspace_id, row.key) for row in rows}
    made = Happening.objects.bulk_create(rows, ignore_conflicts=True, batch_size=BATCH)
    return min(len(made), len(keys))


def happening(
    workspace_id: int, kind: HappeningKind, text: str, *, key: str = "", **more: Any
) -> Happening:
    """Make a row for `note`; without a key it happens every time it is noted."""
    return Happening(
        workspace_id=workspace_id,
        kind=kind,
        text=text[:LONGEST_TEXT],
        key=key or uuid.uuid4().hex,
        **more,
    )


def look() -> int:
    """Compare everybody who is followed with what was known; return what happened.

    Six queries for each workspace in which somebody is followed. Safe beside other
    workers: what is known is locked while it is compared.
    """
    with_follows = Workspace.objects.filter(
        Exists(
            Follow.objects.filter(workspace=OuterRef("pk")).exclude(
                account=None, developer=None
            )
        )
        | Exists(Watch.objects.filter(workspace=OuterRef("pk")))
    )
    return sum(look_at(workspace) for workspace in with_follows)


def look_at(workspace: Workspace) -> int:
    """Do for one workspace what `look` does."""
    number = 0
    for subject in ("account", "developer"):
        with transaction.atomic():
            number += _look_at(workspace, subject)
    return number


def prune_happenings() -> int:
    """Delete what happened more than `KEPT_DAYS` ago, alerts and deliveries with it."""
    old = timezone.now() - timedelta(days=KEPT_DAYS)
    number, _ = Happening.objects.filter(at__lt=old).delete()
    return number


def _look_at(workspace: Workspace, subject: str) -> int:
    followed = set(
        Follow.objects.filter(
            workspace=workspace, **{f"{subject}__isnull": False}
        ).values_list(f"{subject}_id", flat=True)
    )
    watches = {
        getattr(watch, f"{subject}_id"): watch
        for watch in Watch.objects.filter(
            workspace=workspace, **{f"{subject}__isnull": False}
        )
        .select_for_update(of=("self",))
        .order_by("pk")
    }
    dropped = [watch.pk for pk, watch in watches.items() if pk not in followed]
    if dropped:
        Watch.objects.filter(pk__in=dropped).delete()
    if not followed:
        return 0
    now = timezone.now()
    model = current_model(workspace)
    found: list[Happening] = []
    changed, new = [], []
    stages = _stages(subject, followed)
    for one in _present(subject, followed, model, today_utc()):
        stage = stages.get(one.pk)
        band = band_of(one.score_now, model)
        trend = one.score.trend if hasattr(one, "score") else ""
        watch = watches.get(one.pk)
        if watch is None:
            watch = Watch(workspace=workspace, flags_until=now, **{subject: one})
            new.append(watch)
        else:
            moved = _moves(watch, one, subject, band, trend, stage)
            if moved:
                found += moved
                changed.append(watch)
        watch.band, watch.trend = band.value, trend
        watch.stage_id = stage.stage_id if stage else None
    flags, latest = _red_flags(workspace, subject, watches)
    found += flags
    for pk, (last, until) in latest.items():
        watches[pk].last_flag_id, watches[pk].flags_until = last, until
    changed += [watches[pk] for pk in latest if watches[pk] not in changed]
    for watch in new:
        watch.last_flag_id = _last_flag(workspace)
    Watch.objects.bulk_create(new, ignore_conflicts=True, batch_size=BATCH)
    fields = ("band", "trend", "stage_id", "last_flag_id", "flags_until")
    Watch.objects.bulk_update(changed, fields, batch_size=BATCH)
    return note(found)


def _present(
    subject: str, followed: Iterable[int], model: ScoreModel, today: date
) -> QuerySet[Any]:
    rows: QuerySet[Any] = (
        Account.objects.all() if subject == "account" else Developer.objects.all()
    )
    rows = rows.filter(pk__in=followed).select_related("score").order_by("pk")
    return with_score(rows, model, today)


def _stages(subject: str, followed: Iterable[int]) -> dict[int, StageEntry]:
    current = StageEntry.objects.filter(
        left_at__isnull=True, **{f"{subject}__in": followed}
    ).select_related("stage", "came_from", "matched")
    return {getattr(entry, f"{subject}_id"): entry for entry in current}


def _moves(  # noqa: PLR0917 all of what is known, and of what is
    watch: Watch,
    one: Any,
    subject: str,
    band: Band,
    trend: str,
    stage: StageEntry | None,
) -> list[Happening]:
    place = {subject: one}
    score = round(one.score_now)
    found = []
    if watch.band != band.value:
        before = Band(watch.band)
        found.append(
            happening(
                watch.workspace_id,
                HappeningKind.BAND,
                f"moved from {before.label} to {band.label}: the score is {score} now",
                data={"from": before.value, "to": band.value, "score": score},
                **place,
            )
        )
    if trend == Trend.SURGING and watch.trend != trend:
        change = one.score.change_7d
        found.append(
            happening(
                watch.workspace_id,
                HappeningKind.SURGE,
                f"is surging: {change:+.1f} points in 7 days, the score is {score} now",
                data={"change_7d": change, "score": score},
                **place,
            )
        )
    if stage is not None and watch.stage_id != stage.stage_id:
        before_name = stage.came_from.name if stage.came_from else ""
        why = stage.reason or (stage.matched.words if stage.matched else "")
        text = f"moved from {before_name} to" if before_name else "entered"
        found.append(
            happening(
                watch.workspace_id,
                HappeningKind.STAGE,
                f"{text} {stage.stage.name}" + (f": {why}" if why else ""),
                data={
                    "from": before_name,
                    "to": stage.stage.name,
                    "by_hand": stage.by_hand,
                    "why": why,
                },
                **place,
            )
        )
    elif stage is None and watch.stage_id is not None:
        found.append(
            happening(
                watch.workspace_id,
                HappeningKind.STAGE,
                "is in no stage any more",
                data={"from": "", "to": "", "by_hand": False, "why": ""},
                **place,
            )
        )
    return found


def _last_flag(workspace: Workspace) -> int:
    newest = RedFlag.objects.in_workspace(workspace).order_by("-pk").values("pk")[:1]
    return next((row["pk"] for row in newest), 0)


def _red_flags(
    workspace: Workspace, subject: str, watches: dict[int, Watch]
) -> tuple[list[Happening], dict[int, tuple[int, datetime]]]:
    """Return flags that are new or open again, and up to where each watch knows now.

    By number, since a flag's own times are those of its events, which may be late.
    """
    if not watches:
        return [], {}
    first = min(watch.last_flag_id for watch in watches.values())
    since = min(watch.flags_until for watch in watches.values())
    about = Q(developer__in=watches)
    if subject == "account":
        about = Q(account__in=watches) | Q(developer__account__in=watches)
    rows = (
        RedFlag.objects.in_workspace(workspace)
        .open()
        .filter(about, Q(pk__gt=first) | Q(reopened_at__gt=since))
        .select_related("developer")
        .order_by("pk")
    )
    found: list[Happening] = []
    latest: dict[int, tuple[int, datetime]] = {}
    for flag in rows:
        owner = flag.developer.account_id if flag.developer else None
        whose = (
            {flag.account_id, owner} if subject == "account" else {flag.developer_id}
        )
        for pk in [number for number in whose if number in watches]:
            assert pk is not None  # noqa: S101 (nobody watches None)
            watch = watches[pk]
            again = flag.reopened_at or watch.flags_until
            if flag.pk <= watch.last_flag_id and again <= watch.flags_until:
                continue
            found.append(
                happening(
                    workspace.pk,
                    HappeningKind.RED_FLAG,
                    f"has a red flag, {flag.get_kind_display().lower()}: "
                    f"{in_words(flag)}",
                    data={"flag": flag.pk, "kind": flag.kind},
                    key=f"flag:{flag.pk}:{again.timestamp():.6f}:{subject}:{pk}"
                    if flag.reopened_at
                    else f"flag:{flag.pk}:{subject}:{pk}",
                    **{f"{subject}_id": pk},
                )
            )
            last, until = latest.get(pk, (watch.last_flag_id, watch.flags_until))
            latest[pk] = (max(last, flag.pk), max(until, again))
    return found, latest
