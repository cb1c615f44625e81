"""Whatever arrives, parsing answers: an event that can be stored, or a refusal."""

import contextlib
import json
import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.body import MAX_DEPTH, inflate, problem_in
from ingest.dialects import fields, native, reo
from ingest.dialects.base import Scope
from ingest.dialects.fields import Complaints
from ingest.events import NormalizedEvent, decode_events, encode_events
from ingest.refusals import Refused
from tests.ingest.test_reo import SUM, TELEMETRY

SCOPE = Scope(now=1_700_000_000.0, peer="192.0.2.1")
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=10**17, max_value=10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(
        ["", " ", "\0", "TELEMETRY", "EMAIL", "1e5", "@", "a.b", "1.2.3.4", "::1", "٣"]
    )
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
    ),
    max_leaves=8,
)


def forms(keys):
    return st.dictionaries(st.sampled_from(keys) | st.text(max_size=3), values)


def check(parse, body):
    """Parse as a view would; what comes out must survive the inbox and the store."""
    try:
        reading = parse(body, SCOPE)
    except Refused:
        return
    assert reading.events
    assert decode_events(encode_events(reading.events)) == reading.events
    for event in reading.events:
        check_storable(event)


def check_storable(event: NormalizedEvent):
    stored = json.dumps([event.properties, event.traits], ensure_ascii=False)
    assert "\\u0000" not in stored
    texts = [event.metric, event.product, event.source, event.event_id, event.domain]
    texts += [event.ip, event.environment, event.session_id, event.user_agent]
    texts += [text for pair in event.identities for text in pair]
    for text in texts:
        assert "\0" not in text
        text.encode()
    assert event.metric
    assert event.product
    assert len(event.metric) <= 200 >= len(event.product)
    assert len(event.source) <= 20
    assert math.isfinite(event.occurred_at)
    assert fields.EARLIEST <= event.occurred_at <= fields.LATEST
    assert 1 <= event.count <= 2**31 - 1
    assert event.value is None or math.isfinite(event.value)
    assert event.identities
    assert all(value and len(value) <= 320 for _, value in event.identities)


@given(forms(list(TELEMETRY)), st.booleans())
@example({"event_at": 1e308}, True)
@example({"event_id": 10**300}, True)
@example({"ip_addr": "1.2.3.4%\0"}, True)
@settings(max_examples=120, deadline=None)
def test_usage(changes, complete):
    payload = {**TELEMETRY, **changes} if complete else changes
    check(reo.parse_usage, json.dumps({"payload": payload}).encode())


@given(forms(list(SUM)), st.booleans())
@settings(max_examples=60, deadline=None)
def test_aggregates(changes, complete):
    payload = {**SUM, **changes} if complete else changes
    check(reo.parse_aggregate, json.dumps({"payload": payload}).encode())
    check(reo.parse_line, json.dumps({"payload": payload}).encode())


EVENT_KEYS = list(native.Event.__struct_fields__)
USER_KEYS = list(native.User.__struct_fields__)


@given(
    st.lists(forms(EVENT_KEYS), min_size=1, max_size=3),
    forms(USER_KEYS),
    st.booleans(),
)
@settings(max_examples=120, deadline=None)
def test_native(events, user, complete):
    if complete:
        base = {"metric": "M", "product": "P", "user": {"id": "1", **user}}
        events = [{**base, **event} for event in events]
    check(native.parse, json.dumps(events).encode())


@given(values)
@settings(max_examples=60, deadline=None)
def test_any_json_at_all(value):
    body = json.dumps(value).encode()
    for parse in (reo.parse_usage, reo.parse_aggregate, reo.parse_line, native.parse):
        check(parse, body)
        check(parse, json.dumps({"payload": value, "events": value}).encode())


@given(st.binary(max_size=200))
@settings(max_examples=120, deadline=None)
def test_any_bytes_at_all(body):
    for parse in (reo.parse_usage, reo.parse_line, native.parse):
        check(parse, body)
    with contextlib.suppress(Refused):
        assert len(inflate(body, limit=100)) <= 100


@given(values)
@settings(max_examples=80, deadline=None)
def test_what_passes_as_a_free_object_can_be_encoded(value):
    if not problem_in({"a": value}):
        events = [
            NormalizedEvent(
                metric="m",
                product="p",
                occurred_at=0.0,
                identities=[("id", "1")],
                properties={"a": value},
            )
        ]
        assert decode_events(encode_events(events)) == events


@given(st.integers(min_value=1, max_value=100), st.sampled_from([dict, list]))
def test_depth_is_counted_the_same_in_objects_and_lists(levels, kind):
    value = 1
    for _ in range(levels):
        value = {"a": value} if kind is dict else [value]
    assert bool(problem_in({"a": value})) is (levels >= MAX_DEPTH)


@given(st.text() | st.floats() | st.integers() | st.none())
def test_every_reader_notes_or_returns(value):
    for read in (
        fields.text,
        fields.user_agent,
        fields.number,
        fields.unix_time,
        fields.moment,
        fields.positive_integer,
        fields.ip_address,
        fields.domain,
    ):
        complaints = Complaints()
        read(complaints, "field", value)
        assert all(complaint.field == "field" for complaint in complaints)
