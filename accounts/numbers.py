"""Reads the number of a row out of text that anybody may have sent."""

# A number of so many digits fits into every column that holds one.
MOST_DIGITS = 18


def row_number(text: str) -> int | None:
    """Return the number that text is; None unless it is digits and few enough."""
    is_number = text.isascii() and text.isdecimal()
    return int(text) if is_number and len(text) <= MOST_DIGITS else None


def row_numbers(texts: list[str]) -> list[int]:
    """Return the numbers among texts, such as those of the rows that were ticked."""
    numbers = [row_number(text) for text in texts]
    return [number for number in numbers if number is not None]
