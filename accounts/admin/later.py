"""What a change in the admin has workers do, once it is committed."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from kombu.exceptions import OperationalError

from accounts.models import Workspace
from accounts.tasks import rate_fit, reattribute_workspace


def reattribute_soon(request: HttpRequest, workspace: Workspace) -> None:
    """Have the workspace's developers judged anew once this change is committed."""
    _soon(
        request,
        workspace,
        task=reattribute_workspace,
        command="reattribute",
        done="Developers are being sorted into accounts anew.",
    )


def rate_soon(request: HttpRequest, workspace: Workspace) -> None:
    """Have the workspace's accounts rated anew once this change is committed."""
    _soon(request, workspace, task=rate_fit, command="rate_fit")


def _soon(
    request: HttpRequest,
    workspace: Workspace,
    *,
    task: Any,
    command: str,
    done: str = "",
) -> None:
    """Hand a workspace to a task; ``command`` does the same when no worker can."""
    transaction.on_commit(
        partial(_send, request, workspace, task=task, command=command, done=done)
    )


def _send(
    request: HttpRequest, workspace: Workspace, *, task: Any, command: str, done: str
) -> None:
    try:
        task.delay(workspace.pk)
    except OperationalError:
        messages.warning(
            request,
            "Saved, but the workers cannot be told. When they are back, run "
            f"manage.py {command} --workspace {workspace.slug}.",
        )
    else:
        if done:
            messages.info(request, done)
