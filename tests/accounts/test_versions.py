"""The order of versions: SemVer's own examples, what senders write, and its laws."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.models.version import LONGEST_VERSION
from accounts.versions import clean_version, is_older, newest_first, version_key

# Each list from the oldest to the newest.
ASCENDING = [
    # SemVer 2.0.0, section 11.
    ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2",
     "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "2.0.0", "2.1.0", "2.1.1"],
    # PEP 440.
    ["1.0.dev1", "1.0rc2", "1.0rc10", "1.0", "1.0.post1", "1.1a1", "1.1"],
    ["9", "10", "10.0.1", "10.1", "v11", "11.0.0.1"],
    ["2026.9", "2026.10-patched", "2026.10", "2026.10p2"],
    # Text comes before all versions, digits in it as numbers.
    ["build 9", "build 10", "unknown", "0.0.1"],
    # A superscript is a digit to Python, and no number.
    ["1.0", "1.0.p²", "1.0.p³"],
    ["²", "0.1"],
    ["1.0+4", "1.0+12"],
]  # fmt: skip
VERSIONS = st.one_of(
    st.text(max_size=30),
    st.from_regex(r"v?[0-9]{1,4}(\.[0-9]{1,4}){0,3}([-.+]?[a-z]{0,4}[0-9]{0,3}){0,2}",
                  fullmatch=True),
)  # fmt: skip


@pytest.mark.parametrize("versions", ASCENDING, ids=lambda some: some[0])
def test_order(versions):
    assert newest_first(versions) == versions[::-1]
    for place, older in enumerate(versions):
        for newer in versions[place + 1 :]:
            assert is_older(older, newer)
            assert not is_older(newer, older)


@pytest.mark.parametrize("same", [("4.2", "v4.2"), ("4.2", "4.2.0"), ("V1", "1.0.0")])
def test_the_same_version_written_in_two_ways(same):
    assert version_key(same[0]) == version_key(same[1])


@given(VERSIONS, VERSIONS, VERSIONS)
def test_it_is_an_order(a, b, c):
    assert not is_older(a, a)
    assert not (is_older(a, b) and is_older(b, a))
    if is_older(a, b) and is_older(b, c):
        assert is_older(a, c)
    if version_key(a) == version_key(b):
        assert is_older(a, c) == is_older(b, c)


@given(st.lists(VERSIONS, max_size=8), st.randoms())
def test_sorting_does_not_depend_on_where_it_starts(versions, chance):
    shuffled = versions[:]
    chance.shuffle(shuffled)
    assert newest_first(shuffled) == newest_first(versions)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=4))
def test_numbers_count_as_numbers(numbers):
    text = ".".join(map(str, numbers))
    larger = ".".join(map(str, [*numbers[:-1], numbers[-1] + 1]))
    assert is_older(text, larger)
    assert is_older(f"{text}-rc.1", text)
    assert is_older(f"{text}.dev1", text)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (" 4.2.1 ", "4.2.1"),
        (4, "4"),
        (4.2, "4.2"),
        (True, ""),
        (None, ""),
        ({"a": 1}, ""),
        (["1"], ""),
        ("", ""),
        ("a\x00b\nc", "abc"),
        ("9" * 500, "9" * LONGEST_VERSION),
    ],
)
def test_cleaning(sent, kept):
    assert clean_version(sent) == kept


@given(st.text())
def test_cleaned_text_stays_as_it_is(text):
    cleaned = clean_version(text)
    assert clean_version(cleaned) == cleaned
    assert len(cleaned) <= LONGEST_VERSION
