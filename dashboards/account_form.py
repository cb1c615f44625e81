"""The form for what is known of an account: one field for each of the workspace's."""

from collections.abc import Sequence
from typing import Any

from django import forms

from accounts.account_fields import (
    COUNTRY,
    EMPLOYEES,
    NAME,
    NAME_SPEC,
    FieldSpec,
    Value,
    as_typed,
    read,
    value_of,
)
from accounts.countries import country_names
from accounts.models import Account
from accounts.models.account_field import FieldKind

# So that no field of a workspace's own can be called as something else of the form.
PREFIX = "known"


class AccountForm(forms.Form):
    """What somebody knows of an account; only what they change is theirs."""

    def __init__(
        self, data: Any = None, *, account: Account, specs: Sequence[FieldSpec]
    ) -> None:
        super().__init__(data, prefix=PREFIX)
        self.specs = {spec.key: spec for spec in (NAME_SPEC, *specs)}
        for spec in self.specs.values():
            self.initial[spec.key] = as_typed(value_of(account, spec))
            self.fields[spec.key] = form_field(spec, now=self.initial[spec.key])

    def clean(self) -> dict[str, Any]:
        """Read the values of fields that were changed."""
        data = super().clean() or self.cleaned_data
        for key in self.changed_data:
            if key not in data:
                continue
            spec = self.specs[key]
            try:
                data[key] = read(spec, data[key])
            except ValueError as error:
                self.add_error(key, f"{spec.label}: {error}")
        return data

    def changes(self) -> dict[str, Value | None]:
        """Return the values that differ from what was shown, None for emptied ones."""
        return {key: self.cleaned_data[key] for key in self.changed_data}


def form_field(spec: FieldSpec, *, now: str = "") -> forms.Field:
    """Return the control for one field; what it sends is text, read by its kind.

    A value that can no longer be chosen stays until somebody chooses another.
    """
    label, required = spec.label, spec.key == NAME
    choices = _choices(spec)
    if choices is not None:
        if now and now not in dict(choices):
            choices.append((now, now))
        return forms.ChoiceField(
            label=label, required=False, choices=[("", "–"), *choices]
        )
    if spec.kind == FieldKind.DATE:
        widget: forms.Widget = forms.DateInput(attrs={"type": "date"})
        return forms.CharField(label=label, required=False, widget=widget)
    field = forms.CharField(label=label, required=required, max_length=spec.longest)
    if spec.kind == EMPLOYEES:
        field.help_text = "A number, or a range such as 50-200: its lower end is kept."
    if spec.kind in {EMPLOYEES, FieldKind.NUMBER}:
        field.widget.attrs["inputmode"] = "decimal"
    return field


def _choices(spec: FieldSpec) -> list[tuple[str, str]] | None:
    if spec.kind == COUNTRY:
        names = sorted(country_names().items(), key=lambda one: one[1])
        return [(code, f"{name} ({code})") for code, name in names]
    if spec.kind == FieldKind.YES_NO:
        return [("yes", "Yes"), ("no", "No")]
    if spec.kind == FieldKind.CHOICE:
        return [(choice, choice) for choice in spec.choices]
    return None
