"""Who did it: identities, and the developers they belong to."""

from accounts.identity.kinds import (
    anonymous_value,
    derived_name,
    guess_kind,
    hash_again,
    normalise,
)

__all__ = [
    "anonymous_value",
    "derived_name",
    "guess_kind",
    "hash_again",
    "normalise",
]
