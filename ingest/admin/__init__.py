"""Admin classes of `ingest`, and those of `accounts` that show what was ingested."""

from ingest.admin import (  # noqa: F401 (registers them)
    api_key,
    app_id,
    correction,
    counter,
    developer,
    erasure,
    event,
    inbox,
    metric,
    quarantine,
    refused,
    signing_key,
    workspace,
)
