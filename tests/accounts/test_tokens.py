"""The text of a key: form, checksum, and that damage never goes unnoticed."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.tokens import BASE62, checksum, checksum_ok, new_token, shown_prefix

FORM = re.compile(r"up_(ingest|read|client)_[0-9A-Za-z]{30}_[0-9A-Za-z]{6}")
bodies = st.text(BASE62, min_size=30, max_size=30).map("up_ingest_{}".format)


@pytest.mark.parametrize("kind", ["ingest", "read", "client"])
def test_a_new_token_has_the_documented_form(kind):
    token = new_token(kind)
    assert FORM.fullmatch(token)
    assert token.startswith(f"up_{kind}_")
    assert checksum_ok(token)


def test_tokens_do_not_repeat():
    assert len({new_token("ingest") for _ in range(500)}) == 500


@given(bodies)
def test_the_checksum_is_crc32_in_six_base62_digits(body):
    # Recomputed the long way round: digits to a number, against a CRC32 by bits.
    number = 0
    for digit in checksum(body):
        number = number * 62 + BASE62.index(digit)
    crc = 0xFFFFFFFF
    for byte in body.encode():
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xEDB88320 if crc & 1 else 0)
    assert number == crc ^ 0xFFFFFFFF


@given(bodies, st.integers(0, 46), st.sampled_from(BASE62))
def test_one_wrong_character_is_always_noticed(body, position, character):
    token = f"{body}_{checksum(body)}"
    damaged = token[:position] + character + token[position + 1 :]
    assert checksum_ok(damaged) == (damaged == token)


@given(st.text(max_size=80))
def test_no_text_makes_it_fail(text):
    assert checksum_ok(text) in {True, False}


@pytest.mark.parametrize(
    "text",
    ["", "up_ingest_", "Bearer x", "up_ingest_" + "é" * 30 + "_000000", "\x00" * 47],
)
def test_other_texts_are_no_keys(text):
    assert not checksum_ok(text)


def test_a_line_feed_at_the_end_is_no_key():
    assert not checksum_ok(new_token("ingest") + "\n")


@pytest.mark.parametrize("kind", ["ingest", "read", "client"])
def test_lists_show_the_kind_and_six_characters(kind):
    token = new_token(kind)
    assert shown_prefix(token) == token[: len(f"up_{kind}_") + 6]
