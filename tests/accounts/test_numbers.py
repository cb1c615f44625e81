"""Numbers of rows, out of text that anybody may send."""

import pytest

from accounts.numbers import row_number, row_numbers


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        ("9" * 19, None),
        ("", None),
        (" 7", None),
        ("-7", None),
        ("7.0", None),
        ("1_000", None),
        ("٧", None),
        ("²", None),
        ("7\0", None),
    ],
)
def test_a_number_is_a_few_plain_digits(text, number):
    assert row_number(text) == number


def test_what_is_no_number_is_left_out():
    assert row_numbers(["3", "x", "1", "9" * 40]) == [3, 1]
