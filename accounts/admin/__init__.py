"""Admin classes of `accounts`. Metrics and API keys are in `ingest.admin`.

They are there because their pages show what waits in the quarantine and what came in
with a key; so are developers and workspaces, for what can be done with raw events.
"""

from accounts.admin import (  # noqa: F401 (registers them)
    account,
    account_field,
    application,
    audit,
    care,
    license,  # noqa: A004 (called as its model is)
    lists,
    people,
    product,
    red_flag,
    score,
    segment,
    stage,
    webhook,
    workspace,
)
