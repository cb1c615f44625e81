"""What is known of an account and who said so, and how well it fits."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.account_fields import FieldSpec, field_specs, show, value_of
from accounts.account_values import FilledBy
from accounts.fit import Explanation
from accounts.fit_store import current_fit_model, make_rubric
from accounts.models import Account

WORDS = {
    FilledBy.HAND.value: "entered by {}",
    FilledBy.FILE.value: "imported from {}",
    FilledBy.PLUG_IN.value: "found by {}",
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One known field: its value, and who filled it, in words ("" where unrecorded)."""

    label: str
    value: str
    source: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """What is known, how many fields are not, and the fit that follows."""

    facts: tuple[Fact, ...]
    unknown: tuple[str, ...]
    # None where the workspace has no criteria.
    fit: Explanation | None
    fit_version: int | None


def build(account: Account) -> AccountFacts:
    """Answer in two queries: the workspace's fields and its criteria."""
    specs = field_specs(account.workspace)
    model = current_fit_model(account.workspace)
    known = [spec for spec in specs if value_of(account, spec) is not None]
    fit = make_rubric(model, specs).explain(account) if model else None
    return AccountFacts(
        facts=tuple(_fact(account, spec) for spec in known),
        unknown=tuple(spec.label for spec in specs if spec not in known),
        fit=fit if fit and fit.lines else None,
        fit_version=model.version if model else None,
    )


def _fact(account: Account, spec: FieldSpec) -> Fact:
    source: dict[str, Any] = account.field_sources.get(spec.key, {})
    words = WORDS.get(source.get("by", ""), "")
    at = source.get("at")
    return Fact(
        label=spec.label,
        value=show(spec, value_of(account, spec)),
        source=words.format(source.get("who", "")),
        at=datetime.fromisoformat(at) if at else None,
    )
