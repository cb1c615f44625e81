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
DEVELOPERS = 10_000
COMPANIES = 1_000
LONGEST_SESSION = 20


def address(developer: int) -> str:
    """Return the e-mail address of a developer; a company holds about ten of them."""
    return f"developer{developer}@company{developer % COMPANIES}.example"


def normalised(*, first: int, count: int, seed: int) -> Iterator[NormalizedEvent]:
    """Yield events as a dialect would hand them to the inbox: a day of a live stream.

    People work in sessions of some events with one product; a few of them and a few
    metrics make most of it. A squared random number puts half on the first quarter.
    """
    chance = random.Random(seed)
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    yesterday = (midnight - timedelta(days=1)).timestamp()
    number, last = first, first + count
    while number < last:
        developer = int(chance.random() ** 2 * DEVELOPERS)
        began = yesterday + chance.randrange(86_400)
        length = 1 + int(chance.random() ** 2 * LONGEST_SESSION)
        for step in range(min(length, last - number)):
            yield NormalizedEvent(
                metric=METRICS[int(chance.random() ** 2 * len(METRICS))],
                product=PRODUCTS[developer % len(PRODUCTS)],
                occurred_at=began + 7 * step,
                identities=[("email", address(developer))],
                key=event_key("bench", str(number)),
                source="PRODUCT_CLOUD",
                event_id=str(number),
                environment="PRODUCTION",
                user_agent="bench/1.0 (Linux x86_64)",
                properties={"version": "2.4.1", "region": "eu-west", "duration": 184},
            )
            number += 1


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
