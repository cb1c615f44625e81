"""Score models in words: what one says, and what one changed of another."""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.models import Metric, ScoreModel
from accounts.models.score import Damp

LABELS = {
    "half_life_days": "Half-life in days",
    "damp": "Further uses on a day",
    "developer_scale": "Scale of developers",
    "account_scale": "Scale of accounts",
    "breadth_bonus": "Bonus for breadth",
    "high_from": "High from",
    "medium_from": "Medium from",
}
DAMPS = {
    Damp.LOG2: "each doubling of the uses on a day adds as much as the first use "
    "(1 + uses, logarithm of base 2)",
    Damp.SQRT: "four times the uses on a day are worth twice as much (square root)",
    Damp.LINEAR: "every use on a day counts as much as the first",
    Damp.ONCE: "a metric counts once a day, however often it is used",
}
DAMP_NAMES = {
    Damp.LOG2: "logarithm",
    Damp.SQRT: "square root",
    Damp.LINEAR: "not damped",
    Damp.ONCE: "once a day",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One setting that differs between two versions."""

    what: str
    before: str
    after: str

    @property
    def text(self) -> str:
        """Say it in one line."""
        return f"{self.what}: {self.before} → {self.after}"


def changes_of(
    before: ScoreModel,
    after: ScoreModel,
    *,
    labels: Mapping[str, str] | None = None,
) -> list[Change]:
    """Return what a version changed; metrics that are new to it are no change.

    ``labels`` are those of the metrics by id as text; None asks the database.
    """
    found = [
        Change(label, value_text(before, name), value_text(after, name))
        for name, label in LABELS.items()
        if getattr(before, name) != getattr(after, name)
    ]
    changed = [
        pk
        for pk, value in before.weights.items()
        if pk in after.weights and after.weights[pk] != value
    ]
    if changed:
        if labels is None:
            metrics = Metric.objects.filter(pk__in=changed)
            labels = {str(metric.pk): metric.label for metric in metrics}
        found += weight_changes(
            {pk: before.weights[pk] for pk in changed}, after.weights, labels
        )
    return found


def weight_changes(
    before: Mapping[str, list[float | None]],
    after: Mapping[str, list[float | None]],
    names: Mapping[str, str],
) -> list[Change]:
    """Return the weights and daily caps that differ, by metrics' ids as text."""
    found = []
    for pk, (weight, cap) in before.items():
        if pk not in after:
            continue
        name = names.get(pk, f"metric {pk}")
        new_weight, new_cap = after[pk]
        if weight != new_weight:
            found.append(Change(f"Weight of {name}", f"{weight:g}", f"{new_weight:g}"))
        if cap != new_cap:
            found.append(Change(f"Daily cap of {name}", _cap(cap), _cap(new_cap)))
    return found


def value_text(model: ScoreModel, name: str) -> str:
    """Write one setting."""
    if name == "damp":
        return DAMP_NAMES[Damp(model.damp)]
    return f"{getattr(model, name):g}"


def model_in_words(model: ScoreModel) -> list[str]:
    """Return what a version says, in sentences."""
    return [
        (
            "A developer’s points are the sum, over metrics and days, of the metric’s "
            f"weight × what the uses of that day are worth: {DAMPS[Damp(model.damp)]}."
        ),
        f"Points halve every {model.half_life_days:g} days.",
        "An account has the points of its developers, and "
        f"{model.breadth_bonus:.4g} of them more for each doubling of the developers "
        "who are equally active."
        if model.breadth_bonus
        else "An account has the points of its developers, however many there are.",
        (
            f"A developer with {model.developer_scale:g} points scores 63 of 100, an "
            f"account with {model.account_scale:g}; twice as many score 86."
        ),
        (
            f"A score is High from {model.high_from:g} and Medium from "
            f"{model.medium_from:g}."
        ),
    ]


def _cap(cap: float | None) -> str:
    return "none" if cap is None else f"{cap:g}"
