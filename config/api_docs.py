"""The description of the API, for programs (OpenAPI) and for people (a page).

The page is drawn here from the very description that programs get: the usual viewers
need scripts, and break a strict content security policy.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

Schema = dict[str, Any]
# Nested objects become dotted names; deeper than this nobody reads.
MAX_DEPTH = 4
# A user name with an empty password; a client packs it itself.
USER = "YOUR_KEY:"
# Ends of the header in which it stands packed.
BASIC, BASIC_END = "Authorization: Basic base64(", ")"
FORM = "application/x-www-form-urlencoded"
BODY_OF = "x-body-of"


@dataclass(frozen=True, slots=True)
class Field:
    """One line of a table of fields."""

    name: str
    type: str
    is_required: bool
    text: str
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A body, ready to read."""

    title: str
    body: str
    status: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """One possible answer."""

    status: str
    text: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One route of the API."""

    anchor: str
    method: str
    path: str
    summary: str
    text: str
    security: tuple[str, ...]
    headers: tuple[Field, ...]
    parameters: tuple[Field, ...]
    fields: tuple[Field, ...]
    requests: tuple[Example, ...]
    responses: tuple[Response, ...]
    answers: tuple[Example, ...]
    curl: str


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show every route with its fields, its examples and its answers."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    schema = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    address = request.build_absolute_uri("/").rstrip("/")
    return render(
        request,
        "api_docs.html",
        {
            "title": "API",
            "address": address,
            "body_limit": settings.INGEST_MAX_BODY_BYTES,
            "groups": groups_of(schema, address=address),
        },
    )


def without_slashes(endpoints: list[Any]) -> list[Any]:
    """Describe each ingestion route once, though it answers with a slash too."""
    known = {(path, method) for path, _, method, _ in endpoints}
    return [
        endpoint
        for endpoint in endpoints
        if not (
            endpoint[0].endswith("/")
            and (endpoint[0].rstrip("/"), endpoint[2]) in known
        )
    ]


def with_bodies_to_delete(result: Schema, **_: Any) -> Schema:
    """Describe the body of a DELETE that takes the same as the POST beside it.

    The generator leaves it out. Where it belongs the view says by ``x-body-of``.
    """
    for methods in result["paths"].values():
        for operation in methods.values():
            model = operation.pop(BODY_OF, None)
            if model is not None:
                operation["requestBody"] = methods[model]["requestBody"]
    return result


def groups_of(schema: Schema, *, address: str) -> dict[str, list[Operation]]:
    """Return the operations of a description by their first tag, in its order."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["Other"])[0]
            groups.setdefault(tag, []).append(
                _operation(schema, method, path, operation, address)
            )
    return groups


def _operation(
    schema: Schema, method: str, path: str, operation: Schema, address: str
) -> Operation:
    bodies = operation.get("requestBody", {}).get("content", {})
    content: Schema = next(iter(bodies.values()), {})
    requests = _examples(content)
    schemes = schema.get("components", {}).get("securitySchemes", {})
    security = tuple(
        _security(schemes.get(name, {}))
        for choice in operation.get("security", ())
        for name in choice
    )
    return Operation(
        anchor=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary") or operation["operationId"],
        text=operation.get("description", ""),
        security=security,
        headers=tuple(
            _described(each)
            for each in operation.get("parameters", ())
            if each.get("in") != "query"
        ),
        parameters=tuple(
            _described(each)
            for each in operation.get("parameters", ())
            if each.get("in") == "query"
        ),
        fields=tuple(_fields(schema, content.get("schema", {}))),
        requests=requests,
        responses=tuple(
            Response(status, response.get("description", ""))
            for status, response in operation["responses"].items()
        ),
        answers=tuple(
            Example(example.title, example.body, status)
            for status, response in operation["responses"].items()
            for answer in response.get("content", {}).values()
            for example in _examples(answer)
        ),
        curl=_curl(
            address + path, method, security, requests, kind=next(iter(bodies), "")
        ),
    )


def _fields(
    schema: Schema, node: Schema, prefix: str = "", depth: int = 0
) -> list[Field]:
    """Return the fields of an object; of alternatives the first is shown."""
    node = _resolved(schema, node)
    found: list[Field] = []
    for name, part in node.get("properties", {}).items():
        each = _resolved(schema, part)
        kind = each.get("type", "object")
        found.append(
            Field(
                name=f"{prefix}{name}",
                type=" or ".join(kind) if isinstance(kind, list) else kind,
                is_required=name in node.get("required", ()),
                text=each.get("description", ""),
                allowed=tuple(str(value) for value in each.get("enum", ()) if value),
            )
        )
        if "properties" in each and depth < MAX_DEPTH:
            found += _fields(schema, each, f"{prefix}{name}.", depth + 1)
    return found


def _resolved(schema: Schema, node: Schema) -> Schema:
    if "oneOf" in node:
        return _resolved(schema, node["oneOf"][0])
    if "$ref" not in node:
        return node
    target: Any = schema
    for step in node["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return _resolved(schema, target)


def _examples(content: Schema) -> tuple[Example, ...]:
    return tuple(
        Example(
            each.get("summary") or name,
            json.dumps(each["value"], indent=2, ensure_ascii=False),
        )
        for name, each in content.get("examples", {}).items()
    )


def _described(parameter: Schema) -> Field:
    kind = parameter["schema"].get("type", "")
    return Field(
        name=_parameter(parameter),
        type=" or ".join(kind) if isinstance(kind, list) else kind,
        is_required=parameter.get("required", False),
        text=parameter.get("description", ""),
        allowed=tuple(str(one) for one in parameter["schema"].get("enum", ()) if one),
    )


def _parameter(parameter: Schema) -> str:
    """Return a header's name, or what a part of the address is called."""
    name = str(parameter["name"])
    return f"{{{name}}} in the address" if parameter.get("in") == "path" else name


def _security(scheme: Schema) -> str:
    if scheme.get("scheme") == "basic":
        return f"{BASIC}{scheme.get('description', USER)}{BASIC_END}"
    if scheme.get("type") == "oauth2":
        return "Authorization: Bearer ACCESS_TOKEN"
    if scheme.get("type") == "http":
        return f"Authorization: {scheme['scheme'].title()} YOUR_KEY"
    return f"{scheme.get('name', 'Authorization')}: YOUR_KEY"


def _curl(
    address: str,
    method: str,
    security: tuple[str, ...],
    requests: tuple[Example, ...],
    *,
    kind: str,
) -> str:
    lines = [f"curl -X {method.upper()} {address}"]
    for header in security[:1]:
        if header.startswith(BASIC):
            user = header.removeprefix(BASIC).removesuffix(BASIC_END)
            lines.append(f"  -u '{user}'")
        else:
            lines.append(f"  -H '{header}'")
    if requests and kind == FORM:
        fields = json.loads(requests[0].body)
        lines += [f"  --data-urlencode '{name}={fields[name]}'" for name in fields]
    elif requests:
        body = json.dumps(json.loads(requests[0].body))
        lines += ["  -H 'Content-Type: application/json'", f"  -d '{body}'"]
    return " \\\n".join(lines)
