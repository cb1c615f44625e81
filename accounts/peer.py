"""Where a request comes from, as far as that can be believed."""

from django.conf import settings
from django.http import HttpRequest


def peer_address(request: HttpRequest) -> str:
    """Return the sender's IP address as text, or "" where there is none.

    Each proxy appends who it was talking to, so with TRUSTED_PROXIES = n the n-th
    entry of X-Forwarded-For from the right was written by one of ours; whatever
    stands left of it may be invented. Too short a list means that the request went
    around a proxy: then only the connection itself is believed.
    """
    meta = request.META
    trusted: int = settings.TRUSTED_PROXIES
    if trusted:
        hops = meta.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(hops) >= trusted and hops[-trusted].strip():
            return str(hops[-trusted].strip()[:64])
    address: str = meta.get("REMOTE_ADDR", "")
    return address
