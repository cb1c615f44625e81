"""Every page in light and dark, wide and narrow: nothing complains, nothing sticks out.

The pictures land in the directory that UPTICK_SCREENSHOTS names, else in pytest's own.
"""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from accounts.clock import today_utc

pytestmark = pytest.mark.browser

PAGES = {
    "today": "/w/{slug}/today/",
    "today-more": "/w/{slug}/today/?more=1",
    "fit": "/w/{slug}/fit/",
    "account-edit": "{account}edit/",
    "overview": "/w/{slug}/overview/",
    "overview-7-days": "/w/{slug}/overview/?days=7",
    "accounts": "/w/{slug}/accounts/",
    "accounts-none-found": "/w/{slug}/accounts/?q=no+such+company",
    "account": "{account}",
    "developers": "/w/{slug}/developers/",
    "developer": "{developer}",
    "developers-surging": "/w/{slug}/developers/?trend=surging",
    "account-of-a-past-day": "{account}?on=" + str(today_utc() - timedelta(days=20)),
    "funnel": "/w/{slug}/funnel/",
    "funnel-of-developers": "/w/{slug}/funnel/?of=developers",
    "segments": "/w/{slug}/segments/",
    "segment-new": "/w/{slug}/segments/new/?subject=developer",
    "segments-to-compare": "/w/{slug}/segments/compare/",
    "admin-segments": "/admin/accounts/segment/",
    "red-flags": "/w/{slug}/red-flags/",
    "red-flags-resolved": "/w/{slug}/red-flags/?state=resolved",
    "accounts-by-lifetime-value": "/w/{slug}/accounts/?sort=worth",
    "versions": "/w/{slug}/versions/",
    "score-model": "/w/{slug}/scoring/",
    "signals": "/w/{slug}/signals/",
    "signals-by-version": "/w/{slug}/signals/?key=TelemetryDeck.AppInfo.version",
    "adoption": "/w/{slug}/adoption/",
    "licence-telemetry": "/w/{slug}/licences/",
    "licence-telemetry-flagged": "/w/{slug}/licences/?days=90&show=flagged",
    "ingestion": "/w/{slug}/ingestion/",
    "exports": "/w/{slug}/exports/",
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
    "account-import": "/admin/accounts/account/import/",
    "account-fields": "/admin/accounts/accountfield/",
    "account-field-add": "/admin/accounts/accountfield/add/",
    "enrichment": "/admin/accounts/enrichmentstate/",
    "admin-developers": "/admin/accounts/developer/",
    "stages": "/admin/accounts/stage/",
    "stage-add": "/admin/accounts/stage/add/",
    "score-models": "/admin/accounts/scoremodel/",
    "erase": "{developer}erase/",
    "flagged-records": "/admin/accounts/flaggedrecord/",
    "opt-outs": "/admin/accounts/optout/",
    "opt-out-add": "/admin/accounts/optout/add/",
    "erasures": "/admin/accounts/erasure/",
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
