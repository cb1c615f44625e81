"""The WSGI application: Django behind a reader for bodies that state no length."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.chunked import ChunkedBodies
from config.collector import spare_loaded
from ingest import background

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = ChunkedBodies(
    get_wsgi_application(), limit=settings.INGEST_MAX_BODY_BYTES
)
# Hints to the workers and counters of refusals are sent beside the requests.
background.enable()
spare_loaded()
