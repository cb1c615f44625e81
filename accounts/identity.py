"""Who did it: the identities of a batch of events become developers and accounts.

Every step is one statement over the temporary tables of the batch, whatever its size.
How kinds are written is in `kinds`, which identities are one person in `joining`.
"""

from dataclasses import dataclass, field
from functools import partial

from django.conf import settings
from django.db import transaction
from django.db.backends.utils import CursorWrapper

from accounts.attribution.evidence import Candidate, ensure_evidence_table, weigh
from accounts.errors import AccountsError
from accounts.joining import STRENGTH, Group, Key, Known, Link, decide, rule_text
from accounts.kinds import (
    anonymous_value,
    derived_name,
    guess_kind,
    hash_again,
    normalise,
)
from accounts.models import Identity
from accounts.statements import statement
from accounts.waiting import join_waiting

__all__ = [
    "anonymous_value",
    "derived_name",
    "ensure_pending_tables",
    "guess_kind",
    "hash_again",
    "join_waiting",
    "normalise",
    "resolve_pending",
    "update_known",
]

# Times seen are right to this much. Exact ones would rewrite a busy developer, with
# two indexes, in every batch: with one every two seconds, 150 times as often.
SEEN_STEP = "5 minutes"
# Each further try means that another digest committed in between, so this many in a
# row do not happen by chance.
MOST_TRIES = 50


@dataclass(frozen=True, slots=True)
class Missing:
    """What came with an identity that nobody had yet."""

    domain: str
    ip: str
    is_aggregate: bool
    name: str
    license_key: str


@dataclass(slots=True)
class Plan:
    """What a batch adds, decided before anything is written."""

    # Groups by the id of their developer; the ids in ``made`` are still to be written.
    groups: dict[int, Group] = field(default_factory=dict)
    made: list[int] = field(default_factory=list)
    missing: dict[Key, Missing] = field(default_factory=dict)


def ensure_pending_tables(cursor: CursorWrapper) -> None:
    """Create ``pending_identity`` and ``pending_link`` for this transaction.

    The caller fills them, one row per distinct identity and one per distinct pair of
    identities of one event, both ends of which are in ``pending_identity`` as well:
    workspace, kind and value, first_at and last_at; and where known domain and ip (the
    latest of the batch), license_key, is_aggregate and traits (a JSON object).
    """
    cursor.execute(statement("identity_tables"))
    ensure_evidence_table(cursor)


def resolve_pending(cursor: CursorWrapper) -> None:
    """Give every row of ``pending_identity`` its identity_id and developer_id.

    Makes identities, developers and accounts that are new; `update_known` writes at
    the end of the transaction what the batch says of the others. Safe beside other
    digests: new rows go in sorted, known rows are locked in the order of their ids, and
    all do it in one order: new accounts, developers and identities, then known
    developers, identities and accounts.

    The caller shares the workspaces' usage (`accounts.locks`) before, in the same
    transaction. Developers that turn out to be one are merged right after it commits.

    Raises:
        AccountsError: other digests were faster fifty times in a row.
    """
    for _ in range(MOST_TRIES):
        cursor.execute("SAVEPOINT resolve_pending")
        if _resolve(cursor):
            cursor.execute("RELEASE SAVEPOINT resolve_pending")
            return
        # Another digest committed some of our new identities first. They are known
        # now: forget this attempt and look them up.
        cursor.execute("ROLLBACK TO SAVEPOINT resolve_pending")
    raise AccountsError("Others brought the same new identities again and again.")


def update_known(cursor: CursorWrapper) -> None:
    """Write what the batch says of people, and of accounts, who were known before.

    Times seen, traits, names, and accounts by better evidence. Call it last in the
    transaction that called `resolve_pending`: busy people are in every batch, and a
    digest that locked them earlier would have all others wait for the whole of it.
    """
    cursor.execute(statement("identity_known"))
    identities, developers, accounts = cursor.fetchone()
    if developers:
        cursor.execute(statement("identity_known_developers"))
    if identities:
        cursor.execute(statement("identity_known_identities"))
    if accounts:
        cursor.execute(statement("identity_known_accounts"), {"step": SEEN_STEP})


def _resolve(cursor: CursorWrapper) -> bool:
    """Try once; False when another digest wrote one of our new identities."""
    cursor.execute(statement("identity_look_up"), {"step": SEEN_STEP})
    ip_database = {"ip_database": bool(settings.IP_DATABASE)}
    cursor.execute(statement("identity_summary"), ip_database)
    missing, linked, may_gain = cursor.fetchone()
    plan = _plan(cursor, missing=missing, linked=linked)
    candidates = _new_candidates(plan)
    if may_gain:
        cursor.execute(statement("identity_candidates"), ip_database)
        candidates += [Candidate(*row) for row in cursor.fetchall()]
    weigh(cursor, candidates)
    if missing:
        _make_developers(cursor, plan)
        cursor.execute(statement("identity_new_identities"))
        if cursor.rowcount < missing:
            return False
        cursor.execute(statement("identity_fill"))
    _queue_merges(cursor, plan)
    return True


def _plan(cursor: CursorWrapper, *, missing: int, linked: bool) -> Plan:
    """Decide which identities go together, and under which developer."""
    plan = Plan()
    if missing:
        cursor.execute(statement("identity_missing"))
        for workspace, kind, value, *seen in cursor.fetchall():
            plan.missing[Key(workspace, kind, value)] = Missing(*seen)
    known: dict[Key, Known] = {}
    links: list[Link] = []
    if linked:
        # Without statistics the planner takes both tables for a few rows and compares
        # each with each: 900 ms instead of 10 for 2,500 links.
        cursor.execute("ANALYZE pending_identity, pending_link")
        cursor.execute(statement("identity_novel_links"))
        for workspace, *ends in cursor.fetchall():
            pair = []
            for kind, value, developer, *facts in (ends[:7], ends[7:]):
                key = Key(workspace, kind, value)
                pair.append(key)
                if developer is not None:
                    known[key] = _known(developer, *facts)
            links.append(Link(*pair))
    groups = decide(plan.missing, known, links)
    fresh = [group for group in groups if not group.developers]
    plan.made = _new_numbers(cursor, len(fresh))
    numbers = iter(plan.made)
    for group in groups:
        number = group.developers[0].developer_id if group.developers else next(numbers)
        plan.groups[number] = group
    if plan.missing:
        _assign(cursor, plan)
    return plan


def _known(
    developer: int,
    kinds: list[str],
    identities: int,
    kept_apart: bool,  # noqa: FBT001 a row of the query
    confidence: float,
) -> Known:
    strength = max(STRENGTH[kind] for kind in kinds)
    return Known(developer, strength, identities, kept_apart, confidence)


def _new_numbers(cursor: CursorWrapper, many: int) -> list[int]:
    """Take ids for new developers, so that identities can be written beside them."""
    if not many:
        return []
    cursor.execute(
        "SELECT nextval(pg_get_serial_sequence('accounts_developer', 'id'))"
        " FROM generate_series(1, %s)",
        [many],
    )
    return [number for (number,) in cursor.fetchall()]


def _assign(cursor: CursorWrapper, plan: Plan) -> None:
    """Write into the pending rows which developer each new identity gets."""
    faces = _faces(plan)
    rows = [
        (
            *key,
            number,
            not group.developers,
            _joined_by(group, key, place),
            faces.get(number),
        )
        for number, group in plan.groups.items()
        for place, key in enumerate(group.members)
    ]
    workspaces, kinds, values, developers, made, rules, faces_of = zip(
        *rows, strict=True
    )
    cursor.execute(
        statement("identity_assign"),
        {
            "workspaces": list(workspaces),
            "kinds": list(kinds),
            "values": list(values),
            "developers": list(developers),
            "made": list(made),
            "rules": list(rules),
            "faces": list(faces_of),
        },
    )


def _joined_by(group: Group, key: Key, place: int) -> str:
    """Return the rule; the first identity of a new developer was joined to nobody."""
    if place == 0 and not group.developers:
        return ""
    return rule_text(group.link_of(key), joined=key)


def _new_candidates(plan: Plan) -> list[Candidate]:
    """Return what new identities may tell about the company."""
    return [
        Candidate(
            number,
            key.workspace_id,
            key.kind,
            key.value,
            plan.missing[key].domain,
            plan.missing[key].ip,
            group.developers[0].confidence if group.developers else 0.0,
            plan.missing[key].license_key,
        )
        for number, group in plan.groups.items()
        for key in group.members
    ]


def _faces(plan: Plan) -> dict[int, str]:
    """Return names for known developers who got an identity better than anonymous."""
    anonymous = STRENGTH[Identity.Kind.ANONYMOUS]
    return {
        number: plan.missing[key].name or derived_name(key.kind, key.value)
        for number, group in plan.groups.items()
        if group.developers
        for key in group.members[:1]
        if STRENGTH[key.kind] > anonymous
    }


def _make_developers(cursor: CursorWrapper, plan: Plan) -> None:
    leads = [(number, plan.groups[number].members) for number in plan.made]
    cursor.execute(
        statement("identity_new_developers"),
        {
            "ids": plan.made,
            "workspaces": [members[0].workspace_id for _, members in leads],
            "names": [_name(plan, members) for _, members in leads],
            "aggregates": [
                members[0].kind == Identity.Kind.AGGREGATE
                or plan.missing[members[0]].is_aggregate
                for _, members in leads
            ],
            "anonymous": [
                members[0].kind == Identity.Kind.ANONYMOUS for _, members in leads
            ],
        },
    )


def _name(plan: Plan, members: list[Key]) -> str:
    """Return what the sender calls the person, else what the best identity says."""
    given = next(
        (plan.missing[key].name for key in members if plan.missing[key].name), ""
    )
    return given[:200] or derived_name(members[0].kind, members[0].value)


def _queue_merges(cursor: CursorWrapper, plan: Plan) -> None:
    """Leave word of known developers that are one person, and have them merged."""
    links = [
        link
        for group in plan.groups.values()
        if len(group.developers) > 1
        for link in group.links
    ]
    if not links:
        return
    cursor.execute(
        statement("identity_wait_to_join"),
        {
            "workspaces": [link.a.workspace_id for link in links],
            "kinds_a": [link.a.kind for link in links],
            "values_a": [link.a.value for link in links],
            "kinds_b": [link.b.kind for link in links],
            "values_b": [link.b.value for link in links],
        },
    )
    workspaces = sorted({link.a.workspace_id for link in links})
    # A failure there loses nothing: the rows wait for the next batch that queues some.
    transaction.on_commit(partial(join_waiting, workspaces), robust=True)
