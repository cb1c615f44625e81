"""Dialect ``reamaze``: user data, events and lifetime value.

Source: contracts/reamaze.md. `form` reads bodies, `door` knows accounts and authkeys,
`views` answers, `docs` describes it all for programs.
"""

from accounts.models.api_key import Dialect as DialectName
from ingest.dialects.base import Dialect, Route
from ingest.dialects.reamaze import form, views

__all__ = ["DIALECT"]

_USERS, _EVENTS = views.UsersAliasView.as_view(), views.EventsAliasView.as_view()

DIALECT = Dialect(
    key=form.KEY,
    label=DialectName.REAMAZE.label,
    routes=(
        Route("data/users", views.UsersView.as_view(), "reamaze-users"),
        Route("data/events", views.EventsView.as_view(), "reamaze-events"),
        Route("data/users.json", _USERS, "reamaze-users-json"),
        Route("data/events.json", _EVENTS, "reamaze-events-json"),
        Route("<slug:account>/data/users", _USERS, "reamaze-account-users"),
        Route("<slug:account>/data/events", _EVENTS, "reamaze-account-events"),
        Route("<slug:account>/data/users.json", _USERS, "reamaze-account-users-json"),
        Route(
            "<slug:account>/data/events.json", _EVENTS, "reamaze-account-events-json"
        ),
        Route(
            "data/browser/users",
            views.BrowserUsersView.as_view(),
            "reamaze-browser-users",
        ),
        Route(
            "data/browser/events",
            views.BrowserEventsView.as_view(),
            "reamaze-browser-events",
        ),
        Route("assets/reamaze.js", views.script, "reamaze-script"),
    ),
    parse=form.parse_line,
)
