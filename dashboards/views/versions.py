"""The version radar: which accounts still run which version of a product."""

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from accounts.clock import now_utc
from accounts.models import Account, Product
from accounts.models.version import LONGEST_VERSION
from accounts.roles import Action
from dashboards.access import WorkspaceRequest, may, workspace_page
from dashboards.exports import table_response
from dashboards.queries import versions as query


@require_GET
@workspace_page()
def radar(request: WorkspaceRequest) -> HttpResponse:
    """Show all products, with who runs which version."""
    return render(
        request,
        "dashboards/versions.html",
        {
            "page_title": "Product versions",
            "products": query.radar(request.workspace),
            "may_configure": may(request, Action.CONFIGURE),
        },
    )


@require_GET
@workspace_page()
def product(request: WorkspaceRequest, pk: int) -> HttpResponse:
    """Show the versions of one product, or the accounts on one of them."""
    found = _product(request, pk)
    version, is_behind = _wanted(request)
    context = {"product": found, "version": version, "is_behind": is_behind}
    if not version and not is_behind:
        row = query.one_product(found)
        if row is None:
            raise Http404
        return render(
            request,
            "dashboards/product_versions.html",
            {"page_title": f"Versions of {found.name}", "row": row, **context},
        )
    title = (
        f"Behind the newest {found.name}" if is_behind else f"{found.name} {version}"
    )
    page = query.page_of(
        _accounts(found, version, is_behind=is_behind),
        found,
        request.GET,
        now=now_utc(),
    )
    return render(
        request,
        "dashboards/version_accounts.html",
        {"page_title": title, "page": page, **context},
    )


@require_GET
@workspace_page()
def export(request: WorkspaceRequest, pk: int) -> StreamingHttpResponse:
    """Send the accounts on a version, or behind, as CSV or NDJSON."""
    found = _product(request, pk)
    version, is_behind = _wanted(request)
    if not version and not is_behind:
        raise Http404
    what = "behind" if is_behind else slugify(version.replace(".", "-")) or "version"
    return table_response(
        f"{slugify(found.key) or found.pk}-{what}",
        ("account", "domain", "versions", "developers", "last_seen_at"),
        query.export(_accounts(found, version, is_behind=is_behind), found),
        form=request.GET.get("format", ""),
    )


def _product(request: WorkspaceRequest, pk: int) -> Product:
    return get_object_or_404(Product.objects.in_workspace(request.workspace), pk=pk)


def _wanted(request: WorkspaceRequest) -> tuple[str, bool]:
    # PostgreSQL's text has no NUL, so no version has one.
    version = request.GET.get("version", "").replace("\0", "")[:LONGEST_VERSION]
    return version, bool(request.GET.get("behind"))


def _accounts(product: Product, version: str, *, is_behind: bool) -> QuerySet[Account]:
    if is_behind:
        return query.accounts_behind(product, now=now_utc())
    return query.accounts_on(product, version)
