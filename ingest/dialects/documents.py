"""Pieces of the OpenAPI description that the dialects share."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

Schema = dict[str, Any]
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=(
        "At most 255 characters of your own. A repeat under the same key stores "
        "nothing and gets the first answer, for at least 24 hours; the same key with "
        "another body is an error."
    ),
)
RETRY_AFTER = OpenApiParameter(
    "Retry-After",
    OpenApiTypes.INT,
    OpenApiParameter.HEADER,
    description="After how many seconds to try again.",
    response=[429, 503],
)


def field(kind: str | list[str], description: str, **more: Any) -> Schema:
    """Return the schema of one field."""
    return {"type": kind, "description": description, **more}


def form(
    properties: Mapping[str, Schema], *, required: tuple[str, ...] = (), text: str = ""
) -> Schema:
    """Return the schema of an object."""
    schema: Schema = {"type": "object", "properties": dict(properties)}
    if required:
        schema["required"] = list(required)
    if text:
        schema["description"] = text
    return schema
