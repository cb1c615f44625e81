"""Reads a request that somebody pasted: HTTP as text, a curl line, or a bare body.

Nothing is fetched, and no file of this machine is read, whatever the line says.
"""

import base64
import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote_plus, urlsplit
from uuid import uuid4

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
FIRST_LINE = re.compile(
    rf"({'|'.join(METHODS)})[ \t]+(\S+)(?:[ \t]+HTTP/[\d.]+)?[ \t]*", re.ASCII
)
HEADER = re.compile(r"([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*)", re.ASCII)
ANSI_STRING = re.compile(r"\$'((?:[^'\\]|\\.)*)'", re.DOTALL)
ANSI = {"n": "\n", "t": "\t", "r": "\r"}
FORM = "application/x-www-form-urlencoded"
# Options of curl that take a value which does not change the request.
IGNORED = frozenset(
    {
        *("-o", "--output", "-m", "--max-time", "--connect-timeout", "-w"),
        *("--write-out", "--retry", "--retry-delay", "--cacert", "-x", "--proxy"),
        *("-D", "--dump-header", "-c", "--cookie-jar", "-E", "--cert", "--key"),
        *("--resolve", "--connect-to", "--interface", "--retry-max-time"),
    }
)
# Options that are a header: its name, and what it begins with.
SAID = {
    "-A": ("User-Agent", ""),
    "--user-agent": ("User-Agent", ""),
    "--oauth2-bearer": ("Authorization", "Bearer "),
}
DATA = frozenset(
    {"-d", "--data", "--data-raw", "--data-binary", "--data-ascii", "--data-urlencode"}
)
VALUED = (
    IGNORED
    | DATA
    | {
        *(
            "-X",
            "--request",
            "-H",
            "--header",
            "-F",
            "--form",
            "--form-string",
            "--json",
        ),
        *("-u", "--user", "-A", "--user-agent", "--url", "-e", "--referer", "-b"),
        *("--cookie", "--oauth2-bearer"),
    }
)


class NotReadable(Exception):  # noqa: N818 (an outcome, named like one)
    """The text is no request; the message says why."""


class Pasted(NamedTuple):
    """A request as far as the text says it."""

    body: bytes
    # Empty where only a body was pasted.
    method: str = ""
    path: str = ""
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str:
        """Return the last header of that name, or ""."""
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[-1] if found else ""


def read(text: str) -> Pasted:
    """Return the request that a text says.

    Raises:
        NotReadable: there is none in it.
    """
    # Spaces inside a body are its own; only what is around the text goes.
    text = text.replace("\r\n", "\n").strip("\n\ufeff")
    if not text.strip():
        raise NotReadable("There is nothing to explain yet.")
    start = text.lstrip("$# \t\n")
    if re.match(r"curl(?:\.exe)?(?:\s|$)", start):
        return _curl(start)
    first, _, rest = text.partition("\n")
    match = FIRST_LINE.fullmatch(first.strip())
    if match:
        return _http(match[1], match[2], rest)
    return Pasted(text.encode())


def _http(method: str, target: str, rest: str) -> Pasted:
    headers: list[tuple[str, str]] = []
    lines = rest.split("\n")
    for place, line in enumerate(lines):
        match = HEADER.fullmatch(line.rstrip())
        if match is None:
            # An empty line ends the headers; people forget it.
            skipped = place + (not line.strip())
            body = "\n".join(lines[skipped:])
            break
        headers.append((match[1], match[2].strip()))
    else:
        body = ""
    kind = next((v for k, v in headers if k.lower() == "content-type"), "")
    if kind.lower().startswith("multipart/"):
        # Parts are separated by CRLF on the wire.
        body = body.replace("\n", "\r\n")
    path, query, host = _target(target)
    if host:
        headers.append(("Host", host))
    return Pasted(body.encode(), method, path, query, tuple(headers))


def _target(target: str) -> tuple[str, str, str]:
    if "://" not in target and not target.startswith("/"):
        target = f"http://{target}"
    try:
        parts = urlsplit(target)
    except ValueError as error:
        raise NotReadable(f"The address cannot be read: {error}.") from None
    return parts.path or "/", parts.query, parts.netloc.rpartition("@")[2]


def _curl(text: str) -> Pasted:
    text = re.sub(r"[\\^]\n", " ", text)
    text = ANSI_STRING.sub(lambda match: shlex.quote(_ansi(match[1])), text)
    try:
        words = shlex.split(text)[1:]
    except ValueError:
        raise NotReadable("The curl line ends inside quotes.") from None
    line = _CurlLine()
    for option, value in _options(words):
        line.take(option, value)
    return line.request()


def _ansi(text: str) -> str:
    return re.sub(
        r"\\(.)", lambda match: ANSI.get(match[1], match[1]), text, flags=re.DOTALL
    )


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Return (option, value) pairs; an address comes as ``--url``."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            yield "--url", word
            continue
        option, equals, value = word.partition("=")
        if word.startswith("--") and equals:
            yield option, value
        elif word.startswith("--"):
            yield word, next(rest, "") if word in VALUED else ""
        else:
            yield from _letters(word[1:], rest)


def _letters(word: str, rest: Iterator[str]) -> Iterator[tuple[str, str]]:
    """Return the options of one word: ``-sSX POST``, ``-XPOST``."""
    for place, letter in enumerate(word, start=1):
        option = f"-{letter}"
        if option in VALUED:
            yield option, word[place:] or next(rest, "")
            return
        yield option, ""


class _CurlLine:
    """What the options of a curl line add up to."""

    def __init__(self) -> None:
        self.method = ""
        self.target = ""
        self.headers: list[tuple[str, str]] = []
        self.data: list[str] = []
        self.parts: list[tuple[str, str]] = []
        self.is_get = False

    def take(self, option: str, value: str) -> None:
        """Take one option as curl would."""
        if option in DATA or option in {"-F", "--form", "--json"}:
            self._take_data(option, value)
        elif option in {"-X", "--request"}:
            self.method = value.upper()
        elif option in {"-H", "--header"}:
            name, _, content = value.partition(":")
            self.headers.append((name.strip(), content.strip()))
        elif option == "--form-string":
            self.parts.append(_pair(value))
        elif option in {"-u", "--user"}:
            packed = base64.b64encode(value.encode()).decode()
            self.headers.append(("Authorization", f"Basic {packed}"))
        elif option in SAID:
            name, before = SAID[option]
            self.headers.append((name, f"{before}{value}"))
        elif option in {"-G", "--get"}:
            self.is_get = True
        elif option in {"-I", "--head"}:
            self.method = "HEAD"
        elif option == "--url" and not self.target:
            self.target = value

    def _take_data(self, option: str, value: str) -> None:
        if value.startswith("@") and option != "--data-raw":
            raise NotReadable(
                "The body is in a file (@…). Paste what is in it: no files are read."
            )
        if option in {"-F", "--form"}:
            self.parts.append(_pair(value))
        elif option == "--data-urlencode":
            name, equals, content = value.partition("=")
            self.data.append(
                f"{name}={quote_plus(content)}" if equals else quote_plus(value)
            )
        else:
            if option == "--json":
                self.headers.append(("Content-Type", "application/json"))
            self.data.append(value)

    def request(self) -> Pasted:
        """Return the request that curl would send."""
        if not self.target:
            raise NotReadable("The curl line has no address.")
        path, query, host = _target(self.target)
        headers = [("Host", host)] if host else []
        body = "&".join(self.data).encode()
        if self.parts:
            boundary = uuid4().hex
            body = _multipart(self.parts, boundary)
            headers.append(
                ("Content-Type", f"multipart/form-data; boundary={boundary}")
            )
        elif self.data and self.is_get:
            query = "&".join([query, body.decode()] if query else [body.decode()])
            body = b""
        elif self.data:
            headers.append(("Content-Type", FORM))
        sends = bool(self.parts or self.data) and not self.is_get
        method = self.method or ("POST" if sends else "GET")
        return Pasted(body, method, path, query, (*headers, *self.headers))


def _pair(value: str) -> tuple[str, str]:
    name, _, content = value.partition("=")
    if content.startswith(("@", "<")):
        raise NotReadable("A field is in a file (@…). No files are read.")
    return name, content


def _multipart(parts: list[tuple[str, str]], boundary: str) -> bytes:
    lines = []
    for name, value in parts:
        lines += [
            f"--{boundary}",
            f'Content-Disposition: form-data; name="{name}"',
            "",
            value,
        ]
    return "\r\n".join([*lines, f"--{boundary}--", ""]).encode()
