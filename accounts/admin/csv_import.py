"""The page that takes a CSV file: form, preview, error report. What imports share."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from accounts.admin.base import person
from accounts.csv_files import LONGEST_FILE, Problem, error_report
from accounts.models import Workspace
from accounts.roles import Action, workspace_ids

ROWS_SHOWN, PROBLEMS_SHOWN = 20, 200
LONGEST_NAME = 100


class CsvImportForm(forms.Form):
    """A CSV file, or after the preview its text."""

    workspace = forms.ModelChoiceField(queryset=Workspace.objects.none())
    file = forms.FileField(
        label="CSV file",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
    )
    text = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)
    file_name = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, files: Any, *, workspaces: Any) -> None:
        super().__init__(data, files)
        field = self.fields["workspace"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 narrows the type
        field.queryset = workspaces
        only = list(workspaces[:2])
        if len(only) == 1:
            field.initial = only[0].pk
            field.widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Read the file, whichever way it came."""
        data = super().clean() or self.cleaned_data
        upload = data.get("file")
        if upload is not None:
            if upload.size > LONGEST_FILE:
                raise ValidationError("The file is larger than 4 MiB; divide it.")
            try:
                data["text"] = upload.read().decode("utf-8-sig")
            except UnicodeDecodeError:
                raise ValidationError("The file is not UTF-8.") from None
            data["file_name"] = upload.name
        if not data.get("text", "").strip():
            raise ValidationError("Choose a file that holds something.")
        data["file_name"] = (data.get("file_name") or "")[:LONGEST_NAME]
        return data


def workspaces_to_import_into(request: HttpRequest) -> QuerySet[Workspace]:
    """Return the workspaces that somebody may import into."""
    user = person(request)
    rows = Workspace.objects.visible_to(user)
    if user.is_superuser:
        return rows
    return rows.filter(pk__in=workspace_ids(user, Action.EDIT))


def import_context(
    form: CsvImportForm,
    *,
    rows: Sequence[Any] | None,
    problems: Sequence[Problem] = (),
) -> dict[str, Any]:
    """Return what `admin/csv_import.html` shows; ``rows`` None is before a file."""
    found = rows or ()
    return {
        "form": form,
        "has_file": rows is not None,
        "rows": found[:ROWS_SHOWN],
        "problems": problems[:PROBLEMS_SHOWN],
        "more": len(found) - ROWS_SHOWN,
        "more_problems": len(problems) - PROBLEMS_SHOWN,
    }


def wants_report(request: HttpRequest) -> bool:
    """Say whether the button for the error report was pressed."""
    return request.method == "POST" and "report" in request.POST


def report_response(problems: Sequence[Problem], text: str) -> HttpResponse:
    """Send every wrong line as CSV: its number, why, and as it was sent."""
    response = HttpResponse(
        error_report(problems, text), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = 'attachment; filename="import-errors.csv"'
    response["Cache-Control"] = "no-store"
    return response
