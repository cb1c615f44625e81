"""The fields of a licence record, however they arrive: four forms, one mapping.

Source: contracts/license, "Body". Multipart, urlencoded or JSON; query parameters
count too, and the body wins. Values stay as they were sent.
"""

import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError

from ingest.body import parse_json
from ingest.refusals import Reason, Refused

Fields = Mapping[str, Any]
MOST_FIELDS = 1000
MULTIPART = "multipart/form-data"
# Forms write what nests as ``metadata[os]`` and ``flags[]``, PHP's own and others.
NESTED = re.compile(r"(flags|metadata)\[(.*)\]", re.DOTALL)
MOST_LEVELS = 8


class _IgnoreFiles(FileUploadHandler):
    """Reads files without keeping them; the contract has no field for one."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Let the data go."""
        del raw_data, start
        return None

    def file_complete(self, file_size: int) -> None:
        """Return no file."""
        del file_size


def query_fields(request: HttpRequest) -> dict[str, Any]:
    """Return the query parameters; of several with one name the last."""
    # WSGI hands the bytes on as Latin-1.
    raw = request.META.get("QUERY_STRING", "").encode("latin-1", "replace")
    return _pairs(raw)


def body_fields(request: HttpRequest, body: bytes) -> dict[str, Any]:
    """Return the fields of a body in whichever form it is written.

    Raises:
        Refused: it is written in none of them.
    """
    kind = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    if kind == MULTIPART:
        return _multipart(request, body)
    start = body.lstrip()[:1]
    # A JSON object under another name is still one: `curl -d` calls everything a form.
    if start == b"{" or (start and kind.endswith("json")):
        return json_fields(body)
    return _pairs(body)


def json_fields(body: bytes) -> dict[str, Any]:
    """Return the members of a JSON object.

    Raises:
        Refused: it is no JSON or no object.
    """
    data = parse_json(body)
    if not isinstance(data, dict):
        raise Refused(Reason.INVALID, "the body must be a JSON object")
    return data


def _pairs(raw: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            raw.decode("utf-8", "replace"),
            keep_blank_values=True,
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        raise Refused(Reason.INVALID, f"more than {MOST_FIELDS} fields") from None
    return _fields(pairs)


def _fields(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return fields by name, the last of each, with what nests put together."""
    found: dict[str, Any] = {}
    nested: set[str] = set()
    for name, value in pairs:
        match = NESTED.fullmatch(name)
        path = [match[1], *match[2].split("][")] if match else [name]
        if len(path) > MOST_LEVELS:
            continue
        inner = found
        for key in path[:-1]:
            below = inner.get(key)
            if not isinstance(below, dict):
                below = {}
                inner[key or str(len(inner))] = below
            inner = below
        inner[(path[-1] or str(len(inner))) if match else name] = value
        if match:
            nested.add(match[1])
    for name in nested:
        found[name] = _with_lists(found[name])
    return found


def _with_lists(value: Any) -> Any:
    """Return what was numbered from 0 on as lists."""
    if not isinstance(value, dict):
        return value
    whole = {key: _with_lists(each) for key, each in value.items()}
    numbered = [str(place) for place in range(len(whole))]
    return list(whole.values()) if list(whole) == numbered else whole


def _multipart(request: HttpRequest, body: bytes) -> dict[str, Any]:
    meta = {**request.META, "CONTENT_LENGTH": str(len(body))}
    try:
        parser = MultiPartParser(meta, BytesIO(body), [_IgnoreFiles()], "utf-8")
        form, _ = parser.parse()
    except (
        MultiPartParserError,
        SuspiciousOperation,
        ValueError,
        LookupError,
    ) as error:
        raise Refused(
            Reason.BAD_ENCODING, f"the body is not a multipart form: {error}"
        ) from None
    return _fields((name, each) for name, values in form.lists() for each in values)
