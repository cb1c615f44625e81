"""What people fill in to flag a record as wrong, and to erase somebody."""

from typing import Any

from django import forms

from accounts.models import FlaggedRecord

BIGGEST = 2**63 - 1


class TargetForm(forms.Form):
    """Which record is wrong: of one account, developer, identity or event."""

    account = forms.IntegerField(required=False, min_value=1, max_value=BIGGEST)
    developer = forms.IntegerField(required=False, min_value=1, max_value=BIGGEST)
    identity = forms.IntegerField(required=False, min_value=1, max_value=BIGGEST)
    event = forms.IntegerField(required=False, min_value=1, max_value=BIGGEST)


class FlagForm(forms.Form):
    """What is wrong with it."""

    problem = forms.ChoiceField(
        label="What is wrong",
        choices=[("", "Choose…"), *FlaggedRecord.Problem.choices],
    )
    text = forms.CharField(
        label="In words",
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="What you know of it: which company, which other developer.",
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="flag-%s")

    def clean(self) -> dict[str, Any]:
        """Ask for words where the choice says nothing."""
        data = super().clean() or self.cleaned_data
        is_other = data.get("problem") == FlaggedRecord.Problem.OTHER
        if is_other and not (data.get("text") or "").strip():
            self.add_error("text", "Say in words what is wrong.")
        return data


class EraseForm(forms.Form):
    """Why somebody is erased, and whether they are to stay away."""

    reason = forms.CharField(
        label="Reason",
        required=False,
        max_length=100,
        help_text="Such as the number of a ticket, for the receipt. No name, no "
        "address.",
    )
    opt_out = forms.BooleanField(
        label="And opt out",
        required=False,
        help_text="Their identities are registered as keyed hashes; events that name "
        "one are answered and never kept.",
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="erase-%s")
