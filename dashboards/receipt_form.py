"""Which receipt: as of now or of a past day, its top or every line."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.receipts import RECEIPT_DAYS

# A receipt's lines come largest first; "every" is all that a page can hold.
FIRST_LINES, ALL_LINES = 12, 2000


class ReceiptForm(forms.Form):
    """The day, which must be one of the last 90; a wrong one is as good as none."""

    on = forms.DateField(required=False)
    lines = forms.CharField(required=False)

    def __init__(self, data: Any, *, today: date) -> None:
        super().__init__(data)
        self.today = today
        self.full_clean()

    def clean_on(self) -> date | None:
        """Refuse days that no receipt is given for."""
        on: date | None = self.cleaned_data["on"]
        first = self.today - timedelta(days=RECEIPT_DAYS)
        if on is not None and not first <= on <= self.today:
            raise ValidationError(
                f"Choose a day from {first} to {self.today}: receipts reach "
                f"{RECEIPT_DAYS} days back."
            )
        return on

    @property
    def day(self) -> date | None:
        """Return the day asked for; None is now."""
        return self.cleaned_data.get("on")

    @property
    def shows_all(self) -> bool:
        """Say whether every line is asked for."""
        return self.cleaned_data.get("lines") == "all"

    @property
    def limit(self) -> int:
        """Return how many lines to show."""
        return ALL_LINES if self.shows_all else FIRST_LINES

    @property
    def complaints(self) -> list[str]:
        """Return what was wrong with the day, in sentences."""
        return [str(text) for text in self.errors.get("on", ())]
