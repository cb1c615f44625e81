"""Looks for red flags anew over a period: what digests noted, and what rules say now.

Digests raise flags as events come; this finds what a crash cut off after a commit,
and what a release date, a domain or a licence that was entered since says of before.
"""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts.locks import share_usage
from accounts.models import CompanySign, RedFlag, Workspace
from accounts.red_flags import Raised, look_for_two_companies, raise_flags
from ingest.digest.oddities import (
    AHEAD,
    BY_LICENSE,
    EARLY,
    KINDS,
    record_facts,
    subject_of,
)
from ingest.digest.repeats import BURST, burst_flag
from ingest.digest.versions import RELEASE_LEAD, version_in
from ingest.statements import statement

CLOCK = RedFlag.Kind.CLOCK.value
# Repeats are dropped two days after the last one; a burst has been flagged by then.
REPEATS_KEPT = timedelta(days=2)
# What the periodic check looks back over, several times what lies between two.
LATELY = timedelta(hours=3)


def find_red_flags(
    workspace: Workspace | None = None,
    *,
    since: datetime,
    until: datetime | None = None,
) -> dict[str, int]:
    """Look for red flags of what arrived in a period; return how many by kind.

    Those that are known are counted too and get no second time: doing it again changes
    nothing. A resolved flag stays so unless it happened after that.
    """
    found: Counter[str] = Counter()
    spaces = Workspace.objects.order_by("pk")
    if workspace is not None:
        spaces = spaces.filter(pk=workspace.pk)
    for one in spaces:
        found += _find(one, since, until or datetime.now(UTC) + timedelta(days=1))
    return dict(sorted(found.items()))


def find_lately() -> dict[str, int]:
    """Look for red flags of the last hours, in all workspaces."""
    return find_red_flags(since=datetime.now(UTC) - LATELY)


def forget_repeats() -> int:
    """Drop events that have not come again for two days; return how many."""
    with connection.cursor() as cursor:
        before = datetime.now(UTC) - REPEATS_KEPT
        cursor.execute(statement("prune_repeats"), {"before": before})
        return int(cursor.rowcount)


def _find(workspace: Workspace, since: datetime, until: datetime) -> Counter[str]:
    where: dict[str, Any] = {"workspace": workspace.pk, "since": since, "until": until}
    flags: dict[tuple[str, str], Raised] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        share_usage(cursor, [workspace.pk])
        for flag in (*_early(cursor, where), *_of_events(cursor, where)):
            # What events say of a clock has its count, so it comes last.
            flags[flag.kind, flag.subject_key] = flag
        cursor.execute(statement("red_flags_of_repeats"), {**where, "burst": BURST})
        bursts = [burst_flag(*row) for row in cursor.fetchall()]
        raise_flags(cursor, [*flags.values(), *bursts], absolute=True)
    found = Counter(kind for kind, _ in flags)
    found[RedFlag.Kind.BURST.value] += len(bursts)
    signs = CompanySign.objects.filter(workspace=workspace, last_seen_at__gte=since)
    shown = signs.order_by("identity_id").values_list("workspace_id", "identity_id")
    found[RedFlag.Kind.TWO_ACCOUNTS.value] += look_for_two_companies(
        list(shown.distinct())
    )
    return found


def _of_events(cursor: CursorWrapper, where: dict[str, Any]) -> list[Raised]:
    cursor.execute(
        statement("red_flags_of_events"),
        {
            **where,
            "bits": list(KINDS),
            "kinds": list(KINDS.values()),
            "by_license": sorted(BY_LICENSE),
            "clock": CLOCK,
        },
    )
    rows = cursor.fetchall()
    releases = _releases(cursor, where)
    return [_of_event(where["workspace"], row, releases) for row in rows]


def _of_event(
    workspace_id: int, row: tuple[Any, ...], releases: dict[tuple[str, str], date]
) -> Raised:
    kind, identity, key, often, first_at, last_at, product, *event = row
    occurred_at, received_at, flags, properties = event
    if kind == CLOCK:
        evidence = {
            "what": "ahead" if flags & AHEAD else "early",
            "stated_at": _stated_at(occurred_at, flags, properties),
            "received_at": received_at.isoformat(),
            "product": product,
        }
        version = version_in(properties.encode()) if flags & EARLY else ""
        if released := releases.get((product, version)):
            evidence |= {"version": version, "released_on": released.isoformat()}
    else:
        evidence = record_facts(properties.encode())
    return Raised(
        workspace_id,
        kind,
        identity,
        subject_of(kind, identity, key),
        evidence,
        first_at,
        last_at,
        often,
    )


def _stated_at(occurred_at: datetime, flags: int, properties: str) -> str:
    """Return the time that an event stated; the digest keeps one of the future."""
    if flags & AHEAD:
        stated = json.loads(properties).get("stated_at")
        if isinstance(stated, int | float):
            return datetime.fromtimestamp(stated, UTC).isoformat()
    return occurred_at.isoformat()


def _releases(
    cursor: CursorWrapper, where: dict[str, Any]
) -> dict[tuple[str, str], date]:
    cursor.execute(
        "SELECT product.key, version.version, version.released_on"
        " FROM accounts_productversion AS version"
        " JOIN accounts_product AS product ON product.id = version.product_id"
        " WHERE product.workspace_id = %(workspace)s"
        " AND version.released_on IS NOT NULL",
        where,
    )
    return {(product, version): day for product, version, day in cursor.fetchall()}


def _early(cursor: CursorWrapper, where: dict[str, Any]) -> list[Raised]:
    cursor.execute(
        statement("red_flags_too_early"), {**where, "lead": RELEASE_LEAD.days}
    )
    return [
        Raised(
            where["workspace"],
            CLOCK,
            identity,
            subject_of(CLOCK, identity),
            {
                "what": "early",
                "stated_at": first_at.isoformat(),
                "product": product,
                "version": version,
                "released_on": released.isoformat(),
            },
            first_at,
            last_at,
        )
        for identity, product, version, released, first_at, last_at in cursor.fetchall()
    ]
