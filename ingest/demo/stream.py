"""The events of an invented world, day by day, as senders would have sent them."""

import math
import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate

from ingest.demo import shop
from ingest.demo.catalogue import CLI, UNKNOWN_METRIC, Action
from ingest.demo.releases import Versions
from ingest.demo.world import Person, World
from ingest.events import NormalizedEvent, event_key

# Senders that retry: this share of the events arrives twice.
REPEATED = 0.004
# Days at the end that arrive by the hour, as the ingestion page shows them; those
# before arrive at the end of the day.
HOURLY_DAYS = 3
# Days at the end on which the unknown metric is sent, and how often on each.
UNKNOWN_DAYS = 5
UNKNOWN_PER_DAY = 9
SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Block:
    """Events of one dialect that arrived at one time."""

    received_at: datetime
    dialect: str
    events: list[NormalizedEvent]


def blocks(world: World, now: datetime) -> Iterator[Block]:
    """Yield all events, oldest first; what lies after ``now`` has not happened.

    Each day draws from its own source of chance, so leaving events out of the last
    day changes no other.
    """
    plan = _plan(world)
    introduced = bytearray(len(world.people))
    for offset, doers in enumerate(plan):
        midnight = datetime.combine(
            world.size.first_day + timedelta(days=offset), time(), UTC
        )
        hourly = offset >= world.size.days - HOURLY_DAYS
        step = SECONDS_PER_HOUR if hourly else SECONDS_PER_DAY
        events = _Day(world, offset, midnight.timestamp(), introduced).events(doers)
        arrivals: dict[tuple[int, str], list[NormalizedEvent]] = {}
        for second, dialect, event in events:
            if midnight + timedelta(seconds=second) <= now:
                arrivals.setdefault((second // step, dialect), []).append(event)
        for (slot, dialect), arrived in sorted(arrivals.items()):
            received_at = midnight + timedelta(seconds=(slot + 1) * step - 1)
            yield Block(min(received_at, now), dialect, arrived)


def _plan(world: World) -> "list[array[int]]":
    """Return who does something on each day, once for every event.

    Everybody has one event at least; the others are dealt out by activity.
    """
    size = world.size
    rng = random.Random(f"plan {size.seed}")  # noqa: S311 (invention, not secrecy)
    plan = [array("I") for _ in range(size.days)]
    spare = max(size.events - len(world.people), 0)
    totals = [math.fsum(person.activity) for person in world.people]
    everything = math.fsum(totals) or 1.0
    reached = 0.0
    for index, (person, total) in enumerate(zip(world.people, totals, strict=True)):
        if not total:
            continue
        before = int(reached / everything * spare)
        reached += total
        number = 1 + int(reached / everything * spare) - before
        days = rng.choices(
            range(person.starts, person.starts + len(person.activity)),
            cum_weights=list(accumulate(person.activity)),
            k=number,
        )
        for day in days:
            plan[day].append(index)
    return plan


class _Day:
    """Makes the events of one day."""

    def __init__(
        self, world: World, offset: int, midnight: float, introduced: bytearray
    ) -> None:
        self._world = world
        self._offset = offset
        self._midnight = midnight
        # Who has told their name already: profiles come with the first event.
        self._introduced = introduced
        self._versions = Versions()
        self._days_ago = world.size.days - 1 - offset
        seed = world.size.seed
        self._rng = random.Random(f"day {seed} {offset}")  # noqa: S311 (as above)
        self._made = 0

    def events(self, doers: "array[int]") -> list[tuple[int, str, NormalizedEvent]]:
        """Return (second of the day, dialect, event), in order, repeats included."""
        rng, people = self._rng, self._world.people
        made = []
        for index in doers:
            person = people[index]
            (hour,) = rng.choices(range(24), cum_weights=person.hour_shares)
            second = hour * SECONDS_PER_HOUR + int(rng.random() * SECONDS_PER_HOUR)
            (action,) = rng.choices(
                person.persona.actions, cum_weights=person.action_shares
            )
            made.append((second, index, action))
        made.sort(key=lambda item: item[:2])
        result = []
        for second, index, action in made:
            person = people[index]
            is_first = self._meet(index)
            if is_first and shop.is_customer(person):
                told = shop.profile(person, self._midnight + second)
                result.append((second, shop.DIALECT, told))
            event = self._event(person, action, second, is_first=is_first)
            result.append((second, person.dialect, event))
            if rng.random() < REPEATED:
                later = min(second + rng.randrange(2, 300), SECONDS_PER_DAY - 1)
                result.append((later, person.dialect, event))
        result += self._unknown(made)
        result += self._bought(made)
        return result

    def _bought(
        self, made: list[tuple[int, int, Action]]
    ) -> list[tuple[int, str, NormalizedEvent]]:
        """Return what customers bought on the day, from a chance of its own."""
        seed = f"shop {self._world.size.seed} {self._offset}"
        doers = [
            (self._world.people[index], self._midnight + second)
            for second, index, _ in made
        ]
        bought = shop.purchases(doers, random.Random(seed))  # noqa: S311 (as above)
        return [
            (int(event.occurred_at - self._midnight), shop.DIALECT, event)
            for event in bought
        ]

    def _meet(self, index: int) -> bool:
        is_first = not self._introduced[index]
        self._introduced[index] = 1
        return is_first

    def _unknown(
        self, made: list[tuple[int, int, Action]]
    ) -> list[tuple[int, str, NormalizedEvent]]:
        """Return events of a metric that nobody has set up."""
        if not made or self._offset < self._world.size.days - UNKNOWN_DAYS:
            return []
        action = Action(CLI, UNKNOWN_METRIC, 1, properties={"plugin": "audit-trail"})
        result = []
        for _ in range(UNKNOWN_PER_DAY):
            second, index, _ = self._rng.choice(made)
            person = self._world.people[index]
            event = self._event(person, action, second, is_first=False)
            result.append((second, person.dialect, event))
        return result

    def _event(
        self, person: Person, action: Action, second: int, *, is_first: bool
    ) -> NormalizedEvent:
        rng = self._rng
        event_id = f"{self._world.size.seed}-{self._offset}-{self._made}"
        self._made += 1
        # Most report little, a few report much.
        count = 1 + int(rng.random() ** 3 * action.most) if action.most > 1 else 1
        return NormalizedEvent(
            metric=action.metric,
            product=action.product,
            occurred_at=self._midnight + second,
            identities=person.identities,
            key=event_key(person.dialect, action.product, event_id),
            count=count,
            value=(
                round(action.value * rng.lognormvariate(0, 0.4), 1)
                if action.value
                else None
            ),
            source=person.source,
            event_id=event_id,
            domain=person.domain,
            ip=person.ip,
            environment=person.persona.environment,
            user_agent=person.user_agent,
            properties=self._versions.properties(
                person, action.product, action.properties, days_ago=self._days_ago
            ),
            traits={"name": person.name} if is_first and person.name else {},
            is_aggregate=person.is_aggregate,
        )
