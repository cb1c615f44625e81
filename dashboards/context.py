"""The navigation every page shows, worked out only where a template asks for it."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from accounts.models import Alert, User, Workspace

# More would not fit the menu; operators reach the others through the settings.
MOST_WORKSPACES = 30
SESSION_KEY = "workspace"
# On the bar at every width, and the rest, which the menu "More" holds: a telephone's
# width has room for five names.
BAR = (
    ("today", "Today"),
    ("overview", "Overview"),
    ("accounts", "Accounts"),
    ("developers", "Developers"),
    ("segments", "Segments"),
)
MORE = (
    ("funnel", "Funnel"),
    ("versions", "Versions"),
    ("red-flags", "Red flags"),
    ("lists", "Lists"),
    ("alerts", "Alerts"),
    ("fit", "Fit"),
    ("scoring", "Score model"),
    ("signals", "Signals"),
    ("licences", "Licences"),
    ("adoption", "Adoption"),
    ("ingestion", "Ingestion"),
    ("exports", "Exports"),
)


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """One link of the top navigation."""

    label: str
    href: str
    # For aria-current: `page` here, `true` somewhere below, empty elsewhere.
    current: str
    # What waits there for this member.
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Navigation:
    """The links, and the workspaces to choose from."""

    workspace: Workspace | None
    workspaces: tuple[Workspace, ...]
    bar: tuple[NavigationItem, ...]
    more: tuple[NavigationItem, ...]

    @property
    def waiting_in_more(self) -> int:
        """Return how much waits behind the menu."""
        return sum(item.waiting for item in self.more)

    @property
    def current_in_more(self) -> NavigationItem | None:
        """Return where we are when the bar does not show it."""
        return next((item for item in self.more if item.current), None)


def navigation(request: HttpRequest) -> "dict[str, SimpleLazyObject[Navigation]]":
    """Offer `navigation` to templates; it asks the database only when used."""
    return {"navigation": SimpleLazyObject(lambda: build_navigation(request))}


def build_navigation(request: HttpRequest) -> Navigation:
    """Return the links of the current workspace, or of the one visited last."""
    user = request.user
    if not isinstance(user, User):
        return Navigation(None, (), (), ())
    choices = list(
        Workspace.objects.visible_to(user)
        # With the workspaces, so that no page asks a question more.
        .annotate(unread=_unread(user))
        .order_by("name", "pk")[:MOST_WORKSPACES]
    )
    current = _current(request, choices)
    path = request.path
    settings = reverse("admin:index")
    return Navigation(
        current,
        tuple(choices),
        _items(BAR, current, path),
        (
            *_items(MORE, current, path),
            NavigationItem("Settings", settings, _here(path, settings)),
        ),
    )


def _unread(user: User) -> Coalesce:
    """Count a member's unread alerts of each workspace."""
    alerts = Alert.objects.filter(
        workspace=OuterRef("pk"), user=user, read_at=None
    ).order_by()
    number = alerts.values("workspace").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number), 0)


def _items(
    pages: tuple[tuple[str, str], ...], workspace: Workspace | None, path: str
) -> tuple[NavigationItem, ...]:
    if workspace is None:
        return ()
    links = [
        (label, reverse(f"dashboards:{name}", args=[workspace.slug]))
        for name, label in pages
    ]
    unread = getattr(workspace, "unread", 0)
    return tuple(
        NavigationItem(
            label, href, _here(path, href), unread if label == "Alerts" else 0
        )
        for label, href in links
    )


def _here(path: str, href: str) -> str:
    if path == href:
        return "page"
    return "true" if path.startswith(href) else ""


def _current(request: HttpRequest, choices: Sequence[Workspace]) -> Workspace | None:
    workspace: Workspace | None = getattr(request, "workspace", None)
    if workspace is not None:
        # The one among the choices knows what is unread.
        return next((one for one in choices if one.pk == workspace.pk), workspace)
    slug = request.session.get(SESSION_KEY)
    return next((one for one in choices if one.slug == slug), next(iter(choices), None))
