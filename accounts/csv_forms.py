"""The form that takes a CSV file, and the file that says what is wrong with it.

What every page that imports shares; what a file means is said by each importer.
"""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from accounts.csv_files import LONGEST_FILE, Problem, error_report

# Shown of a file's good lines and of its wrong ones; the rest are counted.
ROWS_SHOWN, PROBLEMS_SHOWN = 20, 200


class CsvForm(forms.Form):
    """A CSV file, or after the preview its text."""

    file = forms.FileField(
        label="CSV file",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        """Read the file, whichever way it came."""
        data = super().clean() or self.cleaned_data
        upload = data.get("file")
        if upload is not None:
            if upload.size > LONGEST_FILE:
                raise forms.ValidationError("The file is larger than 4 MiB; divide it.")
            try:
                data["text"] = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise forms.ValidationError("The file is not UTF-8.") from None
        if not data.get("text", "").strip():
            raise forms.ValidationError("Choose a file that holds something.")
        return data


def wants_report(request: HttpRequest) -> bool:
    """Say whether the button for the error report was pressed."""
    return request.method == "POST" and "report" in request.POST


def report_response(
    problems: Iterable[Problem], text: str, *, name: str
) -> HttpResponse:
    """Send every wrong line as CSV: its number, why, and as it was sent."""
    response = HttpResponse(
        error_report(problems, text), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response["Cache-Control"] = "no-store"
    return response
