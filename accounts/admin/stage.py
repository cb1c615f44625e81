"""Stages: named, ordered and coloured per workspace, each with its rule."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from accounts.admin.base import SubjectFilter, WorkspaceAdmin, person
from accounts.admin.confirm import confirmation, is_confirmed
from accounts.admin.rules import BY_HAND, RuleField, RuleForm, rule_in_words
from accounts.errors import AccountsError
from accounts.models import Stage, StageDay, StageRule, Subject
from accounts.peer import peer_address
from accounts.roles import Action
from accounts.segments.words import in_words
from accounts.stage_setup import (
    check_rule,
    judge_soon,
    move_stage,
    preview,
    remove_stage,
    require_free_name,
    save_stage,
)
from accounts.stages import stages_of

RULE_HELP = (
    "In the language of segments, such as "
    '{"usage": {"count": "days", "at_least": 5, "days": 30}}. Whoever it matches is in '
    'this stage, or in a later one that matches too; {"all": []} is everybody. '
    "Empty: by hand only."
)


class StageForm(RuleForm):
    """A stage, whose rule must be one that can be asked."""

    read_rule = staticmethod(check_rule)
    rule = RuleField(required=False, help_text=RULE_HELP)

    class Meta:
        model = Stage
        fields = ("workspace", "subject", "name", "colour", "description", "rule")

    def clean(self) -> dict[str, Any]:
        """Say on the form that a name is taken; that of a removed stage is free."""
        data = super().clean()
        workspace, subject = data.get("workspace"), data.get("subject")
        if workspace is None or not subject:
            return data
        name = Stage(pk=self.instance.pk, workspace=workspace, subject=subject)
        name.name = data.get("name", "")
        try:
            require_free_name(name)
        except AccountsError as error:
            self.add_error("name", str(error))
        return data


class TargetForm(forms.Form):
    """Where those go who are in a stage that is removed."""

    target = forms.ModelChoiceField(
        queryset=Stage.objects.none(),
        required=False,
        label="Whoever is in it goes to",
        empty_label="Nowhere: nobody is in it",
    )

    def __init__(self, *args: Any, stage: Stage, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["target"]
        assert isinstance(choice, forms.ModelChoiceField)  # noqa: S101 narrows the type
        others = stages_of(stage.workspace, stage.subject)
        choice.queryset = others.exclude(pk=stage.pk)


@admin.register(Stage)
class StageAdmin(WorkspaceAdmin):
    """Stages. A rule is counted before it is saved; nobody is lost with a stage."""

    form = StageForm
    add_action = change_action = delete_action = Action.CONFIGURE
    list_display = ("badge", "subject", "position", "size", "words")
    list_display_links = ("badge",)
    list_filter = (("subject", SubjectFilter),)
    list_select_related = ("workspace",)
    sortable_by = ()
    ordering = ("workspace", "subject", "position", "pk")
    actions = ("move_up", "move_down", "evaluate_now")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave out removed ones; count those in it from the days."""
        size = (
            StageDay.objects.filter(stage=OuterRef("pk"))
            .values("stage")
            .annotate(number=Sum("entered") - Sum("left"))
        )
        words = StageRule.objects.filter(stage=OuterRef("pk")).order_by("-pk")
        rows = super().get_queryset(request).filter(removed_at__isnull=True)
        counted: QuerySet[Any] = rows.annotate(
            members=Coalesce(Subquery(size.values("number")), 0),
            said=Subquery(words.values("words")[:1]),
        )
        return counted

    def get_actions(self, request: HttpRequest) -> Any:
        """Stages are removed one by one: somebody may be in them."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say the rule in words beside its JSON."""
        del request
        return ("rule_in_words", "size") if obj else ()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show the words below the rule."""
        del request
        fields = ("workspace", "subject", "name", "colour", "description", "rule")
        return (*fields, "rule_in_words", "size") if obj else fields

    @admin.display(description="stage")
    def badge(self, stage: Any) -> str:
        """Show the name in its colour."""
        return format_html(
            '<span class="badge hue-{}">{}</span>', stage.colour, stage.name
        )

    @admin.display(description="in it now")
    def size(self, stage: Any) -> str:
        """Return how many are in it."""
        return f"{stage.members:,}"

    @admin.display(description="rule")
    def words(self, stage: Any) -> str:
        """Return the rule in words, as it was last evaluated."""
        if stage.rule is None:
            return BY_HAND
        return stage.said or "Not evaluated yet"

    @admin.display(description="in words")
    def rule_in_words(self, stage: Any) -> str:
        """Say the rule as it is."""
        return rule_in_words(stage, check_rule)

    # ---- Saving: counted first

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Say how many a changed rule would put here, and save only then."""
        if request.method == "POST" and not is_confirmed(request):
            stage = self.get_object(request, unquote(object_id)) if object_id else None
            if object_id and stage is None:
                return self._gone(request)
            allowed = (
                self.has_change_permission(request, stage)
                if stage
                else self.has_add_permission(request)
            )
            if not allowed:
                raise PermissionDenied
            form = self.get_form(request, stage, change=stage is not None)(
                request.POST, instance=stage
            )
            if form.is_valid() and "rule" in form.changed_data:
                return self._counted(request, form, stage)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _gone(self, request: HttpRequest) -> HttpResponse:
        """Lead back to the list, as Django does for rows that are not there."""
        self.message_user(request, "There is no such stage.", messages.WARNING)
        return HttpResponseRedirect(reverse("admin:accounts_stage_changelist"))

    def _counted(
        self, request: HttpRequest, form: Any, stage: Stage | None
    ) -> HttpResponse:
        data = form.cleaned_data
        if data["rule"] is None:
            explanation = "Without a rule people are put here by hand alone."
        else:
            subject = Subject(data["subject"])
            workspace = data["workspace"]
            rule = check_rule(data["rule"], workspace=workspace, subject=subject)
            counts = preview(
                data["rule"], workspace=workspace, subject=subject, stage=stage
            )
            explanation = (
                f"{in_words(rule, workspace)} — this matches {counts.matching:,} "
                f"{subject.label.lower()} now. {counts.would_be_in:,} of them would be "
                f"in {data['name']}, the others are further or were put elsewhere by "
                f"hand. {counts.now_in:,} are in it now."
            )
        return confirmation(
            self,
            request,
            title="Save this rule?",
            explanation=explanation,
            button="Save",
            obj=stage,
            hidden={
                name: values
                for name, values in request.POST.lists()
                if name != "csrfmiddlewaretoken"
            },
        )

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Save it with everything that follows."""
        del form, change
        save_stage(obj, actor=person(request), ip=peer_address(request) or None)

    def delete_view(
        self,
        request: HttpRequest,
        object_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Ask where those go who are in it; timelines keep its name."""
        del extra_context
        stage = self.get_object(request, unquote(object_id))
        if stage is None:
            return self._gone(request)
        if not self.has_delete_permission(request, stage):
            raise PermissionDenied
        form = TargetForm(request.POST if is_confirmed(request) else None, stage=stage)
        if is_confirmed(request) and form.is_valid():
            try:
                moved = remove_stage(
                    stage,
                    target=form.cleaned_data["target"],
                    actor=person(request),
                    ip=peer_address(request) or None,
                )
            except AccountsError as error:
                form.add_error("target", str(error))
            else:
                self.message_user(
                    request, f"{stage} was removed, {moved:,} moved.", messages.SUCCESS
                )
                return HttpResponseRedirect(reverse("admin:accounts_stage_changelist"))
        return confirmation(
            self,
            request,
            title=f"Remove {stage}?",
            explanation=f"{stage.members:,} are in {stage}. Timelines go on naming it; "
            "the rules of the other stages are asked again within seconds.",
            button="Remove",
            obj=stage,
            form=form,
            is_danger=True,
        )

    # ---- Actions

    @admin.action(description="Move up", permissions=["change"])
    def move_up(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Make these stages come one place earlier."""
        self._move(request, queryset.order_by("position", "pk"), by=-1)

    @admin.action(description="Move down", permissions=["change"])
    def move_down(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Make these stages come one place later."""
        self._move(request, queryset.order_by("-position", "-pk"), by=1)

    @admin.action(description="Evaluate now", permissions=["change"])
    def evaluate_now(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Have everybody judged by the rules of the workspaces of these stages."""
        rows = self.allowed_rows(request, queryset, Action.CONFIGURE)
        ladders = {(stage.workspace, Subject(stage.subject)) for stage in rows}
        for workspace, subject in ladders:
            judge_soon(workspace, subject)
        if ladders:
            self.message_user(
                request, "Everybody is judged by these rules within seconds."
            )

    def _move(self, request: HttpRequest, queryset: QuerySet[Any], *, by: int) -> None:
        moved = [
            move_stage(
                stage, by=by, actor=person(request), ip=peer_address(request) or None
            )
            for stage in self.allowed_rows(request, queryset, Action.CONFIGURE)
        ]
        self.message_user(request, f"{sum(moved)} moved.")
