"""Runs the plug-ins: on accounts that are new to them or looked at long ago.

Each plug-in and each workspace for itself: what one of them cannot do holds up no
other. Repeating a run does no harm.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from accounts.account_fields import (
    FieldSpec,
    Value,
    field_specs,
    read_any,
    value_of,
)
from accounts.account_values import FilledBy, Origin, write_values
from accounts.clock import now_utc
from accounts.enrichment.plug_in import (
    Found,
    KnownAccount,
    PlugIn,
    PlugInUnavailableError,
)
from accounts.enrichment.registry import load_plug_ins
from accounts.models import (
    Account,
    AccountField,
    EnrichedAccount,
    EnrichmentState,
    Workspace,
)
from accounts.models.account_field import RESERVED_KEYS
from accounts.models.enrichment import LONGEST_ERROR

logger = logging.getLogger(__name__)

# Accounts handed to a plug-in at a time.
BATCH = 200
# A run stops after the batch in which this was passed; the next one goes on.
BUDGET_SECONDS = 240.0
# A plug-in that failed is left alone for a while.
PAUSE = timedelta(hours=1)


@dataclass
class Outcome:
    """What one plug-in did in one workspace."""

    workspace: Workspace
    plug_in: str
    accounts: int = 0
    values: int = 0
    # What it could not do, for people; "" when all went well.
    error: str = ""
    failed: bool = False
    # It failed because something that it needs is not there, and said so.
    unavailable: bool = False


def enrich(
    *,
    workspaces: Sequence[Workspace] | None = None,
    only: str | None = None,
    everything: bool = False,
    budget: float = BUDGET_SECONDS,
) -> list[Outcome]:
    """Let plug-ins look at accounts that are due; return what came of it.

    Args:
        workspaces: these instead of all.
        only: the name of one plug-in instead of all.
        everything: accounts that were looked at lately too, and plug-ins that pause.
        budget: seconds after which no further batch begins.
    """
    ends = time.monotonic() + budget
    started = now_utc()
    plug_ins = load_plug_ins()
    outcomes = []
    for workspace in workspaces if workspaces is not None else Workspace.objects.all():
        paused = set() if everything else _paused(workspace)
        for place, plug_in in enumerate(plug_ins):
            if only not in {None, plug_in.name} or plug_in.name in paused:
                continue
            before = frozenset(other.name for other in plug_ins[:place])
            stale_from = started - timedelta(days=settings.ENRICHMENT_DAYS)
            due = _due(workspace, plug_in, started if everything else stale_from)
            outcome = _run(workspace, plug_in, due, yields_to=before, ends=ends)
            if outcome is not None:
                _note(outcome)
                outcomes.append(outcome)
    return outcomes


def _paused(workspace: Workspace) -> set[str]:
    recently = now_utc() - PAUSE
    failed = EnrichmentState.objects.in_workspace(workspace).filter(
        failed_at__gte=recently
    )
    return set(failed.values_list("plug_in", flat=True))


def _due(
    workspace: Workspace, plug_in: PlugIn, stale_from: object
) -> QuerySet[Account, Account]:
    """Return the accounts that a plug-in has not looked at since a moment."""
    looked_at = EnrichedAccount.objects.filter(
        account=OuterRef("pk"), plug_in=plug_in.name, at__gte=stale_from
    )
    return (
        Account.objects.in_workspace(workspace)
        .filter(~Exists(looked_at))
        .prefetch_related("domains")
        .order_by("pk")
    )


def _run(
    workspace: Workspace,
    plug_in: PlugIn,
    due: QuerySet[Account, Account],
    *,
    yields_to: frozenset[str],
    ends: float,
) -> Outcome | None:
    """Run one plug-in until nothing is due; None when nothing was."""
    outcome = Outcome(workspace, plug_in.name)
    specs = field_specs(workspace)
    origin = Origin(FilledBy.PLUG_IN, plug_in.name, yields_to)
    unusable: list[str] = []
    last = 0
    while time.monotonic() < ends:
        accounts = list(due.filter(pk__gt=last)[:BATCH])
        if not accounts:
            break
        last = accounts[-1].pk
        try:
            found = plug_in.enrich([_told(account, specs) for account in accounts])
            specs = _with_new_fields(workspace, plug_in, found, specs)
            values = _usable(found, {one.pk for one in accounts}, specs, unusable)
        except PlugInUnavailableError as error:
            outcome.error, outcome.failed = str(error), True
            outcome.unavailable = True
            break
        except Exception as error:  # whatever somebody else's code does
            logger.exception("Enrichment plug-in %s failed", plug_in.name)
            outcome.error = f"{type(error).__name__}: {error}"
            outcome.failed = True
            break
        written = write_values(workspace, values, origin, specs=specs)
        _mark(workspace, plug_in, accounts)
        outcome.accounts += len(accounts)
        outcome.values += len(written.changes)
    if not outcome.failed and unusable:
        outcome.error = f"{len(unusable)} values left out, such as {unusable[0]}"
    return outcome if outcome.accounts or outcome.failed else None


def _told(account: Account, specs: Sequence[FieldSpec]) -> KnownAccount:
    known = ((spec.key, value_of(account, spec)) for spec in specs)
    return KnownAccount(
        pk=account.pk,
        name=account.name,
        domain=account.domain,
        further_domains=tuple(one.domain for one in account.domains.all()),
        values={key: value for key, value in known if value is not None},
    )


def _with_new_fields(
    workspace: Workspace, plug_in: PlugIn, found: Found, specs: tuple[FieldSpec, ...]
) -> tuple[FieldSpec, ...]:
    """Make the fields that the workspace lacks and for which something was found."""
    wanted = {key for values in found.values() for key in values}
    missing = [
        field
        for field in plug_in.fields
        if field.key in wanted - {spec.key for spec in specs} - RESERVED_KEYS
    ]
    if not missing:
        return specs
    AccountField.objects.bulk_create(
        (
            AccountField(
                workspace=workspace,
                key=field.key,
                label=field.label or field.key.replace("_", " ").capitalize(),
                kind=field.kind,
                position=100,
            )
            for field in missing
        ),
        ignore_conflicts=True,
    )
    return field_specs(workspace)


def _usable(
    found: Found, asked: set[int], specs: Sequence[FieldSpec], unusable: list[str]
) -> dict[int, Mapping[str, Value]]:
    """Read what was found as the fields' values; note what is none."""
    by_key = {spec.key: spec for spec in specs}
    result: dict[int, Mapping[str, Value]] = {}
    for pk, offered in found.items():
        if pk not in asked:
            continue
        values = {}
        for key, value in offered.items():
            if (spec := by_key.get(key)) is None:
                continue
            try:
                usable = read_any(spec, value)
            except ValueError as error:
                unusable.append(f"{spec.label}: {error}")
            else:
                if usable is not None:
                    values[key] = usable
        if values:
            result[pk] = values
    return result


def _mark(workspace: Workspace, plug_in: PlugIn, accounts: Sequence[Account]) -> None:
    now = now_utc()
    EnrichedAccount.objects.bulk_create(
        (
            EnrichedAccount(
                workspace=workspace, account=account, plug_in=plug_in.name, at=now
            )
            for account in accounts
        ),
        update_conflicts=True,
        unique_fields=["account", "plug_in"],
        update_fields=["at"],
    )


def _note(outcome: Outcome) -> None:
    """Keep how it went, for the admin."""
    values: dict[str, object] = {"error": outcome.error[:LONGEST_ERROR]}
    if outcome.accounts:
        values |= {
            "ran_at": now_utc(),
            "accounts": outcome.accounts,
            "values_written": outcome.values,
        }
    values["failed_at"] = now_utc() if outcome.failed else None
    EnrichmentState.objects.update_or_create(
        workspace=outcome.workspace, plug_in=outcome.plug_in, defaults=values
    )
