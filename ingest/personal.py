"""What ingestion holds about one person: events, and payloads that name them.

`everything` is the whole registry, that of `accounts.personal` included.
"""

from collections.abc import Iterator
from typing import Any

import msgspec
from django.db import connection
from django.db.models import F, Func, IntegerField, Q, Value
from django.db.models.functions import Lower

from accounts.models import Activation
from accounts.models.api_key import Dialect
from accounts.person import Person
from accounts.personal import PERSONAL, Held, Rows, of_identity
from accounts.redaction import pattern
from ingest.events import NormalizedEvent, decode_events, encode_events
from ingest.models import Event, InboxEntry, QuarantinedEvent, RefusedRequest
from ingest.models.repeated import RepeatedEvent
from ingest.statements import statement

# A shorter word would find requests that are about something else.
SHORTEST_WORD = 4
ROWS_AT_ONCE = 1000
EVENT_FIELDS = (
    *("id", "occurred_at", "received_at", "identity__kind", "identity__value"),
    *("metric__key", "product__key", "count", "value", "flags", "is_test", "dialect"),
    *("source", "event_id", "environment", "session_id", "user_agent", "ip"),
    "properties",
)


def everything() -> tuple[Held, ...]:
    """Return all tables that hold something about a person, in order of erasing."""
    return (*HELD_BY_INGESTION, *PERSONAL)


# ---- Events


def _events(person: Person) -> Rows:
    return Event.objects.filter(
        workspace=person.workspace_id, identity__in=person.identity_ids
    )


def _signals(person: Person) -> Rows:
    return _events(person).filter(dialect=Dialect.TELEMETRYDECK)


def _license_records(person: Person) -> Rows:
    return _events(person).filter(dialect=Dialect.LICENSE)


def _other_events(person: Person) -> Rows:
    return _events(person).exclude(
        dialect__in=(Dialect.TELEMETRYDECK.value, Dialect.LICENSE.value)
    )


def _as_they_come(person: Person, rows: Rows) -> Iterator[dict[str, Any]]:
    """Return events without sorting them: there may be millions."""
    del person
    return iter(rows.order_by().values(*EVENT_FIELDS).iterator(ROWS_AT_ONCE))


def _activations(person: Person) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(
            statement("personal_activations"),
            {
                "workspace": person.workspace_id,
                "identities": list(person.identity_ids),
            },
        )
        named = [number for (number,) in cursor.fetchall()]
    found = Q(pk__in=named)
    if person.telling:
        found |= Q(identifier__iregex=pattern(person.telling))
    return Activation.objects.filter(found, workspace=person.workspace_id)


def _forget_hardware(person: Person, rows: Rows) -> int:
    """Empty the hardware ids; an activation that is called as they are goes.

    The next record of whoever else uses an installation brings its hardware id back.
    """
    found = list(rows.values_list("pk", flat=True))
    activations = Activation.objects.filter(pk__in=found)
    if person.telling:
        activations.filter(identifier__iregex=pattern(person.telling)).delete()
    activations.update(hwid="")
    return len(found)


# ---- Payloads: events as the digest reads them


def _position(needle: bytes) -> Func:
    return Func(
        Value(needle),
        F("payload"),
        function="position",
        arg_joiner=" IN ",
        output_field=IntegerField(),
    )


def _position_in_text(needle: str) -> Func:
    """Find text in bytes that may be no text: as PostgreSQL escapes them."""
    return Func(
        Lower(Func(Value(needle.encode()), Value("escape"), function="encode")),
        Lower(Func(F("payload"), Value("escape"), function="encode")),
        function="position",
        arg_joiner=" IN ",
        output_field=IntegerField(),
    )


def _naming(rows: Rows, person: Person, *, in_any_text: bool) -> Rows:
    """Keep the payloads that name an identity as an event's, or its value anywhere."""
    found = Q(pk__in=[])
    names = {}
    for place, pair in enumerate(person.identities):
        names[f"identity_{place}"] = _position(msgspec.json.encode(pair))
    if in_any_text:
        for place, value in enumerate(person.telling):
            names[f"text_{place}"] = _position_in_text(value)
    for name in names:
        found |= Q(**{f"{name}__gt": 0})
    naming: Rows = rows.alias(**names).filter(found)
    return naming


def _quarantined(person: Person) -> Rows:
    rows = QuarantinedEvent.objects.filter(workspace=person.workspace_id)
    return _naming(rows, person, in_any_text=True)


def _waiting(person: Person) -> Rows:
    rows = InboxEntry.objects.filter(workspace=person.workspace_id)
    return _naming(rows, person, in_any_text=False)


def _is_theirs(person: Person, event: NormalizedEvent) -> bool:
    return not set(person.identities).isdisjoint(event.identities)


def _take_out(person: Person, rows: Rows) -> int:
    """Take their events out of waiting requests; return how many requests had some.

    Requests that a worker has in its hands are left to it: it waits for us, and then
    finds the erasure (`ingest.digest.left_out`).
    """
    changed = 0
    for entry in rows.select_for_update(skip_locked=True, of=("self",)):
        events = _decoded(bytes(entry.payload))
        others = [event for event in events if not _is_theirs(person, event)]
        if len(others) == len(events):
            continue
        changed += 1
        if not others:
            entry.delete()
            continue
        entry.payload = encode_events(others)
        entry.event_count = len(others)
        entry.save(update_fields=("payload", "event_count"))
    return changed


def _payloads(person: Person, rows: Rows) -> Iterator[dict[str, Any]]:
    """Return their events out of payloads, and nobody else's."""
    columns = ("id", "received_at", "dialect", "payload")
    for row in rows.order_by("pk").values(*columns).iterator(ROWS_AT_ONCE):
        for event in _decoded(bytes(row.pop("payload"))):
            if _is_theirs(person, event):
                yield {**row, "event": msgspec.structs.asdict(event)}


def _decoded(payload: bytes) -> list[NormalizedEvent]:
    try:
        return decode_events(payload)
    except msgspec.DecodeError:
        return []


def _refused(person: Person) -> Rows:
    """Return refused requests whose text has one of their identities in it."""
    words = [value for _, value in person.identities if len(value) >= SHORTEST_WORD]
    rows = RefusedRequest.objects.filter(workspace=person.workspace_id)
    if not words:
        return rows.none()
    named = pattern(words)
    return rows.filter(Q(request__iregex=named) | Q(answer__iregex=named))


HELD_BY_INGESTION: tuple[Held, ...] = (
    Held(
        name="waiting_requests",
        label="Requests in the inbox",
        model=InboxEntry,
        rows=_waiting,
        erase=_take_out,
        exported=_payloads,
    ),
    Held(
        name="quarantine",
        label="Quarantined events",
        model=QuarantinedEvent,
        rows=_quarantined,
        exported=_payloads,
    ),
    Held(
        name="refused_requests",
        label="Refused requests",
        model=RefusedRequest,
        rows=_refused,
        # Their text may be about others as well.
        fields=("id", "at", "dialect", "reason", "status"),
    ),
    of_identity(RepeatedEvent, "repeated_events", "Events sent again and again"),
    # Before the records that name them.
    Held(
        name="activations",
        label="Activations of licences",
        model=Activation,
        rows=_activations,
        erase=_forget_hardware,
    ),
    *(
        Held(
            name=name,
            label=label,
            model=Event,
            rows=rows,
            exported=_as_they_come,
        )
        for name, label, rows in (
            ("events", "Events", _other_events),
            ("signals", "Signals", _signals),
            ("licence_records", "Licence records", _license_records),
        )
    ),
)
