"""Model fields for PostgreSQL types that Django has no field for."""

import ipaddress
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


def normalise_network(text: str) -> str:
    """Return an IP network in its canonical form; a lone address becomes /32 or /128.

    Host bits are dropped, as `203.0.113.7/24` plainly means the /24. Raises
    ValidationError when the text is no address and no network.
    """
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        raise ValidationError(
            f"“{text}” is not an IP network such as 203.0.113.0/24."
        ) from None


class NetworkField(models.CharField):  # type: ignore[type-arg]
    """An IP network, stored as ``cidr`` so that containment is an index question."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_length"] = 50
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        """Leave the fixed length out of migrations."""
        name, path, args, kwargs = super().deconstruct()
        del kwargs["max_length"]
        return name, path, args, kwargs

    def db_type(self, connection: BaseDatabaseWrapper) -> str:  # noqa: ARG002
        """Use PostgreSQL's network type."""
        return "cidr"

    def from_db_value(self, value: Any, *_: Any) -> str | None:
        """Return text, whatever object the driver made of it."""
        return None if value is None else str(value)

    def to_python(self, value: Any) -> Any:
        """Normalise what a form or a caller gives."""
        return value if value in self.empty_values else normalise_network(str(value))

    def get_prep_value(self, value: Any) -> Any:
        """Normalise what is written."""
        return value if value is None else normalise_network(str(value))

    def get_db_prep_value(
        self,
        value: Any,
        connection: BaseDatabaseWrapper,
        prepared: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        """Hand the driver an object that it sends as ``cidr``."""
        value = super().get_db_prep_value(value, connection, prepared)
        return None if value is None else ipaddress.ip_network(value)
