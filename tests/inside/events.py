"""Print the events of one product as JSON; null while anything waits."""

import json
import sys

from ingest.models import Event, InboxEntry

FIELDS = (
    "event_id",
    "source",
    "environment",
    "user_agent",
    "properties",
    "metric__key",
    "identity__kind",
    "identity__value",
    "identity__developer__account__domain",
)
waiting = InboxEntry.objects.exists()
events = Event.objects.filter(product__key=sys.argv[1]).order_by("id")
json.dump(None if waiting else list(events.values(*FIELDS)), sys.stdout)
