"""Admin classes of `accounts`. Metrics and API keys are in `ingest.admin`.

They are there because their pages show what waits in the quarantine and what came in
with a key.
"""

from accounts.admin import (  # noqa: F401 (registers them)
    account,
    account_field,
    application,
    audit,
    developer,
    license,  # noqa: A004 (called as its model is)
    people,
    product,
    score,
    workspace,
)
