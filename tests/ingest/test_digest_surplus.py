"""Names that register themselves are bounded; what is over the bound waits."""

import pytest

from accounts.models import Metric, Product
from ingest import quarantine
from ingest.digest import digest_until_empty
from ingest.models import QuarantinedEvent
from tests.factories import make_app, make_metric, make_workspace
from tests.ingest.digesting import event, put, quarantined, stored

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def workspace():
    return make_workspace()


def signal(metric, **fields):
    return event(metric=metric, registers_metric=True, **fields)


def metrics(workspace):
    return set(Metric.objects.filter(workspace=workspace).values_list("key", flat=True))


@pytest.fixture
def two_more(settings, workspace):
    """Room for two metrics beside those that every workspace has."""
    settings.INGEST_MAX_METRICS = Metric.objects.filter(workspace=workspace).count() + 2


def test_the_first_names_are_let_in_and_the_rest_waits(workspace, two_more):
    before = metrics(workspace)
    put(workspace, *(signal(f"type.{number}") for number in range(100)))
    digest_until_empty()
    assert metrics(workspace) - before == {"type.0", "type.1"}
    assert len(stored()) == 2
    assert quarantined() == [("too_many_metrics", "", "waiting")] * 98
    assert QuarantinedEvent.objects.first().detail == "type.2"


def test_what_is_known_goes_on(workspace, two_more):
    put(workspace, signal("a"), signal("b"))
    digest_until_empty()
    put(workspace, signal("a"), signal("A"), signal("c"), event(metric="CALL_HOME"))
    digest_until_empty()
    assert len(stored()) == 5
    assert quarantined() == [("too_many_metrics", "", "waiting")]


def test_spellings_of_one_name_take_one_place(workspace, two_more):
    put(workspace, *(signal(name) for name in ("Log In", "log-in", "LOG_IN", "b")))
    digest_until_empty()
    assert len(stored()) == 4
    put(workspace, signal("c c"), signal("C_C"))
    digest_until_empty()
    assert len(quarantined()) == 2


def test_only_its_own_workspace_is_full(workspace, two_more):
    other = make_workspace("other")
    Metric.objects.filter(workspace=other).delete()
    put(workspace, *(signal(f"type.{number}") for number in range(3)))
    put(other, *(signal(f"type.{number}") for number in range(2)))
    digest_until_empty()
    assert {row.workspace for row in QuarantinedEvent.objects.all()} == {workspace}


def test_a_configured_metric_lets_its_events_in(workspace, two_more):
    put(workspace, *(signal(name) for name in ("a", "b", "c")))
    digest_until_empty()
    make_metric(workspace, "c")
    assert quarantine.replay(workspace, reason="too_many_metrics") == 1
    digest_until_empty()
    assert {metric for _, _, metric, _, _ in stored()} == {"a", "b", "c"}


def test_a_higher_bound_lets_them_in(workspace, two_more, settings):
    put(workspace, *(signal(name) for name in ("a", "b", "c", "d")))
    digest_until_empty()
    settings.INGEST_MAX_METRICS += 1
    quarantine.replay(workspace, reason="too_many_metrics")
    digest_until_empty()
    assert metrics(workspace) >= {"a", "b", "c"}
    assert [status for _, _, status in quarantined()] == [
        *("replayed", "replayed", "waiting")
    ]


def test_they_are_grouped_by_the_app_that_sent_them(workspace, two_more):
    make_app(workspace, "app")
    many = [signal(f"t{n}", app_id="app", product="") for n in range(4)]
    put(workspace, *many)
    digest_until_empty()
    assert [subject for _, subject, _ in quarantined()] == ["app", "app"]


def test_signals_of_unknown_apps_take_no_place(workspace, two_more):
    put(workspace, *(signal(f"t{n}", app_id="stranger", product="") for n in range(4)))
    put(workspace, signal("a"), signal("b"))
    digest_until_empty()
    assert len(stored()) == 2
    assert {reason for reason, *_ in quarantined()} == {"unknown_app"}


def test_products_are_bounded_as_well(workspace, settings):
    settings.INGEST_MAX_PRODUCTS = 2
    put(workspace, *(event(product=f"p{number}") for number in range(4)))
    digest_until_empty()
    assert set(Product.objects.values_list("key", flat=True)) == {"p0", "p1"}
    assert [reason for reason, *_ in quarantined()] == ["too_many_products"] * 2
    put(workspace, event(product="p1"), event(product="p4"))
    digest_until_empty()
    assert len(stored()) == 3


def test_a_metric_nobody_configured_takes_no_product(workspace, settings):
    settings.INGEST_MAX_PRODUCTS = 1
    put(workspace, event(metric="nobody's", product="p0"), event(product="p1"))
    digest_until_empty()
    assert set(Product.objects.values_list("key", flat=True)) == {"p1"}
    assert [reason for reason, *_ in quarantined()] == ["metric_not_configured"]


def test_an_ordinary_batch_asks_nothing_more(workspace, monkeypatch):
    put(workspace, event(), signal("a"))
    digest_until_empty()

    def fail(*_):
        raise AssertionError

    monkeypatch.setattr("ingest.digest.surplus.statement", fail)
    put(workspace, event(), signal("a"))
    digest_until_empty()
    assert len(stored()) == 4
