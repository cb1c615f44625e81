"""How lists of what arrived name the dialects, and how they are narrowed to one."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin.base import WorkspaceAdmin
from accounts.models.api_key import Dialect


class DialectFilter(admin.SimpleListFilter):
    """One of the dialects; to list them, the stock filter reads the whole table."""

    title = "dialect"
    parameter_name = "dialect"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        """Offer all of them."""
        del request, model_admin
        return Dialect.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what came in one; what is none is no choice."""
        del request
        chosen = self.value()
        if chosen not in Dialect.values:
            return queryset
        return queryset.filter(dialect=chosen)


class DialectAdmin(WorkspaceAdmin):
    """An admin of rows that came in some dialect."""

    @admin.display(description="dialect")
    def shown_dialect(self, row: Any) -> str:
        """Return what people call the dialect of a row."""
        known = row.dialect in Dialect.values
        return str(Dialect(row.dialect).label if known else row.dialect)
