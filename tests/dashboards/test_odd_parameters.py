"""Odd values in every parameter of every page and list: refused or passed over, no 500.

Which parameters a page takes is not written down here: those are tried that it looks
for while it is built.
"""

from functools import partial
from http import HTTPStatus

import pytest
from django.db import transaction
from django.http import QueryDict
from django.urls import get_resolver
from django.utils.datastructures import MultiValueDict

from accounts.lists import create_list, pick
from accounts.models import (
    ApiKey,
    License,
    ListEntry,
    Note,
    Role,
    Segment,
    Subject,
    Tag,
)
from accounts.segments.membership import refresh
from accounts.tags import put_tag
from dashboards.api import limits
from dashboards.api.parameters import COMMON
from dashboards.api.urls import router
from ingest.throttle import TokenBuckets
from tests.dashboards.data import World
from tests.factories import make_key, make_member, make_workspace

pytestmark = pytest.mark.django_db
API = "/api/v1/"
INNER = ("receipt", "scores", "members", "entries", "marks", "counts")
# So that it is noticed when the addresses are no longer found.
MANY_PAGES, MANY_FORMS = 30, 15
ODD = [
    "a\0b",
    str(2**63),
    "9" * 4400,
    "١٢",
    "1e400",
    "0001-01-01",
    "9999-12-31T23:59:59-14:00",
    "[]",
]
# For pages and forms, of which each takes many requests.
OFTEN = ODD[:2]


class Seen:
    """Notes which names a view looks for in its parameters."""

    def __init__(self, monkeypatch):
        self.names = set()
        for name in ("get", "getlist", "__getitem__", "__contains__"):
            self.watch(monkeypatch, name)

    def watch(self, monkeypatch, method):
        original = getattr(MultiValueDict, method, None) or getattr(dict, method)

        def looked(data, key, *args, **kwargs):
            if isinstance(data, QueryDict) and isinstance(key, str):
                self.names.add(key)
            return original(data, key, *args, **kwargs)

        monkeypatch.setattr(QueryDict, method, looked)

    def take(self):
        names, self.names = self.names - {"csrfmiddlewaretoken"}, set()
        return sorted(names)


@pytest.fixture
def seen(monkeypatch):
    return Seen(monkeypatch)


@pytest.fixture
def world(monkeypatch):
    unlimited = TokenBuckets(0, depth=0)
    monkeypatch.setattr(limits, "buckets", unlimited)
    monkeypatch.setattr(limits.throttle, "addresses", unlimited)
    world = World(make_workspace("acme", "Acme"))
    world.add_events()
    world.add_ingestion()
    return world


@pytest.fixture
def numbers(world):
    """Numbers for the addresses, by what they are of."""
    actor = make_member(world.workspace, Role.ADMIN)
    segment = Segment.objects.filter(subject=Subject.ACCOUNT).first()
    refresh(segment)
    curated = create_list(world.workspace, name="Partners", subject=Subject.ACCOUNT)
    pick(curated, world.warm, actor=None)
    tag = Tag.objects.create(
        workspace=world.workspace, subject=Subject.ACCOUNT, name="Champion"
    )
    put_tag(tag, world.warm, actor=None)
    note = Note.objects.create(
        workspace=world.workspace, account=world.warm, text="Hello", author=actor
    )
    licence = License.objects.create(workspace=world.workspace, key="KEY-1")
    return {
        "actor": actor,
        "segments": segment.pk,
        "lists": curated.pk,
        "tags": tag.pk,
        "notes": note.pk,
        "licences": licence.pk,
        "accounts": world.warm.pk,
        "developers": world.ada.pk,
        "account": world.warm.pk,
        "developer": world.ada.pk,
        "identities": world.ada.identities.get().pk,
        "versions": world.cli.pk,
        "quarantine": world.workspace.quarantined_events.first().pk,
        "entry": ListEntry.objects.get().pk,
    }


def pages(numbers):
    """Yield every address below `/w/<slug>/`."""
    patterns = get_resolver("dashboards.urls").url_patterns
    for pattern in patterns:
        route = str(pattern.pattern)
        if not route.startswith("w/"):
            continue
        path = route.replace("<slug:slug>", "acme")
        path = path.replace("<subject:subject>", "account")
        path = path.replace("<followable:what>", "account")
        path = path.replace("<slug:source>", "accounts")
        path = path.replace("<int:tag>", str(numbers["tags"]))
        path = path.replace("<int:entry>", str(numbers["entry"]))
        if "<int:pk>" in path:
            kind = path.partition("/<int:pk>")[0].rpartition("/")[2]
            path = path.replace("<int:pk>", str(numbers.get(kind, 1)))
        yield f"/{path}"


def faults(send, names, value):
    """Send each name with the value, then all at once; return what went wrong."""
    found = []
    all_at_once = {name: [value, "1", value] for name in names}
    for parameters in [*({name: value} for name in names), all_at_once]:
        try:
            answer = send(parameters)
            if answer.streaming:
                b"".join(answer.streaming_content)
        except Exception as error:  # noqa: BLE001 (whatever would be a 500)
            found.append((list(parameters), f"{type(error).__name__}: {error}"[:200]))
        else:
            if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
                found.append((list(parameters), answer.status_code))
    return found


@pytest.mark.parametrize("value", OFTEN)
def test_pages_take_odd_parameters(client, world, numbers, seen, value):
    client.force_login(numbers["actor"])
    wrong, shown = {}, 0
    for path in pages(numbers):
        seen.take()
        if client.get(path).status_code != HTTPStatus.OK:
            continue
        shown += 1
        send = partial(client.get, path)
        if found := faults(send, seen.take(), value):
            wrong[path] = found
    assert wrong == {}
    assert shown > MANY_PAGES


@pytest.mark.parametrize("value", OFTEN)
def test_forms_take_odd_values(client, world, numbers, seen, value):
    client.force_login(numbers["actor"])
    wrong, taken = {}, 0

    def send(path, parameters):
        before = transaction.savepoint()
        try:
            answer = client.post(path, parameters)
            if answer.streaming:
                b"".join(answer.streaming_content)
            return answer
        finally:
            transaction.savepoint_rollback(before)

    for path in pages(numbers):
        seen.take()
        if send(path, {}).status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            continue
        names = seen.take()
        # What a form looks for once the first values are good.
        send(path, dict.fromkeys(names, "1"))
        names = sorted({*names, *seen.take()})
        taken += bool(names)
        if found := faults(partial(send, path), names, value):
            wrong[path] = found
    assert wrong == {}
    assert taken > MANY_FORMS


@pytest.mark.parametrize("value", ODD, ids=[value[:20] for value in ODD])
def test_the_read_api_takes_odd_parameters(client, world, numbers, value):
    _, token = make_key(world.workspace, "reader", kind=ApiKey.Kind.READ)
    ask = partial(client.get, headers={"Authorization": f"Bearer {token}"})
    wrong, asked = {}, 0
    for name, view, _ in router.registry:
        filters = view.resource.filters.base_filters
        names = sorted({*filters, *COMMON, "on", "lines"})
        row = f"{API}{name}/{numbers.get(name, 1)}/"
        inner = [f"{row}{one}/" for one in INNER]
        for path in (f"{API}{name}/", row, *inner):
            if ask(path).status_code == HTTPStatus.NOT_FOUND:
                continue
            asked += 1
            if found := faults(partial(ask, path), names, value):
                wrong[path] = found
    assert wrong == {}
    assert asked > len(router.registry)
