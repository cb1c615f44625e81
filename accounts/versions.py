"""Versions as text: cleaned, and put in order. Pure, no database.

Semantic where the text allows it, natural order (digits as numbers) where it does not.
"""

import re
from collections.abc import Iterable

from accounts.models.version import LONGEST_VERSION

_NUMBERED = re.compile(r"[vV]?([0-9]+(?:\.[0-9]+)*)(.*)", re.DOTALL)
_PIECES = re.compile(r"[0-9]+|[^0-9]+")
# Not `isdigit`: "²" is a digit, and no number.
_DIGITS = frozenset("0123456789")
_SEPARATORS = re.compile(r"[.\-_~]+")
# What follows the numbers of a version that is not out yet: 4.2rc1, 4.2.dev3.
_BEFORE = re.compile(
    r"[.\-_~]?(?:a|b|c|rc|alpha|beta|pre|preview|dev|nightly|snapshot|canary|next|m)"
    r"(?![a-z])",
    re.IGNORECASE,
)

# One piece: number or text; a number comes before a text.
_Piece = tuple[int, int, str]
_Words = tuple[tuple[_Piece, ...], ...]
# Whether it begins with numbers, those numbers, phase, what follows, build.
VersionKey = tuple[bool, tuple[int, ...], int, _Words, _Words]

_PRE, _RELEASE, _POST = range(3)


def clean_version(value: object) -> str:
    """Return a version as it is kept: trimmed, printable, cut to its column.

    Numbers become text; anything else that is no text is no version: "".
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = "".join(one for one in str(value).strip() if one.isprintable())
    return text[:LONGEST_VERSION].strip()


def version_key(text: str) -> VersionKey:
    """Return what versions are compared by; equal for `4.2`, `v4.2` and `4.2.0`.

    Numbers count first, from left to right. After them `-rc.1`, `rc1` and `.dev3` come
    before the release, `p1` and `.post2` after it; a build (`+5`) decides last. Unlike
    SemVer, which compares them as text, `rc10` comes after `rc2`. Text that does not
    begin with a number comes before all that does, in natural order.
    """
    match = _NUMBERED.fullmatch(text)
    if match is None:
        return False, (), _RELEASE, _words(text), ()
    numbers = [int(number) for number in match[1].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    rest, _, build = match[2].partition("+")
    if not rest:
        phase = _RELEASE
    elif rest.startswith("-") or _BEFORE.match(rest):
        phase = _PRE
    else:
        phase = _POST
    return True, tuple(numbers), phase, _words(rest), _words(build)


def newest_first(versions: Iterable[str]) -> list[str]:
    """Return versions from the newest to the oldest; equal ones by their text."""
    return sorted(versions, key=lambda one: (version_key(one), one), reverse=True)


def is_older(version: str, other: str) -> bool:
    """Say whether one version comes before another."""
    return version_key(version) < version_key(other)


def _words(text: str) -> _Words:
    """Split at dots and dashes, and each word into numbers and text."""
    return tuple(
        tuple(
            (0, int(piece), "") if piece[0] in _DIGITS else (1, 0, piece.casefold())
            for piece in _PIECES.findall(word)
        )
        for word in _SEPARATORS.split(text)
        if word
    )
