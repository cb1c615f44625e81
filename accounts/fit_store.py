"""Keeps the fit of accounts in step with the criteria and with what is known of them.

Accounts are read in one query, rated by the arithmetic of `accounts.fit`, and those
that changed are written in one statement per few thousand.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from accounts.account_fields import FieldSpec, Value, field_specs, pick
from accounts.audit import record
from accounts.errors import AccountsError
from accounts.fit import (
    MOST_CRITERIA,
    Bounds,
    Criterion,
    Explanation,
    explain,
    rate,
    read_criteria,
)
from accounts.models import Account, AuditEntry, FitModel, User, Workspace
from accounts.statements import statement

# Accounts written in one statement, and read from the database at a time.
BATCH = 5000
COLUMNS = ("country", "industry", "employees")


@dataclass(frozen=True, slots=True)
class Rubric:
    """The criteria in force, ready to rate with; none of them rates nothing."""

    criteria: tuple[Criterion, ...]
    bounds: Bounds

    def rate(
        self, columns: Mapping[str, Any], own: Mapping[str, Any]
    ) -> tuple[str, float | None]:
        """Rate an account by its columns and its own fields."""
        return rate(self.criteria, self._values(columns, own), self.bounds)

    def explain(self, account: Account) -> Explanation:
        """Say why an account fits as it does, by what is known of it now."""
        values = self._values(vars(account), account.fields)
        return explain(self.criteria, values, self.bounds)

    def _values(
        self, columns: Mapping[str, Any], own: Mapping[str, Any]
    ) -> list[Value | None]:
        return [pick(criterion.spec, columns, own) for criterion in self.criteria]


@dataclass(frozen=True, slots=True)
class FitChange:
    """An account whose fit criteria would change."""

    pk: int
    name: str
    before: str
    after: str
    points: float


@dataclass(frozen=True, slots=True)
class FitPreview:
    """What criteria would do: how many there are of each fit, and who changes."""

    before: Mapping[str, int]
    after: Mapping[str, int]
    # Those whose points change most, at most so many as asked for.
    changes: tuple[FitChange, ...]
    changed: int


def current_fit_model(workspace: Workspace) -> FitModel | None:
    """Return the newest criteria, None where nobody has set any."""
    return (
        FitModel.objects.in_workspace(workspace)
        .select_related("created_by")
        .order_by("-version")
        .first()
    )


def rubric_of(workspace: Workspace, specs: Sequence[FieldSpec] | None = None) -> Rubric:
    """Return the criteria in force; two queries, one with the fields at hand."""
    model = current_fit_model(workspace)
    if model is None:
        return Rubric((), Bounds(1.0, 1.0))
    return make_rubric(model, specs or field_specs(workspace))


def make_rubric(model: FitModel, specs: Sequence[FieldSpec]) -> Rubric:
    """Make a version of the criteria ready; those of fields that are gone drop out."""
    by_key = {spec.key: spec for spec in specs}
    return Rubric(
        tuple(read_criteria(model.criteria, by_key)),
        Bounds(model.strong_from, model.moderate_from),
    )


def new_fit_model(
    workspace: Workspace,
    rubric: Rubric,
    *,
    actor: User | None = None,
    ip: str | None = None,
    note: str = "",
) -> FitModel:
    """Put criteria in force as the next version, and rate all accounts with them.

    Raises:
        AccountsError: the bounds are in the wrong order, or there are too many.
    """
    bounds = rubric.bounds
    if not 0 < bounds.moderate_from < bounds.strong_from <= 1:
        raise AccountsError(
            "Strong begins above Moderate, and both between 0 and 100 %."
        )
    if len(rubric.criteria) > MOST_CRITERIA:
        raise AccountsError(f"{MOST_CRITERIA} criteria at most.")
    with transaction.atomic():
        Workspace.objects.select_for_update().get(pk=workspace.pk)
        newest = current_fit_model(workspace)
        model = FitModel.objects.create(
            workspace=workspace,
            version=newest.version + 1 if newest else 1,
            criteria=[criterion.as_json() for criterion in rubric.criteria],
            strong_from=bounds.strong_from,
            moderate_from=bounds.moderate_from,
            note=note,
            created_by=actor,
        )
        record(
            workspace=workspace,
            action=AuditEntry.Action.FIT_CHANGED,
            subject=str(model),
            actor=actor,
            ip=ip,
            detail={"version": model.version, "criteria": model.criteria},
        )
        rate_workspace(workspace, rubric)
    return model


def rate_workspace(workspace: Workspace, rubric: Rubric | None = None) -> int:
    """Rate all accounts of a workspace; return how many changed."""
    rubric = rubric or rubric_of(workspace)
    changed = 0
    rated: list[tuple[int, str, float | None]] = []
    for pk, _, before, after in _rated(workspace, rubric):
        if before != after:
            rated.append((pk, *after))
        if len(rated) >= BATCH:
            changed += _write(rated)
            rated = []
    return changed + _write(rated)


def rate_all() -> int:
    """Rate the accounts of every workspace that has criteria; return how many changed.

    Nightly: whatever else changed an account is caught up with then.
    """
    workspaces = Workspace.objects.filter(fit_models__isnull=False).distinct()
    return sum(rate_workspace(workspace) for workspace in workspaces)


def preview_fit(workspace: Workspace, rubric: Rubric, *, most: int) -> FitPreview:
    """Say what criteria would change; nothing is written. One query over accounts."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    changes: list[tuple[float, FitChange]] = []
    for pk, name, old, new in _rated(workspace, rubric):
        before[old[0]] += 1
        after[new[0]] += 1
        if old[0] != new[0]:
            change = FitChange(pk, name, old[0], new[0], new[1] or 0.0)
            changes.append((abs((new[1] or 0.0) - (old[1] or 0.0)), change))
    changes.sort(key=lambda one: (-one[0], one[1].pk))
    return FitPreview(
        before, after, tuple(change for _, change in changes[:most]), len(changes)
    )


Rated = tuple[str, float | None]


def _rated(
    workspace: Workspace, rubric: Rubric
) -> Iterator[tuple[int, str, Rated, Rated]]:
    """Yield (id, name, fit now, fit by the criteria) of every account."""
    rows = (
        Account.objects.in_workspace(workspace)
        .order_by("pk")
        .values_list("pk", "name", "fit", "fit_points", *COLUMNS, "fields")
    )
    for pk, name, fit, points, country, industry, employees, own in rows.iterator(
        chunk_size=BATCH
    ):
        columns = {"country": country, "industry": industry, "employees": employees}
        yield pk, name, (fit, points), rubric.rate(columns, own)


def _write(rated: Sequence[tuple[int, str, float | None]]) -> int:
    if not rated:
        return 0
    ids, fits, points = zip(*rated, strict=True)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            statement("fit_write"),
            {"ids": list(ids), "fits": list(fits), "points": list(points)},
        )
        return int(cursor.rowcount)
