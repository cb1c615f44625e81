"""What the Today page may be asked and told."""

from datetime import date, timedelta
from typing import Any

from django import forms

from accounts.models import Product, Workspace

SNOOZES = {"1": 1, "7": 7}


class TodayForm(forms.Form):
    """Which product; a wrong one is as good as none."""

    product = forms.ModelChoiceField(
        queryset=Product.objects.none(), required=False, empty_label="Any product"
    )

    def __init__(self, data: Any, *, workspace: Workspace) -> None:
        super().__init__(data)
        products = self.fields["product"]
        assert isinstance(products, forms.ModelChoiceField)  # noqa: S101 narrows the type
        products.queryset = Product.objects.in_workspace(workspace)
        self.full_clean()

    @property
    def product_id(self) -> int | None:
        """Return the product that the page is narrowed to."""
        product = self.cleaned_data.get("product")
        return product.pk if product else None


class MarkForm(forms.Form):
    """What a member says of one account."""

    DONE, SNOOZE, NOT_RELEVANT, UNDO = "done", "snooze", "not_relevant", "undo"

    mark = forms.ChoiceField(
        choices=[(word, word) for word in (DONE, SNOOZE, NOT_RELEVANT, UNDO)]
    )
    # Days, or a day; only of a snooze.
    days = forms.ChoiceField(
        required=False, choices=[("", ""), *((word, word) for word in SNOOZES)]
    )
    until = forms.DateField(required=False)
    # Which product the page was narrowed to.
    product = forms.IntegerField(required=False, min_value=1)

    def clean(self) -> dict[str, Any]:
        """Ask a snooze for its end."""
        data = super().clean() or self.cleaned_data
        has_end = data.get("days") or data.get("until") or self.errors
        if data.get("mark") == self.SNOOZE and not has_end:
            raise forms.ValidationError("Say until when to snooze it.")
        return data

    def snoozed_until(self, today: date) -> date:
        """Return the day on which it comes back."""
        days = SNOOZES.get(self.cleaned_data["days"])
        until: date | None = self.cleaned_data["until"]
        return until if days is None and until else today + timedelta(days=days or 1)
