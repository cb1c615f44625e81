"""Stages of one account or developer, and the badges of a whole list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import Account, Developer, Stage, StageEntry, Subject
from accounts.stage_merging import MERGED
from accounts.stages import PATIENCE_DAYS, RELEASED, stages_of, subject_of

# A timeline shows this many changes; older ones are left out and it says so.
MOST_CHANGES = 30


@dataclass(frozen=True, slots=True)
class Badge:
    """A stage as it is written everywhere: its name in its colour."""

    name: str
    hue: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the history: into a stage, or out of all of them."""

    at: datetime
    # None: in no stage from then on.
    to: Badge | None
    came_from: Badge | None
    direction: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class StageCard:
    """Where somebody stands, how they came there, and where they could be put."""

    stages: tuple[Stage, ...]
    current: StageEntry | None
    # The day they leave it unless its rule matches again; None while it matches.
    leaves_on: date | None
    badge: Badge | None
    # Place in the order, from 1; 0 in no stage.
    place: int
    changes: tuple[Change, ...]
    more: bool


def card_of(who: Account | Developer) -> StageCard:
    """Answer the card in two queries."""
    subject = subject_of(who)
    stages = tuple(stages_of(who.workspace, subject))
    entries = list(
        StageEntry.objects.filter(**{subject.value: who.pk})
        .select_related("stage", "came_from", "actor", "matched")
        .order_by("-entered_at", "-pk")[: MOST_CHANGES + 1]
    )
    current = next((one for one in entries if one.left_at is None), None)
    order = [stage.pk for stage in stages]
    return StageCard(
        stages=stages,
        current=current,
        leaves_on=_leaves_on(current) if current else None,
        badge=badge_of(current) if current else None,
        place=order.index(current.stage_id) + 1
        if current and current.stage_id in order
        else 0,
        changes=tuple(_changes(entries[:MOST_CHANGES])),
        more=len(entries) > MOST_CHANGES,
    )


def badges(subject: Subject, ids: Iterable[int]) -> dict[int, Badge]:
    """Return the badge of each of some accounts or developers, in one query."""
    column = subject.column
    rows = StageEntry.objects.filter(
        left_at__isnull=True, **{f"{column}__in": list(ids)}
    ).select_related("stage")
    return {getattr(entry, column): badge_of(entry) for entry in rows}


def badge_of(entry: StageEntry) -> Badge:
    """Write the stage of a stay."""
    return Badge(entry.stage.name, entry.stage.colour, entry.by_hand)


def reason_of(entry: StageEntry) -> tuple[str, str]:
    """Say who moved somebody into a stage, and why."""
    words = entry.matched.words if entry.matched else ""
    if entry.by_hand:
        return str(entry.actor or "an operator"), entry.reason
    if entry.reason == RELEASED:
        return f"the rules, released by {entry.actor or 'an operator'}", words
    who = str(entry.actor) if entry.actor else "the rules"
    return who, ". ".join(text for text in (entry.reason, words) if text)


def direction_of(entry: StageEntry) -> str:
    """Say which way a move led: `up`, `down`, or `flat` for none."""
    if entry.is_advance:
        return "up"
    return "flat" if entry.came_from_id == entry.stage_id else "down"


def _leaves_on(entry: StageEntry) -> date | None:
    if entry.by_hand or entry.missed_since is None:
        return None
    return entry.missed_since + timedelta(days=PATIENCE_DAYS)


def _changes(entries: list[StageEntry]) -> Iterable[Change]:
    """Tell the stays as changes, newest first; leaving without a next stage is one."""
    followed_at: datetime | None = None
    for entry in entries:
        if (
            entry.left_at is not None
            and entry.left_reason != MERGED
            and (followed_at is None or entry.left_at < followed_at)
        ):
            yield Change(
                at=entry.left_at,
                to=None,
                came_from=badge_of(entry),
                direction="down",
                who="",
                why=entry.left_reason or "No rule matched any more",
            )
        who, why = reason_of(entry)
        came_from = entry.came_from
        yield Change(
            at=entry.entered_at,
            to=badge_of(entry),
            came_from=Badge(came_from.name, came_from.colour) if came_from else None,
            direction=direction_of(entry),
            who=who,
            why=why,
        )
        followed_at = entry.entered_at
