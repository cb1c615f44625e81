"""How large a workspace the section "scale" makes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is to be."""

    developers: int
    accounts: int
    events: int


SMALL = Size(developers=20_000, accounts=800, events=200_000)
FULL = Size(developers=1_000_000, accounts=40_000, events=10_000_000)
