"""The WSGI application: Django behind a reader for bodies that state no length."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.chunked import ChunkedBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = ChunkedBodies(
    get_wsgi_application(), limit=settings.INGEST_MAX_BODY_BYTES
)
