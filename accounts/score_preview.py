"""What a draft of a score model would do to everybody's score, before it is saved.

Computed from all usage in tables of its own transaction: stored scores are read, and
nothing else is touched or locked.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.clock import today_utc
from accounts.errors import AccountsError
from accounts.models import Account, Developer, ScoreModel, Workspace
from accounts.score_drafts import Draft, check_draft
from accounts.score_models import current_model
from accounts.score_sql import run, run_on_uses
from accounts.scoring import HALF_SHOWN, Band, decay_from_landmark

# Each way, of accounts and of developers.
MOST_MOVERS = 20
BANDS = (Band.LOW, Band.MEDIUM, Band.HIGH)
# Settings that change how many points a use earns; others only what points score.
EARNING = ("half_life_days", "damp")


class PreviewTooLargeError(AccountsError):
    """The preview would take longer than was allowed."""


@dataclass(frozen=True, slots=True)
class Mover:
    """Somebody whose score would change much."""

    pk: int
    name: str
    before: float
    after: float

    @property
    def change(self) -> float:
        """Return how far, in points of the score."""
        return round(self.after - self.before, 1)


@dataclass(frozen=True, slots=True)
class Effect:
    """What would happen to the scores of all accounts, or of all developers."""

    # How many of each band (row) would be in each band (column): Low, Medium, High.
    matrix: tuple[tuple[int, ...], ...]
    up: int
    down: int
    # Mean change of those that would move, in points of the score.
    mean_up: float
    mean_down: float
    rising: tuple[Mover, ...]
    falling: tuple[Mover, ...]

    @property
    def total(self) -> int:
        """Return how many have a score above zero, now or then."""
        return sum(map(sum, self.matrix))

    @property
    def same(self) -> int:
        """Return how many would keep theirs as it reads."""
        return self.total - self.up - self.down

    @property
    def band_changes(self) -> int:
        """Return how many would change their band."""
        kept = sum(self.matrix[i][i] for i in range(len(BANDS)))
        return self.total - kept


@dataclass(frozen=True, slots=True)
class Preview:
    """What a draft would do."""

    accounts: Effect
    developers: Effect


def preview(
    workspace: Workspace, draft: Draft, *, seconds: float | None = None
) -> Preview:
    """Return what a draft would do to the scores of a workspace.

    Exact for every account and developer. One pass over the usage, or none where the
    draft changes only scales, bonus and bands.

    Args:
        workspace: whose scores.
        draft: the settings.
        seconds: how long it may take; None is as long as it needs.

    Raises:
        AccountsError: a setting makes no sense.
        PreviewTooLargeError: it would take longer.
    """
    check_draft(workspace, draft)
    today = today_utc()
    current = current_model(workspace)
    model = draft.as_model(workspace)
    # Nothing of this is kept: all of it is rolled back.
    with transaction.atomic(), connection.cursor() as cursor:
        if seconds is not None:
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, true)",
                [str(int(seconds * 1000))],
            )
        try:
            found = _compute(cursor, current, model, today)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != "57014":
                raise
            raise PreviewTooLargeError(
                f"The preview would take longer than {seconds:g} seconds."
            ) from None
        transaction.set_rollback(True)
    return found


def _compute(
    cursor: CursorWrapper, current: ScoreModel, model: ScoreModel, today: date
) -> Preview:
    run(cursor, "preview_tables")
    factor = decay_from_landmark(
        landmark=current.landmark, today=today, half_life_days=current.half_life_days
    )
    if _earns_the_same(current, model):
        run(cursor, "preview_stored", workspace=current.workspace_id, factor=factor)
    else:
        model.pk = 0
        model.created_at = timezone.now()
        # Into the table that hides the real one.
        model.save(force_insert=True)
        run_on_uses(
            cursor,
            "preview_developers",
            models=[model.pk],
            workspaces=[current.workspace_id],
            developers=None,
        )
    cursor.execute("ANALYZE score_preview_developer")
    run(
        cursor,
        "preview_compare",
        workspace=current.workspace_id,
        factor=factor,
        developer_scale=current.developer_scale,
        account_scale=current.account_scale,
        new_breadth_bonus=model.breadth_bonus,
        new_developer_scale=model.developer_scale,
        new_account_scale=model.account_scale,
    )
    run(
        cursor,
        "preview_bands",
        medium=current.medium_from - HALF_SHOWN,
        high=current.high_from - HALF_SHOWN,
        new_medium=model.medium_from - HALF_SHOWN,
        new_high=model.high_from - HALF_SHOWN,
    )
    rows = cursor.fetchall()
    run(cursor, "preview_movers", limit=MOST_MOVERS)
    movers = cursor.fetchall()
    return Preview(
        accounts=_effect(rows, movers, Account),
        developers=_effect(rows, movers, Developer),
    )


def _earns_the_same(current: ScoreModel, model: ScoreModel) -> bool:
    """Say whether every use has the same points by both versions."""
    same = all(getattr(current, name) == getattr(model, name) for name in EARNING)
    return same and all(
        model.weights.get(pk) == value for pk, value in current.weights.items()
    )


def _effect(
    rows: list[tuple[Any, ...]],
    movers: list[tuple[Any, ...]],
    table: type[Account | Developer],
) -> Effect:
    is_account = table is Account
    mine = [row[1:] for row in rows if row[0] == is_account]
    matrix = [[0] * len(BANDS) for _ in BANDS]
    for before, after, number, *_ in mine:
        matrix[before][after] = number
    up, down, won, lost = (sum(row[index] for row in mine) for index in range(3, 7))
    moved = [row[1:] for row in movers if row[0] == is_account]
    named = table.objects.in_bulk([pk for pk, _, _ in moved])
    found = [
        Mover(pk, str(named[pk]), before, after)
        for pk, before, after in moved
        if pk in named
    ]
    return Effect(
        matrix=tuple(map(tuple, matrix)),
        up=up,
        down=down,
        mean_up=won / up if up else 0.0,
        mean_down=lost / down if down else 0.0,
        rising=tuple(one for one in found if one.change > 0),
        falling=tuple(one for one in found if one.change < 0),
    )
