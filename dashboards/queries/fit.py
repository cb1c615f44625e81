"""Fit of the whole workspace: how many accounts of each, and what would change."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Count

from accounts.fit import Criterion
from accounts.fit_store import FitPreview, Rubric
from accounts.models import Account, Fit, FitModel, Workspace

MOST_VERSIONS = 10
MOST_CHANGES = 25


@dataclass(frozen=True, slots=True)
class Tally:
    """How many accounts have one fit; ``change`` is what criteria would add."""

    fit: str
    label: str
    count: int
    share: int
    change: int | None = None

    @property
    def change_text(self) -> str:
        """Write the change with its sign."""
        return f"{self.change or 0:+,}".replace("+0", "0").replace("-", "−")

    @property
    def after(self) -> int:
        """How many there would be."""
        return self.count + (self.change or 0)


@dataclass(frozen=True, slots=True)
class FitPage:
    """What the page shows beside its form."""

    tallies: tuple[Tally, ...]
    accounts: int
    criteria: tuple[Criterion, ...]
    versions: tuple[FitModel, ...]


def build(
    workspace: Workspace, rubric: Rubric, preview: FitPreview | None = None
) -> FitPage:
    """Answer in two queries; one with a preview, which has counted already."""
    before = preview.before if preview else _counts(workspace)
    return FitPage(
        tallies=_tallies(before, preview.after if preview else None),
        accounts=sum(before.values()),
        criteria=rubric.criteria,
        versions=tuple(
            FitModel.objects.in_workspace(workspace)
            .select_related("created_by")
            .order_by("-version")[:MOST_VERSIONS]
        ),
    )


def _counts(workspace: Workspace) -> dict[str, int]:
    rows = (
        Account.objects.in_workspace(workspace)
        .order_by()
        .values_list("fit")
        .annotate(Count("pk"))
    )
    return dict(rows)


def _tallies(
    before: Mapping[str, int], after: Mapping[str, int] | None
) -> tuple[Tally, ...]:
    total = sum(before.values()) or 1
    return tuple(
        Tally(
            fit=fit,
            label=label,
            count=before.get(fit, 0),
            share=round(100 * before.get(fit, 0) / total),
            change=None if after is None else after.get(fit, 0) - before.get(fit, 0),
        )
        for fit, label in (*Fit.choices, ("", "Not known"))
    )
