"""Versions seen in use: noted by the digest, counted in the background."""

from collections.abc import Mapping

from django.db.backends.utils import CursorWrapper

from accounts.statements import statement

# Workspace, identity, product, version.
SeenKey = tuple[int, int, int, str]


def note_versions(
    cursor: CursorWrapper, seen: Mapping[SeenKey, tuple[int, int]]
) -> None:
    """Note what was seen with first and last time, microseconds since 1970.

    In the digest's transaction. One statement; it writes what is new, and what moves
    to another UTC day.
    """
    if not seen:
        return
    places: dict[str, int] = {}
    for *_, version in seen:
        places.setdefault(version, len(places) + 1)
    keys = list(seen)
    times = list(seen.values())
    cursor.execute(
        statement("versions_seen"),
        {
            "versions": list(places),
            "workspaces": _array([key[0] for key in keys]),
            "identities": _array([key[1] for key in keys]),
            "products": _array([key[2] for key in keys]),
            "places": _array([places[key[3]] for key in keys]),
            "firsts": _array([first for first, _ in times]),
            "lasts": _array([last for _, last in times]),
        },
    )


def _array(numbers: list[int]) -> str:
    # As a literal: the driver would look up a dumper per element.
    return "{" + ",".join(map(str, numbers)) + "}"
