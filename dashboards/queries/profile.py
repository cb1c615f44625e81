"""What senders told about a person: the profile beside the events, and a picture."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from accounts.models import Developer, Identity

MOST_TRAITS = 60
LONGEST_VALUE = 300
# Shown elsewhere on the page.
ELSEWHERE = frozenset({"name", "avatar"})
# What a policy may name as a source of pictures, and nothing that ends a directive.
HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?", re.ASCII)
GRAVATAR = "https://www.gravatar.com"
# A shape instead of a broken picture for those who have none there.
GRAVATAR_QUERY = "s=128&d=mp"
LABELS: Mapping[str, str] = MappingProxyType(
    {
        "created": "Customer since",
        "tz_offset": "Time zone offset",
        "facebook": "Facebook",
        "twitter": "Twitter",
        "sms": "SMS",
    }
)


@dataclass(frozen=True, slots=True)
class Trait:
    """One line of the profile."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture from elsewhere, and the source that the page's policy must allow."""

    url: str
    source: str


def profile_of(developer: Developer) -> tuple[Trait, ...]:
    """Return the traits, those with a meaning of their own first."""
    known = [name for name in LABELS if name in developer.traits]
    free = sorted(
        name
        for name in developer.traits
        if name not in LABELS and name not in ELSEWHERE
    )
    return tuple(
        Trait(LABELS.get(name, name), _text(name, developer.traits[name]))
        for name in [*known, *free][:MOST_TRAITS]
    )


def picture_of(developer: Developer, identities: Sequence[Identity]) -> Picture | None:
    """Return the avatar, else the gravatar; None unless the workspace wants them.

    Only over HTTPS: anything else would show who is looked at to everybody between.
    Source: contracts/reamaze, "No avatar".
    """
    if not developer.workspace.outside_images:
        return None
    avatar = developer.traits.get("avatar")
    if isinstance(avatar, str) and avatar:
        try:
            parts = urlsplit(avatar)
        except ValueError:
            return None
        host = parts.netloc.lower()
        if parts.scheme.lower() == "https" and HOST.fullmatch(host):
            return Picture(avatar, f"https://{host}")
        return None
    email = next(
        (one.value for one in identities if one.kind == Identity.Kind.EMAIL), ""
    )
    if not email:
        return None
    digest = hashlib.sha256(email.encode()).hexdigest()
    return Picture(f"{GRAVATAR}/avatar/{digest}?{GRAVATAR_QUERY}", GRAVATAR)


def _text(name: str, value: Any) -> str:
    if name == "tz_offset":
        return f"{value} minutes"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict | list):
        value = json.dumps(value, ensure_ascii=False)
    text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
