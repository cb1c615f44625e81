"""Who gets to see a page: signed in, member of the workspace named in the address.

Strangers get 404, so that nobody learns which workspaces exist.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from accounts.models import User, Workspace
from accounts.roles import Action, can

P = ParamSpec("P")


class WorkspaceRequest(HttpRequest):
    """A request of a member for a page of one workspace."""

    user: User
    workspace: Workspace


def may(request: WorkspaceRequest, action: Action) -> bool:
    """Say whether this member may do something in this workspace."""
    return can(request.user, action, request.workspace)


View = Callable[Concatenate[WorkspaceRequest, P], HttpResponseBase]


def workspace_page(
    action: Action = Action.VIEW,
) -> Callable[[View[P]], Callable[..., HttpResponseBase]]:
    """Let members in who may do `action`; the view gets `request.workspace`."""

    def decorate(view: View[P]) -> Callable[..., HttpResponseBase]:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, slug: str, **kwargs: Any) -> HttpResponseBase:
            member = cast("WorkspaceRequest", request)
            member.workspace = get_object_or_404(
                Workspace.objects.visible_to(member.user), slug=slug
            )
            if not can(member.user, action, member.workspace):
                raise PermissionDenied
            return cast("Callable[..., HttpResponseBase]", view)(member, **kwargs)

        return guarded

    return decorate
