"""Applications that customers have seats in, not all used (dialect ``productiv``).

Bodies as senders write them, read by the dialect itself.
"""

import json
import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

from accounts.applications import define_application
from accounts.models import Identity, ProvisionedUser, Workspace
from accounts.models.api_key import Dialect
from ingest.demo.stream import Block
from ingest.demo.world import World
from ingest.dialects.base import Scope
from ingest.dialects.productiv.access import MOST_ITEMS
from ingest.dialects.productiv.events import parse_line

# Events beside all others.
SHARE = 0.05
DAYS = 60
SATURDAY = 5
WEEKEND = 0.15
# How much somebody uses their seat, beside others, and how many there are of each;
# the first never came.
KEENNESS = ((0.0, 16), (0.05, 12), (0.3, 22), (1.0, 34), (2.5, 16))
LICENCES = (("Team", 60), ("Viewer", 25), ("Enterprise", 15))

DRIVE: dict[str, Any] = {
    "id": "northwind-drive",
    "name": "Northwind Drive",
    "category": "Storage",
    "subCategory": "Project files",
    "description": "Where the teams of customers keep the files of their projects.",
    "sso": True,
    "events": [
        {"name": "opened_file", "category": "Consume", "actions": ["Files"],
         "minimumLicenseTier": "Viewer", "description": "A file was opened"},
        {"name": "commented", "category": "Collaborate", "actions": ["Reviews"],
         "minimumLicenseTier": "Viewer", "description": "A comment was written"},
        {"name": "uploaded_file", "category": "Produce", "actions": ["Files"],
         "minimumLicenseTier": "Team", "description": "A file was added or replaced"},
        {"name": "shared_link", "category": "Collaborate",
         "actions": ["Files", "Sharing"], "minimumLicenseTier": "Team",
         "description": "A link for others was made"},
        {"name": "changed_rights", "category": "Administer", "actions": ["Sharing"],
         "minimumLicenseTier": "Enterprise", "description": "Access was changed"},
        {"name": "drive_login", "category": "Login", "description": "Somebody came"},
    ],
}  # fmt: skip
MEET: dict[str, Any] = {
    "id": "northwind-meet",
    "name": "Northwind Meet",
    "category": "Collaboration",
    "subCategory": "Video calls",
    "description": "Calls about a project, with its files beside them.",
    "events": [
        {"name": "joined_call", "category": "Collaborate", "actions": ["Calls"],
         "description": "Somebody joined a call"},
        {"name": "started_call", "category": "Produce", "actions": ["Calls"],
         "description": "Somebody started a call"},
        {"name": "watched_recording", "category": "Consume", "actions": ["Recordings"],
         "minimumLicenseTier": "Enterprise", "description": "A recording was watched"},
    ],
}  # fmt: skip
# Definition, share of the customers' people with a seat, how often each event happens.
APPLICATIONS = (
    (DRIVE, 0.14, (42, 14, 18, 8, 2, 16)),
    (MEET, 0.07, (60, 25, 15)),
)


def application_blocks(
    workspace: Workspace, world: World, now: datetime
) -> Iterator[Block]:
    """Define the applications, hand out the seats, and yield what was done with them.

    A day at a time, oldest first; what lies after ``now`` has not happened.
    """
    rng = random.Random(f"applications {world.size.seed}")  # noqa: S311 (invention)
    days = min(DAYS, world.size.days)
    each = max(20.0, world.size.events * SHARE / len(APPLICATIONS) / days)
    for definition, share, often in APPLICATIONS:
        application = define_application(workspace, definition)
        people = _people(world, rng, share)
        started = _midnight(world, days) - timedelta(days=7)
        ProvisionedUser.objects.bulk_create(
            ProvisionedUser(
                workspace=workspace,
                application=application,
                app_user_id=f"{application.app_id}-{number:04}",
                email=email,
                folded_email=email,
                username=email.partition("@")[0],
                license=_pick(rng, LICENCES),
                created_at=started + timedelta(days=rng.randrange(days)),
            )
            for number, email in enumerate(people, start=1)
        )
        keenness = _keenness(rng, len(people))
        names = [event["name"] for event in definition["events"]]
        for ago in range(days - 1, -1, -1):
            midnight = _midnight(world, ago)
            level = each * (WEEKEND if midnight.weekday() >= SATURDAY else 1.3)
            events = [
                _event(rng, midnight, email, name)
                for email, name in zip(
                    rng.choices(people, keenness, k=round(level)),
                    rng.choices(names, often, k=round(level)),
                    strict=True,
                )
            ]
            past = [one for one in events if one["timestamp"] <= now.timestamp() * 1000]
            for start in range(0, len(past), MOST_ITEMS):
                some = past[start : start + MOST_ITEMS]
                yield _block(workspace, definition["id"], midnight, now, some)


def _people(world: World, rng: random.Random, share: float) -> list[str]:
    """Return the addresses of some people, in order."""
    known = sorted(
        value
        for person in world.people
        for kind, value in person.identities
        if kind == Identity.Kind.EMAIL
    )
    number = min(len(known), max(12, round(len(world.people) * share)))
    return sorted(rng.sample(known, number))


def _keenness(rng: random.Random, number: int) -> list[float]:
    """Return how keen each of some people is, in the shares of KEENNESS."""
    whole = sum(share for _, share in KEENNESS)
    found = [
        keen
        for keen, share in KEENNESS
        for _ in range(math.ceil(share / whole * number))
    ]
    rng.shuffle(found)
    # Nobody to choose among would be an error: the keenest is always there.
    return [*found[: number - 1], KEENNESS[-1][0]][:number]


def _event(
    rng: random.Random, midnight: datetime, email: str, name: str
) -> dict[str, Any]:
    second = rng.triangular(6.5 * 3600, 19 * 3600, 10.5 * 3600)
    event: dict[str, Any] = {
        "timestamp": int((midnight.timestamp() + second) * 1000),
        "email": email,
        "eventName": name,
    }
    if name.endswith("_login"):
        event["targetApp"] = name.removesuffix("_login")
    return event


def _block(
    workspace: Workspace,
    app_id: str,
    midnight: datetime,
    now: datetime,
    events: list[dict[str, Any]],
) -> Block:
    body = json.dumps({"appId": app_id, "events": events}).encode()
    scope = Scope(now=now.timestamp(), workspace_id=workspace.pk, is_import=True)
    received_at = min(midnight + timedelta(days=1), now)
    return Block(received_at, Dialect.PRODUCTIV.value, parse_line(body, scope).events)


def _midnight(world: World, ago: int) -> datetime:
    return datetime.combine(world.size.until - timedelta(days=ago), time(), UTC)


def _pick(rng: random.Random, choices: tuple[tuple[Any, int], ...]) -> str:
    names, weights = zip(*choices, strict=True)
    return str(rng.choices(names, weights)[0])
