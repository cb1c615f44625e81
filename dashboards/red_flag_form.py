"""Which red flags, and what people say who resolve one."""

from typing import Any

from django import forms

from accounts.models import RedFlag

LARGEST = 2**63 - 1


class RedFlagForm(forms.Form):
    """Which red flags. A wrong value is as good as none."""

    states = (("open", "Open"), ("resolved", "Resolved"), ("all", "All"))
    kind = forms.ChoiceField(
        required=False, choices=[("", "Any kind"), *RedFlag.Kind.choices]
    )
    state = forms.ChoiceField(required=False, choices=states)
    account = forms.IntegerField(required=False, min_value=1, max_value=LARGEST)
    developer = forms.IntegerField(required=False, min_value=1, max_value=LARGEST)

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.full_clean()

    def value(self, name: str) -> Any:
        """Return a valid value, or an empty one."""
        return self.cleaned_data.get(name) or ""

    @property
    def state_chosen(self) -> str:
        """Return which state is shown; open ones unless something else is asked for."""
        return str(self.value("state") or "open")

    @property
    def is_filtered(self) -> bool:
        """Say whether anything but the state narrows the list."""
        return any(self.value(name) for name in ("kind", "account", "developer"))


class ResolveForm(forms.Form):
    """What came of it, and where to go on."""

    note = forms.CharField(max_length=500, required=False, strip=True)
    next = forms.CharField(max_length=500, required=False)
