import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.attribution.domains import (
    company_domain,
    company_name,
    registrable_domain,
)
from accounts.attribution.mail_lists import drift, mail_lists

WRITTEN = [
    ("acme.com", "acme.com"),
    ("ACME.Com.", "acme.com"),
    ("  acme.com ", "acme.com"),
    ("ann@mail.acme.com", "acme.com"),
    ("Ann@ACME.com", "acme.com"),
    ("a@b@acme.com", "acme.com"),
    ("https://www.acme.com:8443/x?y#z", "acme.com"),
    ("a.b.co.uk", "b.co.uk"),
    ("www.city.kawasaki.jp", "city.kawasaki.jp"),
    ("foo.bar.kawasaki.jp", "foo.bar.kawasaki.jp"),
    # The private part of the list: customers of a host are not the host.
    ("foo.github.io", "foo.github.io"),
    ("github.io", None),
    # International names, in either form.
    ("münchen.de", "xn--mnchen-3ya.de"),
    ("a@xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
    ("食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"),
    # Reserved for examples, which demo data is made of.
    ("ann@acme.example", "acme.example"),
    ("x.acme.test", "acme.test"),
    # Nobody's.
    ("co.uk", None),
    ("com", None),
    ("localhost", None),
    ("printer.local", None),
    ("build.internal", None),
    ("acme.invalid", None),
    ("7.2.0.192.in-addr.arpa", None),
    ("facebookcorewwwi.onion", None),
    # Addresses and garbage.
    ("192.0.2.1", None),
    ("ann@[192.0.2.1]", None),
    ("2001:db8::1", None),
    ("1.2.3", None),
    ("", None),
    (".", None),
    ("..", None),
    ("a..b.com", None),
    ("-acme.com", None),
    ("acme-.com", None),
    ("acme com", None),
    ("acme.com,beta.com", None),
    ("x" * 64 + ".com", None),
    ("x." * 130 + "com", None),
    ("\ud800.com", None),
    ("a\x00cme.com", None),
    ("ann@", None),
    ("N/A", None),
    ("unknown", None),
]


@pytest.mark.parametrize(("text", "domain"), WRITTEN)
def test_the_registrable_domain(text, domain):
    assert registrable_domain(text) == domain
    assert company_domain(text) == domain


@pytest.mark.parametrize(
    "text",
    [
        "gmail.com",
        "ann@GMAIL.com",
        "ann@mail.gmail.com",
        "ann@yahoo.co.uk",
        "ann@web.de",
        "ann@qq.com",
        # Missing from the vendored list.
        "ann@hey.com",
        "ann@tutanota.com",
        # Disposable.
        "ann@mailinator.com",
        "ann@x.mailinator.com",
        # Forwarders stand for a person, not for the company that runs them.
        "1+ann@users.noreply.github.com",
        "x@privaterelay.appleid.com",
        "x@mozmail.com",
    ],
)
def test_mail_hosts_that_tell_no_company(text):
    assert company_domain(text) is None


def test_the_companies_behind_forwarders_are_companies():
    assert company_domain("ann@github.com") == "github.com"
    assert company_domain("ann@appleid.com") == "appleid.com"


def test_operators_have_the_last_word_on_mail_hosts(settings):
    settings.FREE_MAIL_DOMAINS = ["Alumni.example"]
    settings.NOT_FREE_MAIL_DOMAINS = ["WEB.de", "mailinator.com"]
    assert company_domain("ann@alumni.example") is None
    assert company_domain("ann@web.de") == "web.de"
    assert company_domain("ann@mailinator.com") == "mailinator.com"


def test_disposable_is_tested_first_so_the_lists_do_not_overlap():
    lists = mail_lists()
    assert len(lists.disposable) > 9_000
    assert 4_000 < len(lists.free) < 9_000
    assert not lists.disposable & lists.free


def test_the_vendored_list_is_the_one_that_was_recorded():
    assert drift() == []


@pytest.mark.parametrize(
    ("domain", "name"),
    [
        ("acme.com", "Acme"),
        ("acme-labs.co.uk", "Acme Labs"),
        ("acme_labs.example", "Acme Labs"),
        ("xn--mnchen-3ya.de", "München"),
        ("hp.com", "HP"),
        ("box.com", "Box"),
        ("37signals.com", "37signals"),
        ("a--b.example", "A B"),
        ("xn--a.example", "xn--a.example"),
    ],
)
def test_a_company_is_named_after_its_domain(domain, name):
    assert company_name(domain) == name


@given(st.one_of(st.text(max_size=300), st.text("a.-@/:ü1xn\u3002", max_size=60)))
def test_nothing_raises_and_what_comes_out_is_stable(text):
    domain = company_domain(text)
    if domain is not None:
        assert company_domain(domain) == domain
        assert domain.isascii()
        assert "." in domain
        assert len(company_name(domain)) > 0
