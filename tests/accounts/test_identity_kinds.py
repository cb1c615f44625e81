from re import fullmatch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.kinds import (
    MAX_LENGTH,
    anonymous_value,
    derived_name,
    guess_kind,
    hash_again,
    normalise,
)
from accounts.models import Identity

KINDS = [kind.value for kind in Identity.Kind]

WRITTEN = [
    # E-mail addresses: lower case, trimmed, unwrapped, domain in ASCII.
    ("email", " Ann@Acme.COM ", "ann@acme.com"),
    ("email", "Ann Other <Ann@acme.com>", "ann@acme.com"),
    ("email", "mailto:ann@acme.com", "ann@acme.com"),
    ("email", "ann@acme.com.", "ann@acme.com"),
    ("email", "ann@münchen.example", "ann@xn--mnchen-3ya.example"),
    ("email", "ann@xn--mnchen-3ya.example", "ann@xn--mnchen-3ya.example"),
    # Addresses are compared as the mail host may: tags and dots count.
    ("email", "ann.o+uptick@acme.com", "ann.o+uptick@acme.com"),
    ("email", "a\x00nn@acme.com\n", "ann@acme.com"),
    ("email", "not an address", "not an address"),
    # Half an address is nobody's.
    ("email", "@", ""),
    ("email", "ann@", ""),
    ("email", "@acme.com", ""),
    ("email", "ann @ acme.com", "ann@acme.com"),
    # GitHub: any address of a profile or repository.
    ("github", "https://github.com/Foo/", "foo"),
    ("github", "foo", "foo"),
    ("github", "@Foo", "foo"),
    ("github", "github.com/foo", "foo"),
    ("github", "http://www.github.com/Foo?tab=repositories", "foo"),
    ("github", "https://github.com/foo/bar/issues/7#x", "foo"),
    ("github", "https://github.com/orgs/Foo/people", "foo"),
    ("github", "https://github.com//foo", "foo"),
    ("github", "orgs/Foo", "foo"),
    ("github", "/orgs/Foo/people", "foo"),
    ("github", "Foo/bar", "foo"),
    ("github", "orgs", "orgs"),
    ("github", "git@github.com:Foo/bar.git", "foo"),
    ("github", "https://gist.github.com/foo/abc", "foo"),
    ("github", "https://foo.github.io/blog", "foo"),
    ("github", "https://github.com/", ""),
    ("github", "https://github.acme.com/Foo", "github.acme.com/foo"),
    ("github", "github.acme.com/Foo/", "github.acme.com/foo"),
    ("github", "https://gitlab.com/foo", "gitlab.com/foo"),
    # LinkedIn: any country, any path below the profile.
    ("linkedin", "https://www.linkedin.com/in/Ann-Other-1a2b/", "ann-other-1a2b"),
    ("linkedin", "linkedin.com/in/ann?trk=x", "ann"),
    ("linkedin", "https://de.linkedin.com/in/J%C3%BCrgen", "jürgen"),
    ("linkedin", "https://lnkd.in/abc", "lnkd.in/abc"),
    ("linkedin", "in/ann", "ann"),
    ("linkedin", "/in/Ann", "ann"),
    ("linkedin", "Ann", "ann"),
    ("linkedin", "https://www.linkedin.com/company/Acme/about", "company/acme"),
    # Other networks: host and path, or a bare handle.
    ("social", "https://twitter.com/Ann/", "x.com/ann"),
    ("social", "https://x.com/ann?s=20", "x.com/ann"),
    ("social", "https://mastodon.example/@Ann", "mastodon.example/ann"),
    ("social", "http://m.facebook.com/ann", "facebook.com/ann"),
    ("social", "@Ann", "ann"),
    # Opaque to us: the sender's own letters count.
    ("username", "  Root ", "Root"),
    ("customer_id", "A-17", "A-17"),
    ("license_user", "Ann", "Ann"),
    ("customer_id", 17, "17"),
    ("username", None, ""),
    ("aggregate", "ACME.com", "acme.com"),
]


@pytest.mark.parametrize(("kind", "value", "written"), WRITTEN)
def test_each_kind_is_written_in_one_form(kind, value, written):
    assert normalise(kind, value) == written


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("ann@acme.com", "email"),
        ("Ann <ann@acme.com>", "email"),
        ("https://github.com/foo", "github"),
        ("github.com/foo", "github"),
        ("https://linkedin.com/in/ann", "linkedin"),
        ("https://mastodon.example/@ann", "social"),
        ("https://user@evil.example/x@y.example", "social"),
        ("ann", "username"),
        ("ann@localhost", "username"),
        ("", "username"),
        (None, "username"),
    ],
)
def test_a_kind_that_is_not_stated_is_guessed(value, kind):
    assert guess_kind(value) == kind


WORDS = (
    "https:// http:// GitHub.com/ github.com / linkedin.com in/ pub/ company/ www. m. "
    "@ < > mailto: ? # : a B İ ß é \u0301 \x00 \ud800 \t %41 %2F %40 git@ .github.io "
    "orgs/ . x xn-- … \u200b \u2028"
)
PIECES = st.sampled_from(WORDS.split(" "))
ODD = st.one_of(
    st.text(max_size=400),
    st.lists(PIECES, max_size=12).map("".join),
    st.lists(PIECES, max_size=8).map(lambda parts: "".join(parts) + "q" * 400),
    st.lists(PIECES, max_size=8).map(lambda parts: "@" * 2000 + "".join(parts)),
    st.integers(),
    st.floats(),
    st.binary(max_size=20),
)


@given(st.sampled_from(KINDS), ODD)
@example(kind="github", value="@" * 2048 + "https://")
def test_nothing_raises_and_twice_is_once(kind, value):
    once = normalise(kind, value)
    assert normalise(kind, once) == once
    assert len(once) <= MAX_LENGTH
    assert "\x00" not in once
    assert once.encode().decode() == once
    assert len(derived_name(kind, once)) <= 200
    assert guess_kind(value) in KINDS


def test_long_values_stay_different_and_keep_their_start():
    one, other = ("x" * 5000 + end for end in "ab")
    assert normalise("username", one) != normalise("username", other)
    assert normalise("username", one).startswith("x" * 255)


def test_a_user_hash_is_hashed_again_with_our_secret(settings):
    first = hash_again("abc")
    assert first == hash_again(" abc ")
    assert len(first) == 64
    settings.KEY_PEPPER = "another"
    assert hash_again("abc") != first
    assert hash_again("") == ""


def test_an_anonymous_value_tells_address_from_agent():
    values = {
        anonymous_value("192.0.2.1", "curl"),
        anonymous_value("192.0.2.1", ""),
        anonymous_value("", "curl"),
        anonymous_value("192.0.2.1curl", ""),
    }
    assert len(values) == 4
    assert anonymous_value("", "") == ""
    assert all(fullmatch(r"[0-9a-f]+", value) for value in values)


def test_a_developer_is_named_after_what_is_known():
    assert derived_name("email", "ann@acme.com") == "ann"
    assert derived_name("github", "foo") == "foo"
    assert derived_name("anonymous", "0123456789abcdef") == "Anonymous 01234567"
    assert derived_name("aggregate", "acme.com") == "Everyone at acme.com"
