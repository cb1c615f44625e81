"""Dialect ``telemetrydeck``: signals of apps and web pages, without a secret key.

Source: contracts/telemetrydeck.md. Reading is in `signals`, the routes are in `views`.
"""

from accounts.models.api_key import Dialect as DialectName
from ingest.dialects.base import Dialect, Route
from ingest.dialects.telemetrydeck.files import complete, parse_line
from ingest.dialects.telemetrydeck.views import (
    KEY,
    BatchView,
    FlatBatchView,
    FlatPageView,
    NamespaceView,
    OldBatchView,
    PageView,
)

DIALECT = Dialect(
    key=KEY,
    label=DialectName.TELEMETRYDECK.label,
    routes=(
        Route(
            "v2/namespace/<str:namespace>",
            NamespaceView.as_view(),
            "telemetrydeck-namespace",
        ),
        Route("v2", BatchView.as_view(), "telemetrydeck"),
        Route("v2/w", PageView.as_view(), "telemetrydeck-page-view"),
        Route("v1", OldBatchView.as_view(), "telemetrydeck-v1"),
        # Before the namespaces, of which "w" would be one.
        Route("v3/w", FlatPageView.as_view(), "telemetrydeck-v3-page-view"),
        Route(
            "v3/<str:namespace>", FlatBatchView.as_view(), "telemetrydeck-v3-namespace"
        ),
    ),
    parse=parse_line,
    complete=complete,
)
