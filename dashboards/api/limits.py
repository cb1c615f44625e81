"""How many requests a key may make, and how each answer says what is left.

Source of the two fields: draft-ietf-httpapi-ratelimit-headers-10. A token bucket has no
window that ends: ``t`` is when it is full again, as far as nobody takes from it.

Counted in each process, on purpose: Redis may be away or there may be none, and a limit
that then falls open, or shuts, is worse than one that is a little uneven.
"""

import math
from typing import cast

from django.conf import settings
from django.http import HttpResponseBase
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from accounts.models import ApiKey
from accounts.peer import peer_address
from dashboards.api.problems import POLICY
from ingest.throttle import TokenBuckets, throttle

MINUTE = 60


def buckets_of_settings() -> TokenBuckets:
    """Return the buckets of this process: a minute's worth at once, by key."""
    quota = settings.API_REQUESTS_PER_MINUTE / settings.WEB_WORKERS
    return TokenBuckets(quota / MINUTE, depth=quota)


buckets = buckets_of_settings()


class KeyThrottle(BaseThrottle):
    """So many requests a minute for each key, any number of them at once."""

    def __init__(self) -> None:
        self.seconds = 0

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request."""
        del view
        self.seconds = buckets.take(cast("ApiKey", request.auth).pk)
        return not self.seconds

    def wait(self) -> float:
        """Return after how many seconds to come back."""
        return float(self.seconds)


def address_may_ask(request: Request) -> int:
    """Count a request of an address, before anybody knows whose; 0 or the wait."""
    # DRF hands the attributes of Django's request on.
    address = peer_address(request)
    return throttle.addresses.take(address) if address else 0


def write_headers(response: HttpResponseBase, key: ApiKey) -> None:
    """Say what the key may ask, and how much of it is left."""
    if not buckets.rate:
        return
    left = buckets.left(key.pk)
    full_in = math.ceil((buckets.depth - left) / buckets.rate)
    response["RateLimit-Policy"] = f'"{POLICY}";q={int(buckets.depth)};w={MINUTE}'
    response["RateLimit"] = f'"{POLICY}";r={int(left)};t={full_in}'
