"""Erases one developer everywhere, and leaves a receipt without personal data.

What is erased is the registry's (`ingest.personal.everything`), and every text of the
workspace that has one of their addresses in it. All of it in one transaction, alone on
the workspace's usage; requests that were accepted before and come to be digested after
it are dealt with by the digest (`ingest.digest.left_out`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from accounts import opt_outs
from accounts.audit import COMMAND_LINE, record
from accounts.errors import AccountsError
from accounts.locks import own_stages, own_usage
from accounts.merging import lock_developers
from accounts.models import (
    AuditEntry,
    Developer,
    DeveloperScore,
    Erasure,
    Identity,
    OptOut,
    User,
    Workspace,
)
from accounts.person import Person, person_of
from accounts.redaction import places, redact
from accounts.score_store import rescore_accounts
from ingest.personal import everything

MENTIONS = "mentions"
MENTIONS_LABEL = "Rows with an address of theirs in a text"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a receipt, or of what an erasure would do."""

    name: str
    label: str
    rows: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What would go, and who else is known by the same words."""

    lines: tuple[Line, ...]
    # Developers with an identity of the same value but of another kind.
    namesakes: tuple[Developer, ...]

    @property
    def rows(self) -> int:
        """Return how many rows would go or change."""
        return sum(line.rows for line in self.lines)


def preview(developer: Developer, *, with_texts: bool = False) -> Preview:
    """Count what an erasure would take, table by table; nothing is changed.

    ``with_texts`` looks through the texts of others as well, which takes seconds where
    there are millions of events.
    """
    person = person_of(developer)
    lines = [Line(held.name, held.label, held.count(person)) for held in everything()]
    # Rows that go as such are among them: nobody looks which.
    texts = sum(place.rows for place in places(person)) if with_texts else 0
    if texts:
        lines.append(Line(MENTIONS, f"{MENTIONS_LABEL} (rows above included)", texts))
    return Preview(tuple(line for line in lines if line.rows), _namesakes(person))


def erase_developer(
    developer: Developer,
    *,
    actor: User | None,
    reason: str = "",
    opt_out: bool = False,
    ip: str | None = None,
) -> Erasure:
    """Erase everything that is held about a developer; return the receipt.

    Scores of the account are summed up anew before it returns. With ``opt_out`` the
    identities are registered, so that nothing new comes in; without, an event sent
    later makes a new developer.

    Raises:
        AccountsError: they are gone, or no person.
    """
    if developer.is_aggregate:
        raise AccountsError("Pre-counted use of a company is not a person.")
    workspace = developer.workspace
    with transaction.atomic(), connection.cursor() as cursor:
        own_usage(cursor, workspace.pk)
        # Before the developer: whoever judges stages owns them first as well.
        own_stages(cursor, workspace.pk)
        if not lock_developers(cursor, workspace.pk, [developer.pk]):
            raise AccountsError("The developer is gone: erased, or merged?")
        developer.refresh_from_db()
        person = person_of(developer)
        # The account that holds their points may be another: moved a moment ago.
        scores = DeveloperScore.objects.filter(developer=developer)
        counted_in = {
            developer.account_id,
            *scores.values_list("counted_in", flat=True),
        }
        digests = [opt_outs.digest_of(workspace.pk, *one) for one in person.identities]
        counts = {held.name: held.remove(person) for held in everything()}
        counts[MENTIONS] = redact(person)
        rescore_accounts([number for number in counted_in if number is not None])
        if opt_out:
            opt_outs.add(
                workspace,
                person.identities,
                actor=actor,
                reason=OptOut.Reason.ERASED,
                ip=ip,
            )
        # As late as can be: what was accepted until now is what the digest drops.
        receipt = Erasure.objects.create(
            workspace=workspace,
            at=_now(cursor),
            actor=actor,
            actor_label=actor.email if actor else COMMAND_LINE,
            reason=_without(person, reason),
            digests=sorted(digests),
            counts={name: rows for name, rows in counts.items() if rows},
            opted_out=opt_out,
        )
        record(
            workspace=workspace,
            action=AuditEntry.Action.DEVELOPER_ERASED,
            subject=str(receipt),
            actor=actor,
            ip=ip,
            detail={"erasure": receipt.pk, "rows": receipt.rows, "opt_out": opt_out},
        )
    return receipt


def receipt_lines(receipt: Erasure) -> list[Line]:
    """Return what a receipt says, in the order of the registry."""
    labels = {held.name: held.label for held in everything()}
    labels[MENTIONS] = MENTIONS_LABEL
    # jsonb keeps no order; a table that is gone by now comes last.
    names = [*labels, *(name for name in receipt.counts if name not in labels)]
    return [
        Line(name, labels.get(name, name.replace("_", " ")), receipt.counts[name])
        for name in names
        if name in receipt.counts
    ]


def receipts_of(workspace: Workspace, identity: tuple[str, str]) -> Sequence[Erasure]:
    """Return the receipts of whoever was known by this identity, newest first."""
    digest = opt_outs.digest_of(workspace.pk, *identity)
    return list(Erasure.objects.filter(workspace=workspace, digests__contains=[digest]))


def _now(cursor: CursorWrapper) -> datetime:
    """Return the time as the database has it: it says when requests arrived."""
    cursor.execute("SELECT clock_timestamp()")
    found: datetime = cursor.fetchone()[0]
    return found


def _namesakes(person: Person) -> tuple[Developer, ...]:
    same = Identity.objects.filter(
        workspace=person.workspace_id,
        kind__in=Identity.Kind.values,
        value__in=[value for _, value in person.identities],
    ).exclude(developer=person.developer_id)
    return tuple(Developer.objects.filter(pk__in=same.values("developer")))


def _without(person: Person, reason: str) -> str:
    """Return a reason that does not name the person after all."""
    for word in person.words:
        if word.lower() in reason.lower():
            return ""
    return reason[:100]
