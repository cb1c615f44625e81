"""Dialect ``productiv``: usage events of applications, and who has a seat in them.

Source: contracts/productiv.md, which goes by the vendor's own page.
"""

from accounts.models.api_key import Dialect as DialectName
from ingest.dialects.base import Dialect, Route
from ingest.dialects.productiv.access import KEY
from ingest.dialects.productiv.events import EventsView, parse_line
from ingest.dialects.productiv.oauth import TokenView
from ingest.dialects.productiv.users import UsersView

APPS = "services/push/v1/customer/apps/<str:app_id>"

DIALECT = Dialect(
    key=KEY,
    label=DialectName.PRODUCTIV.label,
    routes=(
        Route("oauth2/token", TokenView.as_view(), "productiv-token"),
        Route(f"{APPS}/events", EventsView.as_view(), "productiv-events"),
        Route(f"{APPS}/usage-events", EventsView.as_view(), "productiv-usage-events"),
        Route(f"{APPS}/users", UsersView.as_view(), "productiv-users"),
    ),
    parse=parse_line,
)
