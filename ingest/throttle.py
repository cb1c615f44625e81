"""Token buckets per key, app and address, held in each web process.

The configured rate is divided over the web processes, which a kernel that spreads
connections evenly makes true enough, and which costs no round trip.
"""

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from django.conf import settings

from ingest import rehearsal
from ingest.refusals import Reason, Refused

# The least recently seen sender is forgotten beyond this, and so starts afresh.
REMEMBERED = 20_000


class TokenBuckets:
    """One bucket per sender: ``rate`` tokens a second, one second's worth deep.

    ``depth`` is how many may be taken at once where that is not a second's worth. A
    rate of 0 switches the limit off. Safe to use from several threads.
    """

    def __init__(
        self,
        rate: float,
        *,
        depth: float = 0.0,
        remembered: int = REMEMBERED,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.rate = rate
        self.depth = max(depth or rate, 1.0)
        self.remembered = remembered
        self.clock = clock
        # Sender → (tokens left, at what time), least recently seen first.
        self.buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self.guard = threading.Lock()

    def take(self, sender: Hashable) -> int:
        """Take one token; return 0, or after how many seconds to come back."""
        if not self.rate or rehearsal.is_on():
            return 0
        with self.guard:
            now = self.clock()
            tokens, since = self.buckets.get(sender, (self.depth, now))
            tokens = min(tokens + (now - since) * self.rate, self.depth)
            wait = 0 if tokens >= 1 else math.ceil((1 - tokens) / self.rate)
            self.buckets[sender] = (tokens if wait else tokens - 1, now)
            self.buckets.move_to_end(sender)
            if len(self.buckets) > self.remembered:
                self.buckets.popitem(last=False)
        return wait

    def left(self, sender: Hashable) -> float:
        """Return how many tokens a sender could take now."""
        with self.guard:
            tokens, since = self.buckets.get(sender, (self.depth, self.clock()))
            return min(tokens + (self.clock() - since) * self.rate, self.depth)


class Throttle:
    """The limits of the accept path, from the settings."""

    def __init__(self) -> None:
        self.keys = TokenBuckets(settings.INGEST_RATE_PER_KEY / settings.WEB_WORKERS)
        # An app id takes the place of a key where senders have none.
        self.apps = TokenBuckets(settings.INGEST_RATE_PER_KEY / settings.WEB_WORKERS)
        self.addresses = TokenBuckets(
            settings.INGEST_RATE_PER_ADDRESS / settings.WEB_WORKERS
        )

    def address(self, address: str) -> None:
        """Count a request of an address; an unknown address is not limited.

        Raises:
            Refused: the address has used up its rate.
        """
        wait = self.addresses.take(address) if address else 0
        if wait:
            raise Refused(
                Reason.RATE_LIMITED_ADDRESS, "Too Many Requests", retry_after=wait
            )

    def key(self, key_id: int) -> None:
        """Count a request of a key.

        Raises:
            Refused: the key has used up its rate.
        """
        wait = self.keys.take(key_id)
        if wait:
            raise Refused(
                Reason.RATE_LIMITED_KEY, "Too Many Requests", retry_after=wait
            )

    def app(self, app_id: str) -> None:
        """Count a request of an app, named by its folded id.

        Raises:
            Refused: the app has used up its rate.
        """
        wait = self.apps.take(app_id)
        if wait:
            raise Refused(
                Reason.RATE_LIMITED_APP, "Too Many Requests", retry_after=wait
            )


throttle = Throttle()
