"""Whatever the dialect, what is used moves a score and stands in its receipt."""

import json
import shlex
from base64 import b64encode

import pytest

from accounts.applications import define_application
from accounts.models import DailyUsage, Developer, DeveloperScore, Metric
from accounts.models.api_key import Dialect
from accounts.receipts import receipt_for_account, receipt_for_developer
from accounts.score_store import score_touched
from ingest.dialects import DIALECTS
from ingest.digest import digest_until_empty
from ingest.models import Event
from ingest.samples import samples
from tests.factories import make_app, make_key, make_workspace
from tests.ingest.test_samples import send

pytestmark = pytest.mark.django_db(transaction=True)
BASE = "http://testserver"


def of_sample(place):
    def act(client, workspace):
        key, token = make_key(workspace)
        return send(client, samples(key, token, base=BASE)[place].command)

    return act


def of_application(client, workspace):
    define_application(workspace, {"id": "drive", "events": [{"name": "opened"}]})
    key, secret = make_key(workspace, kind="client")
    token, events = samples(key, secret, base=BASE)
    words = shlex.split(token.command.replace("\\\n", " "))
    answer = client.post(
        "/oauth2/token",
        "&".join(words[5::2]),
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Basic {b64encode(words[3].encode()).decode()}"},
    )
    text = answer.json()["access_token"]
    return send(client, events.command.replace("ACCESS_TOKEN", text))


def of_signal(client, workspace):
    app = make_app(workspace)
    signal = {"appID": app.app_id, "clientUser": "abc", "type": "Export.done"}
    return client.post(
        f"/v2/namespace/{workspace.slug}/",
        json.dumps([signal]),
        content_type="application/json",
    )


SENDERS = {
    Dialect.REO: of_sample(0),
    Dialect.LICENSE: of_sample(1),
    Dialect.REAMAZE: of_sample(2),
    Dialect.NATIVE: of_sample(3),
    Dialect.PRODUCTIV: of_application,
    Dialect.TELEMETRYDECK: of_signal,
}


def test_no_dialect_is_forgotten():
    assert set(SENDERS) == set(DIALECTS)


@pytest.mark.parametrize("dialect", SENDERS)
def test_a_metric_of_each_dialect_scores(client, dialect):
    workspace = make_workspace()
    response = SENDERS[dialect](client, workspace)
    assert response.status_code in {200, 202, 204}, response.content
    digest_until_empty()
    (event,) = Event.objects.all()
    assert event.dialect == dialect
    usage = DailyUsage.objects.get()
    assert score_touched() == 1
    developer = Developer.objects.get()
    metric = Metric.objects.get(pk=usage.metric_id)
    assert metric.weight > 0
    assert DeveloperScore.objects.get(pk=developer.pk).points > 0
    (line,) = receipt_for_developer(developer).lines
    assert (line.metric, line.day, line.count) == (
        metric.label,
        usage.day,
        usage.count,
    )
    assert line.points > 0
    if developer.account:
        assert receipt_for_account(developer.account).lines[0].metric == metric.label
