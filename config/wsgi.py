"""The WSGI application: Django behind a reader for bodies that state no length."""

import os
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


class ChunkedBodies:
    """Gives a chunked request the length that Django believes in.

    Django reads ``CONTENT_LENGTH`` bytes and no more, so a body sent with
    ``Transfer-Encoding: chunked`` would arrive empty under granian and gunicorn alike.
    At most ``limit`` bytes are kept. A longer body is dropped and announced as one
    byte over the limit, so that the view refuses it in its own dialect and nobody
    ever works on a part of it.
    """

    def __init__(self, application: Any, *, limit: int) -> None:
        self.application = application
        self.limit = limit

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Replace the input of a chunked request; leave all others alone."""
        if "HTTP_TRANSFER_ENCODING" in environ:
            # A length beside the encoding is not to be believed (RFC 9112, 6.3).
            body = environ["wsgi.input"].read(self.limit + 1)
            environ["CONTENT_LENGTH"] = str(len(body))
            if len(body) > self.limit:
                body = b""
            environ["wsgi.input"] = BytesIO(body)
        answer: Iterable[bytes] = self.application(environ, start_response)
        return answer


application = ChunkedBodies(
    get_wsgi_application(), limit=settings.INGEST_MAX_BODY_BYTES
)
