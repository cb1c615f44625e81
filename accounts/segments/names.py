"""What a workspace calls its things: what rules may name, and how words name it."""

from dataclasses import dataclass
from functools import cached_property

from accounts.models import (
    AccountField,
    CuratedList,
    Metric,
    Product,
    Stage,
    Subject,
    Tag,
    Workspace,
)
from accounts.models.catalogue import fold_metric_key


@dataclass(frozen=True, slots=True)
class Choice:
    """One value that a condition may name: as JSON holds it, and in words."""

    value: str | int
    label: str


class Names:
    """The names of one workspace, each kind read once and only when asked for."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @cached_property
    def metrics(self) -> dict[str, Metric]:
        """The metrics by folded key."""
        rows = Metric.objects.in_workspace(self.workspace)
        return {metric.folded_key: metric for metric in rows}

    @cached_property
    def products(self) -> dict[str, Product]:
        """The products by key."""
        rows = Product.objects.in_workspace(self.workspace)
        return {product.key: product for product in rows}

    @cached_property
    def account_fields(self) -> dict[str, AccountField]:
        """The workspace's own fields of accounts by key."""
        rows = AccountField.objects.in_workspace(self.workspace)
        return {field.key: field for field in rows}

    @cached_property
    def _stages(self) -> list[Stage]:
        return list(Stage.objects.in_workspace(self.workspace).in_use())

    @cached_property
    def _lists(self) -> list[CuratedList]:
        return list(CuratedList.objects.in_workspace(self.workspace))

    @cached_property
    def _tags(self) -> list[Tag]:
        return list(Tag.objects.in_workspace(self.workspace))

    def metric(self, key: str) -> Metric | None:
        """Find a metric, however its key is spelled."""
        return self.metrics.get(fold_metric_key(key))

    @property
    def levels(self) -> list[str]:
        """The levels that metrics have, in order."""
        found = {metric.level for metric in self.metrics.values()}
        return sorted(found, key=lambda level: (len(level), level))

    def product_choices(self) -> list[Choice]:
        """The products, by key."""
        return [Choice(one.key, one.name) for one in self.products.values()]

    def stage_choices(self, subject: Subject) -> list[Choice]:
        """The stages in use, in order, by number."""
        return [Choice(s.pk, s.name) for s in self._stages if s.subject == subject]

    def list_choices(self, subject: Subject) -> list[Choice]:
        """The hand-picked lists, by number."""
        return [
            Choice(one.pk, one.name) for one in self._lists if one.subject == subject
        ]

    def tag_choices(self, subject: Subject) -> list[Choice]:
        """The tags, by number."""
        return [
            Choice(tag.pk, tag.name) for tag in self._tags if tag.subject == subject
        ]
