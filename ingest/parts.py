"""Takes a request apart into its fields, and puts it together again without one.

For whoever explains a request (`ingest.doctor`). JSON, urlencoded and multipart bodies,
and the query.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl, urlencode

import msgspec

from ingest.pasted import FORM, Pasted

# Of a list the first items; of anything the first fields.
MOST_ITEMS = 20
MOST_PARTS = 1000
MULTIPART = "multipart/form-data"
PART_NAME = re.compile(rb'(?i)[;\s]name="([^"]*)"')

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a request."""

    # As a dialect names it when it objects: ``events[3].email``.
    name: str
    # As people are shown it.
    label: str
    value: Any
    # Returns the request without this field.
    left_out: Callable[[], Pasted]


def parts_of(request: Pasted, most: int) -> list[Part]:
    """Return the fields of body and query, the first ``most`` of them."""
    data = _json(request.body)
    if data is not None:
        found = _json_parts(request, data, most)
    elif request.body.lstrip()[:1] in {b"{", b"["}:
        # JSON that is broken has no fields, whatever its sender calls it.
        found = []
    else:
        found = _body_parts(request)
    return [*found, *_query_parts(request)][:most]


# ---- JSON


def _json(body: bytes) -> Any:
    """Return a body as JSON; None where it is none, or nothing to take apart."""
    try:
        data = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return data if isinstance(data, dict | list) else None


def _json_parts(request: Pasted, data: Any, most: int) -> list[Part]:
    def part(path: Path) -> Part:
        name = _name_of(path)

        def left_out() -> Pasted:
            return request._replace(body=msgspec.json.encode(_without(data, path)))

        return Part(name, name, _at(data, path), left_out)

    return [part(path) for path in _leaves(data, most)]


def _leaves(data: Any, most: int, above: Path = ()) -> list[Path]:
    """Return the paths of all values that hold no others; of a list the first few."""
    inside: list[tuple[str | int, Any]] = []
    if isinstance(data, dict):
        inside = list(data.items())
    elif isinstance(data, list):
        inside = list(enumerate(data[:MOST_ITEMS]))
    if not inside:
        return [above] if above else []
    found: list[Path] = []
    for key, value in inside:
        if len(found) > most:
            break
        found += _leaves(value, most, (*above, key))
    return found


def _at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


def _without(data: Any, path: Path) -> Any:
    key, rest = path[0], path[1:]
    if isinstance(data, dict):
        if not rest:
            return {name: value for name, value in data.items() if name != key}
        return {**data, str(key): _without(data[key], rest)}
    place = int(key)
    middle = [_without(data[place], rest)] if rest else []
    return [*data[:place], *middle, *data[place + 1 :]]


def _name_of(path: Path) -> str:
    text = ""
    for key in path:
        text += f"[{key}]" if isinstance(key, int) else f"{'.' if text else ''}{key}"
    return text


# ---- Forms


def _body_parts(request: Pasted) -> list[Part]:
    kind, boundary = _kind(request)
    if kind == MULTIPART and boundary:
        return _multipart_parts(request, boundary)
    # Who forgets to say that it is a form is understood all the same.
    if kind not in {FORM, "text/plain"}:
        return []
    pairs = _pairs(request.body.decode("utf-8", "replace"))

    def left_out(name: str) -> Pasted:
        return request._replace(body=_form(pairs, name).encode())

    return _form_parts(pairs, left_out)


def _query_parts(request: Pasted) -> list[Part]:
    pairs = _pairs(request.query)

    def left_out(name: str) -> Pasted:
        return request._replace(query=_form(pairs, name))

    return _form_parts(pairs, left_out, " (query)")


def _form_parts(
    pairs: list[tuple[str, str]], left_out: Callable[[str], Pasted], where: str = ""
) -> list[Part]:
    # Of several with one name the last counts, and they are left out together.
    return [
        Part(name, f"{name}{where}", value, lambda name=name: left_out(name))  # type: ignore[misc] # mypy#15459
        for name, value in dict(pairs).items()
    ]


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARTS)
    except ValueError:
        return []


def _form(pairs: list[tuple[str, str]], without: str) -> str:
    return urlencode([pair for pair in pairs if pair[0] != without])


def _kind(request: Pasted) -> tuple[str, str]:
    """Return type and boundary of the body, as the header says them."""
    message = Message()
    message["Content-Type"] = request.header("Content-Type") or "text/plain"
    return message.get_content_type(), message.get_boundary("")


def _multipart_parts(request: Pasted, boundary: str) -> list[Part]:
    """Return the fields of a multipart form, cut at its boundary and nowhere else."""
    mark = b"--" + boundary.encode("latin-1", "replace")
    pieces = request.body.split(mark)[:MOST_PARTS]
    named: dict[str, bytes] = {}
    for piece in pieces:
        head, _, content = piece.partition(b"\r\n\r\n")
        match = PART_NAME.search(head)
        if match:
            named[match[1].decode("utf-8", "replace")] = content.removesuffix(b"\r\n")

    def left_out(name: str) -> Pasted:
        wanted = name.encode()
        kept = []
        for piece in pieces:
            match = PART_NAME.search(piece.partition(b"\r\n\r\n")[0])
            if match is None or match[1] != wanted:
                kept.append(piece)
        return request._replace(body=mark.join(kept))

    texts = [(name, value.decode("utf-8", "replace")) for name, value in named.items()]
    return _form_parts(texts, left_out)
