"""Signals of the invented vendor's own app and web site (dialect ``telemetrydeck``).

Written as the app sends them and read by the dialect itself. Beside production they
hold a tester's signals, and a few of an old version whose app nobody has added.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from accounts.models import AppId, Product, Workspace
from ingest.demo.catalogue import DESKTOP
from ingest.demo.releases import RELEASES
from ingest.demo.stream import Block
from ingest.demo.world import Size
from ingest.dialects.base import Scope
from ingest.dialects.telemetrydeck.signals import (
    NAMESPACE,
    V2,
    Visitor,
    read_signal,
)
from ingest.events import NormalizedEvent

DIALECT = "telemetrydeck"
APP = "3F1E0D1C-8A54-4C22-9B0E-5D3C2A1B7E90"
WEB_APP = "B0C4D2E6-71F3-4A8D-8E15-0F6A9C3D5B21"
OLD_APP = "OLD-NORTHWIND-DESKTOP-2019"
WEB = "northwind-web"
# Signals beside all other events, and people beside all developers.
SHARE = 0.06
PEOPLE_SHARE = 0.06
TESTING = 0.04
OLD_SIGNALS = 7
WEEKEND = 0.35
SATURDAY = 5
# Type, how often, the median of its floatValue (0 has none), more of its payload.
TYPES: tuple[tuple[str, float, float, dict[str, Any]], ...] = (
    ("Editor.documentOpened", 26, 0, {"Document.kind": "project"}),
    ("Editor.documentOpened", 10, 0, {"Document.kind": "template"}),
    ("Editor.exportFinished", 12, 8.4, {"Export.format": "pdf"}),
    ("Editor.exportFinished", 5, 3.1, {"Export.format": "svg"}),
    ("Sync.finished", 14, 1.6, {}),
    ("Sync.conflictResolved", 3, 0, {}),
    ("Onboarding.completed", 2, 0, {}),
)
VERSION = "TelemetryDeck.AppInfo.version"
OLDEST = "2026.6"
VERSIONS = (("2026.10", 60), ("2026.9", 28), (OLDEST, 12))
SYSTEMS = (("macOS", 58), ("Windows", 30), ("Linux", 12))
LOCALES = (("en_US", 50), ("de_DE", 22), ("ja_JP", 12), ("fr_FR", 10), ("pt_BR", 6))
PLANS = (("team", 55), ("free", 35), ("enterprise", 10))
PAGES = (("/", 30), ("/pricing", 22), ("/docs/start", 28), ("/blog/sync", 20))
CAMPAIGNS = (("", 70), ("utm_source=newsletter", 20), ("utm_source=conference", 10))
VIEWS = 0.4
LONGEST_SESSION = 7


@dataclass(frozen=True, slots=True)
class _Person:
    """Someone who uses the app, the same way every day."""

    name: str
    payload: dict[str, str]
    is_tester: bool


def configure_apps(workspace: Workspace) -> None:
    """Add the app and the web site; the app is a product that is there already."""
    web = Product.objects.create(workspace=workspace, key=WEB, name="Northwind Website")
    desktop = Product.objects.get(workspace=workspace, key=DESKTOP)
    for app_id, product in ((APP, desktop), (WEB_APP, web)):
        AppId.objects.create(workspace=workspace, app_id=app_id, product=product)


def signal_blocks(size: Size, namespace: str, now: datetime) -> Iterator[Block]:
    """Yield the signals of each day; what lies after ``now`` has not happened."""
    rng = random.Random(f"signals {size.seed}")  # noqa: S311 (invention, not secrecy)
    number = max(3, int(size.developers * PEOPLE_SHARE))
    people = [_person(rng, index, number) for index in range(number)]
    per_day = max(1.0, size.events * SHARE / size.days)
    for offset in range(size.days):
        midnight = datetime.combine(
            size.first_day + timedelta(days=offset), time(), UTC
        )
        # A quarter more people use it at the end than at the beginning.
        level = per_day * (0.75 + 0.5 * offset / size.days)
        if midnight.weekday() >= SATURDAY:
            level *= WEEKEND
        events = [
            event
            for event in _day(rng, people, midnight.timestamp(), round(level))
            if event.occurred_at <= now.timestamp()
        ]
        if offset == size.days - 1:
            events += _old(rng, midnight.timestamp())
        for event in events:
            event.properties[NAMESPACE] = namespace
            _as_of(event.properties, size.days - 1 - offset)
        if events:
            yield Block(min(midnight + timedelta(days=1), now), DIALECT, events)


def _person(rng: random.Random, index: int, number: int) -> _Person:
    payload = {
        VERSION: _pick(rng, VERSIONS),
        "TelemetryDeck.Device.operatingSystem": _pick(rng, SYSTEMS),
        "TelemetryDeck.RunContext.locale": _pick(rng, LOCALES),
        "plan": _pick(rng, PLANS),
    }
    return _Person(f"person {index}", payload, index < number * TESTING)


def _as_of(properties: dict[str, Any], days_ago: int) -> None:
    """Put back a version that was not released on the day yet."""
    out = [OLDEST, *(one for one, age, _ in RELEASES[DESKTOP] if age >= days_ago)]
    known = {one for one, _, _ in RELEASES[DESKTOP]}
    if properties.get(VERSION) in known.difference(out):
        properties[VERSION] = out[-1]


def _day(
    rng: random.Random, people: list[_Person], midnight: float, number: int
) -> Iterator[NormalizedEvent]:
    """Yield sessions of some signals until there are about so many."""
    made = 0
    while made < number:
        at = midnight + rng.triangular(6 * 3600, 22 * 3600, 14 * 3600)
        if rng.random() < VIEWS:
            yield _view(rng, at)
            made += 1
            continue
        # Some people use it far more than others.
        person = people[int(rng.random() ** 1.7 * len(people))]
        session = f"{person.name} {int(at)}"
        length = rng.randint(2, LONGEST_SESSION)
        for kind in ("TelemetryDeck.Session.started", *[""] * (length - 1)):
            yield _signal(rng, person, session, kind, at)
            at += rng.uniform(2, 240)
        made += length


def _signal(
    rng: random.Random, person: _Person, session: str, kind: str, at: float
) -> NormalizedEvent:
    chosen, _, value, more = rng.choices(TYPES, [each[1] for each in TYPES])[0]
    if kind:
        chosen, value, more = kind, 0, {}
    item: dict[str, Any] = {
        "appID": APP,
        "clientUser": person.name,
        "type": chosen,
        "sessionID": session,
        "isTestMode": str(person.is_tester).lower(),
        "payload": {**person.payload, **more},
        "telemetryClientVersion": "JavaScriptSDK 2.0.4",
    }
    if value:
        item["floatValue"] = round(value * math.exp(rng.gauss(0, 0.5)), 2)
    return _read(item, at)


def _view(rng: random.Random, at: float) -> NormalizedEvent:
    query = _pick(rng, CAMPAIGNS)
    item = {
        "appID": WEB_APP,
        "url": f"https://northwind.example{_pick(rng, PAGES)}?{query}",
        "locale": _pick(rng, LOCALES).replace("_", "-"),
        "telemetryClientVersion": "WebSDK 1.2",
        "sessionID": f"visit {rng.randrange(10**9)}",
    }
    visitor = Visitor(f"198.18.7.{rng.randrange(40)}", "Firefox")
    return _read(item, at, visitor)


def _old(rng: random.Random, midnight: float) -> list[NormalizedEvent]:
    return [
        _read(
            {
                "appID": OLD_APP,
                "clientUser": f"person {number}",
                "type": "TelemetryDeck.Session.started",
                "sessionID": f"old {rng.randrange(10**9)}",
                "payload": ["TelemetryDeck.AppInfo.version:2019.2"],
            },
            midnight,
        )
        for number in range(OLD_SIGNALS)
    ]


def _read(
    item: dict[str, Any], at: float, visitor: Visitor | None = None
) -> NormalizedEvent:
    scope = Scope(now=round(at, 3), is_import=True)
    return read_signal(item, scope, V2, visitor).event


def _pick(rng: random.Random, choices: tuple[tuple[str, int], ...]) -> str:
    names, weights = zip(*choices, strict=True)
    return str(rng.choices(names, weights)[0])
