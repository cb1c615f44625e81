"""The page "Signals": right numbers, test mode apart, few queries, a next step."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Identity, Role
from ingest.models import Event
from tests.dashboards.data import add_identity, make_developer, now
from tests.dashboards.test_pages import read, text_of
from tests.factories import (
    make_app,
    make_member,
    make_metric,
    make_product,
    make_workspace,
)

pytestmark = pytest.mark.django_db
PATH = "/w/acme/signals/"
_ids = iter(range(1_000_000, 2_000_000))


class Signals:
    """Two users of two apps; every number is known."""

    def __init__(self, workspace):
        self.workspace = workspace
        self.ios = make_product(workspace, "ios", name="Orbit iOS")
        self.web = make_product(workspace, "web", name="Orbit Web")
        make_app(workspace, "ios-app", self.ios)
        make_app(workspace, "web-app", self.web)
        self.open = make_metric(workspace, "App.opened")
        self.buy = make_metric(workspace, "Shop.bought")
        self.users = [self._user("a" * 64), self._user("b" * 64)]

    def _user(self, value):
        person = make_developer(self.workspace, email=f"{value[:3]}@x.example")
        return add_identity(person, value, Identity.Kind.USER_HASH)

    def add(
        self, user, metric, *, product=None, age=1, dialect="telemetrydeck", **more
    ):
        properties = {"TelemetryDeck.API.namespace": "acme", **more.pop("payload", {})}
        more.setdefault("session_id", f"session of {user}")
        return Event.objects.create(
            id=next(_ids),
            workspace=self.workspace,
            identity=self.users[user],
            metric=metric,
            product=product or self.ios,
            occurred_at=now() - timedelta(days=age),
            received_at=now(),
            dialect=dialect,
            source="",
            event_id="",
            environment="",
            user_agent="",
            properties=properties,
            **more,
        )


@pytest.fixture
def signals():
    return Signals(make_workspace("acme", "Acme"))


@pytest.fixture
def filled(signals):
    plan = {"payload": {"plan": "pro"}}
    signals.add(0, signals.open, **plan)
    signals.add(0, signals.open, age=2, session_id="other")
    signals.add(1, signals.open, payload={"plan": "free"}, product=signals.web)
    signals.add(0, signals.buy, value=10.0, **plan)
    signals.add(1, signals.buy, value=5.0, payload={"plan": "free"}, age=2)
    signals.add(1, signals.buy, value=100.0, is_test=True)
    signals.add(1, signals.buy, value=1000.0, age=40)
    signals.add(0, signals.open, dialect="native")
    return signals


@pytest.fixture
def viewer(client, signals):
    client.force_login(make_member(signals.workspace, Role.VIEWER))
    return client


def page_of(client, query=""):
    response = client.get(f"{PATH}{query}")
    assert response.status_code == 200
    return response.context["page"]


def rows_of(rows):
    return [
        (row.label, row.signals, row.users, row.value_sum, row.average) for row in rows
    ]


def test_counts_types_and_measurements(viewer, filled):
    page = page_of(viewer)
    assert [tile.value for tile in page.tiles] == ["5", "2", "3", "7.5"]
    assert page.tiles[3].note == "sum 15 of 2 signals"
    assert sum(bar.value for bar in page.days.bars) == 5
    assert [bar.value for bar in page.days.bars][-3:] == [2, 3, 0]
    assert [point.value for point in page.averages.points] == [5.0, 10.0]
    assert rows_of(page.types) == [
        ("App.opened", "3", "2", "–", "–"),
        ("Shop.bought", "2", "2", "15", "7.5"),
    ]
    assert page.keys == ("plan",)


def test_grouped_by_a_payload_key(viewer, filled):
    page = page_of(viewer, "?key=plan")
    assert rows_of(page.values) == [
        ("free", "2", "1", "5", "5"),
        ("pro", "2", "1", "10", "10"),
        ("(absent)", "1", "1", "–", "–"),
    ]
    assert [row.value for row in page.value_bars.rows] == [2, 2, 1]


def test_test_mode_is_a_world_of_its_own(viewer, filled):
    page = page_of(viewer, "?mode=test")
    assert [tile.value for tile in page.tiles] == ["1", "1", "1", "100"]
    assert "Test mode" in read(viewer, f"{PATH}?mode=test")


def test_narrowed_to_a_type_an_app_and_days(viewer, filled):
    page = page_of(viewer, f"?type={filled.buy.pk}")
    assert page.tiles[0].value == "2"
    assert len(page.types) == 2
    assert page_of(viewer, f"?product={filled.web.pk}").tiles[0].value == "1"
    assert page_of(viewer, "?days=90").tiles[0].value == "6"
    other = make_metric(make_workspace("other"), "App.opened")
    assert page_of(viewer, f"?type={other.pk}").tiles[0].value == "5"


@pytest.mark.parametrize(
    "query",
    [
        *("?type=x", "?type=-1", f"?type={2**70}", "?type=", "?product=x"),
        *("?mode=odd", "?key=%00", "?days=7&product=0", "?first=never"),
        "?key=" + "k" * 300,
    ],
)
def test_odd_choices_are_as_good_as_none(viewer, filled, query):
    assert page_of(viewer, query).tiles[0].value in {"5", "0"}


def test_empty_shows_the_seeds_line_for_this_workspace(client, signals):
    client.force_login(make_member(signals.workspace, Role.ADMIN))
    response = client.get(PATH)
    html = response.content.decode()
    assert 'curl -X "POST" "http://testserver/v2/namespace/acme/"' in html
    assert '"appID": "ios-app"' in html
    signals.workspace.app_ids.all().delete()
    text = text_of(client.get(PATH))
    assert "No signals yet First add an app and put its id into this line" in text


def test_empty_points_to_the_other_mode(viewer, signals):
    signals.add(0, signals.buy, is_test=True)
    assert "There are signals in test mode. Show them" in read(viewer, PATH)


def test_no_more_queries_for_more_signals(viewer, filled):
    viewer.get(PATH)
    with CaptureQueriesContext(connection) as before:
        viewer.get(f"{PATH}?key=plan")
    for number in range(30):
        metric = make_metric(filled.workspace, f"Type.{number}")
        filled.add(number % 2, metric, payload={"plan": str(number), f"k{number}": "x"})
    with CaptureQueriesContext(connection) as after:
        page = page_of(viewer, "?key=plan")
    assert len(page.types) == 20
    assert len(after) == len(before) <= 12
