"""API keys: make, show, change, replace and revoke them. Nobody deletes one."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import keys
from accounts.admin.base import ScopedFilter, person
from accounts.admin.confirm import confirmation, is_confirmed
from accounts.admin.tools import Page, Tool, ToolsAdmin
from accounts.errors import AccountsError
from accounts.models import ApiKey
from accounts.models.api_key import Dialect
from accounts.peer import peer_address
from accounts.roles import Action
from ingest.admin.api_key_forms import ApiKeyForm, RotateForm
from ingest.models import IngestCounter
from ingest.samples import samples

COUNTED = timedelta(days=7)
SOON = timedelta(days=7)
# Which new keys this visitor has not seen yet; in the session.
UNSEEN = "unseen_api_keys"


@admin.register(ApiKey)
class ApiKeyAdmin(ToolsAdmin):
    """Keys of senders. Members view and copy them, admins make and change them."""

    empty_note = "Software that sends events needs one."
    form = ApiKeyForm
    view_action = Action.VIEW_KEY
    add_action = Action.MANAGE_KEYS
    change_action = Action.MANAGE_KEYS
    own_pages = (
        Page("created", Action.VIEW_KEY),
        Page("reveal", Action.VIEW_KEY),
        Page("rotate", Action.MANAGE_KEYS),
        Page("revoke", Action.MANAGE_KEYS),
    )
    list_display = (
        *("name", "shown_key", "status", "scope", "last_used_at", "events_in_week"),
    )
    list_filter = (("product", ScopedFilter),)
    list_select_related = ("workspace", "product", "rotated_to")
    search_fields = ("name__istartswith", "prefix__startswith")
    search_help_text = "The start of a name or of a key."
    sortable_by = ("name", "last_used_at")
    ordering = ("workspace", "name", "id")

    # ---- The list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Add the events of the week, by a sub-query per key on the page."""
        accepted = (
            IngestCounter.objects.filter(
                workspace=OuterRef("workspace"),
                api_key=OuterRef("pk"),
                outcome="accepted",
                hour__gte=timezone.now() - COUNTED,
            )
            .order_by()
            .values("api_key")
            .annotate(number=Sum("count"))
            .values("number")
        )
        rows: QuerySet[Any] = super().get_queryset(request)
        annotated: QuerySet[Any] = rows.annotate(week=Coalesce(Subquery(accepted), 0))
        return annotated

    @admin.display(description="key", ordering="prefix")
    def shown_key(self, key: Any) -> SafeString:
        """Return the part of the key that is no secret."""
        return format_html('<span class="mono">{}…</span>', key.prefix)

    @admin.display(description="status")
    def status(self, key: Any) -> SafeString:
        """Return whether the key works, and until when."""
        kind, text = _status(key)
        return format_html('<span class="badge badge-{}">{}</span>', kind, text)

    @admin.display(description="for")
    def scope(self, key: Any) -> str:
        """Return what the key may be used for, in a few words."""
        names = [Dialect(name).label for name in key.dialects if name in Dialect.values]
        parts = [", ".join(names) or "all senders"]
        if key.kind != ApiKey.Kind.INGEST:
            parts.insert(0, key.get_kind_display())
        if key.product:
            parts.append(f"product {key.product}")
        if key.allowed_networks:
            number = len(key.allowed_networks)
            parts.append(f"{number} network{pluralize(number)}")
        return "; ".join(parts)

    @admin.display(description="events in 7 days", ordering="week")
    def events_in_week(self, key: Any) -> str:
        """Return how many of its events were accepted."""
        return f"{key.week:,}"

    # ---- The form

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask what the key is for; a member reads it."""
        scope: tuple[str, ...] = tuple(
            name for name in keys.CHANGEABLE if name != "name"
        )
        if obj is None:
            return ("workspace", "name", "kind", *scope)
        facts = ("shown_key", "status", "last_used_at", "events_in_week")
        if not self.has_change_permission(request, obj):
            scope = ("scope", "expires_at", "shown_networks")
        return ("workspace", "name", "kind", *facts, *scope, "maker", "created_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep what is not typed in."""
        del request
        if obj is None:
            return ()
        return (
            *("kind", "shown_key", "status", "last_used_at", "events_in_week", "scope"),
            *("shown_networks", "maker", "created_at"),
        )

    @admin.display(description="allowed networks")
    def shown_networks(self, key: Any) -> str:
        """Return the networks in a line."""
        return ", ".join(key.allowed_networks) or "everywhere"

    @admin.display(description="created by")
    def maker(self, key: Any) -> str:
        """Return who made it: as text, since only operators may open people."""
        return str(key.created_by or "command line")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Leave a revoked key as it was."""
        if obj is not None and obj.revoked_at is not None:
            return False
        return super().has_change_permission(request, obj)

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Make or change the key through `accounts.keys`, which audits it."""
        actor, ip = person(request), peer_address(request) or None
        if change:
            values = {name: form.cleaned_data[name] for name in keys.CHANGEABLE}
            saved = keys.change(obj, values, actor=actor, ip=ip)
        else:
            saved, _ = keys.create_key(
                workspace=obj.workspace,
                name=obj.name,
                dialects=obj.dialects,
                product=obj.product,
                expires_at=obj.expires_at,
                networks=obj.allowed_networks,
                kind=obj.kind,
                scopes=obj.scopes,
                sdk_signature=obj.sdk_signature,
                actor=actor,
                ip=ip,
            )
            self._promise(request, saved)
        obj.__dict__.update(saved.__dict__)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the new key on the next page."""
        del request, post_url_continue
        return self.to_page("created", obj.pk)

    # ---- One key's own pages

    def tools(self, obj: Any) -> list[Tool]:
        """Offer what can be done with a key that works."""
        if not obj.is_usable():
            return []
        tools = [self.tool("Show key", "reveal", obj, posts=True)]
        if not hasattr(obj, "rotated_to"):
            tools.append(self.tool("Replace", "rotate", obj))
        return [*tools, self.tool("Revoke", "revoke", obj)]

    def notices(self, obj: Any) -> list[str]:
        """Say what became of a key that has been replaced."""
        if hasattr(obj, "rotated_to"):
            return [f"Replaced by {obj.rotated_to}."]
        return []

    def created_view(self, request: HttpRequest, key: ApiKey) -> HttpResponse:
        """Show a new key to who made it, once; later showings are audited."""
        unseen = request.session.get(UNSEEN, [])
        if key.pk not in unseen:
            return self.to_page("change", key.pk)
        request.session[UNSEEN] = [other for other in unseen if other != key.pk]
        return self._secret_page(request, key, title="Your new API key")

    def reveal_view(self, request: HttpRequest, key: ApiKey) -> HttpResponse:
        """Show a key to a member who asks for it; only by POST, always audited."""
        if request.method != "POST" or not key.is_usable():
            return self.to_page("change", key.pk)
        return self._secret_page(request, key, title="API key")

    def rotate_view(self, request: HttpRequest, key: ApiKey) -> HttpResponse:
        """Ask how long both keys shall work, then make the new one."""
        form = RotateForm(request.POST if is_confirmed(request) else None)
        if is_confirmed(request) and form.is_valid():
            overlap = timedelta(hours=form.cleaned_data["overlap"])
            actor, ip = person(request), peer_address(request) or None
            try:
                new, _ = keys.rotate(key, actor=actor, overlap=overlap, ip=ip)
            except AccountsError as error:
                return self._refused(request, key, error)
            self.log_change(request, key, f"Replaced by {new.prefix}…")
            self.log_addition(request, new, f"Replaces {key.prefix}…")
            self._promise(request, new)
            return self.to_page("created", new.pk)
        return confirmation(
            self,
            request,
            title="Replace",
            explanation=f"A new key takes the place of {key}, with the same name, "
            "senders, product, networks and end.",
            button="Make the new key",
            obj=key,
            form=form,
        )

    def revoke_view(self, request: HttpRequest, key: ApiKey) -> HttpResponse:
        """Ask, then stop the key for ever."""
        if is_confirmed(request):
            keys.revoke(key, actor=person(request), ip=peer_address(request) or None)
            self.log_change(request, key, "Revoked")
            self.message_user(request, f"{key} is revoked.")
            return self.to_page("change", key.pk)
        return confirmation(
            self,
            request,
            title="Revoke",
            explanation=f"{key} stops working at once and for ever. Senders that "
            "still use it are refused.",
            button="Revoke the key",
            obj=key,
            is_danger=True,
        )

    # ---- Parts

    def _promise(self, request: HttpRequest, key: ApiKey) -> None:
        """Remember that the visitor has yet to see the key they made."""
        request.session[UNSEEN] = [*request.session.get(UNSEEN, [])[-9:], key.pk]

    def _refused(
        self, request: HttpRequest, key: ApiKey, error: Exception
    ) -> HttpResponse:
        self.message_user(request, str(error), messages.ERROR)
        return self.to_page("change", key.pk)

    def _secret_page(
        self, request: HttpRequest, key: ApiKey, *, title: str
    ) -> HttpResponse:
        try:
            token = keys.reveal(
                key, actor=person(request), ip=peer_address(request) or None
            )
        except AccountsError as error:
            return self._refused(request, key, error)
        base = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "original": key,
            "token": token,
            "is_client": key.kind == ApiKey.Kind.CLIENT,
            "samples": samples(key, token, base=base),
        }
        return TemplateResponse(request, "admin/accounts/apikey/secret.html", context)


def _status(key: ApiKey) -> tuple[str, str]:
    """Return the badge's kind and its words."""
    now = timezone.now()
    if key.revoked_at is not None:
        return "bad", "Revoked"
    if key.expires_at is None:
        return "good", "Active"
    until = date_format(key.expires_at, "DATETIME_FORMAT")
    if key.expires_at <= now:
        return "low", f"Expired {until}"
    if hasattr(key, "rotated_to"):
        return "warn", f"Replaced, works until {until}"
    if key.expires_at - now < SOON:
        return "warn", f"Expires {until}"
    return "good", f"Active until {until}"
