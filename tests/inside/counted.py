"""Print events, uses and waiting inbox rows of one product, as of one moment."""

import sys

from django.db import connection, transaction
from django.db.models import Sum

from accounts.models import DailyUsage
from ingest.models import Event, InboxEntry

of_product = {"product__key": sys.argv[1]}
with transaction.atomic():
    connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    events = Event.objects.filter(**of_product).count()
    uses = DailyUsage.objects.filter(**of_product).aggregate(n=Sum("count"))["n"]
    waiting = InboxEntry.objects.count()
sys.stdout.write(f"{events} {uses or 0} {waiting}")
