"""Applications with their events, who has a seat, and the tokens that clients hold."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.access_tokens import revoke_tokens
from accounts.admin.base import (
    InlineFormSet,
    ScopedFilter,
    WorkspaceAdmin,
    WorkspaceInline,
    person,
)
from accounts.applications import ensure_metrics
from accounts.models import (
    AccessToken,
    Application,
    EventDefinition,
    ProvisionedUser,
)
from accounts.models.catalogue import fold_metric_key
from accounts.peer import peer_address
from accounts.roles import Action


class EventFormSet(InlineFormSet):
    """The events of one application; each gets the metric of its name."""

    def clean(self) -> None:
        """Refuse two names that would be one metric."""
        super().clean()
        names = [
            form.cleaned_data["name"]
            for form in self.forms
            if form.cleaned_data.get("name") and not form.cleaned_data.get("DELETE")
        ]
        folded = [fold_metric_key(name) for name in names]
        twice = sorted(
            {
                name
                for name, one in zip(names, folded, strict=True)
                if folded.count(one) > 1
            }
        )
        if twice:
            raise ValidationError(
                f"{' and '.join(twice)} differ only in case, spaces, - or _, and would "
                "be one metric."
            )


class EventInline(WorkspaceInline):
    """What the application may send; other events are refused."""

    model = EventDefinition
    formset = EventFormSet
    add_action = change_action = delete_action = Action.CONFIGURE
    fields = ("name", "category", "actions", "minimum_tier", "description")
    verbose_name = "event"


@admin.register(Application)
class ApplicationAdmin(WorkspaceAdmin):
    """Applications. Deleting one removes its events and seats; its use stays."""

    empty_note = "They define themselves through the Productiv routes, or by hand here."
    add_action = Action.CONFIGURE
    change_action = Action.CONFIGURE
    delete_action = Action.CONFIGURE
    list_display = (*("name", "app_id", "category", "has_sso", "event_count", "seats"),)
    list_display_links = ("name",)
    list_filter = ("has_sso",)
    list_select_related = ("workspace", "product")
    search_fields = ("app_id", "product__name", "category")
    ordering = ("app_id",)
    fields = (
        *("workspace", "product", "app_id", "category", "subcategory"),
        *("has_sso", "icon", "description"),
    )
    inlines = (EventInline,)
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}  # noqa: RUF012 (Django's own type)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add how many events each has, in the same query."""
        rows: QuerySet[Any] = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(number=Count("events"))
        return counted

    @admin.display(description="name", ordering="product__name")
    def name(self, application: Any) -> str:
        """Return the product's name, which is the application's."""
        return str(application.product)

    @admin.display(description="events", ordering="number")
    def event_count(self, application: Any) -> str:
        """Return how many events are defined."""
        return f"{application.number:,}"

    @admin.display(description="seats")
    def seats(self, application: Any) -> SafeString:
        """Lead to who has a seat; counting them is the page's work."""
        return format_html(
            '<a href="{}?application__id__exact={}">Who has a seat</a>',
            reverse("admin:accounts_provisioneduser_changelist"),
            application.pk,
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the product: the use of the application hangs on it."""
        del request
        return ("product",) if obj else ()

    def save_formset(
        self,
        request: HttpRequest,
        form: Any,
        formset: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Give each event the metric of its name before it is written."""
        del request, change
        changed = formset.save(commit=False)
        for row in formset.deleted_objects:
            row.delete()
        metrics = ensure_metrics(
            form.instance.workspace, [event.name for event in changed]
        )
        for event in changed:
            event.metric = metrics[event.name]
            event.save()
        formset.save_m2m()


@admin.register(ProvisionedUser)
class ProvisionedUserAdmin(WorkspaceAdmin):
    """Who has a seat. Written by the application itself, through the API."""

    empty_note = "Applications name them through the Productiv routes."
    delete_action = Action.CONFIGURE
    list_display = ("email", "application", "username", "license", "created_at")
    list_filter = (("application", ScopedFilter),)
    list_select_related = ("workspace", "application")
    search_fields = ("folded_email__startswith",)
    search_help_text = "The start of an e-mail address, in lower case."
    sortable_by = ()
    ordering = ("application", "folded_email", "id")
    fields = (
        *("workspace", "application", "app_user_id", "email", "username"),
        *("license", "created_at", "updated_at"),
    )


@admin.register(AccessToken)
class AccessTokenAdmin(WorkspaceAdmin):
    """Access tokens. They end by themselves; an action takes them back at once."""

    empty_note = "API keys of the kind OAuth client get them by themselves."
    view_action = Action.VIEW_KEY
    list_display = ("shown", "client", "scope", "status", "created_at", "expires_at")
    list_display_links = ("shown",)
    list_filter = (("client", ScopedFilter),)
    list_select_related = ("workspace", "client")
    sortable_by = ()
    ordering = ("-id",)
    fields = ("workspace", "shown", "client", "scope", "status")
    readonly_fields = ("shown", "scope", "status")
    actions = ("revoke",)

    @admin.display(description="token")
    def shown(self, token: Any) -> SafeString:
        """Return the part of the token that is no secret."""
        return format_html('<span class="mono">{}</span>', token)

    @admin.display(description="for")
    def scope(self, token: Any) -> str:
        """Return what the token may be used for."""
        return ", ".join(token.scopes)

    @admin.display(description="status")
    def status(self, token: Any) -> SafeString:
        """Return whether the token works."""
        kind, text = "good", "Active"
        if token.revoked_at is not None:
            kind, text = "bad", "Revoked"
        elif token.client.revoked_at is not None:
            kind, text = "bad", "Client revoked"
        elif token.expires_at <= timezone.now():
            kind, text = "low", "Ended"
        return format_html('<span class="badge badge-{}">{}</span>', kind, text)

    def has_manage_permission(self, request: HttpRequest) -> bool:
        """Say whether the action is worth offering."""
        return self._may(request, Action.MANAGE_KEYS, None)

    @admin.action(description="Revoke access tokens", permissions=["manage"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Stop these tokens from the next request on."""
        rows = self.allowed_rows(request, queryset, Action.MANAGE_KEYS)
        number = revoke_tokens(
            rows, actor=person(request), ip=peer_address(request) or None
        )
        self.message_user(request, f"Access tokens revoked: {number:,}.")
