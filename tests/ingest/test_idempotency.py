"""Idempotency-Key: a retry gets the first answer and stores nothing."""

import pytest

from ingest.models import IdempotencyKey, InboxEntry
from tests.factories import make_key, make_workspace
from tests.ingest.conftest import Sender, refusals
from tests.ingest.test_native import EVENT
from tests.ingest.test_reo import STORED, SUM, TELEMETRY


def test_a_repeat_stores_nothing_and_gets_the_first_answer(sender):
    body = [EVENT, {}]
    first = sender.events(body, Idempotency_Key="k1")
    again = sender.events(body, Idempotency_Key="k1")
    assert first.status_code == again.status_code == 202
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert InboxEntry.objects.count() == 1
    assert IdempotencyKey.objects.count() == 1
    assert refusals() == {"refused:invalid": 1}


def test_another_body_under_the_same_key_is_refused(sender):
    sender.events(EVENT, Idempotency_Key="k1")
    response = sender.events({**EVENT, "metric": "TEST"}, Idempotency_Key="k1")
    assert response.status_code == 422
    assert response.json()["error"]["code"] == "idempotency_key_reused"
    assert InboxEntry.objects.count() == 1


def test_reo_honours_it_too(sender):
    payload = {name: TELEMETRY[name] for name in TELEMETRY}
    for _ in range(2):
        response = sender.usage(payload, Idempotency_Key="k1")
        assert response.content == STORED
    assert InboxEntry.objects.count() == 1
    response = sender.usage({**payload, "event_id": "e2"}, Idempotency_Key="k1")
    assert response.status_code == 400
    assert response.json()["response_code"] == 400
    assert "Idempotency-Key" in response.json()["response"]


def test_the_route_belongs_to_the_body(sender):
    assert sender.aggregate(SUM, Idempotency_Key="k1").status_code == 200
    response = sender.usage(SUM, Idempotency_Key="k1")
    assert response.status_code == 400


def test_dialects_and_workspaces_do_not_share_keys(sender):
    assert sender.usage(TELEMETRY, Idempotency_Key="k").status_code == 200
    assert sender.events(EVENT, Idempotency_Key="k").status_code == 202
    other = Sender(make_key(make_workspace("other"))[1])
    assert other.events(EVENT, Idempotency_Key="k").status_code == 202
    assert InboxEntry.objects.count() == 3


def test_keys_of_one_workspace_share_them(sender, workspace):
    sender.events(EVENT, Idempotency_Key="k")
    other = Sender(make_key(workspace)[1])
    assert other.events(EVENT, Idempotency_Key="k")["Idempotent-Replayed"] == "true"


@pytest.mark.parametrize("blank", ["", "   "])
def test_a_blank_one_was_not_sent(sender, blank):
    for _ in range(2):
        assert sender.events(EVENT, Idempotency_Key=blank).status_code == 202
    assert InboxEntry.objects.count() == 2


def test_one_that_is_too_long_is_refused(sender):
    assert sender.events(EVENT, Idempotency_Key="k" * 255).status_code == 202
    response = sender.events(EVENT, Idempotency_Key="k" * 256)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "bad_idempotency_key"
