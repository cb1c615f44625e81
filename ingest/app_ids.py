"""Whose app is it: the routing of signals that carry an app id instead of a key.

Remembered for INGEST_KEY_CACHE_SECONDS, strangers' ids alike. That is safe, because it
only says where a request waits; the digest asks again what the app may do.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

from django.conf import settings

from ingest import commit
from ingest.prepared import Prepared

REMEMBERED = 10_000
FIND_APPS = Prepared("find_apps")
FIND_NAMESPACE = Prepared("find_namespace")

Found = TypeVar("Found")


class KnownApp(NamedTuple):
    """An app that somebody has."""

    workspace_id: int
    namespace: str
    is_enabled: bool


class Namespace(NamedTuple):
    """A workspace by its public name."""

    workspace_id: int
    slug: str


class Memory(Generic[Found]):
    """Name → what was found, or that nothing was; for a few seconds, within bounds."""

    def __init__(self) -> None:
        self._entries: OrderedDict[str, tuple[float, Found | None]] = OrderedDict()
        self._guard = threading.Lock()

    def get(self, name: str) -> tuple[bool, Found | None]:
        """Return whether it is remembered, and what."""
        entry = self._entries.get(name)
        if entry is None or entry[0] <= time.monotonic():
            return False, None
        return True, entry[1]

    def put(self, name: str, found: Found | None) -> None:
        """Remember it, and forget the oldest beyond the bound."""
        until = time.monotonic() + settings.INGEST_KEY_CACHE_SECONDS
        with self._guard:
            self._entries[name] = (until, found)
            self._entries.move_to_end(name)
            while len(self._entries) > REMEMBERED:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        with self._guard:
            self._entries.clear()


_apps: Memory[KnownApp] = Memory()
_namespaces: Memory[Namespace] = Memory()


def find_apps(app_ids: Iterable[str]) -> dict[str, KnownApp]:
    """Return the apps that somebody has, by folded id, in at most one query.

    Raises:
        StoreUnavailable: the database cannot be asked.
    """
    found: dict[str, KnownApp] = {}
    unknown: list[str] = []
    for app_id in app_ids:
        is_remembered, app = _apps.get(app_id)
        if not is_remembered:
            unknown.append(app_id)
        elif app is not None:
            found[app_id] = app
    if unknown:
        rows = commit.ask(FIND_APPS, {"app_ids": unknown})
        answers = {app_id: KnownApp(*facts) for app_id, *facts in rows}
        for app_id in unknown:
            _apps.put(app_id, answers.get(app_id))
        found |= answers
    return found


def find_namespace(slug: str) -> Namespace | None:
    """Return the workspace of this public name.

    Raises:
        StoreUnavailable: the database cannot be asked.
    """
    is_remembered, namespace = _namespaces.get(slug)
    if not is_remembered:
        rows = commit.ask(FIND_NAMESPACE, {"slug": slug})
        namespace = Namespace(*rows[0]) if rows else None
        _namespaces.put(slug, namespace)
    return namespace


def forget() -> None:
    """Ask the database about every name the next time."""
    _apps.clear()
    _namespaces.clear()
