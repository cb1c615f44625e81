"""Versions of the score model: read-only, but for writing the next one."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts.admin.base import WorkspaceAdmin, WorkspaceForm, person
from accounts.errors import AccountsError
from accounts.models import ScoreModel, Workspace
from accounts.roles import Action
from accounts.score_models import CHANGEABLE, new_model_version

HELP = {
    "half_life_days": "Days after which use counts half; from 1 to 3650.",
    "developer_scale": "Points at which a developer's score is 63.",
    "account_scale": "Points at which an account's score is 63.",
    "breadth_bonus": "Share of the points added for each doubling of an account's "
    "developers; from 0 to 10.",
    "high_from": "Scores from here on are High.",
    "medium_from": "Scores from here on are Medium, those below Low.",
}


class ScoreModelForm(WorkspaceForm):
    """The settings of the next version, beginning with the newest one's."""

    class Meta:
        model = ScoreModel
        fields = ("workspace", *CHANGEABLE, "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, text in HELP.items():
            if name in self.fields:
                self.fields[name].help_text = text

    def clean(self) -> dict[str, Any]:
        """Try the version out, so that what is wrong is said on the form."""
        data = super().clean()
        workspace = data.get("workspace")
        if isinstance(workspace, Workspace) and not self.errors:
            try:
                with transaction.atomic():
                    new_model_version(workspace, **self.changes())
                    transaction.set_rollback(True)
            except AccountsError as error:
                raise ValidationError(str(error)) from None
        return data

    def changes(self) -> dict[str, Any]:
        """Return the settings as `new_model_version` takes them."""
        return {name: self.cleaned_data[name] for name in CHANGEABLE}


@admin.register(ScoreModel)
class ScoreModelAdmin(WorkspaceAdmin):
    """How usage becomes scores, version by version."""

    form = ScoreModelForm
    add_action = Action.CONFIGURE
    list_display = (
        *("version", "half_life_days", "developer_scale", "account_scale"),
        *("note", "maker", "created_at"),
    )
    list_display_links = ("version",)
    list_select_related = ("workspace", "created_by")
    sortable_by = ()
    ordering = ("workspace", "-version")

    @admin.display(description="created by")
    def maker(self, model: Any) -> str:
        """Return who wrote it: as text, since only operators may open people."""
        return str(model.created_by or "Uptick")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Name the author."""
        del request, obj
        return ("maker",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for what can be set, and show all of a version."""
        del request
        if obj is None:
            return ("workspace", *CHANGEABLE, "note")
        shown = ("version", *CHANGEABLE, "landmark", "weights", "note")
        return ("workspace", *shown, "maker", "created_at")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Begin with the newest version of the workspace that is asked for."""
        initial: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        newest = self.get_queryset(request).order_by("-version")
        if initial.get("workspace", "").isdecimal():
            newest = newest.filter(workspace=initial["workspace"])
        model = newest.first()
        if model is not None:
            initial |= {name: getattr(model, name) for name in CHANGEABLE}
        return initial

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Write the version; the next scoring run applies it."""
        del change
        made = new_model_version(
            obj.workspace, actor=person(request), note=obj.note, **form.changes()
        )
        obj.__dict__.update(made.__dict__)
