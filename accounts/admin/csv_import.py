"""The page of a list that imports a CSV file: form, preview, error report, writing."""

from collections.abc import Sequence
from typing import Any, Protocol

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.admin.base import person
from accounts.admin.confirm import is_confirmed
from accounts.admin.tools import Page, Tool, ToolsAdmin
from accounts.csv_files import Problem
from accounts.csv_forms import (
    PROBLEMS_SHOWN,
    ROWS_SHOWN,
    CsvForm,
    report_response,
    wants_report,
)
from accounts.models import Workspace
from accounts.roles import Action, workspace_ids

LONGEST_NAME = 100


class Read(Protocol):
    """What a file would do, as an importer has read it."""

    @property
    def rows(self) -> Sequence[Any]:
        """The good lines."""

    @property
    def problems(self) -> Sequence[Problem]:
        """The others."""


class CsvImportForm(CsvForm):
    """A CSV file, and which workspace it is for."""

    workspace = forms.ModelChoiceField(queryset=Workspace.objects.none())
    file_name = forms.CharField(required=False, widget=forms.HiddenInput)
    field_order = ("workspace", "file")

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
        """Keep what the file was called."""
        data = super().clean()
        upload = data.get("file")
        name = upload.name if upload is not None else data.get("file_name")
        data["file_name"] = (name or "")[:LONGEST_NAME]
        return data


class CsvImportAdmin(ToolsAdmin):
    """An admin whose list can be filled from a file, after a look at what it does."""

    own_pages: tuple[Page, ...] = (Page("import", Action.EDIT, of_row=False),)
    import_form: type[CsvImportForm] = CsvImportForm

    def read_import(self, form: Any) -> Any:
        """Judge the file of a valid form; returns a `Read`, and writes nothing."""
        raise NotImplementedError

    def write_import(self, request: HttpRequest, form: Any, read: Any) -> str:
        """Write the good lines, and return a sentence that says so."""
        raise NotImplementedError

    def import_refusal(self, form: Any, read: Any) -> str:
        """Return why none of it may be written, if that is so."""
        del form, read
        return ""

    def list_tools(self) -> list[Tool]:
        """Offer the import."""
        return [*super().list_tools(), self.tool("Import CSV", "import")]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a file, show what it would do, then do it."""
        sent = request.method == "POST"
        form = self.import_form(
            request.POST if sent else None,
            request.FILES if sent else None,
            workspaces=_workspaces(request),
        )
        read: Read | None = None
        refusal = ""
        if sent and form.is_valid():
            read = self.read_import(form)
            if wants_report(request):
                text = form.cleaned_data["text"]
                return report_response(read.problems, text, name="import-errors")
            refusal = self.import_refusal(form, read)
            if is_confirmed(request) and read.rows and not refusal:
                self.message_user(request, self.write_import(request, form, read))
                return self.to_page("changelist")
        rows: Sequence[Any] = read.rows if read else ()
        problems: Sequence[Problem] = read.problems if read else ()
        context = {
            **self.admin_site.each_context(request),
            "title": f"Import {self.opts.verbose_name_plural}",
            "opts": self.opts,
            "form": form,
            "preview": read,
            "refusal": refusal,
            "rows": rows[:ROWS_SHOWN],
            "more": len(rows) - ROWS_SHOWN,
            "problems": problems[:PROBLEMS_SHOWN],
            "more_problems": len(problems) - PROBLEMS_SHOWN,
        }
        template = f"admin/{self.opts.app_label}/{self.opts.model_name}/import.html"
        return TemplateResponse(request, template, context)


def _workspaces(request: HttpRequest) -> QuerySet[Workspace]:
    """Return the workspaces that somebody may import into."""
    user = person(request)
    rows = Workspace.objects.visible_to(user)
    if user.is_superuser:
        return rows
    return rows.filter(pk__in=workspace_ids(user, Action.EDIT))
