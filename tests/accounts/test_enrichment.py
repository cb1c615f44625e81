"""Enrichment: plug-ins, each for itself, and the offline one that is shipped."""

from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.urls import reverse

from accounts.account_values import FilledBy, Origin, write_values
from accounts.attribution.ip_country import country_in
from accounts.clock import now_utc
from accounts.enrichment import FilledField, PlugInUnavailableError
from accounts.enrichment.ip import most_common
from accounts.enrichment.registry import check_plug_ins, load_plug_ins
from accounts.enrichment.run import enrich
from accounts.models import (
    Account,
    AccountField,
    AccountNetwork,
    EnrichedAccount,
    EnrichmentState,
    Identity,
    Role,
)
from accounts.models.account_field import FieldKind
from tests.accounts.mmdb import write
from tests.factories import make_account, make_developer, make_member, make_workspace

LEFT_OUT = (
    "1 values left out, such as Employees: “lots” is no number of people such as 120 "
    "or 50-200."
)
HERE = "tests.accounts.test_enrichment."


class Telling:
    """Knows the industry of everybody, and a field of its own."""

    name = "telling"
    fields = (FilledField("industry"), FilledField("rank", "Rank", FieldKind.NUMBER))
    asked: ClassVar[list] = []

    def enrich(self, accounts):
        self.asked.append([account.domain for account in accounts])
        return {
            account.pk: {"industry": "Software", "rank": 7.0, "unheard_of": "x"}
            for account in accounts
            if account.domain != "unknown.example"
        }


class Other(Telling):
    name = "other"

    def enrich(self, accounts):
        return {account.pk: {"industry": "Mining", "employees": "lots"}
                for account in accounts} | {10**9: {"industry": "x"}}  # fmt: skip


class Breaking(Telling):
    name = "breaking"

    def enrich(self, accounts):
        raise RuntimeError("out of luck")


class Missing(Telling):
    name = "missing"

    def enrich(self, accounts):
        raise PlugInUnavailableError("Its file is not there.")


class Nameless:
    fields = ()

    def enrich(self, accounts):
        return {}


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def account(workspace):
    return make_account(workspace, "Initech")


@pytest.fixture(autouse=True)
def nobody_asked():
    Telling.asked = []


def use(settings, *names):
    settings.ENRICHMENT_PLUG_INS = [HERE + name for name in names]


def states():
    rows = EnrichmentState.objects.order_by("plug_in")
    return {
        row.plug_in: (row.accounts, row.values_written, row.error, bool(row.failed_at))
        for row in rows
    }


def test_what_is_found_is_written_with_its_source(settings, account):
    use(settings, "Telling")
    make_account(account.workspace, "Unknown", domain="unknown.example")
    (outcome,) = enrich()
    assert (outcome.accounts, outcome.values, outcome.error) == (2, 2, "")
    account.refresh_from_db()
    assert (account.industry, account.fields) == ("Software", {"rank": 7})
    assert account.field_sources["industry"]["by"] == "plug_in"
    assert account.field_sources["industry"]["who"] == "telling"
    field = AccountField.objects.get()
    assert (field.key, field.label, field.kind) == ("rank", "Rank", "number")
    assert EnrichedAccount.objects.count() == 2
    assert states() == {"telling": (2, 2, "", False)}


def test_what_people_and_files_said_stays(settings, account):
    use(settings, "Telling")
    write_values(account.workspace, {account.pk: {"industry": "Mine"}},
                 Origin(FilledBy.FILE, "crm.csv"))  # fmt: skip
    enrich()
    account.refresh_from_db()
    assert account.industry == "Mine"


def test_only_new_and_stale_accounts_are_looked_at(settings, account):
    use(settings, "Telling")
    enrich()
    enrich()
    assert Telling.asked == [["initech.example"]]
    make_account(account.workspace, "Globex")
    enrich()
    assert Telling.asked[1:] == [["globex.example"]]
    long_ago = now_utc() - timedelta(days=settings.ENRICHMENT_DAYS, minutes=1)
    EnrichedAccount.objects.filter(account=account).update(at=long_ago)
    enrich()
    assert Telling.asked[2:] == [["initech.example"]]
    enrich(everything=True)
    assert len(Telling.asked[3]) == 2


def test_a_plug_in_that_breaks_holds_up_no_other(settings, account):
    use(settings, "Breaking", "Missing", "Other", "Telling")
    enrich()
    account.refresh_from_db()
    # An earlier plug-in's values stay before a later one's.
    assert (account.industry, account.fields) == ("Mining", {"rank": 7})
    assert states() == {
        "breaking": (0, 0, "RuntimeError: out of luck", True),
        "missing": (0, 0, "Its file is not there.", True),
        "other": (
            1, 1, LEFT_OUT, False,
        ),
        "telling": (1, 1, "", False),
    }  # fmt: skip
    # It is left alone for an hour, and tried again then.
    assert [one.plug_in for one in enrich()] == []
    EnrichmentState.objects.update(failed_at=now_utc() - timedelta(hours=2))
    assert {one.plug_in for one in enrich()} == {"breaking", "missing"}


def test_batches_go_on_until_nothing_is_due(settings, workspace):
    use(settings, "Telling")
    Account.objects.bulk_create(
        Account(workspace=workspace, name=f"A{n}", domain=f"a{n}.com")
        for n in range(450)
    )
    assert enrich(budget=0) == []
    (outcome,) = enrich()
    assert [len(asked) for asked in Telling.asked] == [200, 200, 50]
    assert outcome.values == 900


def test_plug_ins_that_are_none_stop_the_start(settings):
    for path, message in (
        ("nowhere.at.all", "cannot be made"),
        (HERE + "Nameless", "no usable name"),
        (HERE + "FilledField", "cannot be made"),
    ):
        settings.ENRICHMENT_PLUG_INS = [path]
        with pytest.raises(ImproperlyConfigured, match=message):
            load_plug_ins()
        assert len(check_plug_ins()) == 1
    use(settings, "Telling", "Telling")
    with pytest.raises(ImproperlyConfigured, match="Two enrichment plug-ins"):
        load_plug_ins()
    use(settings, "Telling")
    assert check_plug_ins() == []


def test_the_command_says_what_came_of_it(settings, account, capsys):
    use(settings, "Telling", "Breaking")
    call_command("enrich_accounts", "--workspace", "acme", "--plug-in", "telling")
    assert capsys.readouterr().out == "acme, telling: 1 accounts looked at, 2 values\n"
    with pytest.raises(CommandError, match="could not do its work"):
        call_command("enrich_accounts")
    with pytest.raises(CommandError, match="There is no plug-in x"):
        call_command("enrich_accounts", "--plug-in", "x")
    with pytest.raises(CommandError, match="no workspace"):
        call_command("enrich_accounts", "--workspace", "x")


def test_a_plug_in_without_its_file_is_no_fault_of_a_run_of_all(
    settings, account, capsys
):
    use(settings, "Telling", "Missing")
    call_command("enrich_accounts")
    assert capsys.readouterr().out == (
        "acme, telling: 1 accounts looked at, 2 values\n"
        "acme, missing: 0 accounts looked at, 0 values; Its file is not there.\n"
    )
    with pytest.raises(CommandError, match="could not do its work"):
        call_command("enrich_accounts", "--plug-in", "missing", "--everything")


def test_members_see_what_stands_in_the_way(settings, account, client):
    use(settings, "Missing")
    enrich()
    client.force_login(make_member(account.workspace, Role.MEMBER))
    html = client.get(reverse("admin:accounts_enrichmentstate_changelist"))
    assert "Its file is not there." in html.content.decode()


# ---- The one that is shipped


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"country": {"iso_code": "DE", "names": {"en": "Germany"}}}, "DE"),
        ({"country_code": "fr"}, "FR"),
        ({"country": "Austria"}, "AT"),
        ({"country": "XX"}, ""),
        ({"continent": {"code": "EU"}}, ""),
        (None, ""),
    ],
)
def test_countries_in_databases_of_any_maker(record, code):
    assert country_in(record) == code


def test_more_than_half_decides():
    assert most_common(["DE", "DE", "FR", ""]) == "DE"
    assert most_common(["DE", "FR"]) == ""
    assert most_common(["", ""]) == ""


def test_addresses_of_people_and_ranges_tell_country_and_organisation(
    settings, tmp_path, account
):
    settings.ENRICHMENT_PLUG_INS = ["accounts.enrichment.ip.IpPlugIn"]
    settings.IP_DATABASE = settings.IP_COUNTRY_DATABASE = ""
    enrich()
    assert states() == {
        "IP database": (
            *(0, 0, "Neither IP_DATABASE nor IP_COUNTRY_DATABASE is set.", True),
        )
    }
    settings.IP_DATABASE = str(
        write(tmp_path / "owners.mmdb",
              {"5.1.0.0/16": {"organization": "Initech Holding"}})
    )  # fmt: skip
    settings.IP_COUNTRY_DATABASE = str(
        write(tmp_path / "countries.mmdb",
              {"5.1.0.0/16": {"country": {"iso_code": "DE"}},
               "6.0.0.0/8": {"country": {"iso_code": "US"}}})
    )  # fmt: skip
    for number, address in enumerate(("5.1.0.9", "5.1.0.10", "6.1.1.1", "10.0.0.1")):
        person = make_developer(
            account.workspace, f"p{number}@initech.example", account=account
        )
        Identity.objects.filter(developer=person).update(last_ip=address)
    alone = make_account(account.workspace, "Alone")
    AccountNetwork.objects.create(
        workspace=account.workspace, account=alone, network="6.2.0.0/16"
    )
    nobody = make_account(account.workspace, "Nobody")

    call_command("enrich_accounts", "--everything")

    for one in (account, alone, nobody):
        one.refresh_from_db()
    assert (account.country, account.fields) == (
        "DE", {"ip_organisation": "Initech Holding"},
    )  # fmt: skip
    assert (alone.country, alone.fields) == ("US", {})
    assert (nobody.country, nobody.fields) == ("", {})


def test_the_example_of_the_documentation_works(settings, account):
    text = Path("docs/enrichment.md").read_text("utf-8")
    code = text.split("```python\n")[1].split("```")[0]
    namespace = {}
    exec(code, namespace)
    plug_in = namespace["RegisterPlugIn"]()
    found = plug_in.enrich(
        [type("A", (), {"pk": 5, "domain": "initech.example"})(),
         type("A", (), {"pk": 6, "domain": ""})()]
    )  # fmt: skip
    assert found == {5: {"industry": "Software", "employees": "50-200"}}
