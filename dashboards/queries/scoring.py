"""The page of the score model: what it says, how it came about, what is under way."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Metric, ScoreModel, ScoreRun, Workspace
from accounts.score_models import current_model
from accounts.score_preview import BANDS, Effect, Mover, Preview
from accounts.score_words import LABELS, changes_of, model_in_words, value_text
from dashboards.queries.scores import signed

MOST_VERSIONS = 30


@dataclass(frozen=True, slots=True)
class Version:
    """One line of the history."""

    version: int
    note: str
    maker: str
    created_at: datetime
    # "in force", "pending", "overtaken", or "" for one that was in force once.
    state: str
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """How far the scoring with a pending version has come."""

    version: int
    done: int
    total: int
    has_begun: bool

    @property
    def percent(self) -> int:
        """Return how much is done, 0 to 100."""
        return self.done * 100 // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Weight:
    """What one use of a metric is worth, by the version in force."""

    metric: str
    level: str
    weight: float
    cap: int | None


@dataclass(frozen=True, slots=True)
class ScoringPage:
    """Everything on the page but the form."""

    model: ScoreModel
    words: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]
    weights: tuple[Weight, ...]
    run: Run | None
    history: tuple[Version, ...]


def build(workspace: Workspace) -> ScoringPage:
    """Answer the page, in queries that are as many for any history."""
    current = current_model(workspace)
    models = list(
        ScoreModel.objects.filter(workspace=workspace)
        .select_related("created_by", "run")
        .order_by("-version")[: MOST_VERSIONS + 1]
    )
    names = dict(Metric.objects.filter(workspace=workspace).values_list("pk", "label"))
    labels = {str(pk): label for pk, label in names.items()}
    return ScoringPage(
        model=current,
        words=tuple(model_in_words(current)),
        settings=tuple(
            (label, value_text(current, name)) for name, label in LABELS.items()
        ),
        weights=_weights(workspace, current),
        run=_run(models[0]) if models[0].applied_at is None else None,
        history=tuple(
            _version(model, before, current=current, newest=models[0], labels=labels)
            for model, before in zip(models, [*models[1:], None], strict=True)
        )[:MOST_VERSIONS],
    )


def _weights(workspace: Workspace, model: ScoreModel) -> tuple[Weight, ...]:
    metrics = Metric.objects.filter(workspace=workspace).order_by("level", "label")
    return tuple(
        Weight(metric.label, metric.level, *model.weights[str(metric.pk)])
        for metric in metrics
        if str(metric.pk) in model.weights
    )


def _run(model: ScoreModel) -> Run | None:
    run: ScoreRun | None = getattr(model, "run", None)
    if model.version == 1:
        return None
    if run is None:
        return Run(model.version, 0, 0, has_begun=False)
    return Run(model.version, run.done, run.total, run.started_at is not None)


def _version(
    model: ScoreModel,
    before: ScoreModel | None,
    *,
    current: ScoreModel,
    newest: ScoreModel,
    labels: Mapping[str, str],
) -> Version:
    state = ""
    if model.pk == current.pk:
        state = "in force"
    elif model.applied_at is None:
        state = "pending" if model.pk == newest.pk else "overtaken"
    changes = changes_of(before, model, labels=labels) if before else []
    return Version(
        version=model.version,
        note=model.note,
        maker=str(model.created_by or "Uptick"),
        created_at=model.created_at,
        state=state,
        changes=tuple(change.text for change in changes),
    )


# ---- The preview


@dataclass(frozen=True, slots=True)
class ShownMover:
    """One of those who would move most."""

    pk: int
    name: str
    before: str
    after: str
    change: str


@dataclass(frozen=True, slots=True)
class ShownEffect:
    """What would happen to accounts, or to developers, as the page writes it."""

    # `account` or `developer`: name of the page of one.
    kind: str
    many: str
    effect: Effect
    mean_up: str
    mean_down: str
    # Label of the band now, and how many of it would be in each, with the kept marked.
    matrix: tuple[tuple[str, tuple[tuple[int, bool], ...]], ...]
    rising: tuple[ShownMover, ...]
    falling: tuple[ShownMover, ...]


def shown_preview(preview: Preview) -> tuple[ShownEffect, ...]:
    """Return a preview for the template: accounts, then developers."""
    return (
        _effect("account", "Accounts", preview.accounts),
        _effect("developer", "Developers", preview.developers),
    )


def _effect(kind: str, many: str, effect: Effect) -> ShownEffect:
    return ShownEffect(
        kind=kind,
        many=many,
        effect=effect,
        mean_up=signed(effect.mean_up),
        mean_down=signed(-effect.mean_down),
        matrix=tuple(
            (
                band.label,
                tuple(
                    (number, column == row)
                    for column, number in enumerate(effect.matrix[row])
                ),
            )
            for row, band in enumerate(BANDS)
        ),
        rising=tuple(map(_mover, effect.rising)),
        falling=tuple(map(_mover, effect.falling)),
    )


def _mover(mover: Mover) -> ShownMover:
    return ShownMover(
        mover.pk,
        mover.name,
        f"{mover.before:.1f}",
        f"{mover.after:.1f}",
        signed(mover.change),
    )


def band_labels() -> list[Any]:
    """Return the names of the bands as the matrix has them, lowest first."""
    return [band.label for band in BANDS]
