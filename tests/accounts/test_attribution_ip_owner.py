import os

import pytest
from django.core.management import CommandError, call_command

from accounts.attribution.ip_owner import IpOwner, clean_address, owner_in, owner_of
from tests.accounts.mmdb import write

# Public addresses that no list of hosts or VPNs names.
OFFICE, HOME, ASN_ONLY = "128.30.2.1", "2.207.0.1", "131.246.9.1"
RECORDS = {
    "128.30.0.0/16": {
        "autonomous_system_organization": "Acme Networks Inc",
        "as_domain": "acme.com",
        "type": "business",
    },
    "2.207.0.0/16": {"name": "Example Telecom", "type": "isp"},
    "131.246.0.0/16": {"autonomous_system_organization": "Technical Institute"},
    "10.0.0.0/8": {"name": "Private Inc"},
    "104.16.0.0/12": {"name": "Edge Inc"},
    "2a00:1450::/32": {"organization": "Six Inc"},
}


@pytest.fixture
def database(tmp_path, settings):
    path = write(tmp_path / "owners.mmdb", RECORDS)
    settings.IP_DATABASE = str(path)
    return path


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1 ", "192.0.2.1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1"),
        ("192.0.2", ""),
        ("192.0.2.1/24", ""),
        ("acme.com", ""),
        ("", ""),
    ],
)
def test_addresses_are_read_in_one_form(text, address):
    assert clean_address(text) == address


def test_the_owner_of_a_network(database):
    assert owner_of(OFFICE) == IpOwner("Acme Networks Inc", "acme.com", "128.30.0.0/16")
    assert owner_of(f"::ffff:{OFFICE}") == owner_of(OFFICE)
    assert owner_of(ASN_ONLY) == IpOwner("Technical Institute", "", "131.246.0.0/16")


@pytest.mark.parametrize(
    "address",
    [
        HOME,  # a consumer network
        "10.1.2.3",  # private, whatever the database says
        "127.0.0.1",
        "192.0.2.1",  # reserved for documentation
        "fe80::1",
        "104.16.1.1",  # a content delivery network
        "131.247.0.1",  # not in the database
        "garbage",
        "",
    ],
)
def test_addresses_that_tell_no_company(database, address):
    assert owner_of(address) is None


def test_without_a_database_nothing_is_known(settings, tmp_path):
    settings.IP_DATABASE = ""
    assert owner_of(OFFICE) is None
    settings.IP_DATABASE = str(tmp_path / "missing.mmdb")
    assert owner_of(OFFICE) is None


def test_a_file_that_is_no_database_holds_no_event_up(settings, tmp_path):
    path = tmp_path / "broken.mmdb"
    path.write_bytes(b"not a database")
    settings.IP_DATABASE = str(path)
    assert owner_of(OFFICE) is None


def test_a_renewed_database_is_read_anew(database):
    assert owner_of(OFFICE).organisation == "Acme Networks Inc"
    records = RECORDS | {"128.30.0.0/16": {"organization": "Beta Ltd"}}
    write(database, records)
    os.utime(database, (1, 1))
    assert owner_of(OFFICE).organisation == "Beta Ltd"


def test_an_ipv4_database_knows_no_ipv6(settings, tmp_path):
    path = write(
        tmp_path / "four.mmdb", {"128.30.0.0/16": RECORDS["128.30.0.0/16"]}, version=4
    )
    settings.IP_DATABASE = str(path)
    assert owner_of(OFFICE) is not None
    assert owner_of("2a00:1450::1") is None


@pytest.mark.parametrize(
    ("record", "name", "domain"),
    [
        # MaxMind GeoIP2 Enterprise and DB-IP: below "traits".
        (
            {
                "country": {"iso_code": "DE", "names": {"en": "Germany"}},
                "traits": {
                    "organization": "Acme GmbH",
                    "isp": "Example Telecom",
                    "user_type": "business",
                    "domain": "acme.com",
                },
            },
            "Acme GmbH",
            "acme.com",
        ),
        ({"traits": {"organization": "Example", "user_type": "residential"}}, None, ""),
        ({"traits": {"organization": "Example", "user_type": "Hosting"}}, None, ""),
        # GeoLite2 ASN.
        ({"autonomous_system_organization": "ACME-NET"}, "ACME-NET", ""),
        # IPinfo.
        (
            {"asn": "AS64500", "as_name": "Acme Inc", "as_domain": "acme.com"},
            "Acme Inc",
            "acme.com",
        ),
        ({"asn": "AS64500", "name": "Host Inc", "type": "hosting"}, None, ""),
        # Names without a kind: words of access providers and of hosts.
        ({"name": "Example Telecom AG"}, None, ""),
        ({"name": "Deutsche Telekom AG"}, None, ""),
        ({"name": "Comcast Cable Communications, LLC"}, None, ""),
        ({"name": "Example Hosting GmbH"}, None, ""),
        ({"name": "Example Mobile"}, None, ""),
        ({"name": "Mobility Research Inc"}, "Mobility Research Inc", ""),
        # With a kind that is a company's, the name may say what it likes.
        ({"name": "Telecom Consulting", "type": "business"}, "Telecom Consulting", ""),
        # A free mailer's domain is no company's.
        ({"name": "Acme", "domain": "gmail.com"}, "Acme", ""),
        ({"name": "AS64500 Acme Inc"}, "Acme Inc", ""),
        ({"country": {"iso_code": "DE"}}, None, ""),
        ({"name": "  "}, None, ""),
        ({"name": 7}, None, ""),
        (None, None, ""),
        ("text", None, ""),
        ([], None, ""),
    ],
)
def test_records_of_every_maker_are_read(record, name, domain):
    owner = owner_in(record, "192.0.2.0/24")
    assert owner == (name and IpOwner(name, domain, "192.0.2.0/24"))


def test_the_check_says_what_a_database_can_tell(database, capsys):
    call_command("check_ip_database", OFFICE, HOME)
    told = capsys.readouterr().out
    assert "Test-ASN, built 2026-09-21" in told
    assert "Of 6 networks looked at, 5 name a company." in told
    assert f"{OFFICE}: Acme Networks Inc, acme.com (128.30.0.0/16)." in told
    assert f"{HOME}: no company." in told


def test_the_check_fails_where_no_company_is_named(tmp_path):
    path = write(tmp_path / "country.mmdb", {"2.0.0.0/8": {"country": "DE"}})
    with pytest.raises(CommandError, match="names no organisation"):
        call_command("check_ip_database", file=str(path))


@pytest.mark.parametrize("content", [None, b"garbage"])
def test_the_check_fails_on_what_is_no_database(tmp_path, content):
    path = tmp_path / "x.mmdb"
    if content:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=r"x\.mmdb"):
        call_command("check_ip_database", file=str(path))


def test_the_check_asks_for_a_database(settings):
    settings.IP_DATABASE = ""
    with pytest.raises(CommandError, match="IP_DATABASE"):
        call_command("check_ip_database")
