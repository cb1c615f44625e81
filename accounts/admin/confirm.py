"""The page between asking for something that cannot be taken back and doing it."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from accounts.admin.base import ModelAdmin

# Rows named on the page; the rest are counted.
MOST_NAMED = 10


def is_confirmed(request: HttpRequest) -> bool:
    """Say whether this request comes from the button of the confirmation page."""
    return request.method == "POST" and "confirmed" in request.POST


def confirmation(
    admin: ModelAdmin,
    request: HttpRequest,
    *,
    title: str,
    explanation: str,
    button: str,
    obj: Any = None,
    form: forms.Form | None = None,
    rows: Iterable[Any] = (),
    more: int = 0,
    hidden: Mapping[str, Iterable[str]] | None = None,
    is_danger: bool = False,
) -> TemplateResponse:
    """Render the page; its button posts to the same address with ``confirmed``."""
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "explanation": explanation,
        "button": button,
        "opts": admin.opts,
        "original": obj,
        "form": form,
        "rows": rows,
        "more": more,
        "hidden": [
            (name, value) for name, values in (hidden or {}).items() for value in values
        ],
        "is_danger": is_danger,
    }
    return TemplateResponse(request, "admin/confirm.html", context)


def confirm_action(
    admin: ModelAdmin,
    request: HttpRequest,
    queryset: QuerySet[Any],
    *,
    title: str,
    explanation: str,
    button: str,
    is_danger: bool = False,
) -> TemplateResponse | None:
    """Render the page for an action on the rows that were ticked in a list.

    Where it can be done with none of them there is nothing to ask: that is said.
    """
    checked = helpers.ACTION_CHECKBOX_NAME
    named = list(queryset[: MOST_NAMED + 1])
    if not named:
        admin.message_user(
            request, f"{title}: there is nothing to do here.", messages.WARNING
        )
        return None
    more = queryset.count() - MOST_NAMED if len(named) > MOST_NAMED else 0
    return confirmation(
        admin,
        request,
        title=title,
        explanation=explanation,
        button=button,
        rows=named[:MOST_NAMED],
        more=more,
        hidden={
            name: request.POST.getlist(name)
            for name in ("action", "select_across", checked)
        },
        is_danger=is_danger,
    )
