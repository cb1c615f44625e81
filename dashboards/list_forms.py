"""What the pages of lists, tags and notes may be asked to do."""

from typing import Any

from django import forms

from accounts.lists import MOST_ENTRIES
from accounts.models import CuratedList, Note, Subject, Tag, Workspace


class NewListForm(forms.Form):
    """What makes a list."""

    name = forms.CharField(max_length=150)
    subject = forms.ChoiceField(choices=Subject.choices, label="Of")
    description = forms.CharField(max_length=500, required=False)
    is_exclude = forms.BooleanField(
        required=False,
        label="Exclude list",
        help_text="Competitors, your own company: no segment, Today page or alert "
        "names who is on it.",
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, auto_id="new-%s")


class EditListForm(forms.ModelForm):  # type: ignore[type-arg]
    """What of a list may change; its subject may not."""

    class Meta:
        model = CuratedList
        fields = ("name", "description", "is_exclude")

    def __init__(self, data: Any = None, *, instance: CuratedList) -> None:
        super().__init__(data, instance=instance, auto_id="edit-%s")

    def _get_validation_exclusions(self) -> set[str]:
        # Not asked for, and still part of what must be unique.
        return super()._get_validation_exclusions() - {"workspace"}  # type: ignore[misc,no-any-return]


class AddForm(forms.Form):
    """Domains or addresses, one a line."""

    values = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=400_000,
        help_text=f"One a line, up to {MOST_ENTRIES:,}.",
    )

    def __init__(self, data: Any = None, *, curated: CuratedList) -> None:
        super().__init__(data, auto_id="add-%s")
        self.fields["values"].label = (
            "Domains" if curated.subject == Subject.ACCOUNT else "E-mail addresses"
        )

    def clean_values(self) -> list[str]:
        """Divide the text into values."""
        lines = self.cleaned_data["values"].replace(",", "\n").splitlines()
        values = [line.strip() for line in lines if line.strip()]
        if len(values) > MOST_ENTRIES:
            message = f"These are {len(values):,}; upload a file instead."
            raise forms.ValidationError(message)
        return values


class PickForm(forms.Form):
    """Which list to put somebody on."""

    curated = forms.ModelChoiceField(queryset=CuratedList.objects.none(), label="List")

    def __init__(self, data: Any, *, workspace: Workspace, subject: str) -> None:
        super().__init__(data)
        field = self.fields["curated"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 narrows the type
        field.queryset = CuratedList.objects.filter(
            workspace=workspace, subject=subject
        )


class TagForm(forms.Form):
    """Which tag to put on somebody: one there is, or a new name."""

    name = forms.CharField(max_length=Tag._meta.get_field("name").max_length)  # noqa: SLF001


class NoteForm(forms.ModelForm):  # type: ignore[type-arg]
    """What to write down."""

    class Meta:
        model = Note
        fields = ("text",)
        widgets = {"text": forms.Textarea(attrs={"rows": 3})}  # noqa: RUF012

    def __init__(self, data: Any = None, *, instance: Note | None = None) -> None:
        super().__init__(data, instance=instance, auto_id="note-%s")
        self.fields["text"].label = "Note"
