"""Every page in light and dark, wide and narrow: nothing complains, nothing sticks out.

The pictures land in the directory that UPTICK_SCREENSHOTS names, else in pytest's own.
"""

import os
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser

PAGES = {
    "overview": "/w/{slug}/overview/",
    "overview-7-days": "/w/{slug}/overview/?days=7",
    "accounts": "/w/{slug}/accounts/",
    "accounts-none-found": "/w/{slug}/accounts/?q=no+such+company",
    "account": "{account}",
    "developers": "/w/{slug}/developers/",
    "developer": "{developer}",
    "signals": "/w/{slug}/signals/",
    "signals-by-version": "/w/{slug}/signals/?key=TelemetryDeck.AppInfo.version",
    "adoption": "/w/{slug}/adoption/",
    "licence-telemetry": "/w/{slug}/licences/",
    "licence-telemetry-flagged": "/w/{slug}/licences/?days=90&show=flagged",
    "ingestion": "/w/{slug}/ingestion/",
    "settings": "/admin/",
    "workspaces": "/admin/accounts/workspace/",
    "members": "/admin/accounts/membership/",
    "products": "/admin/accounts/product/",
    "apps": "/admin/accounts/appid/",
    "app-add": "/admin/accounts/appid/add/",
    "applications": "/admin/accounts/application/",
    "application-add": "/admin/accounts/application/add/",
    "seats": "/admin/accounts/provisioneduser/",
    "access-tokens": "/admin/accounts/accesstoken/",
    "licences": "/admin/accounts/license/",
    "licence-add": "/admin/accounts/license/add/",
    "licence-import": "/admin/accounts/license/import/",
    "metrics": "/admin/accounts/metric/",
    "metric-add": "/admin/accounts/metric/add/",
    "keys": "/admin/accounts/apikey/",
    "key-add": "/admin/accounts/apikey/add/",
    "admin-accounts": "/admin/accounts/account/",
    "admin-developers": "/admin/accounts/developer/",
    "score-models": "/admin/accounts/scoremodel/",
    "audit-log": "/admin/accounts/auditentry/",
    "quarantine": "/admin/ingest/quarantinedevent/",
    "api-docs": "/api/docs/",
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    named = os.environ.get("UPTICK_SCREENSHOTS")
    if not named:
        return tmp_path_factory.mktemp("pictures")
    directory = Path(named)
    directory.mkdir(parents=True, exist_ok=True)
    return directory


def first_link(person, path):
    person.go(path)
    return person.find("#results tbody th a").get_attribute("href")


@pytest.fixture
def pages(person, demo):
    """Return every page's address; the detail pages are the first of their lists."""
    slug = demo["workspace_slug"]
    details = {
        kind: first_link(person, f"/w/{slug}/{kind}s/").removeprefix(person.address)
        for kind in ("account", "developer")
    }
    return {name: path.format(slug=slug, **details) for name, path in PAGES.items()}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_fit_and_do_not_complain(person, pages, pictures, width, dark):
    wrong = {}
    for name, path in pages.items():
        person.looks(width=width, dark=dark)
        person.go(path)
        problems = [*person.overflow(), *person.complaints()]
        if not person.all("h1, h2"):
            problems.append("no heading")
        scheme = "dark" if dark else "light"
        person.picture(pictures / f"{name}-{width}-{scheme}.png")
        if problems:
            wrong[name] = problems
    assert wrong == {}


def test_the_log_in_page_fits_and_does_not_complain(stranger, pictures):
    for width in (1440, 390):
        for dark in (False, True):
            stranger.looks(width=width, dark=dark)
            stranger.go("/admin/login/")
            assert stranger.overflow() == []
            scheme = "dark" if dark else "light"
            stranger.picture(pictures / f"log-in-{width}-{scheme}.png")
