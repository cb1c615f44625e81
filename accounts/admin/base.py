"""The mixin under every admin class: one workspace's people see that workspace only.

Rows, choices, filters and permissions all come from `accounts.querysets` and
`accounts.roles`; a subclass only says which role's action each thing needs.
"""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import SuspiciousOperation
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from accounts.admin.deleting import what_goes
from accounts.admin.paging import BoundedPaginator
from accounts.models import Identity, User, Workspace
from accounts.roles import Action, can, can_anywhere, workspace_ids

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    ModelForm = forms.ModelForm[Any]
    RelatedFilter = admin.RelatedFieldListFilter
    ChoicesFilter = admin.ChoicesFieldListFilter
    TabularInline = admin.TabularInline[Any, Any]
    BaseInlineFormSet = forms.BaseInlineFormSet[Any, Any, Any]
else:
    ModelAdmin = admin.ModelAdmin
    ModelForm = forms.ModelForm
    RelatedFilter = admin.RelatedFieldListFilter
    ChoicesFilter = admin.ChoicesFieldListFilter
    TabularInline = admin.TabularInline
    BaseInlineFormSet = forms.BaseInlineFormSet


def person(request: HttpRequest) -> User:
    """Return who is logged in; the admin site lets nobody else through."""
    return cast("User", request.user)


def identities_like(request: HttpRequest, text: str) -> models.QuerySet[Identity]:
    """Return the identities that somebody types in whole, in their workspaces.

    Spelled out by workspace and kind, which the index of identities begins with.
    """
    value = text.strip()
    return Identity.objects.filter(
        workspace__in=Workspace.objects.visible_to(person(request)),
        kind__in=Identity.Kind.values,
        value__in={value, value.lower()},
    )


class ScopedFilter(RelatedFilter):
    """A filter on a reference that offers only what the person may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """Limit the choices as the rows themselves are limited."""
        del model_admin
        self.empty_value_display = SafeString("none")
        related = field.remote_field.model
        visible = related.objects.visible_to(person(request))
        return [(row.pk, str(row)) for row in visible]


class SubjectFilter(ChoicesFilter):
    """A filter on what rows are about; the label of the field is for forms."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "accounts or developers"


class WorkspaceForm(ModelForm):
    """Keeps a row and everything it refers to in one workspace.

    The workspace is chosen once, when the row is made, and only asked for where there
    is a choice.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("workspace")
        if not isinstance(field, forms.ModelChoiceField):
            return
        choices = list(field.queryset[:2]) if field.queryset is not None else []
        if self.instance.pk:
            field.disabled = True
        if len(choices) == 1:
            field.initial = choices[0].pk
            field.widget = forms.HiddenInput()
        if self.instance.pk or len(choices) == 1:
            workspace_id = self.instance.workspace_id or choices[0].pk
            for other in self.fields.values():
                if isinstance(other, forms.ModelChoiceField):
                    _limit(other, workspace_id)

    def clean(self) -> dict[str, Any]:
        """Refuse a reference into another workspace."""
        data = super().clean() or self.cleaned_data
        workspace = data.get("workspace") or getattr(self.instance, "workspace", None)
        for name, value in list(data.items()):
            theirs = getattr(value, "workspace_id", None)
            if workspace and theirs and theirs != workspace.pk:
                self.add_error(name, f"This is not of workspace {workspace}.")
        return data


class RoleGate:
    """Django's four permission questions, answered from the role table."""

    view_action = Action.VIEW
    add_action: Action | None = None
    change_action: Action | None = None
    delete_action: Action | None = None
    # Where the workspace's id is found on a row of the model.
    workspace_column = "workspace_id"

    def _may(self, request: HttpRequest, action: Action | None, obj: Any) -> bool:
        if action is None:
            return False
        user = person(request)
        if obj is None:
            return can_anywhere(user, action)
        workspace_id = getattr(obj, self.workspace_column)
        if workspace_id is None:
            # Of nobody's workspace, so the operators'.
            return user.is_superuser
        return can(user, action, workspace_id)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask about viewing; for an inline, ``obj`` is the row it hangs on."""
        return self._may(request, self.view_action, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask about adding; without ``obj`` anywhere, and the form limits where."""
        return self._may(request, self.add_action, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask about changing."""
        return self._may(request, self.change_action, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Ask about deleting."""
        return self._may(request, self.delete_action, obj)


class OperatorsLookAdmin(ModelAdmin):
    """What operators look at, and nobody adds, changes or deletes by hand."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the section to operators."""
        return person(request).is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show rows to operators."""
        del obj
        return person(request).is_superuser

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: rows are made, not typed in."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        del request, obj
        return False


class WorkspaceAdmin(RoleGate, ModelAdmin):
    """Scopes lists, choices and permissions; read-only unless a subclass says more."""

    form = WorkspaceForm
    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    # Said of an empty list: where its rows come from.
    empty_note = ""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Head the list with what it lists."""
        if any("\0" in text for texts in request.GET.lists() for text in texts[1]):
            # No column holds one, and PostgreSQL does not even take the question. Here
            # as for every other senseless filter: the list without any.
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        title = capfirst(str(self.opts.verbose_name_plural))
        context = {
            "title": title,
            "empty_note": self.empty_note,
            **(extra_context or {}),
        }
        return super().changelist_view(request, context)

    def response_action(
        self, request: HttpRequest, queryset: models.QuerySet[Any], *more: Any
    ) -> HttpResponse | None:
        """Run an action on the ticked rows; a row that is no number is none of ours."""
        ticked = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(row.isascii() and row.isdecimal() for row in ticked):
            raise SuspiciousOperation("A ticked row is not a number.")
        return super().response_action(request, queryset, *more)

    # ---- Which rows

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        """Return the rows that this person may see in the admin."""
        rows = super().get_queryset(request)
        return self.allowed_rows(request, rows, self.view_action)

    def sees_several(self, request: HttpRequest) -> bool:
        """Say whether the workspace is worth a column and a filter."""
        user = person(request)
        return user.is_superuser or len(user.roles) > 1

    def get_list_display(self, request: HttpRequest) -> Any:
        """Show the workspace to those who see several."""
        columns = tuple(super().get_list_display(request))
        if self.workspace_column == "workspace_id" and self.sees_several(request):
            return (*columns, "workspace")
        return columns

    def get_list_filter(self, request: HttpRequest) -> Any:
        """Offer the workspaces to those who see several."""
        filters = tuple(super().get_list_filter(request))
        if self.workspace_column == "workspace_id" and self.sees_several(request):
            return (*filters, ("workspace", ScopedFilter))
        return filters

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show the section to whoever may view one of its rows somewhere."""
        return self._may(request, self.view_action, None)

    def allowed_rows(
        self, request: HttpRequest, rows: models.QuerySet[Any], action: Action
    ) -> models.QuerySet[Any]:
        """Keep the rows on which this person may do something.

        For list actions: someone may be admin of one workspace and viewer of another.
        """
        user = person(request)
        if user.is_superuser:
            return rows
        ids = workspace_ids(user, action)
        return rows.filter(**{f"{self.workspace_column}__in": ids})

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Count what goes with these rows; each needs the right to delete it."""
        named, counts, forbids = what_goes(objs)
        may_not = {
            str(self.opts.verbose_name)
            for row in objs
            if not self.has_delete_permission(request, row)
        }
        return named, counts, may_not, forbids

    # ---- What can be chosen

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer rows of one's own workspaces, and workspaces one may add to."""
        related = db_field.remote_field.model
        user = person(request)
        if related is Workspace:
            choices = Workspace.objects.visible_to(user)
            action = self.add_action or self.change_action
            if action and not user.is_superuser:
                choices = choices.filter(pk__in=workspace_ids(user, action))
            kwargs["queryset"] = choices
        elif hasattr(related.objects, "visible_to"):
            kwargs["queryset"] = related.objects.visible_to(user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Leave out the pop-ups beside references: they need script to be of use."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field


class InlineForm(ModelForm):
    """A row under another one: it belongs to the same workspace."""

    def _get_validation_exclusions(self) -> set[str]:
        # The workspace is not asked for, and still part of what must be unique.
        return super()._get_validation_exclusions() - {"workspace"}  # type: ignore[misc,no-any-return]


class InlineFormSet(BaseInlineFormSet):
    """Gives new rows the workspace of the row they hang on."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        form.instance.workspace_id = self.instance.workspace_id
        return form


class WorkspaceInline(RoleGate, TabularInline):
    """Rows under a row, with the permissions of the row's workspace."""

    form = InlineForm
    formset: Any = InlineFormSet
    extra = 1


def _limit(field: forms.ModelChoiceField, workspace_id: int) -> None:  # type: ignore[type-arg]
    """Offer rows of this workspace only, where the rows belong to one."""
    if field.queryset is not None and hasattr(field.queryset.model, "workspace_id"):
        field.queryset = field.queryset.filter(workspace_id=workspace_id)
