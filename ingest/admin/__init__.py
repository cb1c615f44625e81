"""Admin classes of `ingest`, and those of `accounts` that show what was ingested."""

from ingest.admin import (  # noqa: F401 (registers them)
    api_key,
    correction,
    counter,
    event,
    inbox,
    metric,
    quarantine,
)
