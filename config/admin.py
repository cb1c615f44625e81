"""The admin site: where people configure what they look at elsewhere."""

from typing import Any, cast

from django.contrib.admin import AdminSite
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.login import forget_attempt, register_attempt
from accounts.models import User, Workspace
from accounts.peer import peer_address
from accounts.roles import role_of

# Tiles on the settings page; operators find other workspaces in the list.
MOST_TILES = 12
# The settings page, group by group: title, and the models in it.
GROUPS = (
    ("What is measured", ("product", "metric", "scoremodel", "stage")),
    ("Senders", ("apikey", "appid", "application", "signingkey", "accesstoken")),
    (
        "What arrives",
        (
            *("ingestcounter", "quarantinedevent", "refusedrequest"),
            *("inboxentry", "event"),
        ),
    ),
    (
        "Customers",
        (
            *("account", "accountfield", "accountnetwork", "fitmodel"),
            *("enrichmentstate", "developer", "correction"),
            *("license", "provisioneduser", "redflag"),
        ),
    ),
    (
        "Working with them",
        ("segment", "curatedlist", "tag", "note", "webhook", "delivery"),
    ),
    ("Data care", ("flaggedrecord", "optout", "erasure", "removedworkspace")),
    ("People and access", ("workspace", "membership", "user", "auditentry")),
)


class LoginForm(AdminAuthenticationForm):
    """Log-in by e-mail that refuses to be tried all day."""

    def clean(self) -> dict[str, Any]:
        """Count the attempt before the password is looked at."""
        email = self.cleaned_data.get("username") or ""
        address = peer_address(self.request) if self.request else ""
        if email and self.cleaned_data.get("password"):
            minutes = register_attempt(email, address)
            if minutes:
                raise ValidationError(
                    "Too many attempts to log in. Please try again in %(minutes)s "
                    "minutes.",
                    code="too_many_attempts",
                    params={"minutes": minutes},
                )
        data: dict[str, Any] = super().clean()
        forget_attempt(email, address)
        return data


class UptickAdminSite(AdminSite):
    """Open to every active member, whatever their role; the model admins decide."""

    site_header = "Uptick"
    site_title = "Uptick"
    index_title = "Settings"
    site_url = "/"
    enable_nav_sidebar = False
    login_form = LoginForm

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in operators and everyone who belongs to a workspace."""
        user = request.user
        if not isinstance(user, User) or not user.is_active:
            return False
        return user.is_superuser or bool(user.roles)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the workspaces and the settings, grouped by what they are about."""
        user = cast("User", request.user)
        rows = Workspace.objects.visible_to(user).order_by("name", "pk")
        workspaces = list(rows[: MOST_TILES + 1])
        context = {
            "tiles": [
                {"workspace": one, "role": role_of(user, one)}
                for one in workspaces[:MOST_TILES]
            ],
            "more_workspaces": len(workspaces) > MOST_TILES,
            "groups": self._groups(request),
            **(extra_context or {}),
        }
        return super().index(request, context)

    def app_index(  # type: ignore[override]
        self,
        request: HttpRequest,
        app_label: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Lead to the settings: an app is nothing that people know."""
        del request, app_label, extra_context
        return HttpResponseRedirect(reverse("admin:index", current_app=self.name))

    def _groups(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return the models this person may see, in the order of `GROUPS`."""
        models = {
            model["object_name"].lower(): model
            for app in self.get_app_list(request)
            for model in app["models"]
        }
        groups = [
            {"name": name, "models": [models.pop(key) for key in keys if key in models]}
            for name, keys in GROUPS
        ]
        groups.append({"name": "More", "models": list(models.values())})
        return [group for group in groups if group["models"]]
