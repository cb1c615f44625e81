"""What is asked about an API key: what it may be used for, and how it is replaced."""

from typing import Any

from django import forms
from django.utils import timezone

from accounts import keys
from accounts.admin.base import WorkspaceForm
from accounts.models import ApiKey
from accounts.models.api_key import (
    SCOPES_OF_KINDS,
    Dialect,
    IngestScope,
    ReadScope,
    Scope,
)
from accounts.models.fields import normalise_network

OVERLAPS = (
    (0, "The old key stops at once"),
    (24, "Both work for a day"),
    (24 * 7, "Both work for a week"),
    (24 * 30, "Both work for 30 days"),
)


class RotateForm(forms.Form):
    """How long the old key goes on working."""

    overlap = forms.TypedChoiceField(
        label="The key before",
        coerce=int,
        choices=OVERLAPS,
        initial=24,
        help_text="Long enough to put the new key into every sender.",
    )


class ApiKeyForm(WorkspaceForm):
    """What a key may be used for."""

    kind = forms.ChoiceField(
        choices=ApiKey.Kind.choices,
        initial=ApiKey.Kind.INGEST,
        required=False,
        help_text="Ingestion keys go into software and read nothing; read keys read "
        "what their scopes say; management keys also change licences and lists; OAuth "
        "clients get access tokens for sending usage events.",
    )
    dialects = forms.MultipleChoiceField(
        label="Senders",
        choices=Dialect.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Which interfaces take the key; none ticked means all.",
    )
    scopes = forms.MultipleChoiceField(
        label="Scopes",
        choices=[
            ("Read and management keys may read", ReadScope.choices),
            ("Tokens of OAuth clients may", Scope.choices),
            ("Ingestion keys may also", IngestScope.choices),
        ],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: everything for reading and for clients, and nothing "
        "besides sending for ingestion keys.",
    )
    allowed_networks = forms.CharField(
        label="Allowed networks",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line, such as 203.0.113.0/24; empty means from everywhere.",
    )

    class Meta:
        model = ApiKey
        fields = ("workspace", "kind", *keys.CHANGEABLE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["allowed_networks"] = "\n".join(self.instance.allowed_networks)

    def clean_kind(self) -> str:
        """Make what software sends with, unless something else is asked for."""
        return str(self.cleaned_data["kind"] or ApiKey.Kind.INGEST)

    def clean_dialects(self) -> list[str]:
        """Keep one order, so that the same choice is the same list."""
        return sorted(self.cleaned_data["dialects"])

    def clean_scopes(self) -> list[str]:
        """Keep one order here as well."""
        return sorted(self.cleaned_data["scopes"])

    def clean(self) -> dict[str, Any]:
        """Refuse scopes that mean nothing for a key of this kind."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kind = self.instance.kind if self.instance.pk else cleaned.get("kind", "")
        known = SCOPES_OF_KINDS.get(kind)
        wrong = set(cleaned.get("scopes", ())) - set(known.values if known else ())
        if wrong and known is not None:
            self.add_error(
                "scopes",
                f"“{min(wrong)}” means nothing for this kind of key "
                f"({ApiKey.Kind(kind).label}).",
            )
        return cleaned

    def clean_allowed_networks(self) -> list[str]:
        """Read one network a line."""
        words = self.cleaned_data["allowed_networks"].replace(",", " ").split()
        return [normalise_network(word) for word in words]

    def clean_expires_at(self) -> Any:
        """Refuse a new end that has passed already."""
        moment = self.cleaned_data["expires_at"]
        changed = moment != self.instance.expires_at
        if moment and changed and moment <= timezone.now():
            raise forms.ValidationError("This is in the past.")
        return moment
