"""Put a backlog of one product straight into the inbox, 50 events a request."""

import sys

from django.db import transaction

from accounts.models import Workspace
from ingest.events import NormalizedEvent, event_key
from ingest.inbox import accept_without_request

product, total = sys.argv[1], int(sys.argv[2])
workspace = Workspace.objects.get(slug="acme")
# Seen by the workers all at once.
with transaction.atomic():
    for first in range(0, total, 50):
        events = [
            NormalizedEvent(
                metric="CALL_HOME",
                product=product,
                occurred_at=1_760_000_000.0 + number,
                identities=[("email", f"dev{number % 300}@example.com")],
                key=event_key(product, str(number)),
                event_id=str(number),
            )
            for number in range(first, first + 50)
        ]
        accept_without_request(workspace, "native", events)
