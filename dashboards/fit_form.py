"""The form that says what a good customer looks like: criteria, and two bounds."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from accounts.account_fields import COUNTRY, EMPLOYEES, FieldSpec
from accounts.fit import (
    LEAST_IMPORTANT,
    MOST_CRITERIA,
    MOST_IMPORTANT,
    Bounds,
    Criterion,
    join_values,
    read_criterion,
    split_values,
)
from accounts.fit_store import Rubric
from accounts.models import FitModel
from accounts.models.account_field import FieldKind
from accounts.models.fit import MODERATE_FROM, STRONG_FROM

# Empty criteria that the form offers below those there are.
MORE_CRITERIA = 3
DEFAULT_IMPORTANCE = 3
IMPORTANCES = {1: "1 · least", 3: "3", 5: "5 · most"}
HINTS = {
    COUNTRY: "codes or names",
    EMPLOYEES: "ranges such as 50-200, 200+ or <50",
    FieldKind.NUMBER: "numbers, or ranges such as 50-200, 200+ or <50",
    FieldKind.DATE: "days, or ranges such as 2026-01-01..2026-06-30",
    FieldKind.YES_NO: "yes or no",
    FieldKind.TEXT: "texts; case does not count",
}


class BoundsForm(forms.Form):
    """From how many of 100 points on a fit is Strong, or Moderate."""

    strong_from = forms.FloatField(label="Strong from", min_value=1, max_value=100)
    moderate_from = forms.FloatField(label="Moderate from", min_value=1, max_value=100)

    def clean(self) -> dict[str, Any]:
        """Refuse bounds in the wrong order."""
        data = super().clean() or self.cleaned_data
        if data.get("strong_from", 101) <= data.get("moderate_from", 0):
            self.add_error("strong_from", "Strong begins above Moderate.")
        return data

    def bounds(self) -> Bounds:
        """Return the bounds as shares."""
        return Bounds(
            self.cleaned_data["strong_from"] / 100,
            self.cleaned_data["moderate_from"] / 100,
        )


class CriterionForm(forms.Form):
    """One criterion; without a field it is none."""

    field = forms.ChoiceField(required=False)
    first = forms.CharField(
        required=False,
        max_length=4000,
        label="First preference",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    second = forms.CharField(
        required=False,
        max_length=4000,
        label="Second preference",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    importance = forms.TypedChoiceField(
        coerce=int,
        initial=DEFAULT_IMPORTANCE,
        choices=[
            (number, IMPORTANCES.get(number, str(number)))
            for number in range(LEAST_IMPORTANT, MOST_IMPORTANT + 1)
        ],
    )

    def __init__(self, *args: Any, specs: Sequence[FieldSpec], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.specs = {spec.key: spec for spec in specs}
        chosen = self.fields["field"]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101 narrows the type
        chosen.choices = [
            ("", "– no criterion –"),
            *((spec.key, spec.label) for spec in specs),
        ]
        self.criterion: Criterion | None = None

    def clean(self) -> dict[str, Any]:
        """Read the criterion."""
        data = super().clean() or self.cleaned_data
        spec = self.specs.get(data.get("field", ""))
        first, second = (split_values(data.get(name, "")) for name in LIKED)
        if spec is None:
            if (first or second) and "field" in data:
                self.add_error("field", "Say which field these are values of.")
            return data
        try:
            self.criterion = read_criterion(
                spec, first=first, second=second, importance=data.get("importance", 1)
            )
        except ValueError as error:
            self.add_error(None, str(error))
        return data


LIKED = ("first", "second")


class FitForm:
    """All of the page: some `CriterionForm` and a `BoundsForm`."""

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        model: FitModel | None,
        specs: Sequence[FieldSpec],
    ) -> None:
        known = {spec.key for spec in specs}
        entries = [
            entry
            for entry in (model.criteria if model else ())
            if entry["field"] in known
        ]
        self.dropped = [
            entry["field"]
            for entry in (model.criteria if model else ())
            if entry["field"] not in known
        ]
        number = min(len(entries) + MORE_CRITERIA, MOST_CRITERIA)
        if data is not None:
            number = MOST_CRITERIA
        self.criteria = [
            CriterionForm(
                data,
                prefix=f"criterion-{place}",
                specs=specs,
                initial=_initial(entries[place]) if place < len(entries) else None,
            )
            for place in range(number)
            if data is None or f"criterion-{place}-field" in data
        ]
        self.bounds = BoundsForm(
            data,
            initial={
                "strong_from": round(
                    (model.strong_from if model else STRONG_FROM) * 100
                ),
                "moderate_from": round(
                    (model.moderate_from if model else MODERATE_FROM) * 100
                ),
            },
        )
        self.errors: list[str] = []

    def rubric(self) -> Rubric | None:
        """Return what the form says, None where something is wrong with it."""
        good = [form.is_valid() for form in (*self.criteria, self.bounds)]
        criteria = tuple(form.criterion for form in self.criteria if form.criterion)
        keys = [criterion.spec.key for criterion in criteria]
        twice = {criterion.spec.label for criterion in criteria
                 if keys.count(criterion.spec.key) > 1}  # fmt: skip
        self.errors = [
            f"{label} has two criteria; join them." for label in sorted(twice)
        ]
        if not all(good) or self.errors:
            return None
        return Rubric(criteria, self.bounds.bounds())


def hints(specs: Sequence[FieldSpec]) -> list[tuple[str, str]]:
    """Return what values each field takes, in words, for the page."""
    return [
        (
            spec.label,
            f"any of {', '.join(spec.choices)}"
            if spec.kind == FieldKind.CHOICE
            else HINTS[spec.kind],
        )
        for spec in specs
    ]


def _initial(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "field": entry["field"],
        "first": join_values(entry["first"]),
        "second": join_values(entry["second"]),
        "importance": entry["importance"],
    }
