"""Every address of the admin as every kind of visitor, and what each page may hold."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.applications import define_application
from accounts.models import (
    AccessToken,
    AccountField,
    AccountNetwork,
    Application,
    AuditEntry,
    Correction,
    CuratedList,
    Delivery,
    EnrichmentState,
    Erasure,
    FitModel,
    FlaggedRecord,
    Membership,
    Note,
    OptOut,
    ProvisionedUser,
    RedFlag,
    RemovedWorkspace,
    ScoreModel,
    Segment,
    Stage,
    Tag,
)
from accounts.webhooks import create_webhook, send_test
from ingest.events import NormalizedEvent, encode_events
from ingest.models import (
    InboxEntry,
    IngestCounter,
    QuarantinedEvent,
    RefusedRequest,
)
from tests.factories import (
    make_account,
    make_app,
    make_developer,
    make_key,
    make_license,
    make_member,
    make_metric,
    make_operator,
    make_product,
    make_user,
    make_workspace,
)

pytestmark = pytest.mark.django_db

# The weakest visitor who may do it: list (and view), add, change, delete.
# "-" is nobody. Strangers count as nobody everywhere.
RANKS = {"viewer": 1, "member": 2, "admin": 3, "operator": 4, "-": 9}
MAY = {
    "accounts.workspace": ("viewer", "operator", "admin", "operator"),
    "accounts.removedworkspace": ("operator", "-", "-", "-"),
    "accounts.membership": ("viewer", "admin", "admin", "admin"),
    "accounts.user": ("operator", "operator", "operator", "-"),
    "accounts.product": ("viewer", "admin", "admin", "-"),
    "accounts.appid": ("viewer", "admin", "admin", "admin"),
    "accounts.metric": ("viewer", "admin", "admin", "-"),
    "accounts.application": ("viewer", "admin", "admin", "admin"),
    "accounts.provisioneduser": ("viewer", "-", "-", "admin"),
    "accounts.accesstoken": ("member", "-", "-", "-"),
    "accounts.apikey": ("member", "admin", "admin", "-"),
    "accounts.account": ("viewer", "member", "member", "-"),
    "accounts.accountnetwork": ("viewer", "admin", "admin", "admin"),
    "accounts.accountfield": ("viewer", "admin", "admin", "admin"),
    "accounts.fitmodel": ("viewer", "-", "-", "-"),
    "accounts.enrichmentstate": ("viewer", "-", "-", "-"),
    "accounts.license": ("viewer", "member", "member", "-"),
    "accounts.developer": ("viewer", "-", "member", "-"),
    "accounts.scoremodel": ("viewer", "-", "-", "-"),
    "accounts.stage": ("viewer", "admin", "admin", "admin"),
    "accounts.segment": ("admin", "admin", "admin", "-"),
    "accounts.curatedlist": ("viewer", "member", "member", "member"),
    "accounts.tag": ("viewer", "member", "member", "member"),
    "accounts.note": ("viewer", "-", "-", "admin"),
    "accounts.webhook": ("admin", "admin", "admin", "admin"),
    "accounts.delivery": ("admin", "-", "-", "-"),
    "accounts.redflag": ("viewer", "-", "-", "-"),
    "accounts.flaggedrecord": ("admin", "-", "-", "-"),
    "accounts.optout": ("admin", "admin", "-", "-"),
    "accounts.erasure": ("admin", "-", "-", "-"),
    "accounts.auditentry": ("admin", "-", "-", "-"),
    "accounts.correction": ("viewer", "-", "-", "-"),
    "ingest.quarantinedevent": ("viewer", "-", "-", "-"),
    "ingest.ingestcounter": ("viewer", "-", "-", "-"),
    "ingest.refusedrequest": ("member", "-", "-", "-"),
    "ingest.inboxentry": ("operator", "-", "-", "-"),
    "ingest.signingkey": ("operator", "-", "-", "-"),
    "ingest.event": ("viewer", "-", "-", "-"),
}
PERSONAS = ("anonymous", "outsider", "viewer", "member", "admin", "operator")
# Words that only stand on pages of the workspace "acme".
MARK = "zebra"


def make_world():
    """One row of every model in the workspace acme, and the visitors."""
    acme, other = make_workspace("acme", f"Acme {MARK}"), make_workspace("other")
    people = {role: make_member(acme, role) for role in ("viewer", "member", "admin")}
    people |= {"operator": make_operator(), "outsider": make_member(other, "admin")}
    spare = make_member(acme, "viewer", f"{MARK}@example.com")
    account = make_account(acme, f"{MARK} Inc", domain=f"{MARK}.example")
    developer = make_developer(acme, f"dev@{MARK}.example", account=account)
    key, token = make_key(acme, f"{MARK} key")
    client, _ = make_key(acme, f"{MARK} client", kind="client")
    application = define_application(
        acme, {"id": f"{MARK}-app", "events": [{"name": f"{MARK}_opened"}]}
    )
    now = timezone.now()
    event = NormalizedEvent(f"{MARK}_METRIC", "sdk", now.timestamp(), [("email", "a")])
    common = {"workspace": acme, "dialect": "reo"}
    webhook, _ = create_webhook(
        acme, name=f"{MARK} hook", url="https://hooks.example.com/in"
    )
    rows = {
        "accounts.workspace": acme,
        "accounts.membership": Membership.objects.get(user=spare),
        "accounts.user": spare,
        "accounts.product": make_product(acme, f"{MARK}-sdk"),
        "accounts.appid": make_app(acme, f"{MARK}-app"),
        "accounts.metric": make_metric(acme, f"{MARK}_METRIC"),
        "accounts.apikey": key,
        "accounts.application": application,
        "accounts.provisioneduser": ProvisionedUser.objects.create(
            workspace=acme,
            application=application,
            app_user_id="1",
            email=f"seat@{MARK}.example",
            folded_email=f"seat@{MARK}.example",
        ),
        "accounts.accesstoken": AccessToken.objects.create(
            workspace=acme,
            client=client,
            digest=b"1",
            prefix=f"up_access_{MARK}",
            scopes=["connector.write"],
            expires_at=now + timedelta(hours=1),
        ),
        "accounts.account": account,
        "accounts.accountfield": AccountField.objects.create(
            workspace=acme, key="tier", label=f"{MARK} tier"
        ),
        "accounts.fitmodel": FitModel.objects.create(
            workspace=acme, version=1, note=MARK
        ),
        "accounts.enrichmentstate": EnrichmentState.objects.create(
            workspace=acme, plug_in=f"{MARK} plug-in"
        ),
        "accounts.accountnetwork": AccountNetwork.objects.create(
            workspace=acme, account=account, network="203.0.113.0/24", note=MARK
        ),
        "accounts.license": make_license(acme, f"{MARK}-KEY", holder=MARK),
        "accounts.developer": developer,
        "accounts.scoremodel": ScoreModel.objects.get(workspace=acme),
        "accounts.stage": Stage.objects.create(
            workspace=acme, subject="account", name=MARK, position=9
        ),
        "accounts.segment": Segment.objects.create(
            workspace=acme,
            subject="account",
            name=f"{MARK} segment",
            rule={"all": []},
            is_shared=True,
        ),
        "accounts.curatedlist": CuratedList.objects.create(
            workspace=acme, subject="account", name=f"{MARK} list"
        ),
        "accounts.tag": Tag.objects.create(
            workspace=acme, subject="account", name=f"{MARK} tag"
        ),
        "accounts.note": Note.objects.create(
            workspace=acme, account=account, text=f"{MARK} note"
        ),
        "accounts.webhook": webhook,
        "accounts.delivery": send_test(webhook),
        "accounts.redflag": RedFlag.objects.create(
            workspace=acme,
            kind="clock",
            developer=developer,
            subject_key=MARK,
            first_at=now,
            last_at=now,
        ),
        "accounts.flaggedrecord": FlaggedRecord.objects.create(
            workspace=acme,
            subject="developer",
            developer=developer,
            problem="other",
            text=MARK,
        ),
        "accounts.optout": OptOut.objects.create(
            workspace=acme, kind="email", digest=uuid4(), label=MARK
        ),
        "accounts.erasure": Erasure.objects.create(
            workspace=acme, actor_label=MARK, counts={"events": 3}, digests=[uuid4()]
        ),
        "accounts.removedworkspace": RemovedWorkspace.objects.create(
            number=10**9, slug="gone", name=MARK, actor_label=MARK
        ),
        "accounts.auditentry": AuditEntry.objects.filter(workspace=acme).first(),
        "accounts.correction": Correction.objects.create(
            workspace=acme, kind="move", reason=MARK
        ),
        "ingest.quarantinedevent": QuarantinedEvent.objects.create(
            reason="metric_not_configured",
            subject=f"{MARK}metric",
            received_at=now,
            payload=encode_events([event]),
            **common,
        ),
        "ingest.ingestcounter": IngestCounter.objects.create(
            api_key=key, hour=now, outcome="accepted", count=5, **common
        ),
        "ingest.refusedrequest": RefusedRequest.objects.create(
            api_key=key,
            at=now,
            reason="invalid",
            status=400,
            request=f"POST /api/product/usage HTTP/1.1\n\n{MARK}",
            answer="{}",
            **common,
        ),
        "ingest.inboxentry": InboxEntry.objects.create(
            event_count=1, payload=encode_events([event]), **common
        ),
    }
    return rows, people, token


@pytest.fixture
def world():
    return make_world()


def visit(person, address, method="get"):
    client = Client()
    if person is not None:
        client.force_login(person)
    return getattr(client, method)(address)


def pages(label, rows):
    """(what is asked, address) of a model's stock pages."""
    name = "admin:" + label.replace(".", "_")
    yield "list", reverse(f"{name}_changelist")
    yield "add", reverse(f"{name}_add")
    if label in rows:
        args = [rows[label].pk]
        yield "view", reverse(f"{name}_change", args=args)
        yield "history", reverse(f"{name}_history", args=args)
        yield "delete", reverse(f"{name}_delete", args=args)


def test_the_table_names_every_model_of_the_site():
    assert {m._meta.label_lower for m in admin.site._registry} == set(MAY)


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_address(world, persona):
    rows, people, token = world
    person = people.get(persona)
    rank = RANKS.get(persona, 0)
    wrong = []
    for label, needed in MAY.items():
        may_view, may_add, _, may_delete = (RANKS[one] for one in needed)
        for page, address in pages(label, rows):
            response = visit(person, address)
            status, where = response.status_code, response.get("Location", "")
            if persona == "anonymous":
                good = status == 302 and where.startswith(reverse("admin:login"))
            elif persona == "outsider":
                # Admin of another workspace: lists without our rows, no row of ours.
                shown = response.content.decode()
                good = status in {200, 302, 403, 404} and MARK not in shown
                if page in {"view", "history", "delete"}:
                    good = good and status in {302, 403, 404}
            else:
                allowed = {"add": may_add, "delete": may_delete}.get(page, may_view)
                good = (status == 200) == (rank >= allowed) and status < 404
                if rank < RANKS["member"] and token in response.content.decode():
                    good = False
            if not good:
                wrong.append((label, page, status, where))
    assert not wrong


@pytest.mark.parametrize("persona", PERSONAS)
def test_saving_needs_the_right_to_change(world, persona):
    rows, people, _ = world
    wrong = []
    for label, needed in MAY.items():
        if label not in rows:
            continue
        name = "admin:" + label.replace(".", "_")
        address = reverse(f"{name}_change", args=[rows[label].pk])
        response = visit(people.get(persona), address, "post")
        # An empty form is refused (200) by whoever may change, and 403 or away else.
        may_change = RANKS.get(persona, 0) >= RANKS[needed[2]]
        if (response.status_code == 200) != may_change:
            wrong.append((label, response.status_code))
    # A developer's form has no field that must be filled: it saves and goes on.
    assert [one for one in wrong if one != ("accounts.developer", 302)] == []


OWN_PAGES = {
    "admin:accounts_apikey_created": ("member", 302),
    "admin:accounts_apikey_reveal": ("member", 302),
    "admin:accounts_apikey_rotate": ("admin", 200),
    "admin:accounts_apikey_revoke": ("admin", 200),
    "admin:accounts_license_revoke": ("member", 200),
    "admin:accounts_metric_replay": ("member", 200),
    "admin:accounts_correction_undo": ("member", 200),
    "admin:accounts_developer_move": ("member", 200),
    "admin:accounts_developer_merge": ("member", 200),
    "admin:accounts_developer_split": ("member", 200),
    "admin:accounts_flaggedrecord_resolve": ("admin", 200),
    "admin:accounts_flaggedrecord_dismiss": ("admin", 200),
    "admin:accounts_workspace_retention": ("admin", 200),
    "admin:accounts_webhook_test": ("admin", 302),
    "admin:accounts_webhook_secret": ("admin", 302),
    "admin:accounts_webhook_rotate": ("admin", 200),
}


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("name", OWN_PAGES)
def test_pages_of_our_own(world, persona, name):
    rows, people, token = world
    needed, status = OWN_PAGES[name]
    label = name.removeprefix("admin:").rsplit("_", 1)[0].replace("_", ".")
    response = visit(people.get(persona), reverse(name, args=[rows[label].pk]))
    if persona == "anonymous":
        assert response["Location"].startswith(reverse("admin:login"))
    elif persona == "outsider":
        assert response.status_code == 404
    elif RANKS[persona] >= RANKS[needed]:
        assert response.status_code == status
    else:
        assert response.status_code in {403, 404}
    assert token not in response.content.decode()


def test_pages_of_our_own_are_all_in_the_table():
    named = {
        f"admin:{pattern.name}"
        for pattern in admin.site.urls[0]
        if hasattr(pattern, "url_patterns")
        for pattern in pattern.url_patterns
        if getattr(pattern, "name", None)
    }
    stock = re.compile(r"_(changelist|add|history|delete|change|password_change)$")
    assert {name for name in named if not stock.search(name)} == {
        *OWN_PAGES,
        # Of no row: tests/accounts/test_licences.py and test_account_import.py.
        "admin:accounts_license_import",
        "admin:accounts_account_import",
    }


@pytest.mark.parametrize("name", ["index", "password_change", "jsi18n", "autocomplete"])
def test_site_pages_need_a_membership(name):
    address = reverse(f"admin:{name}")
    for person in (None, make_user()):
        response = visit(person, address)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("admin:login"))


def test_inactive_people_are_out(world):
    _, people, _ = world
    people["operator"].is_active = False
    people["operator"].save()
    assert visit(people["operator"], reverse("admin:index")).status_code == 302


def test_autocomplete_offers_ones_own_accounts_only(world):
    _, people, _ = world
    address = reverse("admin:autocomplete") + (
        f"?app_label=accounts&model_name=accountnetwork&field_name=account&term={MARK}"
    )
    assert visit(people["admin"], address).json()["results"]
    assert visit(people["outsider"], address).json()["results"] == []


def test_a_row_cannot_refer_to_another_workspace(world):
    rows, people, _ = world
    client = Client()
    client.force_login(people["outsider"])
    mine = people["outsider"].workspaces.get()
    response = client.post(
        reverse("admin:accounts_accountnetwork_add"),
        {
            "workspace": mine.pk,
            "account": rows["accounts.account"].pk,
            "network": "198.51.100.0/24",
        },
    )
    assert "account" in response.context["adminform"].form.errors
    assert not AccountNetwork.objects.filter(workspace=mine).exists()


def test_a_row_cannot_be_put_into_another_workspace(world):
    rows, people, _ = world
    client = Client()
    client.force_login(people["outsider"])
    response = client.post(
        reverse("admin:accounts_product_add"),
        {"workspace": rows["accounts.workspace"].pk, "key": "x", "name": "x"},
    )
    assert "workspace" in response.context["adminform"].form.errors


def test_an_operator_cannot_mix_workspaces(world):
    rows, people, _ = world
    client = Client()
    client.force_login(people["operator"])
    foreign = make_product(make_workspace("third"), "foreign")
    response = client.post(
        reverse("admin:accounts_apikey_add"),
        {
            "workspace": rows["accounts.workspace"].pk,
            "name": "mixed",
            "product": foreign.pk,
        },
    )
    assert "product" in response.context["adminform"].form.errors


# ---- What stands in the pages ------------------------------------------------------


class Violations(HTMLParser):
    """What a strict Content-Security-Policy would block."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        kind = names.get("type") or ""
        if tag == "style" or "style" in names:
            self.found.append(self.get_starttag_text())
        if tag == "script" and "src" not in names and "json" not in kind:
            self.found.append(self.get_starttag_text())
        self.found += [name for name in names if name.startswith("on")]
        if (names.get("href") or "").startswith("javascript:"):
            self.found.append(names["href"])


@pytest.mark.parametrize("persona", ["member", "operator"])
def test_no_page_has_inline_script_or_style(world, persona):
    rows, people, _ = world
    addresses = [address for label in MAY for _, address in pages(label, rows)]
    addresses += [
        reverse(name, args=[rows[name[6:].rsplit("_", 1)[0].replace("_", ".")].pk])
        for name in OWN_PAGES
    ]
    addresses += [reverse(f"admin:{name}") for name in ("index", "password_change")]
    addresses += [
        reverse("admin:app_list", args=[app]) for app in ("accounts", "ingest")
    ]
    seen = 0
    for address in addresses:
        response = visit(people[persona], address)
        if response.status_code != 200:
            continue
        seen += 1
        parser = Violations()
        parser.feed(response.content.decode())
        assert parser.found == [], address
        assert "'unsafe-inline'" not in response["Content-Security-Policy"]
    assert seen > 20


def test_the_log_in_page_has_none_either(client):
    parser = Violations()
    parser.feed(client.get(reverse("admin:login")).content.decode())
    assert parser.found == []


LISTS = [label for label in MAY if label != "accounts.user"]


@pytest.mark.parametrize("label", LISTS)
def test_lists_ask_the_same_however_many_rows(world, label):
    """The number of queries of a list does not grow with its rows."""
    rows, people, _ = world
    address = reverse(f"admin:{label.replace('.', '_')}_changelist")
    client = Client()
    client.force_login(people["operator"])
    ContentType.objects.clear_cache()
    client.get(address)
    with CaptureQueriesContext(connection) as before:
        assert client.get(address).status_code == 200
    for number in range(5):
        _copy(rows.get(label), number)
    with CaptureQueriesContext(connection) as after:
        client.get(address)
    assert len(after) == len(before)
    assert len(after) <= 9, [one["sql"] for one in after.captured_queries]


def _copy(row, number):
    """Another row like this one, as different as its constraints want."""
    if row is None:
        return
    model = type(row)
    copy = model.objects.get(pk=row.pk)
    if model is Delivery:
        # Of another happening: one is sent to a webhook once.
        send_test(copy.webhook)
        return
    copy.pk = None
    copy._state.adding = True
    changes = {
        "slug": f"copy-{number}",
        "key": f"KEY{number}",
        "app_id": f"app-{number}",
        "app_user_id": f"user-{number}",
        "domain": f"copy{number}.example",
        "network": f"10.{number}.0.0/16",
        "digest": bytes([number]) * 32,
        "version": number + 10,
        "number": number + 10,
        "outcome": f"refused:{number}",
        "plug_in": f"plug-in {number}",
        "subject_key": f"subject {number}",
    }
    fields = {field.name for field in model._meta.fields}
    if model in {CuratedList, Stage, Tag}:
        copy.name = f"copy {number}"
    for name, value in changes.items():
        if name in fields and not (name == "version" and "digest" in fields):
            setattr(copy, name, value)
    if model is OptOut:
        copy.digest = uuid4()
    if model is Membership:
        copy.user = make_user()
    if model is Application:
        copy.product = make_product(copy.workspace, f"app-{number}")
    copy.save()


@pytest.mark.parametrize("label", MAY)
def test_no_list_asks_the_database_for_nul(world, label):
    client = Client()
    client.force_login(make_operator("op@nul.test"))
    path = reverse(f"admin:{label.replace('.', '_')}_changelist")

    for name in ("q", "role__exact", "status__exact", "level", "dialect", "id__in"):
        answer = client.get(path, {name: "\0"}, follow=True)
        assert answer.status_code == 200
