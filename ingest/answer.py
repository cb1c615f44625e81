"""What a sender is told, whichever dialect it speaks."""

from typing import NamedTuple


class Answer(NamedTuple):
    """Status and body of an answer."""

    status: int
    body: bytes
