"""What the filters of all lists share: a workspace, a day, and two ways to be wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

import django_filters  # type: ignore[import-untyped]
from django.db.models import QuerySet
from django.forms import BoundField, Form
from django.http import QueryDict

from accounts.models import ScoreModel, User, Workspace
from accounts.score_models import current_model
from dashboards.paging import Order

# Filters whose number in the address stands for a row with a name.
NAMED = frozenset({"segment", "list", "tag"})


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that narrows the list and is not in the bar."""

    label: str
    text: str
    # The same list without it.
    href: str
    # All members see it first: an admin said so.
    is_default: bool


class ListFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Filters and sort orders over the rows of one workspace.

    A value that cannot be used narrows nothing: pages leave it at that, and the API
    refuses it by what `errors` says. Methods of filters find the workspace, the UTC
    day and the score model in force on the filter set.
    """

    # Filters that the page shows, in this order.
    bar: ClassVar[tuple[str, ...]] = ()
    # What the page may be sorted by, by its name in the address; the first is default.
    sorts: ClassVar[Mapping[str, tuple[str, Order]]] = {}

    def __init__(
        self,
        data: Any,
        *,
        workspace: Workspace,
        today: date,
        queryset: QuerySet[Any] | None = None,
        user: User | None = None,
    ) -> None:
        # Who looks; None is a key, or nobody in particular.
        self.user = user
        self.workspace = workspace
        self.today = today
        rows = self.everything(workspace) if queryset is None else queryset
        super().__init__(data, rows)

    @classmethod
    def everything(cls, workspace: Workspace) -> QuerySet[Any]:
        """Return all rows that the list may hold."""
        rows: QuerySet[Any] = cls._meta.model.objects.in_workspace(workspace)
        return rows

    @cached_property
    def score_model(self) -> ScoreModel:
        """The score model in force, asked for once."""
        return current_model(self.workspace)

    @property
    def sort(self) -> str:
        """Return the name of the order asked for, or of the default one."""
        asked = self.data.get("sort", "")
        return asked if asked in self.sorts else next(iter(self.sorts))

    @property
    def order(self) -> Order:
        """Return how the page is sorted."""
        return self.sorts[self.sort][1]

    @property
    def sort_choices(self) -> list[tuple[str, str]]:
        """Return names and labels of the sort orders."""
        return [(name, label) for name, (label, _) in self.sorts.items()]

    def value(self, name: str) -> Any:
        """Return a usable value of a filter, or an empty one."""
        return self._cleaned.get(name) or ""

    @property
    def is_filtered(self) -> bool:
        """Say whether anything narrows the list."""
        return any(value not in (None, "", []) for value in self._cleaned.values())

    @property
    def fields(self) -> list[BoundField]:
        """Return the fields of the filter bar."""
        return [self.form[name] for name in self.bar]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Return the names and values in the address that the bar does not show."""
        return [
            (name, str(self.data[name]))
            for name, value in self._cleaned.items()
            if name not in self.bar and value not in (None, "", [])
        ]

    @property
    def chips(self) -> list[Chip]:
        """Return what narrows the list beside the bar, each with a way out of it.

        Not the account: the page says it in its head.
        """
        return [
            Chip(
                label=name.replace("_", " ").capitalize(),
                text=str(self._cleaned[name]) if name in NAMED else value,
                href=self._without(name),
                is_default=bool(getattr(self._cleaned[name], "is_default", False)),
            )
            for name, value in self.hidden
            if name != "account"
        ]

    def _without(self, name: str) -> str:
        """Return the query of the same list without one of its filters.

        Never an empty one: a bare address opens with the member's default segment.
        """
        kept = QueryDict(mutable=True)
        kept.update(self.data)
        for gone in (name, "after", "before"):
            kept.pop(gone, None)
        kept.setdefault("segment", "")
        return f"?{kept.urlencode()}"

    @property
    def _cleaned(self) -> dict[str, Any]:
        form: Form = self.form
        # This cleans.
        form.is_valid()
        return form.cleaned_data
