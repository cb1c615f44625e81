"""Print how many events wait in the quarantine for one reason."""

import sys

from ingest.models import QuarantinedEvent

waiting = QuarantinedEvent.objects.filter(status="waiting", reason=sys.argv[1])
sys.stdout.write(str(waiting.count()))
