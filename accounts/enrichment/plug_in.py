"""What an enrichment plug-in is: a name, the fields it fills, and one method.

Documented in `docs/enrichment.md`; its example is tested.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from accounts.account_fields import Value
from accounts.models.account_field import FieldKind

# By account id: values by field key. An account or a key that is missing is unknown.
Found = Mapping[int, Mapping[str, object]]


class PlugInUnavailableError(Exception):
    """What the plug-in needs is not there: a file, a key, a service. Say which.

    No account counts as looked at, and the admin shows the message.
    """


@dataclass(frozen=True, slots=True)
class FilledField:
    """A field that a plug-in fills.

    Country, industry and employees are there anyway. A workspace's own field of that
    key is made when the first value for it is found.
    """

    key: str
    label: str = ""
    kind: FieldKind = FieldKind.TEXT


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """What a plug-in is told of an account. Nothing of any person is in it."""

    pk: int
    name: str
    # "" when none is known.
    domain: str
    further_domains: tuple[str, ...] = ()
    # Known values by field key, whoever filled them.
    values: Mapping[str, Value] = field(default_factory=dict)


class PlugIn(Protocol):
    """Finds facts about accounts. Made once per run, without arguments."""

    name: str
    fields: Sequence[FilledField]

    def enrich(self, accounts: Sequence[KnownAccount]) -> Found:
        """Return what is found about some accounts of one workspace.

        Values are of the field's type or as somebody would type them. Called with at
        most `BATCH` accounts at a time, outside of any transaction.

        Raises:
            PlugInUnavailableError: it cannot work now, and says why.
            Exception: anything else is caught, shown, and tried again in an hour.
        """
