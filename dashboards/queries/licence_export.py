"""Licence telemetry as rows to take elsewhere, chosen as the page does."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from accounts.clock import now_utc
from accounts.models import Identity, User, Workspace
from dashboards import periods
from dashboards.forms import LicenceForm
from dashboards.queries.licences import FLAGS, HOURS
from dashboards.queries.lists import COUNTED_UP_TO
from ingest.store import Place, license_store
from ingest.store.licences import Choice, LicenseRecord

CHUNK = 2_000
# What software says about itself, as the contract names it.
STATED = (
    *("license_key", "product_id", "product_version", "activation_id", "hwid"),
    *("data_type", "data_group", "data"),
)


class LicenceRecords:
    """Records of the days, product, flags and licence that the address names."""

    columns = (
        *("id", "occurred_at", "received_at", "developer_id", "account_id"),
        *("account", *STATED, "flags"),
    )

    def __init__(
        self,
        workspace: Workspace,
        params: Mapping[str, str],
        *,
        today: date,
        user: User | None = None,
    ) -> None:
        # Every member sees all of it.
        del user
        self.workspace = workspace
        self.today = today
        self.form = LicenceForm(params, workspace=workspace)

    @cached_property
    def choice(self) -> Choice:
        """What the event store is asked."""
        form, now = self.form, now_utc()
        days = int(form.chosen_days)
        if days == 1:
            hours = periods.hours_until(now, count=HOURS)
            since, until = hours[0], hours[-1] + timedelta(hours=1)
        else:
            period = periods.last_days(days, today=self.today)
            since, until = period.start, period.end
        product, key = form.value("product"), form.value("license")
        return Choice(
            workspace_id=self.workspace.pk,
            since=since,
            until=until,
            product_id=product.pk if product else None,
            is_flagged={"flagged": True, "clean": False}.get(form.value("show")),
            equal={"license_key": key} if key else {},
        )

    def is_small(self) -> bool:
        """Say whether one can wait for it."""
        beyond = license_store().records(self.choice, skip=COUNTED_UP_TO, limit=1)
        return not beyond

    def count(self) -> int | None:
        """Count by days, which the store does as it reads."""
        counts = license_store().trend(self.choice, unit="day")
        if self.choice.is_flagged is None:
            return sum(one.records for one in counts)
        wanted = self.choice.is_flagged
        return sum(one.records for one in counts if bool(one.flags) == wanted)

    def written(self) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Return the records, the latest first."""
        place: Place | None = None
        while True:
            rows = license_store().records(self.choice, before=place, limit=CHUNK)
            if rows:
                yield self._named(rows)
            if len(rows) < CHUNK:
                return
            place = Place(rows[-1].occurred_at, rows[-1].id)

    def _named(self, rows: Sequence[LicenseRecord]) -> list[dict[str, Any]]:
        """Say whose the records are, in one query."""
        owners = {
            pk: owner
            for pk, *owner in Identity.objects.in_workspace(self.workspace)
            .filter(pk__in={row.identity_id for row in rows})
            .values_list(
                "pk",
                "developer_id",
                "developer__account_id",
                "developer__account__name",
            )
        }
        return [_row(row, owners.get(row.identity_id, NOBODY)) for row in rows]


NOBODY = (None, None, None)


def _row(row: LicenseRecord, owner: Sequence[Any]) -> dict[str, Any]:
    developer, account, name = owner
    return {
        "id": row.id,
        "occurred_at": row.occurred_at,
        "received_at": row.received_at,
        "developer_id": developer,
        "account_id": account,
        "account": name,
        **{field: row.properties.get(field) for field in STATED},
        "flags": [flag.label for flag in FLAGS if row.flags & flag],
    }
