"""Links and buttons above a row's form: what can be done with this one row."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse

from accounts.admin.base import WorkspaceAdmin


@dataclass(frozen=True, slots=True)
class Tool:
    """One of them; ``posts`` makes it a button, for what must leave no trace."""

    label: str
    href: str
    posts: bool = False


class ToolsAdmin(WorkspaceAdmin):
    """An admin whose rows have tools and notices of their own."""

    change_form_template = "admin/tools_change_form.html"

    def tools(self, request: HttpRequest, obj: Any) -> list[Tool]:
        """Return what this person can do with this row now."""
        raise NotImplementedError

    def notices(self, request: HttpRequest, obj: Any) -> list[str]:
        """Return what they should know of it, in sentences."""
        del request, obj
        return []

    def render_change_form(  # noqa: PLR0917 (Django's signature)
        self,
        request: HttpRequest,
        context: Any,
        add: bool = False,  # noqa: FBT001, FBT002
        change: bool = False,  # noqa: FBT001, FBT002
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Hand tools and notices to the template."""
        if obj is not None:
            context["tools"] = self.tools(request, obj)
            context["notices"] = self.notices(request, obj)
        return super().render_change_form(request, context, add, change, form_url, obj)
