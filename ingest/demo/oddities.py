"""Red flags in the demo: odd events of people who are otherwise like the others."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from accounts.models import Identity, RedFlag, Workspace
from accounts.models.api_key import Dialect
from accounts.red_flags import resolve
from ingest.demo.catalogue import CLI, SDK
from ingest.demo.releases import RELEASES
from ingest.demo.stream import Block
from ingest.demo.world import Person, World
from ingest.events import NormalizedEvent, event_key

NATIVE = Dialect.NATIVE.value
# How often a build server sent one event: it takes no answer for success.
STUCK = 240
METRIC = "CLI_COMMAND"
NOBODY = {Identity.Kind.ANONYMOUS, Identity.Kind.AGGREGATE}


def odd_blocks(world: World, now: datetime) -> Iterator[Block]:
    """Yield odd events, oldest first."""
    end = min(now, datetime.combine(world.size.until, datetime.max.time(), UTC))
    people = [
        person
        for person in world.people
        if person.identities[0][0] not in NOBODY and _is_there(person, world)
    ]
    domains = [company.domain for company in world.companies if company.domain]
    chosen = islice(people, 0, None, max(len(people) // 7, 1))
    for place, person in enumerate(chosen):
        at = end - timedelta(hours=5 * place + 2)
        match place:
            case 0 | 1:
                first, second = domains[place * 2], domains[place * 2 + 1]
                before = at - timedelta(days=9)
                yield _block(before, _event(person, before, domain=first))
                yield _block(at, _event(person, at, domain=second))
            case 2 | 3:
                yield _block(at, _event(person, at + timedelta(days=365 * place)))
            case 4:
                version, age, _ = RELEASES[SDK][-1]
                early = at - timedelta(days=age + 45)
                yield _block(at, _event(person, early, product=SDK, version=version))
            case 5:
                again = _event(person, at, key="stuck")
                yield _block(at, *[again] * STUCK)
            case _:
                return


def look_at_one(workspace: Workspace) -> None:
    """Resolve a flag, as a member would have done."""
    flag = (
        RedFlag.objects.in_workspace(workspace)
        .filter(kind=RedFlag.Kind.REVOKED_LICENSE)
        .order_by("last_at", "pk")
        .first()
    )
    if flag is not None:
        resolve(flag, note="They renew next month; sales knows.", actor=None)


def _is_there(person: Person, world: World) -> bool:
    return person.starts + len(person.activity) >= world.size.days - 30


def _event(
    person: Person,
    at: datetime,
    *,
    key: str = "",
    domain: str = "",
    product: str = CLI,
    version: str = "1.19.3",
) -> NormalizedEvent:
    event_id = f"{key}-{person.identities[0][1]}" if key else ""
    return NormalizedEvent(
        metric=METRIC,
        product=product,
        occurred_at=at.timestamp(),
        identities=person.identities[:1],
        key=event_key(NATIVE, product, event_id) if key else None,
        event_id=event_id,
        domain=domain,
        environment="PRODUCTION",
        user_agent=person.user_agent,
        properties={"version": version, "os": "linux"},
    )


def _block(at: datetime, *events: NormalizedEvent) -> Block:
    return Block(at, NATIVE, list(events))
