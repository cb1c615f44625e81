"""Money in the demo: a shop that tells about customers in the dialect ``reamaze``."""

import random
from collections.abc import Iterable

from accounts.models import Identity
from ingest.demo.world import Person
from ingest.dialects.reamaze.form import KEY, PRODUCT, SOURCE
from ingest.events import NormalizedEvent

DIALECT = KEY
# Share of a customer's working days on which something is bought.
BUYS = 0.12
RETURNS = 0.06
PLANS = (("team", 3, 49.0), ("business", 12, 190.0), ("enterprise", 40, 620.0))


def is_customer(person: Person) -> bool:
    """Say whether the shop knows somebody."""
    return person.identities[0][0] == Identity.Kind.CUSTOMER_ID


def profile(person: Person, at: float) -> NormalizedEvent:
    """Return what the shop tells of a customer when it first meets them."""
    rng = _chance(person)
    plan, seats, _ = _plan(person)
    return NormalizedEvent(
        metric="",
        product="",
        occurred_at=at,
        identities=person.identities,
        source=SOURCE,
        traits={
            "name": person.name,
            "plan": plan,
            "seats": seats + rng.randrange(seats),
            "billing": rng.choice(("monthly", "yearly")),
            "newsletter": rng.random() < 0.5,  # noqa: PLR2004 (as many as not)
            "created": f"2025-{rng.randrange(1, 13):02}-{rng.randrange(1, 29):02}",
            "tz_offset": -rng.choice((0, 60, 120, 330, 540)),
        },
        is_profile=True,
    )


def purchases(
    doers: Iterable[tuple[Person, float]], rng: random.Random
) -> list[NormalizedEvent]:
    """Return what customers buy, and send back, out of those who did something."""
    return [
        _purchase(person, at, rng)
        for person, at in doers
        if is_customer(person) and rng.random() < BUYS
    ]


def _purchase(person: Person, at: float, rng: random.Random) -> NormalizedEvent:
    plan, _, price = _plan(person)
    is_return = rng.random() < RETURNS
    value = round(price * rng.choice((1, 1, 1, 2, 0.5)), 2)
    return NormalizedEvent(
        metric="refund" if is_return else "purchase",
        product=PRODUCT,
        occurred_at=at,
        identities=person.identities[:1],
        value=-value if is_return else value,
        source=SOURCE,
        properties={"plan": plan, "invoice": f"INV-{rng.randrange(10**6):06}"},
        registers_metric=True,
    )


def _plan(person: Person) -> tuple[str, int, float]:
    return _chance(person).choices(PLANS, (60, 30, 10))[0]


def _chance(person: Person) -> random.Random:
    return random.Random(f"shop {person.identities[0][1]}")  # noqa: S311 (invention)
