"""What is asked about a segment beside its rule."""

from typing import Any

from django import forms

from accounts.models import Segment


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]
    """Its name, what it is for, and who may see and change it."""

    class Meta:
        model = Segment
        fields = ("name", "description", "notes", "is_shared", "editors")
        widgets = {  # noqa: RUF012 Django's own form
            "description": forms.TextInput,
            "notes": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "segment-%s", **kwargs})

    def _post_clean(self) -> None:
        # `accounts.segments.store` writes and judges the whole.
        pass
