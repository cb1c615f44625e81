"""Merges developers that digests found to be one person.

A digest only adds, so it leaves the merging to whoever is alone in the workspace.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction

from accounts.joining import STRENGTH, Group, Key, Known, Link, decide, rule_text
from accounts.locks import own_usage
from accounts.merging import Pair, lock_developers, merge_pairs
from accounts.models import WaitingJoin
from accounts.statements import statement


def join_waiting(workspace_ids: Iterable[int] | None = None) -> int:
    """Merge what waits, one transaction per workspace; return how many developers.

    Without ids: everywhere. Waits for the digests that are under way there; safe to
    repeat, and beside itself.
    """
    if workspace_ids is None:
        waiting = WaitingJoin.objects.order_by("workspace_id")
        workspace_ids = list(waiting.values_list("workspace_id", flat=True).distinct())
    return sum(_join_in(workspace_id) for workspace_id in workspace_ids)


def _join_in(workspace_id: int) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        own_usage(cursor, workspace_id)
        cursor.execute(statement("waiting_links"), {"workspace": workspace_id})
        links, known = _read(workspace_id, cursor.fetchall())
        pairs = [
            Pair(
                group.developers[0].developer_id,
                other.developer_id,
                rule_text(_link_to(group, other, known)),
            )
            for group in decide((), known, links)
            for other in group.developers[1:]
        ]
        if pairs:
            developers = {number for pair in pairs for number in pair[:2]}
            lock_developers(cursor, workspace_id, developers)
            merge_pairs(cursor, workspace_id, pairs, by_hand=False)
        # Nobody else adds rows for this workspace now, so these are all answered:
        # merged, or refused by the rule.
        WaitingJoin.objects.filter(workspace_id=workspace_id).delete()
    return len(pairs)


def _link_to(group: Group, other: Known, known: Mapping[Key, Known]) -> Link | None:
    """Return the strongest link that named one of this developer's identities."""
    return next(
        (
            link
            for link in group.links
            if any(known[end].developer_id == other.developer_id for end in link)
        ),
        None,
    )


def _read(
    workspace_id: int, rows: Iterable[tuple[Any, ...]]
) -> tuple[list[Link], dict[Key, Known]]:
    links: list[Link] = []
    known: dict[Key, Known] = {}
    for row in rows:
        pair = []
        for end in (row[:7], row[7:]):
            kind, value, developer, kinds, identities, kept_apart, confidence = end
            key = Key(workspace_id, kind, value)
            strength = max(STRENGTH[name] for name in kinds)
            known[key] = Known(developer, strength, identities, kept_apart, confidence)
            pair.append(key)
        links.append(Link(*pair))
    return links, known
