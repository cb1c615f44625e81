"""The editor of a score model: all its settings, and the weights of metrics."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms

from accounts.models import Metric, Workspace
from accounts.models.catalogue import default_weight
from accounts.models.score import Damp
from accounts.score_drafts import MOST_CAP, MOST_WEIGHT, Draft
from accounts.score_models import LIMITS
from accounts.score_words import LABELS

# More metrics than a page can hold keep what they have, and are set one by one.
MOST_METRICS = 200
HELP = {
    "half_life_days": "After so many days a use counts half.",
    "developer_scale": "Points at which a developer scores 63 of 100.",
    "account_scale": "Points at which an account scores 63 of 100.",
    "breadth_bonus": "Share of the points added for each doubling of the developers "
    "who are equally active.",
    "high_from": "Scores from here on are High.",
    "medium_from": "Scores from here on are Medium, those below Low.",
}


@dataclass(frozen=True, slots=True)
class MetricFields:
    """The two fields of one metric."""

    metric: Metric
    weight: forms.BoundField
    cap: forms.BoundField


class ScoringForm(forms.Form):
    """What a draft can set; begins with one."""

    damp = forms.ChoiceField(label=LABELS["damp"], choices=Damp.choices)
    note = forms.CharField(
        max_length=200,
        required=False,
        label="Note",
        help_text="Why; it stands in the history.",
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput)
    # Of the draft that the preview on the page is of.
    previewed = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)

    def __init__(
        self, data: Mapping[str, Any] | None, *, workspace: Workspace, draft: Draft
    ) -> None:
        super().__init__(
            data,
            initial={**draft.values, "note": draft.note, "based_on": draft.based_on},
        )
        self.draft_before = draft
        for name, text in HELP.items():
            low, high = LIMITS.get(name, (0.0, 100.0))
            self.fields[name] = forms.FloatField(
                label=LABELS[name],
                min_value=low,
                max_value=high,
                help_text=text,
                widget=forms.NumberInput(attrs={"step": "any"}),
            )
        metrics = Metric.objects.filter(workspace=workspace)
        rows = list(metrics.order_by("level", "label", "pk")[: MOST_METRICS + 1])
        self.metrics = rows[:MOST_METRICS]
        self.has_more_metrics = len(rows) > MOST_METRICS
        for metric in self.metrics:
            weight, cap = draft.weights[str(metric.pk)]
            usual = default_weight(metric.level)
            self.fields[f"weight_{metric.pk}"] = forms.FloatField(
                label=f"Weight of {metric}",
                required=False,
                min_value=0.0,
                max_value=MOST_WEIGHT,
                initial=weight,
                widget=forms.NumberInput(
                    attrs={"step": "any", "placeholder": f"{usual:g}"}
                ),
            )
            self.fields[f"cap_{metric.pk}"] = forms.IntegerField(
                label=f"Daily cap of {metric}",
                required=False,
                min_value=0,
                max_value=MOST_CAP,
                initial=cap,
                widget=forms.NumberInput(attrs={"placeholder": "none"}),
            )

    def settings(self) -> list[forms.BoundField]:
        """Return the fields that are about no metric, in order."""
        order = ("half_life_days", "damp", "developer_scale", "account_scale")
        more = ("breadth_bonus", "high_from", "medium_from")
        return [self[name] for name in (*order, *more)]

    def metric_rows(self) -> list[MetricFields]:
        """Return the fields of the metrics, those of primary ones first."""
        return [
            MetricFields(metric, self[f"weight_{metric.pk}"], self[f"cap_{metric.pk}"])
            for metric in self.metrics
        ]

    def draft(self) -> Draft:
        """Return what a valid form says; an empty weight is that of the level."""
        data = self.cleaned_data
        weights = dict(self.draft_before.weights)
        for metric in self.metrics:
            weight = data[f"weight_{metric.pk}"]
            weights[str(metric.pk)] = [
                default_weight(metric.level) if weight is None else weight,
                data[f"cap_{metric.pk}"],
            ]
        return Draft(
            values={name: data[name] for name in (*HELP, "damp")},
            weights=weights,
            based_on=data["based_on"],
            note=data["note"],
        )
