"""Print the signals of one product as JSON, in the order in which they came."""

import json
import sys

from ingest.models import Event

FIELDS = (
    "metric__key",
    "value",
    "session_id",
    "is_test",
    "identity__kind",
    "identity__value",
    "properties",
)
events = Event.objects.filter(product__key=sys.argv[1]).order_by("id")
json.dump(list(events.values(*FIELDS)), sys.stdout)
