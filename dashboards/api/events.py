"""``/api/v1/events/``: single events, of somebody or of some days; personal data.

Somebody's come latest first, by the time they occurred, through the index of timelines.
Everybody's come in the order of their arrival: a program that reads on where it ended
misses none that came late.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Min
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from accounts.clock import now_utc
from accounts.models import Developer, Identity, Metric, Product
from accounts.models.api_key import Dialect, ReadScope
from dashboards.api.problems import InvalidParameters
from dashboards.api.resource import Resource, RowSerializer
from dashboards.api.views import ReadView
from dashboards.filters.events import LONGEST, MOST_IDENTITIES, WHO, EventFilter
from dashboards.paging import Order, Page, decode, encode
from ingest.models import Event
from ingest.store import Arrival, EventChoice, EventRow, Place, Whose, event_store


class EventRowOut(RowSerializer):
    """An event."""

    id = serializers.IntegerField()
    occurred_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    identity_id = serializers.IntegerField()
    developer_id = serializers.IntegerField(
        allow_null=True, help_text="Whom the identity belongs to now."
    )
    account_id = serializers.IntegerField(
        allow_null=True, help_text="Where the developer is now."
    )
    product = serializers.CharField(allow_null=True, help_text="Key of the product.")
    metric = serializers.CharField(allow_null=True, help_text="Key of the metric.")
    count = serializers.IntegerField(help_text="Uses it stands for.")
    value = serializers.FloatField(allow_null=True)
    flags = serializers.ListField(child=serializers.CharField())
    is_test = serializers.BooleanField()
    dialect = serializers.ChoiceField(choices=Dialect.choices)
    source = serializers.CharField()  # type: ignore[assignment]
    event_id = serializers.CharField()
    environment = serializers.CharField()
    session_id = serializers.CharField()
    user_agent = serializers.CharField()
    ip = serializers.CharField(allow_null=True)
    properties = serializers.DictField()

    example: ClassVar[dict[str, Any]] = {
        "id": 4711,
        "occurred_at": "2026-11-20T16:04:10Z",
        "received_at": "2026-11-20T16:04:11Z",
        "identity_id": 512,
        "developer_id": 301,
        "account_id": 17,
        "product": "orbit-cli",
        "metric": "DEPLOY",
        "count": 1,
        "value": None,
        "flags": [],
        "is_test": False,
        "dialect": "native",
        "source": "",
        "event_id": "7f3a",
        "environment": "PRODUCTION",
        "session_id": "",
        "user_agent": "orbit/2.1",
        "ip": "203.0.113.7",
        "properties": {"region": "eu"},
    }


class Events(Resource):
    """Events of a workspace, out of the event store."""

    name = "events"
    scope = ReadScope.EVENTS
    serializer = EventRowOut
    filters = EventFilter
    # By nothing else, so that there is always an index.
    orders: ClassVar[Mapping[str, Order]] = {
        "time": Order("time", "pk", False, lambda row: row["at"], datetime)
    }
    is_by_product = True

    def check(self) -> None:
        """Want somebody, or a bounded stretch of time."""
        super().check()
        value = self.filterset.value
        if self.params.get("order", "time") != "time":
            raise InvalidParameters({"order": ["There is one order only: time."]})
        if self._is_by_arrival:
            self._check_stretch()
        elif value("received_before"):
            message = "This takes received_from, too."
            raise InvalidParameters({"received_before": [message]})

    def _check_stretch(self) -> None:
        value = self.filterset.value
        messages = {
            name: ["This takes a developer, identity or account, and no received_from."]
            for name in ("occurred_from", "occurred_before")
            if value(name)
        }
        if not value("received_from"):
            messages["received_from"] = [
                "Name a developer, identity or account, or the time to read from."
            ]
        elif self._stretch[1] - self._stretch[0] > LONGEST:
            messages["received_before"] = [
                f"Read at most {LONGEST.days} days at a time."
            ]
        if messages:
            raise InvalidParameters(messages)

    def read_cursors(self, params: Mapping[str, str]) -> dict[str, str]:
        """Return the cursor among the parameters, refusing what is none."""
        if params.get("before"):
            raise InvalidParameters({"before": ["Events are read in one direction."]})
        after = params.get("after", "")
        if after and self._edge(after) is None:
            raise InvalidParameters({"after": ["This is no cursor of events."]})
        return {"after": after} if after else {}

    def page(self, cursors: Mapping[str, str], size: int) -> Page[Any]:
        """Return the events after a cursor."""
        edge = self._edge(cursors.get("after", ""))
        rows = self._read(edge, size + 1)
        more, rows = len(rows) > size, rows[:size]
        cursor = ""
        if more:
            last = rows[-1]
            moment = last.received_at if self._is_by_arrival else last.occurred_at
            cursor = encode(moment, last.id)
        return Page(tuple(self._named(rows)), cursor, "")

    def count(self) -> int | None:
        """Say that nobody knows: counting costs as much as reading."""
        return None

    # ---- Parts

    @property
    def _is_of_somebody(self) -> bool:
        return any(self.filterset.value(name) for name in WHO)

    @property
    def _is_by_arrival(self) -> bool:
        return not self._is_of_somebody or bool(self.filterset.value("received_from"))

    @cached_property
    def _stretch(self) -> tuple[datetime, datetime]:
        return self._asked_for

    @property
    def _asked_for(self) -> tuple[Any, datetime]:
        since = self.filterset.value("received_from")
        return since, self.filterset.value("received_before") or now_utc()

    @property
    def _whose(self) -> Whose:
        value = self.filterset.value
        return Whose(
            identity_id=value("identity") or None,
            developer_id=value("developer") or None,
            account_id=value("account") or None,
        )

    @cached_property
    def _identities(self) -> list[int]:
        """The identities asked about, which are few enough to be merged one by one."""
        rows = Identity.objects.in_workspace(self.workspace)
        who = self._whose
        if who.developer_id:
            rows = rows.filter(developer=who.developer_id)
        if who.identity_id:
            rows = rows.filter(pk=who.identity_id)
        if who.account_id:
            rows = rows.filter(developer__account=who.account_id)
        found = list(
            rows.order_by("pk").values_list("pk", flat=True)[: MOST_IDENTITIES + 1]
        )
        if len(found) > MOST_IDENTITIES:
            message = (
                f"The account has more than {MOST_IDENTITIES:,} identities: name the "
                "time to read from."
            )
            raise InvalidParameters({"received_from": [message]})
        return found

    @property
    def _choice(self) -> EventChoice:
        value = self.filterset.value
        product = self.product or value("product")
        metric = value("metric")
        return EventChoice(
            product_id=product.pk if product else None,
            metric_id=metric.pk if metric else None,
            is_test=self.filterset.form.cleaned_data.get("is_test"),
        )

    def _edge(self, cursor: str) -> tuple[datetime, int] | None:
        edge = decode(cursor)
        if edge is None or not isinstance(edge[0], datetime):
            return None
        return edge[0], edge[1]

    def _read(self, edge: tuple[datetime, int] | None, size: int) -> list[EventRow]:
        asked, value = self.product, self.filterset.value
        wanted = value("product")
        if asked is not None and wanted and wanted != asked:
            return []
        if self._is_by_arrival:
            since, until = self._stretch
            return event_store().arrived(
                workspace_id=self.workspace.pk,
                after=Arrival(*edge) if edge else Arrival(since, 0),
                until=until,
                whose=self._whose,
                choice=self._choice,
                limit=size,
            )
        if not self._identities:
            return []
        before = value("occurred_before")
        return event_store().timeline(
            workspace_id=self.workspace.pk,
            identity_ids=self._identities,
            before=Place(*edge) if edge else (Place(before, 0) if before else None),
            since=value("occurred_from") or None,
            choice=self._choice,
            limit=size,
        )

    @cached_property
    def _keys(self) -> tuple[dict[int, str], dict[int, str]]:
        models: tuple[Any, Any] = (Product, Metric)
        products, metrics = (
            dict(model.objects.in_workspace(self.workspace).values_list("pk", "key"))
            for model in models
        )
        return products, metrics

    def _named(self, rows: Sequence[EventRow]) -> Iterator[dict[str, Any]]:
        """Name what the events refer to, in one query a page and two in all."""
        products, metrics = self._keys
        owners = {
            pk: (developer, account)
            for pk, developer, account in Identity.objects.filter(
                workspace=self.workspace, pk__in={row.identity_id for row in rows}
            ).values_list("pk", "developer_id", "developer__account_id")
        }
        for row in rows:
            developer, account = owners.get(row.identity_id, (None, None))
            yield {
                **{name: getattr(row, name) for name in AS_STORED},
                "developer_id": developer,
                "account_id": account,
                "product": products.get(row.product_id),
                "metric": metrics.get(row.metric_id),
                "flags": [flag.name.lower() for flag in Event.Flag if row.flags & flag],
            }


AS_STORED = (
    *("id", "occurred_at", "received_at", "identity_id", "count", "value", "is_test"),
    *("dialect", "source", "event_id", "environment", "session_id", "user_agent"),
    *("ip", "properties"),
)


@extend_schema_view(list=extend_schema(summary="List events"))
class EventView(ReadView):
    """Single events: a developer's, identity's or account's, or all of some days.

    Needs the scope events:read.
    """

    resource = Events
    tag = "Usage and events"


class WholeEvents(Events):
    """Events of any stretch of time, or of all of it: the export by command."""

    def check(self) -> None:
        """Want no bounds."""
        Resource.check(self)

    @cached_property
    def _stretch(self) -> tuple[datetime, datetime]:
        since, until = self._asked_for
        return since or self._beginning, until

    @property
    def _beginning(self) -> datetime:
        """Nothing arrived before the workspace was made; a copy of events may have."""
        people = Developer.objects.in_workspace(self.workspace)
        seen = people.aggregate(first=Min("first_seen_at"))["first"]
        made = self.workspace.created_at
        return min(seen, made) if seen else made
