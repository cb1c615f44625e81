"""Fills fields of accounts from elsewhere: plug-ins, and what runs them.

`docs/enrichment.md` says how to write one.
"""

from accounts.enrichment.plug_in import (
    FilledField,
    Found,
    KnownAccount,
    PlugIn,
    PlugInUnavailableError,
)

__all__ = [
    "FilledField",
    "Found",
    "KnownAccount",
    "PlugIn",
    "PlugInUnavailableError",
]
