"""Pages of an admin's own, and the links and buttons that lead to them.

An admin names its pages in a table; each is the method ``<name>_view``. What a page is
called, who may open it and who is offered it are decided here and nowhere else.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse

from accounts.admin.base import WorkspaceAdmin
from accounts.roles import Action


@dataclass(frozen=True, slots=True)
class Page:
    """One of them, for who may do ``needs`` in the workspace of the row it is about.

    Without a row it is for who may do that in any workspace, and narrows its choices.
    """

    name: str
    needs: Action
    of_row: bool = True


@dataclass(frozen=True, slots=True)
class Tool:
    """A link, for who may do ``needs``; ``posts`` makes it a button.

    A button is for what must not happen by following a link.
    """

    label: str
    href: str
    needs: Action
    posts: bool = False


class ToolsAdmin(WorkspaceAdmin):
    """An admin whose list and rows have pages, tools and notices of their own."""

    change_form_template = "admin/tools_change_form.html"
    change_list_template = "admin/tools_change_list.html"
    own_pages: tuple[Page, ...] = ()

    def list_tools(self) -> list[Tool]:
        """Return what can be done beside a list that can be added to."""
        return []

    def tools(self, obj: Any) -> list[Tool]:
        """Return what can be done with this row now, by those who may."""
        del obj
        return []

    def notices(self, obj: Any) -> list[str]:
        """Return what one should know of this row, in sentences."""
        del obj
        return []

    # ---- Addresses

    def address(self, page: str, *args: Any) -> str:
        """Return where a page is: one of `own_pages`, ``changelist`` or ``change``."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(f"{self.admin_site.name}:{name}", args=args)

    def to_page(self, page: str, *args: Any) -> HttpResponseRedirect:
        """Lead there."""
        return HttpResponseRedirect(self.address(page, *args))

    def tool(
        self, label: str, page: str, obj: Any = None, *, posts: bool = False
    ) -> Tool:
        """Return the link to one of `own_pages`, for those who may open it."""
        needs = next(one.needs for one in self.own_pages if one.name == page)
        args = () if obj is None else (obj.pk,)
        return Tool(label, self.address(page, *args), needs, posts)

    def get_urls(self) -> list[Any]:
        """Add the pages of one's own before the stock ones, which take any address."""
        prefix = f"{self.opts.app_label}_{self.opts.model_name}"
        return [
            *(
                path(
                    f"<int:pk>/{page.name}/" if page.of_row else f"{page.name}/",
                    self.admin_site.admin_view(self._guarded(page)),
                    name=f"{prefix}_{page.name}",
                )
                for page in self.own_pages
            ),
            *super().get_urls(),
        ]

    def _guarded(self, page: Page) -> Callable[..., HttpResponse]:
        """Return the view behind the question who may open it.

        A row that somebody does not see is not there; where they see it and may not do
        this, they are told so.
        """
        view: Callable[..., HttpResponse] = getattr(self, f"{page.name}_view")

        def of_row(request: HttpRequest, pk: int) -> HttpResponse:
            row = get_object_or_404(self.get_queryset(request), pk=pk)
            if not self._may(request, page.needs, row):
                raise PermissionDenied
            return view(request, row)

        def of_list(request: HttpRequest) -> HttpResponse:
            if not self._may(request, page.needs, None):
                raise PermissionDenied
            return view(request)

        return of_row if page.of_row else of_list

    # ---- What the stock pages show of it

    def _allowed(
        self, request: HttpRequest, tools: Iterable[Tool], obj: Any
    ) -> list[Tool]:
        return [tool for tool in tools if self._may(request, tool.needs, obj)]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Hand the tools of the list to its template."""
        tools = self._allowed(request, self.list_tools(), None)
        return super().changelist_view(
            request, {"tools": tools, **(extra_context or {})}
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
        """Hand tools and notices to the template."""
        if obj is not None:
            context["tools"] = self._allowed(request, self.tools(obj), obj)
            context["notices"] = self.notices(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)
