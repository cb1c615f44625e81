"""Which plug-ins there are: the classes that a setting names."""

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from accounts.enrichment.plug_in import PlugIn
from accounts.models.account_field import LONGEST_FIELD_KEY
from accounts.models.enrichment import LONGEST_PLUG_IN_NAME

_KEY = re.compile(r"[a-z][a-z0-9_]*")


def load_plug_ins() -> list[PlugIn]:
    """Return the plug-ins of ``ENRICHMENT_PLUG_INS``, in its order.

    Raises:
        ImproperlyConfigured: a path leads nowhere, or to what is no plug-in.
    """
    plug_ins = [_load(path) for path in settings.ENRICHMENT_PLUG_INS]
    names = [plug_in.name for plug_in in plug_ins]
    for name in names:
        if names.count(name) > 1:
            raise ImproperlyConfigured(f"Two enrichment plug-ins are called {name}.")
    return plug_ins


def check_plug_ins(**_: Any) -> list[CheckMessage]:
    """Say at the start what is wrong with ``ENRICHMENT_PLUG_INS``."""
    try:
        load_plug_ins()
    except ImproperlyConfigured as error:
        return [Error(str(error), hint="See docs/enrichment.md.", id="accounts.E001")]
    return []


def _load(path: str) -> PlugIn:
    try:
        plug_in: PlugIn = import_string(path)()
    except Exception as error:
        raise ImproperlyConfigured(
            f"ENRICHMENT_PLUG_INS: {path} cannot be made: {error}"
        ) from error
    name = getattr(plug_in, "name", None)
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_PLUG_IN_NAME:
        raise ImproperlyConfigured(f"ENRICHMENT_PLUG_INS: {path} has no usable name.")
    if not callable(getattr(plug_in, "enrich", None)):
        raise ImproperlyConfigured(f"ENRICHMENT_PLUG_INS: {path} has no enrich().")
    for field in getattr(plug_in, "fields", ()):
        if not _KEY.fullmatch(field.key) or len(field.key) > LONGEST_FIELD_KEY:
            raise ImproperlyConfigured(
                f"ENRICHMENT_PLUG_INS: {path} fills “{field.key}”, which no field can "
                "be called."
            )
    return plug_in
