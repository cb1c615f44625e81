"""What the pages may be asked: periods, searches, filters, sort orders, corrections.

All of them arrive in the address, so that every view of a page can be linked to.
"""

from datetime import date
from typing import Any, TypeVar

from django import forms
from django.db.models import Q

from accounts.models import (
    Account,
    Developer,
    Identity,
    Metric,
    Product,
    Workspace,
)
from accounts.numbers import row_number
from dashboards import periods

Row = TypeVar("Row")


class PeriodForm(forms.Form):
    """Which days; anything that makes no period falls back to the default."""

    days = forms.ChoiceField(
        required=False,
        choices=[*((str(days), f"{days} days") for days in periods.CHOICES), ("", "")],
    )
    first = forms.DateField(required=False, label="From")
    last = forms.DateField(required=False, label="To")

    def period(self, today: date) -> periods.Period:
        """Return the period asked for, adding an error where there is none."""
        if not self.errors.keys() & {"days", "first", "last"}:
            first, last = self.cleaned_data["first"], self.cleaned_data["last"]
            if first or last:
                try:
                    return periods.custom(first or last, last or today, today=today)
                except periods.PeriodError as error:
                    self.add_error("first", str(error))
            elif self.cleaned_data["days"]:
                return periods.last_days(int(self.cleaned_data["days"]), today=today)
        return periods.last_days(periods.DEFAULT_DAYS, today=today)

    def complaints(self) -> list[str]:
        """Return what was wrong with the days, in sentences."""
        return [
            str(text)
            for name in ("days", "first", "last")
            for text in self.errors.get(name, ())
        ]


class SignalsForm(PeriodForm):
    """Which signals; a wrong value is as good as none."""

    mode = forms.ChoiceField(
        required=False, choices=[("", "Production"), ("test", "Test mode")]
    )
    product = forms.ModelChoiceField(
        queryset=Product.objects.none(), required=False, empty_label="Any app"
    )
    type = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    key = forms.CharField(required=False, max_length=200)

    def __init__(self, data: Any, *, workspace: Workspace) -> None:
        super().__init__(data)
        products = self.fields["product"]
        assert isinstance(products, forms.ModelChoiceField)  # noqa: S101 narrows the type
        products.queryset = Product.objects.filter(
            workspace=workspace, app_ids__isnull=False
        ).distinct()
        self.full_clean()

    @property
    def is_test(self) -> bool:
        """Say whether test signals are asked for, and not the others."""
        return bool(self.cleaned_data.get("mode"))

    @property
    def product_id(self) -> int | None:
        """Return the product that the page is narrowed to."""
        product = self.cleaned_data.get("product")
        return product.pk if product else None

    @property
    def payload_key(self) -> str:
        """Return the payload key to group by."""
        return str(self.cleaned_data.get("key") or "")

    def metric(self, workspace: Workspace) -> Metric | None:
        """Return the type that the page is narrowed to."""
        chosen = self.cleaned_data.get("type")
        if not chosen:
            return None
        return Metric.objects.filter(workspace=workspace, pk=chosen).first()


class LicenceForm(forms.Form):
    """Which licence telemetry. A wrong value is as good as none."""

    ranges = (
        *(("1", "24 hours"), ("7", "7 days"), ("30", "30 days"), ("90", "90 days")),
    )
    days = forms.ChoiceField(required=False, choices=ranges)
    product = forms.ModelChoiceField(
        queryset=Product.objects.none(), required=False, empty_label="Any product"
    )
    show = forms.ChoiceField(
        required=False,
        choices=[
            *(("", "All records"), ("flagged", "Flagged ones"), ("clean", "Clean ones"))
        ],
    )
    license = forms.CharField(required=False, max_length=200)

    def __init__(self, data: Any, *, workspace: Workspace) -> None:
        super().__init__(data)
        products = self.fields["product"]
        assert isinstance(products, forms.ModelChoiceField)  # noqa: S101 narrows the type
        products.queryset = Product.objects.filter(workspace=workspace)
        self.full_clean()

    def value(self, name: str) -> Any:
        """Return a valid value, or an empty one."""
        if name == "days":
            return self.cleaned_data.get("days") or str(periods.DEFAULT_DAYS)
        return self.cleaned_data.get(name) or ""

    @property
    def chosen_days(self) -> str:
        """Return the range that is shown."""
        return str(self.value("days"))

    @property
    def is_filtered(self) -> bool:
        """Say whether anything narrows the records besides the time."""
        return any(self.value(name) for name in ("product", "show", "license"))


class MoveForm(forms.Form):
    """Which account a developer belongs to: by its domain, its name, or none."""

    account = forms.CharField(
        max_length=253,
        required=False,
        label="Domain or name of the account",
        help_text="Leave empty when the developer belongs to no company.",
    )
    reason = forms.CharField(max_length=200, required=False)

    def __init__(self, data: Any = None, *, workspace: Workspace) -> None:
        super().__init__(data, auto_id="move-%s")
        self.workspace = workspace

    def clean_account(self) -> Account | None:
        """Find the one account meant."""
        text = self.cleaned_data["account"].strip()
        if not text:
            return None
        found = Account.objects.in_workspace(self.workspace).filter(
            Q(domain=text.lower())
            | Q(domains__domain=text.lower())
            | Q(name__iexact=text)
        )
        return _only_one(list(found.distinct()[:2]), "account", text)


class MergeForm(forms.Form):
    """Which other developer is the same person: by number or by any identity."""

    other = forms.CharField(
        max_length=320,
        label="The same person as",
        help_text="An e-mail address, handle or other identity, or the number in the "
        "address of the developer's page.",
    )
    reason = forms.CharField(max_length=200, required=False)

    def __init__(self, data: Any = None, *, developer: Developer) -> None:
        super().__init__(data, auto_id="merge-%s")
        self.developer = developer

    def clean_other(self) -> Developer:
        """Find the one developer meant."""
        text = self.cleaned_data["other"].strip().lstrip("#")
        known = Identity.objects.filter(
            workspace=self.developer.workspace_id, value__iexact=text
        )
        wanted = Q(pk__in=known.values("developer"))
        if (number := row_number(text)) is not None:
            wanted |= Q(pk=number)
        found = Developer.objects.filter(
            wanted, workspace=self.developer.workspace_id
        ).exclude(pk=self.developer.pk)
        other = _only_one(list(found[:2]), "other developer", text)
        if other.is_aggregate or self.developer.is_aggregate:
            raise forms.ValidationError("Pre-counted use belongs to no person.")
        return other


class UndoForm(forms.Form):
    """Which developer's page the correction was taken back on."""

    developer = forms.IntegerField(required=False)


class SettleForm(forms.Form):
    """Which quarantined events to replay or discard: a reason, perhaps a subject."""

    reason = forms.CharField(max_length=30)
    subject = forms.CharField(max_length=200, required=False, strip=False)


def _only_one(found: list[Row], what: str, text: str) -> Row:
    if not found:
        raise forms.ValidationError(f"There is no {what} “{text}”.")
    if len(found) > 1:
        raise forms.ValidationError(f"“{text}” is more than one {what}; say which.")
    return found[0]
