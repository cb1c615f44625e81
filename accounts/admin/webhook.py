"""Webhooks, what they were sent, and what came back."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from accounts import webhooks
from accounts.admin.base import ScopedFilter, WorkspaceAdmin, WorkspaceForm, person
from accounts.admin.confirm import confirmation, is_confirmed
from accounts.admin.tools import Page, Tool, ToolsAdmin
from accounts.alert_messages import sentence
from accounts.deliveries import attempt, send_again
from accounts.errors import AccountsError
from accounts.models import Delivery, HappeningKind, Webhook
from accounts.outgoing import resolve
from accounts.peer import peer_address
from accounts.roles import Action
from accounts.sealing import unseal

BADGES = {
    Delivery.State.WAITING: "info",
    Delivery.State.SENT: "good",
    Delivery.State.GIVEN_UP: "bad",
}
KINDS = [
    (kind.value, kind.label) for kind in HappeningKind if kind != HappeningKind.TEST
]


class WebhookForm(WorkspaceForm):
    """A webhook; its address is asked for anew only when it is to change."""

    url = forms.CharField(
        label="Address",
        max_length=2000,
        widget=forms.URLInput(attrs={"size": 60, "placeholder": "https://"}),
    )
    kinds = forms.MultipleChoiceField(
        choices=KINDS,
        required=False,
        label="Sends",
        widget=forms.CheckboxSelectMultiple,
        help_text="Nothing chosen sends everything. Accounts, developers and segments "
        "are told of when at least one member follows them.",
    )

    class Meta:
        model = Webhook
        fields = ("workspace", "name", "format", "kinds", "is_active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "url" in self.fields:
            self.fields["url"].required = False
            self.fields["url"].help_text = (
                f"Now {self.instance.host}/… It is kept sealed; leave this empty to "
                "keep it."
            )

    def clean_url(self) -> str:
        """Refuse what leads inside, as far as it can be told today."""
        url: str = self.cleaned_data["url"].strip()
        if url:
            try:
                resolve(url)
            except AccountsError as error:
                raise forms.ValidationError(str(error)) from None
        return url


@admin.register(Webhook)
class WebhookAdmin(ToolsAdmin):
    """Webhooks: made, tried, and given another secret."""

    empty_note = "A webhook tells another program what happened."
    form = WebhookForm
    view_action = add_action = change_action = delete_action = Action.CONFIGURE
    own_pages = (
        Page("test", Action.CONFIGURE),
        Page("secret", Action.CONFIGURE),
        Page("rotate", Action.CONFIGURE),
    )
    list_display = ("name", "host", "format", "health")
    list_select_related = ("workspace",)
    search_fields = ("name", "host")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Ask for the address and the kinds; show how it fares."""
        del request
        asked = ("workspace", "name", "format", "url", "kinds")
        return (*asked, "is_active", "health", "log") if obj else asked

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep what is not typed in."""
        del request
        return ("health", "log") if obj else ()

    @admin.display(description="Health")
    def health(self, webhook: Any) -> str:
        """Say whether messages arrive."""
        if not webhook.is_active:
            kind, text = "low", "Switched off"
        elif webhook.failing_since is not None:
            since = f"{webhook.failing_since:%-d %b %Y, %H:%M} UTC"
            kind, text = "bad", f"Failing since {since}"
        else:
            kind, text = "good", "Fine"
        return format_html('<span class="badge badge-{}">{}</span>', kind, text)

    @admin.display(description="Deliveries")
    def log(self, webhook: Any) -> str:
        """Lead to what it was sent."""
        address = reverse("admin:accounts_delivery_changelist")
        return format_html(
            '<a href="{}?webhook__id__exact={}">What was sent, and what came back</a>',
            address,
            webhook.pk,
        )

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Make or change it through `accounts.webhooks`, which audits it."""
        actor, ip = person(request), peer_address(request) or None
        url = form.cleaned_data["url"]
        if not change:
            made, _ = webhooks.create_webhook(
                obj.workspace,
                name=obj.name,
                url=url,
                format=obj.format,
                kinds=obj.kinds,
                actor=actor,
                ip=ip,
            )
            obj.__dict__.update(made.__dict__)
            return
        if url:
            webhooks.set_url(obj, url)
        if obj.is_active and "is_active" in form.changed_data:
            obj.failing_since = None
        super().save_model(request, obj, form, change)
        if form.changed_data:
            what = f"changed: {', '.join(form.changed_data)}"
            webhooks.log(obj, what, actor=actor, ip=ip)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret, where there is one to verify with."""
        del post_url_continue
        if obj.format == Webhook.Format.STANDARD:
            return self._secret_page(request, obj)
        messages.success(request, f"“{obj}” was made. Send it a test.")
        return self.to_page("change", obj.pk)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete it with its log, audited."""
        webhooks.log(obj, "deleted", actor=person(request), ip=peer_address(request))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete each, audited."""
        for one in queryset.select_related("workspace"):
            self.delete_model(request, one)

    # ---- One webhook's own pages

    def tools(self, obj: Any) -> list[Tool]:
        """Offer a test, and the secret."""
        tools = []
        if obj.is_active:
            tools.append(self.tool("Send a test", "test", obj, posts=True))
        if obj.format == Webhook.Format.STANDARD:
            tools.append(self.tool("Show secret", "secret", obj, posts=True))
            tools.append(self.tool("New secret", "rotate", obj))
        return tools

    def test_view(self, request: HttpRequest, webhook: Webhook) -> HttpResponse:
        """Send a test message now, and say what came back."""
        if request.method == "POST" and webhook.is_active:
            result = attempt(webhooks.send_test(webhook, actor=person(request)))
            if result.is_sent:
                messages.success(
                    request, f"It arrived: the answer was {result.status}."
                )
            else:
                said = (
                    f"the answer was {result.status}" if result.status else result.said
                )
                messages.error(request, f"It did not arrive: {said}")
        return self.to_page("change", webhook.pk)

    def secret_view(self, request: HttpRequest, webhook: Webhook) -> HttpResponse:
        """Show the secret to an admin who asks for it; only by POST, audited."""
        if request.method != "POST":
            return self.to_page("change", webhook.pk)
        ip = peer_address(request) or None
        webhooks.log(webhook, "secret viewed", actor=person(request), ip=ip)
        return self._secret_page(request, webhook)

    def rotate_view(self, request: HttpRequest, webhook: Webhook) -> HttpResponse:
        """Ask first, then make another secret."""
        if is_confirmed(request):
            ip = peer_address(request) or None
            webhooks.rotate_secret(webhook, actor=person(request), ip=ip)
            return self._secret_page(request, webhook)
        return confirmation(
            self,
            request,
            title="New secret",
            explanation=f"“{webhook}” gets another secret. For 24 hours messages are "
            "signed with both, so that the receiver can change over.",
            button="Make a new secret",
            obj=webhook,
        )

    def _secret_page(self, request: HttpRequest, webhook: Webhook) -> HttpResponse:
        response = TemplateResponse(
            request,
            "admin/accounts/webhook/secret.html",
            {
                **self.admin_site.each_context(request),
                "title": "Secret of the webhook",
                "opts": self.opts,
                "webhook": webhook,
                "secret": unseal(webhook.secret_sealed),
            },
        )
        response["Cache-Control"] = "no-store"
        return response


@admin.register(Delivery)
class DeliveryAdmin(WorkspaceAdmin):
    """What was sent where, try by try."""

    empty_note = "Webhooks and mails stand here from the moment they are due."
    view_action = Action.CONFIGURE
    list_display = (
        "created_at",
        "receiver",
        "what",
        "badge",
        "attempts",
        "last_answer",
    )
    list_filter = ("state", ("webhook", ScopedFilter))
    list_select_related = (
        *("webhook", "user", "workspace"),
        *("happening__account", "happening__developer", "happening__segment"),
        *("happening__product", "happening__workspace"),
    )
    actions = ("again",)
    fields = (
        "receiver",
        "what",
        "badge",
        "attempts",
        "next_at",
        "finished_at",
        "tries",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Fetch the tries along."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.prefetch_related("tries")

    @admin.display(description="To")
    def receiver(self, delivery: Any) -> str:
        """Name the webhook or the member."""
        return str(delivery.webhook or delivery.user)

    @admin.display(description="What")
    def what(self, delivery: Any) -> str:
        """Say what happened."""
        if delivery.happening is None:
            return f"Digest, {delivery.first_day:%-d %b} to {delivery.last_day:%-d %b}"
        return sentence(delivery.happening)

    @admin.display(description="State", ordering="state")
    def badge(self, delivery: Any) -> str:
        """Show where it is."""
        kind = BADGES[Delivery.State(delivery.state)]
        text = delivery.get_state_display()
        return format_html('<span class="badge badge-{}">{}</span>', kind, text)

    @admin.display(description="Last answer")
    def last_answer(self, delivery: Any) -> str:
        """Say what came back last."""
        tries = list(delivery.tries.all())
        return _said(tries[0])[:80] if tries else ""

    @admin.display(description="Tries")
    def tries(self, delivery: Any) -> str:
        """Say what came back each time, newest first."""
        return "\n".join(
            f"{one.at:%-d %b %Y, %H:%M:%S} UTC, {one.seconds:.1f} s: {_said(one)[:300]}"
            for one in delivery.tries.all()
        )

    @admin.action(description="Send again")
    def again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Have these sent once more."""
        rows = self.allowed_rows(request, queryset, Action.CONFIGURE)
        number = 0
        for delivery in rows:
            send_again(delivery)
            number += 1
        messages.success(request, f"{number} will be sent again within seconds.")


def _said(one: Any) -> str:
    return f"{one.status or ''} {one.said}".strip()
