"""What to do while nothing has arrived: get a key, send one event."""

from typing import Any

from django import template
from django.conf import settings

from accounts.models import ApiKey
from accounts.models.api_key import Dialect
from accounts.roles import Action, can
from ingest.samples import samples

register = template.Library()

PLACEHOLDER = "YOUR_KEY"


@register.inclusion_tag("dashboards/parts/first_event.html", takes_context=True)
def first_event(context: dict[str, Any]) -> dict[str, Any]:
    """Show the next step of an empty workspace, as far as this member may go."""
    request = context["request"]
    base = settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
    key = ApiKey(kind=ApiKey.Kind.INGEST, dialects=[Dialect.REO])
    usable = ApiKey.objects.filter(workspace=request.workspace, revoked_at=None)
    return {
        "request": request,
        "command": samples(key, PLACEHOLDER, base=base)[0].command,
        "has_key": usable.exists(),
        "may_view_keys": can(request.user, Action.VIEW_KEY, request.workspace),
        "may_manage_keys": can(request.user, Action.MANAGE_KEYS, request.workspace),
    }
