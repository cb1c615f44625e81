"""Data care as people and operators do it: flags, the register, receipts, commands."""

import io
import zipfile

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import flags, opt_outs
from accounts.corrections import merge_developers, move_developer
from accounts.errors import AccountsError
from accounts.finding import find_developer
from accounts.models import (
    Account,
    AuditEntry,
    Correction,
    Developer,
    Erasure,
    FlaggedRecord,
    OptOut,
    Role,
)
from ingest.digest import digest_until_empty
from ingest.erasure import erase_developer
from ingest.models import Event
from tests.factories import (
    make_account,
    make_developer,
    make_member,
    make_operator,
    make_workspace,
)
from tests.ingest import digesting
from tests.ingest.digesting import event

pytestmark = pytest.mark.django_db

ANN, BOB = "ann@initech.example", "bob@initech.example"


def dev(value):
    return Developer.objects.get(identities__value=value)


@pytest.fixture
def workspace():
    return make_workspace()


@pytest.fixture
def world(workspace):
    """Ann, known by two identities, and Bob."""
    pair = [("email", ANN), ("github", "ann-codes")]
    digesting.put(
        workspace,
        event(at=timezone.now(), identities=pair, key="1"),
        event(BOB, at=timezone.now(), key="2"),
        received_at=None,
    )
    digest_until_empty()
    return workspace


@pytest.fixture
def admin(client, world):
    user = make_member(world, Role.ADMIN)
    client.force_login(user)
    return user


def run(capsys, *arguments, **options):
    call_command(*arguments, workspace="acme", **options)
    return capsys.readouterr().out


# ---- Flags


def test_a_flag_waits_until_it_is_settled(world):
    member = make_member(world)
    flagged = flags.flag(
        flags.of_developer(dev(ANN)), problem="wrong_company", actor=member
    )
    assert flags.open_flags(world) == 1
    with pytest.raises(AccountsError, match="already"):
        flags.flag(flags.of_developer(dev(ANN)), problem="wrong_company", actor=member)
    flags.settle(flagged, "resolved", note="Moved", actor=None)
    with pytest.raises(AccountsError, match="resolved already"):
        flags.settle(flagged, "dismissed", actor=None)
    with pytest.raises(AccountsError, match="resolved or dismissed"):
        flags.settle(flagged, "open", actor=None)
    flagged.refresh_from_db()
    assert (flagged.status, flagged.note) == ("resolved", "Moved")
    assert flags.open_flags(world) == 0
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"record_flagged", "flag_settled"} <= actions
    # The same may be wrong again.
    flags.flag(flags.of_developer(dev(ANN)), problem="wrong_company", actor=member)


def test_something_else_needs_words(world):
    target = flags.of_account(Account.objects.get(domain="initech.example"))
    with pytest.raises(AccountsError, match="in words"):
        flags.flag(target, problem="other", text="  ", actor=None)
    assert flags.flag(target, problem="other", text="Sold", actor=None).text == "Sold"


def flag_path(**query):
    return "/w/acme/flag/?" + "&".join(f"{key}={pk}" for key, pk in query.items())


def test_each_kind_of_record_can_be_flagged_on_a_page(client, world):
    client.force_login(make_member(world))
    ann, happened = dev(ANN), Event.objects.get(identity__value=ANN)
    identity = ann.identities.get(kind="github")
    account = Account.objects.get(domain="initech.example")
    for query, subject in (
        ({"developer": ann.pk}, "developer"),
        ({"account": account.pk}, "account"),
        ({"identity": identity.pk}, "identity"),
        ({"identity": happened.identity_id, "event": happened.pk}, "event"),
    ):
        path = flag_path(**query)
        assert client.get(path).status_code == 200
        assert client.post(path, {}).status_code == 422
        assert client.post(path, {"problem": "other"}).status_code == 422
        back = client.post(path, {"problem": "test_data"})
        owner = "account" if subject == "account" else "developer"
        assert back.status_code == 302
        assert f"/{owner}s/" in back["Location"]
        assert FlaggedRecord.objects.filter(subject=subject).count() == 1


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"developer": 0},
        {"developer": 999999},
        {"account": 999999},
        {"identity": 999999},
        {"identity": "x"},
        {"developer": 2**70},
    ],
)
def test_what_is_no_record_is_not_found(client, world, query):
    client.force_login(make_member(world))
    assert client.get(flag_path(**query)).status_code == 404


def test_an_event_of_somebody_else_is_not_found(client, world):
    client.force_login(make_member(world))
    happened = Event.objects.get(identity__value=BOB)
    identity = dev(ANN).identities.first()
    assert (
        client.get(flag_path(identity=identity.pk, event=happened.pk)).status_code
        == 404
    )


def test_the_queue_shows_open_ones_first_and_settles_them(client, world, admin):
    ann = dev(ANN)
    done = flags.flag(flags.of_developer(ann), problem="duplicate", actor=admin)
    flags.settle(done, "dismissed", actor=admin)
    first = flags.flag(
        flags.of_identity(ann.identities.first()), problem="wrong_person", actor=None
    )
    second = flags.flag(flags.of_developer(ann), problem="test_data", actor=admin)
    last = flags.flag(flags.of_developer(ann), problem="wrong_company", actor=admin)
    flags.settle(last, "resolved", actor=admin)
    page = client.get("/admin/accounts/flaggedrecord/")
    listed = [row.pk for row in page.context["cl"].result_list]
    assert listed == [second.pk, first.pk, last.pk, done.pk]

    move_developer(ann, None, actor=admin)
    path = f"/admin/accounts/flaggedrecord/{second.pk}/"
    shown = client.get(f"{path}change/").content.decode()
    assert f"/w/acme/developers/{ann.pk}/" in shown
    assert f"/admin/accounts/correction/{Correction.objects.get().pk}/" in shown
    assert "is mended now" in client.get(f"{path}resolve/").content.decode()
    answer = client.post(f"{path}resolve/", {"confirmed": "1", "note": "Moved out."})
    assert answer.status_code == 302
    second.refresh_from_db()
    assert (second.status, second.note) == ("resolved", "Moved out.")
    assert second.settled_by == admin
    client.post(f"{path}dismiss/", {"confirmed": "1"})
    second.refresh_from_db()
    assert second.status == "resolved"


def test_admins_see_on_the_overview_how_many_wait(client, world, admin):
    assert "flagged as wrong" not in client.get("/w/acme/overview/").content.decode()
    flags.flag(flags.of_developer(dev(ANN)), problem="duplicate", actor=None)
    page = client.get("/w/acme/overview/").content.decode()
    assert "1 record is flagged as wrong" in page
    client.force_login(make_member(world))
    assert "flagged as wrong" not in client.get("/w/acme/overview/").content.decode()


# ---- Erase and export on pages


def test_erasing_shows_what_goes_and_then_the_receipt(client, world, admin):
    ann = dev(ANN)
    path = f"/w/acme/developers/{ann.pk}/erase/"
    page = client.get(path)
    shown = {line.label: line.rows for line in page.context["preview"].lines}
    assert shown["Identities"] == 2
    assert shown["Events"] == 1
    assert Developer.objects.filter(pk=ann.pk).exists()

    done = client.post(path, {"reason": "Ticket 4", "opt_out": "on"})

    receipt = Erasure.objects.get()
    assert done["Location"] == f"/admin/accounts/erasure/{receipt.pk}/change/"
    page = client.get(done["Location"]).content.decode()
    assert "Ticket 4" in page
    assert "Identities" in page
    assert ANN not in page
    assert OptOut.objects.count() == 2
    assert client.get(path).status_code == 404
    # Whoever knows the address finds the receipt and the register by it.
    for model, number in (("erasure", 1), ("optout", 1)):
        found = client.get(f"/admin/accounts/{model}/", {"q": ANN})
        assert len(found.context["cl"].result_list) == number
        missed = client.get(f"/admin/accounts/{model}/", {"q": BOB})
        assert len(missed.context["cl"].result_list) == 0


def test_the_page_that_asks_costs_the_same_however_much_they_did(
    client, world, admin, django_assert_max_num_queries
):
    many = (event(ANN, at=timezone.now(), key=f"m{n}") for n in range(50))
    digesting.put(world, *many, received_at=None)
    digest_until_empty()
    path = f"/w/acme/developers/{dev(ANN).pk}/erase/"
    with django_assert_max_num_queries(60):
        assert client.get(path).status_code == 200


def test_others_of_the_same_name_are_pointed_out(client, world, admin):
    digesting.put(
        world,
        event(at=timezone.now(), identities=[("username", ANN)]),
        received_at=None,
    )
    digest_until_empty()
    ann = Developer.objects.get(identities__kind="email", identities__value=ANN)
    page = client.get(f"/w/acme/developers/{ann.pk}/erase/")
    assert len(page.context["preview"].namesakes) == 1


def test_an_export_is_a_download(client, world, admin):
    ann = dev(ANN)
    path = f"/w/acme/developers/{ann.pk}/export/"
    assert client.get(path).status_code == 405
    response = client.post(path)
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"] == (
        f'attachment; filename="uptick-developer-{ann.pk}.zip"'
    )
    archive = zipfile.ZipFile(io.BytesIO(response.getvalue()))
    assert {"README.txt", "developer.json", "identities.json", "events.json"} <= set(
        archive.namelist()
    )


PAGES = {
    "/w/acme/flag/?developer={pk}": (302, 404, 403, 200, 200, 200),
    "/w/acme/developers/{pk}/erase/": (302, 404, 403, 403, 200, 200),
    "/admin/accounts/optout/": (302, 302, 403, 403, 200, 200),
    "/admin/accounts/optout/add/": (302, 302, 403, 403, 200, 200),
    "/admin/accounts/erasure/": (302, 302, 403, 403, 200, 200),
    "/admin/accounts/erasure/{receipt}/change/": (302, 302, 403, 403, 200, 200),
    "/admin/accounts/flaggedrecord/": (302, 302, 403, 403, 200, 200),
    "/admin/accounts/flaggedrecord/{flag}/change/": (302, 302, 403, 403, 200, 200),
    "/admin/accounts/flaggedrecord/{flag}/resolve/": (302, 302, 404, 404, 200, 200),
    "/admin/accounts/developer/{pk}/change/": (302, 302, 200, 200, 200, 200),
    "/admin/accounts/developer/{pk}/move/": (302, 302, 403, 200, 200, 200),
    "/admin/accounts/developer/{pk}/merge/": (302, 302, 403, 200, 200, 200),
    "/admin/accounts/developer/{pk}/split/": (302, 302, 403, 200, 200, 200),
}


@pytest.mark.parametrize("path", PAGES)
def test_every_person_at_every_page(client, world, path):
    other = make_workspace("other")
    flagged = flags.flag(flags.of_developer(dev(ANN)), problem="duplicate", actor=None)
    receipt = Erasure.objects.create(workspace=world, actor_label="x")
    address = path.format(pk=dev(ANN).pk, receipt=receipt.pk, flag=flagged.pk)
    people = (
        None,
        make_member(other, Role.ADMIN),
        make_member(world, Role.VIEWER),
        make_member(world, Role.MEMBER),
        make_member(world, Role.ADMIN),
        make_operator(),
    )
    seen = []
    for person in people:
        client.logout()
        if person is not None:
            client.force_login(person)
        seen.append(client.get(address).status_code)
    if seen[1] in {200, 404} and "/admin/" in path:
        # An admin elsewhere sees an empty list, or none of this one's rows.
        seen[1] = PAGES[path][1]
    assert tuple(seen) == PAGES[path]


def test_only_those_who_care_may_export(client, world):
    path = f"/w/acme/developers/{dev(ANN).pk}/export/"
    for role, status in ((Role.VIEWER, 403), (Role.MEMBER, 403), (Role.ADMIN, 200)):
        client.force_login(make_member(world, role))
        assert client.post(path).status_code == status
    client.force_login(make_member(make_workspace("other"), Role.ADMIN))
    assert client.post(path).status_code == 404


# ---- The register in the admin


def test_an_admin_enters_an_identity_and_it_is_not_kept(client, world, admin):
    path = "/admin/accounts/optout/add/"
    fields = {"workspace": world.pk, "typed_kind": "email", "value": ANN}
    fields |= {"reason": "asked", "label": "T-1", "everything": "on"}
    assert client.post(path, {**fields, "label": f"of {ANN}"}).status_code == 200
    assert client.post(path, {**fields, "value": " "}).status_code == 200
    assert not OptOut.objects.exists()
    assert client.post(path, fields).status_code == 302
    assert set(OptOut.objects.values_list("kind", flat=True)) == {"email", "github"}
    page = client.get("/admin/accounts/optout/")
    assert page.status_code == 200
    assert ANN not in page.content.decode()
    one = OptOut.objects.first()
    assert client.get(f"/admin/accounts/optout/{one.pk}/change/").status_code == 200

    ticked = {"action": "opt_back_in", "_selected_action": [one.pk]}
    assert client.post("/admin/accounts/optout/", ticked).status_code == 200
    client.post("/admin/accounts/optout/", {**ticked, "confirmed": "1"})
    assert OptOut.objects.count() == 1


def test_another_workspace_cannot_be_entered_for(client, world):
    client.force_login(make_member(make_workspace("other"), Role.ADMIN))
    fields = {"workspace": world.pk, "typed_kind": "email", "value": ANN}
    client.post("/admin/accounts/optout/add/", {**fields, "reason": "asked"})
    assert not OptOut.objects.filter(workspace=world).exists()


# ---- Corrections in the admin


def test_move_merge_and_split_in_the_admin(client, world, admin):
    ann, bob = dev(ANN), dev(BOB)
    hooli = make_account(world, "Hooli")
    path = f"/admin/accounts/developer/{ann.pk}"
    page = client.get(f"{path}/change/").content.decode()
    for label in ("Move", "Merge", "Split", "Flag as wrong", "Export", "Erase…"):
        assert label in page
    wrong = client.post(f"{path}/move/", {"confirmed": "1", "account": "Nobody Inc"})
    assert "There is no account" in wrong.content.decode()
    client.post(f"{path}/move/", {"confirmed": "1", "account": "hooli"})
    ann.refresh_from_db()
    assert ann.account == hooli
    client.post(
        f"{path}/split/", {"confirmed": "1", "identity": ann.identities.last().pk}
    )
    assert Developer.objects.count() == 3
    client.post(f"{path}/merge/", {"confirmed": "1", "other": BOB})
    assert not Developer.objects.filter(pk=bob.pk).exists()
    assert dev(BOB).pk == ann.pk
    undo = Correction.objects.order_by("-pk").first()
    client.post(f"/admin/accounts/correction/{undo.pk}/undo/", {"confirmed": "1"})
    assert dev(BOB).pk == bob.pk


# ---- Commands


def test_correcting_by_commands(world, capsys):
    hooli = make_account(world, "Hooli")
    ann, bob = dev(ANN), dev(BOB)
    out = run(capsys, "move_developer", f"#{ann.pk}", account="hooli.example")
    assert "to Hooli" in out
    ann.refresh_from_db()
    assert ann.account == hooli
    number = Correction.objects.get().pk
    assert "Undone" in run(capsys, "undo_correction", str(number))
    ann.refresh_from_db()
    assert ann.account != hooli
    run(capsys, "split_identity", "github:ann-codes")
    assert dev("ann-codes").pk != ann.pk
    run(capsys, "merge_developers", ANN, "https://github.com/ann-codes")
    assert dev("ann-codes").pk == ann.pk
    run(capsys, "move_developer", ANN, nowhere=True)
    ann.refresh_from_db()
    assert ann.account is None
    assert Developer.objects.count() == 2
    assert bob.pk == dev(BOB).pk


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["move_developer", "eve@x.example", "--nowhere"], "no developer"),
        (["move_developer", ANN, "--account", "nobody"], "no account"),
        (["merge_developers", ANN, ANN], "themselves"),
        (["split_identity", BOB], "only identity"),
        (["split_identity", "nobody"], "no identity"),
        (["undo_correction", "77"], "no correction"),
        (["settle_flag", "77", "--resolve"], "no flag"),
        (["export_developer", "nobody"], "no developer"),
        (["erase_developer", "nobody"], "nobody was erased"),
        (["opt_out", "email", " "], "names nobody"),
        (["flag_record", "--developer", ANN, "--problem", "other"], "in words"),
    ],
)
def test_commands_say_what_is_wrong(world, command, message):
    name, *arguments = command
    with pytest.raises(CommandError, match=message):
        call_command(name, "--workspace", "acme", *arguments)


def test_a_workspace_that_does_not_exist(world):
    with pytest.raises(CommandError, match="no workspace nowhere"):
        call_command("undo_correction", "--workspace", "nowhere", "1")


def test_opting_out_by_command(world, capsys):
    assert "2 identities opted out" in run(capsys, "opt_out", "github", "@Ann-Codes")
    assert "Opted out" in run(capsys, "opt_out", "email", ANN, check=True)
    assert "Not opted out" in run(capsys, "opt_out", "email", BOB, check=True)
    assert "2 identities opted back in" in run(
        capsys, "opt_out", "email", ANN, remove=True
    )
    out = run(capsys, "opt_out", "email", ANN, only_this=True, label="T-3")
    assert "1 identities" in out
    assert not opt_outs.is_opted_out(world, ("github", "ann-codes"))


def test_flags_by_command(world, capsys):
    out = run(capsys, "flag_record", identity="ann-codes", problem="wrong_person")
    number = FlaggedRecord.objects.get().pk
    assert str(number) in out
    run(capsys, "flag_record", account="initech.example", problem="duplicate")
    run(capsys, "flag_record", developer=BOB, problem="test_data")
    assert "3 open" in run(capsys, "settle_flag", list=True)
    assert "dismissed" in run(capsys, "settle_flag", str(number), dismiss=True)
    assert "2 open" in run(capsys, "settle_flag", list=True)


def test_erasing_by_command_twice(world, capsys):
    out = run(capsys, "erase_developer", ANN, dry_run=True)
    assert "rows would go" in out
    assert Developer.objects.count() == 2
    out = run(capsys, "erase_developer", "ann-codes", opt_out=True)
    assert "rows are gone: Erasure" in out
    assert Developer.objects.count() == 1
    assert OptOut.objects.count() == 2
    assert "Erased before" in run(capsys, "erase_developer", f"email:{ANN}")
    assert "Erased before" in run(capsys, "erase_developer", "ann-codes")


def test_exporting_by_command(world, capsys, tmp_path):
    out = tmp_path / "ann.zip"
    assert "Wrote" in run(capsys, "export_developer", ANN, out=str(out))
    assert "identities.json" in zipfile.ZipFile(out).namelist()
    with pytest.raises(CommandError, match="Cannot write"):
        run(capsys, "export_developer", ANN, out=str(out))


def test_a_flag_follows_who_was_merged(world):
    ann, bob = dev(ANN), dev(BOB)
    flags.flag(flags.of_developer(bob), problem="duplicate", actor=None)
    merge_developers(ann, bob, actor=None)
    assert FlaggedRecord.objects.get().developer == ann
    erase_developer(ann, actor=None)
    assert not FlaggedRecord.objects.exists()


def test_a_number_is_found_before_a_name(world):
    one = make_developer(world, "12345@x.example")
    assert find_developer(world, f"#{one.pk}") == one
    with pytest.raises(AccountsError, match="no such developer"):
        find_developer(world, "a\0b")
