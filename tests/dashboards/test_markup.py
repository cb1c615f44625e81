"""What the pages' HTML promises to browsers, keyboards and screen readers."""

import re
from collections import Counter
from html.parser import HTMLParser

import pytest

from accounts.models import Role
from tests.dashboards.data import World
from tests.factories import make_member, make_workspace

pytestmark = pytest.mark.django_db

VOID = {"meta", "link", "input", "br", "hr", "img"}
CONTROLS = {"input", "select", "textarea"}


class Outline(HTMLParser):
    """Collects the elements of a page, and complains about unbalanced ones."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.open = [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def having(self, name):
        return [attrs[name] for _, attrs in self.elements if name in attrs]


@pytest.fixture
def pages(client):
    """Every page of a workspace with something to show, by address."""
    world = World(make_workspace("acme", "Acme"))
    world.add_ingestion()
    world.add_events(2)
    client.force_login(make_member(world.workspace, Role.ADMIN))
    paths = [
        "/w/acme/overview/",
        "/w/acme/accounts/",
        f"/w/acme/accounts/{world.warm.pk}/",
        "/w/acme/developers/",
        f"/w/acme/developers/{world.ada.pk}/",
        "/w/acme/ingestion/",
        "/w/acme/ingestion/discard/?reason=metric_not_configured&subject=launchrocket",
    ]
    return {path: client.get(path).content.decode() for path in paths}


def test_ids_are_unique_and_references_meet_them(pages):
    for path, html in pages.items():
        outline = Outline(html)
        ids = Counter(outline.having("id"))
        assert {name for name, count in ids.items() if count > 1} == set(), path
        for attribute in ("aria-labelledby", "aria-describedby", "for"):
            for value in outline.having(attribute):
                assert set(value.split()) <= set(ids), (path, attribute, value)
        for value in outline.having("data-copy"):
            assert value.removeprefix("#") in ids, path


def test_every_control_has_a_label(pages):
    for path, html in pages.items():
        outline = Outline(html)
        labelled = set(outline.having("for"))
        for tag, attrs in outline.elements:
            if tag in CONTROLS and attrs.get("type") not in {"hidden", "submit"}:
                assert attrs.get("id") in labelled, (path, attrs)


def test_every_table_has_a_caption_and_scoped_headings(pages):
    for path, html in pages.items():
        tables = html.split("<table")[1:]
        for table in tables:
            assert "<caption" in table.split("</table>")[0], path
        headings = [a for tag, a in Outline(html).elements if tag == "th"]
        assert all(a.get("scope") in {"col", "row"} for a in headings), path


def test_there_is_one_main_heading_and_a_way_past_the_navigation(pages):
    for path, html in pages.items():
        outline = Outline(html)
        assert [tag for tag, _ in outline.elements].count("h1") == 1, path
        assert "#content-start" in outline.having("href"), path
        title = re.search(r"<title>(.*?)</title>", html)[1]
        assert title.endswith("· Acme | Uptick"), path


def test_htmx_is_used_without_anything_that_needs_eval(pages):
    for path, html in pages.items():
        assert "hx-on" not in html, path
        assert "js:" not in html, path
        assert '"includeIndicatorStyles":false' in html, path
        assert '"allowEval":false' in html, path


def test_one_navigation_item_is_marked(pages):
    for path, html in pages.items():
        nav = html[html.index('class="top-nav"') : html.index("</nav>")]
        assert nav.count("aria-current=") == 1, path


def test_the_page_body_is_the_same_with_and_without_script(pages):
    # Filters are a form, pages are links: nothing exists for htmx alone.
    for path in ("/w/acme/accounts/", "/w/acme/developers/"):
        html = pages[path]
        form = html[html.index('<form class="filters"') :]
        assert 'method="get"' in form[:200]
        assert 'type="submit"' in form[: form.index("</form>")]
