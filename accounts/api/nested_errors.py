"""The nested errors of DRF's serializers, one by one."""

from collections.abc import Iterator
from typing import Any

# Names under which DRF puts what is about the whole, not about a field of that name.
ABOUT_ALL = frozenset({"detail", "non_field_errors"})


def flattened(errors: Any, place: str = "") -> Iterator[tuple[str, list[str]]]:
    """Yield where something is wrong, as ``entries[3].value``, and all that is there.

    What is about the whole has the place of the whole: at the top an empty one.
    """
    if isinstance(errors, dict):
        for name, inner in errors.items():
            yield from flattened(inner, _below(place, str(name)))
    elif isinstance(errors, list) and any(isinstance(one, dict) for one in errors):
        for index, inner in enumerate(errors):
            yield from flattened(inner, f"{place}[{index}]")
    elif isinstance(errors, list):
        if errors:
            yield place, [str(one) for one in errors]
    else:
        yield place, [str(errors)]


def _below(place: str, name: str) -> str:
    if name in ABOUT_ALL:
        return place
    return f"{place}[{name}]" if name.isdigit() else f"{place}.{name}".lstrip(".")
