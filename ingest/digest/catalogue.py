"""Products and metrics of a batch: their ids, and registering unseen ones."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.db.backends.utils import CursorWrapper

from accounts.models import Metric
from accounts.models.catalogue import default_weight, fold_metric_key
from ingest.statements import statement

# A metric that registers itself starts as any metric does.
LEVEL = str(Metric._meta.get_field("level").default)  # noqa: SLF001 (documented API)

# Names by workspace.
Names = Mapping[int, set[str]]


class Catalogue:
    """Ids of products and metrics by workspace and name, for one transaction.

    ``metrics`` knows every spelling that the batch uses; a name that is missing is not
    configured.
    """

    def __init__(self, cursor: CursorWrapper) -> None:
        self._cursor = cursor
        self.workspaces: set[int] = set()
        self.products: defaultdict[int, dict[str, int]] = defaultdict(dict)
        self.metrics: defaultdict[int, dict[str, int]] = defaultdict(dict)
        # Workspaces of which the last look missed a name.
        self.unseen: set[int] = set()

    def find(self, workspaces: Iterable[int], products: Names, metrics: Names) -> None:
        """Look up workspaces, products and metrics in one statement."""
        product_pairs = _pairs(products)
        spellings = defaultdict(list)
        for workspace_id, key in _pairs(metrics):
            spellings[workspace_id, fold_metric_key(key)].append(key)
        self._cursor.execute(
            statement("catalogue_find"),
            {
                "known": sorted(workspaces),
                "product_workspaces": [where for where, _ in product_pairs],
                "products": [key for _, key in product_pairs],
                "metric_workspaces": [where for where, _ in spellings],
                "metrics": [key for _, key in spellings],
            },
        )
        for kind, workspace_id, name, found in self._cursor.fetchall():
            if kind == "product":
                self.products[workspace_id][name] = found
            elif kind == "metric":
                for key in spellings[workspace_id, name]:
                    self.metrics[workspace_id][key] = found
            else:
                self.workspaces.add(found)
        self.unseen = {
            where
            for names, known in ((products, self.products), (metrics, self.metrics))
            for where, keys in names.items()
            # Signals have no product yet.
            if keys - known[where].keys() - {""}
        }

    def product_ids(self) -> set[int]:
        """Return the ids of all products looked up so far."""
        return {found for names in self.products.values() for found in names.values()}

    def register(self, products: Names, metrics: Names, worth: Names) -> None:
        """Create what is missing of these, and look it up.

        A new metric that is also in ``worth`` adds to the lifetime value. ON CONFLICT
        waits for another worker that registers the same name, so the second look finds
        its row.
        """
        products = {
            where: {key for key in keys if key not in self.products[where]}
            for where, keys in products.items()
        }
        metrics = {
            where: {key for key in keys if key not in self.metrics[where]}
            for where, keys in metrics.items()
        }
        product_pairs, metric_pairs = _pairs(products), _pairs(metrics)
        if product_pairs:
            self._cursor.execute(
                statement("products_add"),
                {
                    "workspaces": [where for where, _ in product_pairs],
                    "keys": [key for _, key in product_pairs],
                },
            )
        if metric_pairs:
            self._cursor.execute(
                statement("metrics_add"),
                {
                    "workspaces": [where for where, _ in metric_pairs],
                    "keys": [key for _, key in metric_pairs],
                    "folded": [fold_metric_key(key) for _, key in metric_pairs],
                    "add_value": [
                        key in worth.get(where, ()) for where, key in metric_pairs
                    ],
                    "level": LEVEL,
                    "weight": default_weight(LEVEL),
                },
            )
        if product_pairs or metric_pairs:
            self.find((), products, metrics)


def _pairs(names: Names) -> list[tuple[int, str]]:
    return [(where, key) for where in sorted(names) for key in sorted(names[where])]
