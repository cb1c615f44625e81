"""Workspaces and who belongs to them."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.admin.base import (
    WorkspaceAdmin,
    WorkspaceForm,
    WorkspaceInline,
    person,
)
from accounts.admin.tools import ToolsAdmin
from accounts.audit import record
from accounts.errors import AccountsError
from accounts.invitations import invitation_link
from accounts.models import AuditEntry, Membership, Role, User, Workspace
from accounts.peer import peer_address
from accounts.roles import Action
from accounts.sealing import seal
from accounts.services import (
    invite,
    prepare_workspace,
    remove_member,
    require_another_admin,
    require_invitable,
    set_role,
)

# Days to keep what; a night's work each (`ingest.retention`).
RETENTION_FIELDS = (
    *("event_days", "signal_days", "license_days", "quarantine_days"),
    "audit_days",
)


class MembersInline(WorkspaceInline):
    """Who belongs to the workspace; each has a page of their own to change."""

    model = Membership
    formset = forms.BaseInlineFormSet
    fields = ("member", "role", "created_at")
    readonly_fields = fields
    extra = 0
    verbose_name_plural = "members"
    workspace_column = "pk"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch the people with their memberships."""
        return super().get_queryset(request).select_related("user", "workspace")

    @admin.display(description="member")
    def member(self, membership: Any) -> SafeString:
        """Lead to the page that changes the role."""
        address = reverse("admin:accounts_membership_change", args=[membership.pk])
        return format_html('<a href="{}">{}</a>', address, membership.user.email)


class WorkspaceSettingsForm(WorkspaceForm):
    """The settings of a workspace; its secret goes in and never comes out."""

    sso_secret = forms.CharField(
        label="SSO secret",
        required=False,
        max_length=200,
        # Not a password field, for which browsers want a user name beside it.
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    forget_sso_secret = forms.BooleanField(label="Forget the secret", required=False)

    class Meta:
        model = Workspace
        fields = ("name", "slug")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "sso_secret" in self.fields:
            self.fields["sso_secret"].help_text = (
                "One is set; what you type replaces it."
                if self.instance.reamaze_sso_sealed
                else "None is set. Reamaze plug-ins that sign with one need it here."
            )

    def clean(self) -> dict[str, Any]:
        """Seal the secret."""
        data = super().clean()
        if data.get("forget_sso_secret"):
            self.instance.reamaze_sso_sealed = ""
        if data.get("sso_secret"):
            self.instance.reamaze_sso_sealed = seal(data["sso_secret"])
        return data


class WorkspaceModelAdmin(ToolsAdmin):
    """Tenants. Operators make them.

    Registered by `ingest.admin.workspace`, which says how long data is kept and lets
    operators remove one.
    """

    workspace_column = "pk"
    change_action = Action.CONFIGURE
    list_display = ("name", "slug", "your_role", "member_count", "created_at")
    search_fields = ("name", "slug")
    ordering = ("name",)
    form = WorkspaceSettingsForm
    inlines = (MembersInline,)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave new workspaces to operators."""
        del obj
        return person(request).is_superuser

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count members by a sub-query: a join would group the whole table."""
        own = Membership.objects.filter(
            workspace=OuterRef("pk"), user=person(request)
        ).values("role")
        members = (
            Membership.objects.filter(workspace=OuterRef("pk"))
            .order_by()
            .values("workspace")
            .annotate(number=Count("pk"))
            .values("number")
        )
        rows: QuerySet[Any] = super().get_queryset(request)
        annotated: QuerySet[Any] = rows.annotate(
            member_number=Coalesce(Subquery(members), 0),
            own_role=Coalesce(Subquery(own), Value("operator")),
        )
        return annotated

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for a name first, and for settings once the workspace is there."""
        if obj is None:
            return ((None, {"fields": ("name", "slug")}),)
        secret = ["sso_secret"]
        if obj.reamaze_sso_sealed and self.has_change_permission(request, obj):
            secret.append("forget_sso_secret")
        return (
            (None, {"fields": ("name", "slug")}),
            (
                "How long data is kept",
                {
                    "fields": RETENTION_FIELDS,
                    "description": "What would go is shown under Retention, above.",
                },
            ),
            ("Reamaze senders", {"fields": ("reamaze_authkey_alone", *secret)}),
            ("Pages", {"fields": ("outside_images",)}),
        )

    @admin.display(description="SSO secret")
    def sso_secret(self, workspace: Any) -> str:
        """Say to those who may only look whether there is one."""
        return "set" if workspace.reamaze_sso_sealed else "not set"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the slug for ever: senders have it in their settings."""
        del request
        return ("slug",) if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """Show members once there is a workspace to belong to."""
        del request
        return self.inlines if obj else ()

    @admin.display(description="your role")
    def your_role(self, workspace: Any) -> str:
        """Return what the visitor may do there; operators need no membership."""
        return str(workspace.own_role).capitalize()

    @admin.display(description="members")
    def member_count(self, workspace: Any) -> int:
        """Return how many people belong to it."""
        return int(workspace.member_number)

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Give a new workspace its first metric and score model; note changes."""
        super().save_model(request, obj, form, change)
        if not change:
            prepare_workspace(obj)
        elif form.changed_data:
            record(
                workspace=obj,
                action=AuditEntry.Action.WORKSPACE_CHANGED,
                subject=obj.slug,
                actor=person(request),
                ip=peer_address(request) or None,
                detail={"changed": form.changed_data},
            )


class MembershipForm(WorkspaceForm):
    """Adds by e-mail address, so that nobody browses the installation's people."""

    email = forms.EmailField(
        label="E-mail address",
        required=False,
        help_text="Someone new gets a link to set their password with, shown next.",
    )

    class Meta:
        model = Membership
        fields = ("workspace", "role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "email" in self.fields:
            self.fields["email"].required = True

    def clean_email(self) -> str:
        """Compare addresses as log-in does."""
        return str(self.cleaned_data["email"]).strip().lower()

    def clean(self) -> dict[str, Any]:
        """Say what is wrong beside the field it is about."""
        data = super().clean()
        workspace, email = data.get("workspace"), data.get("email")
        if workspace and email:
            try:
                user = User.objects.filter(email=email).first()
                require_invitable(workspace, user)
            except AccountsError as error:
                self.add_error("email", str(error))
        was_admin = self.instance.pk and self.initial.get("role") == Role.ADMIN
        if was_admin and data.get("role") != Role.ADMIN:
            try:
                require_another_admin(self.instance.workspace, self.instance.user)
            except AccountsError as error:
                self.add_error("role", str(error))
        return data


@admin.register(Membership)
class MembershipAdmin(WorkspaceAdmin):
    """Members: who may see a workspace, and as what."""

    form = MembershipForm
    add_action = Action.MANAGE_MEMBERS
    change_action = Action.MANAGE_MEMBERS
    delete_action = Action.MANAGE_MEMBERS
    change_form_template = "admin/accounts/membership/change_form.html"
    list_display = ("email", "name", "role", "last_login", "created_at")
    list_filter = ("role",)
    list_select_related = ("user", "workspace")
    search_fields = ("user__email", "user__name")
    ordering = ("user__email",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for an address to add, and only for the role later."""
        del request
        if obj is None:
            return ("workspace", "email", "role")
        return ("workspace", "email", "name", "role", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the person of a membership."""
        del request
        return ("email", "name", "created_at") if obj else ()

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> Any:
        """Drop the address from the form of someone who is a member already."""
        form = super().get_form(request, obj, change, **kwargs)
        if obj is not None:
            form.base_fields.pop("email", None)
            form.declared_fields.pop("email", None)
        return form

    def get_actions(self, request: HttpRequest) -> Any:
        """Offer no removal in bulk: each one is checked and audited by itself."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.display(description="e-mail address", ordering="user__email")
    def email(self, membership: Any) -> str:
        """Return the person's address."""
        return str(membership.user.email)

    @admin.display(ordering="user__name")
    def name(self, membership: Any) -> str:
        """Return the person's name."""
        return str(membership.user.name)

    @admin.display(ordering="user__last_login", empty_value="never")
    def last_login(self, membership: Any) -> Any:
        """Return when they last logged in."""
        return membership.user.last_login

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Invite or change through the services, which write the audit log."""
        actor, ip, role = person(request), peer_address(request) or None, Role(obj.role)
        if change:
            set_role(obj.workspace, obj.user, role, actor=actor, ip=ip)
            return
        email = form.cleaned_data["email"]
        made = invite(obj.workspace, email, role, actor=actor, ip=ip)
        obj.__dict__.update(made.__dict__)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """End the membership through the services."""
        remove_member(obj, actor=person(request), ip=peer_address(request) or None)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Say so when this is the last admin."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except AccountsError as error:
            self.message_user(request, str(error), messages.ERROR)
            address = reverse("admin:accounts_membership_change", args=[object_id])
            return HttpResponseRedirect(address)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the link to hand over to someone who cannot log in yet."""
        if invitation_link(obj.user, request) is None:
            return super().response_add(request, obj, post_url_continue)
        return HttpResponseRedirect(
            reverse("admin:accounts_membership_change", args=[obj.pk])
        )

    def render_change_form(  # noqa: PLR0917 (Django's signature)
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,  # noqa: FBT001, FBT002
        change: bool = False,  # noqa: FBT001, FBT002
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Put the invitation link on the page of someone without a password."""
        if obj is not None and self.has_change_permission(request, obj):
            context["invitation"] = invitation_link(obj.user, request)
        return super().render_change_form(request, context, add, change, form_url, obj)
