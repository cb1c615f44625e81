"""Admin classes of `accounts`. Metrics and API keys are in `ingest.admin`.

They are there because their pages show what waits in the quarantine and what came in
with a key.
"""

from accounts.admin import (  # noqa: A004, F401 (registers them; one is called as its model)
    account,
    application,
    audit,
    developer,
    license,
    people,
    product,
    score,
    workspace,
)
