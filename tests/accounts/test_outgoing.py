import contextlib
import ipaddress
import socket
import ssl
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from accounts import outgoing
from accounts.outgoing import (
    OutgoingError,
    RefusedAddressError,
    check_url,
    post,
    resolve,
)
from tests.receiving import Receiver

# All of this machine's own.
pytestmark = pytest.mark.allow_hosts([f"127.0.0.{number}" for number in (1, 2, 3, 9)])


@pytest.fixture
def receiver(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.2/32"]
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def names(monkeypatch):
    """Answers of the resolver by name, one a call; the last one again and again."""
    table, real = {}, socket.getaddrinfo

    def getaddrinfo(host, port, *args, **kwargs):
        with contextlib.suppress(ValueError):
            # The connection itself, to the address that was checked.
            return real(str(ipaddress.ip_address(host)), port, *args, **kwargs)
        answers = table.get(str(host))
        if answers is None:
            raise socket.gaierror(-2, "Name or service not known")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (
                socket.AF_INET6 if ":" in text else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (text, port, 0, 0) if ":" in text else (text, port),
            )
            for text in found
        ]

    monkeypatch.setattr(outgoing.socket, "getaddrinfo", getaddrinfo)
    return table


# ---- What an address may look like


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com/x",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "gopher://hooks.example.com/",
        "//hooks.example.com/x",
        "http://hooks.example.com/x",
        "https:///x",
        "https://user:secret@hooks.example.com/",
        "https://hooks.example.com@127.0.0.1/",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com:99999/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com/ x",
        "https://hooks.example.com/\r\nX: y",
        "https://hooks.exa\tmple.com/",
        "https://①②⑦.⓪.⓪.①/",
        "https://ⓔxample.com/",
        "https://[::1",
        "https://exa_mple.com/",
        "https://-example.com/",
        "https://" + "a" * 2000 + ".com/",
    ],
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(RefusedAddressError):
        check_url(url)


# Ways to write an address that is not public, and public-looking ones that hide one.
NOT_PUBLIC = [
    "127.0.0.1",
    "127.1.2.3",
    "127.1",
    "127.0.1",
    "0",
    "0.0.0.0",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:a00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::a00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:a00:1::]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[100::1]",
    "192.0.0.8",
    "192.88.99.1",
    "[fec0::1]",
    "[3fff::1]",
    "[2001:4860::5efe:7f00:1]",
    "[2001:4860::200:5efe:10.0.0.1]",
    "[::ffff:192.88.99.1]",
]


@pytest.mark.parametrize("host", NOT_PUBLIC)
def test_no_address_that_is_not_public_is_reached(host):
    with pytest.raises(RefusedAddressError):
        resolve(f"https://{host}/x")


@pytest.mark.parametrize("host", NOT_PUBLIC)
def test_nor_through_a_name(host, names):
    text = host.strip("[]").partition("%")[0].rstrip(".")
    try:
        ipaddress.ip_address(text)
    except ValueError:
        pytest.skip("no resolver answers so")
    names["hooks.example.com"] = [[text]]
    with pytest.raises(RefusedAddressError, match="not a public address"):
        resolve("https://hooks.example.com/x")


def test_one_address_that_is_not_public_spoils_the_name(names):
    names["hooks.example.com"] = [["93.184.216.34", "10.0.0.1"]]
    with pytest.raises(RefusedAddressError):
        resolve("https://hooks.example.com/x")


@pytest.mark.parametrize(
    "text",
    [
        "93.184.216.34",
        "2606:2800:220:1:248:1893:25c8:1946",
        "2606:2800::5efe:93.184.216.34",
    ],
)
def test_public_addresses_are_fine(text, names):
    names["hooks.example.com"] = [[text]]
    target = resolve("https://hooks.example.com/x?y=1")
    assert (target.host, target.port, target.path) == (
        "hooks.example.com",
        443,
        "/x?y=1",
    )
    assert target.addresses == (ipaddress.ip_address(text),)


def test_a_name_that_is_none_says_so(names):
    names["empty.example.com"] = [[]]
    with pytest.raises(OutgoingError, match="cannot be resolved"):
        resolve("https://nowhere.example.com/")
    with pytest.raises(OutgoingError, match="has no address"):
        resolve("https://empty.example.com/")


@given(st.integers(0, 2**32 - 1))
def test_hidden_in_ipv6_an_address_is_judged_as_itself(number):
    plain = ipaddress.IPv4Address(number)
    hidden = [
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80) | 1),
    ]
    for address in hidden:
        if not outgoing._is_public(plain):
            with pytest.raises(RefusedAddressError):
                outgoing._require_public(address)


# ---- Sending


def test_a_post_arrives_as_it_was_sent(receiver, names):
    names["hooks.internal"] = [["127.0.0.2"]]
    answer = post(
        f"http://hooks.internal:{receiver.port}/in?x=1", b'{"a":1}', {"X-Test": "yes"}
    )
    assert (answer.status, answer.text, answer.is_success) == (200, "thanks", True)
    [(path, headers, body)] = receiver.seen
    assert (path, body) == ("/in?x=1", b'{"a":1}')
    assert headers["Host"] == f"hooks.internal:{receiver.port}"
    assert headers["X-Test"] == "yes"


def test_a_name_that_changes_between_looks_is_resolved_once(receiver, names, settings):
    inside = Receiver("127.0.0.3")
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.2/32"]
    try:
        names["rebind.example"] = [["127.0.0.2"], ["127.0.0.3"]]
        post(f"http://rebind.example:{receiver.port}/", b"", {})
        assert len(receiver.seen) == 1
        with pytest.raises(RefusedAddressError):
            post(f"http://rebind.example:{inside.port}/", b"", {})
        assert not inside.seen
    finally:
        inside.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(receiver, names, status):
    inside = Receiver("127.0.0.3")
    try:
        names["hooks.internal"] = [["127.0.0.2"]]
        receiver.answer = (
            status,
            {"Location": f"http://127.0.0.3:{inside.port}/secret"},
            b"",
        )
        answer = post(f"http://hooks.internal:{receiver.port}/", b"", {})
        assert (answer.status, answer.is_success) == (status, False)
        assert not inside.seen
    finally:
        inside.close()


def test_a_second_address_is_tried_when_the_first_is_deaf(receiver, names, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.0/8"]
    names["hooks.internal"] = [["127.0.0.9", "127.0.0.2"]]
    assert post(f"http://hooks.internal:{receiver.port}/", b"", {}).is_success


def test_a_long_answer_is_cut(receiver, names):
    names["hooks.internal"] = [["127.0.0.2"]]
    receiver.answer = (500, {}, b"x" * 1_000_000)
    answer = post(f"http://hooks.internal:{receiver.port}/", b"", {})
    assert (answer.status, len(answer.text)) == (500, outgoing.LONGEST_ANSWER)


def test_bytes_that_are_no_text_do_no_harm(receiver, names):
    names["hooks.internal"] = [["127.0.0.2"]]
    receiver.answer = (200, {"Content-Encoding": "gzip"}, b"\x00\xff\x1f\x8b")
    assert "\0" not in post(f"http://hooks.internal:{receiver.port}/", b"", {}).text


def test_nobody_listens(names, settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.9/32"]
    names["hooks.internal"] = [["127.0.0.9"]]
    with pytest.raises(OutgoingError, match="could not be reached"):
        post("http://hooks.internal:9/", b"", {})


@pytest.mark.parametrize("where", ["headers", "body", "nothing"])
def test_a_slow_receiver_is_cut_off(receiver, names, monkeypatch, where):
    names["hooks.internal"] = [["127.0.0.2"]]
    monkeypatch.setattr(outgoing, "LONGEST", 1.0)

    def drip(handler):
        send = handler.wfile.write
        handler.wfile._sock.settimeout(5)
        try:
            if where != "nothing":
                send(b"HTTP/1.1 200 OK\r\n")
            if where == "body":
                send(b"Content-Length: 1000\r\n\r\n")
            for _ in range(40):
                if where != "nothing":
                    send(b"x")
                time.sleep(0.25)
        except OSError:
            pass

    receiver.answer = drip
    started = time.monotonic()
    with pytest.raises(OutgoingError):
        post(f"http://hooks.internal:{receiver.port}/", b"", {})
    assert time.monotonic() - started < 5


def test_a_certificate_nobody_signed_is_refused(names, settings, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hooks.internal")])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("hooks.internal")]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "both.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    settings.WEBHOOK_ALLOWED_NETWORKS = ["127.0.0.2/32"]
    receiver = Receiver(tls=tls)
    try:
        names["hooks.internal"] = [["127.0.0.2"]]
        with pytest.raises(OutgoingError, match="certificate"):
            post(f"https://hooks.internal:{receiver.port}/", b"", {})
        assert not receiver.seen
    finally:
        receiver.close()
