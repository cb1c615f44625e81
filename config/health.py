"""Is this process alive, and can it do its work?

``live`` says that the process answers. ``ready`` is for load balancers: 503 only when
this web process cannot keep events, which means without a database. A missing broker
or a late digest delays figures and loses nothing, and taking every web process out of
service for it would turn a delay into refused events; so these read ``degraded`` and
answer 200. Monitors that want to be woken for them ask for ``/health/ready?strict=1``.
"""

import threading
import time
from typing import Any

from celery import current_app
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from ingest.statements import statement

OK = "ok"
LATE = "late"
UNREACHABLE = "unreachable"
STATEMENT_MILLISECONDS = 2000
BROKER_SECONDS = 1
# A broker is asked this often at most, however many balancers ask us.
BROKER_MEMORY_SECONDS = 5.0


class BrokerProbe:
    """Whether the broker answers, remembered for a few seconds."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._asked_at = -BROKER_MEMORY_SECONDS
        self._state = UNREACHABLE

    def state(self) -> str:
        """Return ``ok`` or ``unreachable``."""
        with self._guard:
            if time.monotonic() - self._asked_at >= BROKER_MEMORY_SECONDS:
                self._state = self._ask()
                self._asked_at = time.monotonic()
            return self._state

    def _ask(self) -> str:
        try:
            with current_app.connection_for_write(
                connect_timeout=BROKER_SECONDS
            ) as broker:
                broker.ensure_connection(max_retries=0, timeout=BROKER_SECONDS)
        except Exception:  # noqa: BLE001 (each transport fails in its own words)
            return UNREACHABLE
        return OK


broker_probe = BrokerProbe()


@never_cache
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """Say that the process answers; touches nothing else."""
    return JsonResponse({"status": OK})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Say whether events can be kept, and how far behind their digest is."""
    database, inbox = _database()
    checks: dict[str, Any] = {
        "database": database,
        "broker": broker_probe.state(),
        "inbox": inbox,
    }
    if database != OK:
        status = "unavailable"
    elif checks["broker"] != OK or inbox["status"] != OK:
        status = "degraded"
    else:
        status = OK
    fails = status == "unavailable" or (
        status == "degraded" and request.GET.get("strict", "") not in {"", "0"}
    )
    return JsonResponse({"status": status, **checks}, status=503 if fails else 200)


def _database() -> tuple[str, dict[str, Any]]:
    """Return the state of the database and of the inbox in it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('statement_timeout', %s, false)",
                [str(STATEMENT_MILLISECONDS)],
            )
            cursor.execute(statement("inbox_age"))
            age: float | None = cursor.fetchone()[0]
            cursor.execute("RESET statement_timeout")
    except DatabaseError:
        connection.close()
        return UNREACHABLE, {"status": "unknown", "oldest_seconds": None}
    late = age is not None and age > settings.HEALTH_INBOX_SECONDS
    return OK, {
        "status": LATE if late else OK,
        "oldest_seconds": None if age is None else round(age, 1),
    }
