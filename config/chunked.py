"""Reads request bodies that state no length, which Django alone would take as empty."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any


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
