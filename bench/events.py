"""Deterministic events and request bodies for all measurements."""

import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bench.load import SLOT
from ingest.events import NormalizedEvent, event_key

METRICS = tuple(f"BENCH_{number}" for number in range(12))
PRODUCTS = ("bench-sdk", "bench-cli", "bench-app")
DEVELOPERS = 20_000
COMPANIES = 2_000
DAYS = 90


def address(developer: int) -> str:
    """Return the e-mail address of a developer; a company holds about ten of them."""
    return f"developer{developer}@company{developer % COMPANIES}.example"


def normalised(*, first: int, count: int, seed: int) -> Iterator[NormalizedEvent]:
    """Yield events as a dialect would hand them to the inbox.

    A few developers do most of the work, as in life: the squared random number puts
    half of the events on a quarter of the developers.
    """
    chance = random.Random(seed)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    for number in range(first, first + count):
        developer = int(chance.random() ** 2 * DEVELOPERS)
        day = midnight - timedelta(days=chance.randrange(DAYS))
        product = chance.choice(PRODUCTS)
        yield NormalizedEvent(
            metric=chance.choice(METRICS),
            product=product,
            occurred_at=day.timestamp() + chance.randrange(86_400),
            identities=[("email", address(developer))],
            key=event_key("bench", product, str(number)),
            source="PRODUCT_CLOUD",
            event_id=str(number),
            environment="PRODUCTION",
            user_agent="bench/1.0 (Linux x86_64)",
            properties={"version": "2.4.1", "region": "eu-west", "duration_ms": 184},
        )


def reo_body() -> bytes:
    """Return one event as a sender of the ``reo`` dialect writes it, 400 bytes."""
    payload = {
        "activity_type": METRICS[0],
        "source": "PRODUCT_CLOUD",
        "environment": "PRODUCTION",
        "user_id": address(7),
        "user_id_type": "EMAIL",
        "ip_addr": "192.0.2.83",
        "product_id": PRODUCTS[0],
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101",
        "meta": {"version": "2.4.1", "region": "eu-west", "duration_ms": 184},
        "event_id": SLOT.decode(),
        "event_at": int(time.time()),
    }
    return json.dumps({"payload": payload}).encode()
