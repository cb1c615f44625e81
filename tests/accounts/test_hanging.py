import pytest
from django.apps import apps
from django.db import connection

from accounts.corrections import merge_developers, undo_pointers
from accounts.hanging import HANGING
from accounts.models import CuratedList, ListEntry, Note, Tag, TagMark
from tests.accounts.people import developer_of, email, resolve
from tests.factories import make_member, make_workspace

# Tables with a developer that the merge treats by statements of their own.
THEIR_OWN = {
    "accounts_identity",
    "accounts_dailyusage",
    "accounts_developerscore",
}


@pytest.fixture
def workspace(db):
    return make_workspace()


@pytest.fixture
def pair(workspace):
    resolve(workspace, email("ann@acme.com"), email("anna@acme.com"))
    return developer_of("ann@acme.com"), developer_of("anna@acme.com")


def rows():
    return {
        model: list(model.objects.order_by("pk").values())
        for model in (ListEntry, TagMark, Note)
    }


def hang(workspace, keep, other):
    both, one = (
        CuratedList.objects.create(workspace=workspace, subject="developer", name=name)
        for name in ("Both", "One")
    )
    tag = Tag.objects.create(workspace=workspace, subject="developer", name="VIP")
    for curated, developer, value in (
        (both, keep, "ann@acme.com"),
        (both, other, "anna@acme.com"),
        (one, other, "anna@acme.com"),
    ):
        ListEntry.objects.create(
            workspace=workspace,
            curated_list=curated,
            developer=developer,
            value=value,
        )
    for developer in (keep, other):
        TagMark.objects.create(
            workspace=workspace, tag=tag, developer=developer, by_hand=True
        )
        Note.objects.create(workspace=workspace, developer=developer, text="Hello")
    return both, one, tag


def test_a_merge_moves_what_hangs_on_the_other_and_drops_twins(workspace, pair):
    keep, other = pair
    both, one, _ = hang(workspace, keep, other)

    merge_developers(keep, other, actor=make_member(workspace))

    entries = ListEntry.objects.order_by("pk").values_list(
        "curated_list", "developer", "value"
    )
    assert list(entries) == [
        (both.pk, keep.pk, "ann@acme.com"),
        (one.pk, keep.pk, "anna@acme.com"),
    ]
    assert [mark.developer_id for mark in TagMark.objects.all()] == [keep.pk]
    assert {note.developer_id for note in Note.objects.all()} == {keep.pk}
    assert Note.objects.count() == 2


def test_an_undone_merge_gives_everything_back(workspace, pair):
    keep, other = pair
    hang(workspace, keep, other)
    actor, before = make_member(workspace), rows()

    correction = merge_developers(keep, other, actor=actor)
    undo_pointers(correction, actor=actor)

    assert rows() == before


def test_what_was_deleted_since_is_not_given_back(workspace, pair):
    keep, other = pair
    both, _, tag = hang(workspace, keep, other)
    actor = make_member(workspace)

    correction = merge_developers(keep, other, actor=actor)
    both.delete()
    tag.delete()
    undo_pointers(correction, actor=actor)

    entries = ListEntry.objects.values_list("curated_list__name", "developer")
    assert list(entries) == [("One", other.pk)]
    assert not TagMark.objects.exists()


def test_no_table_with_a_developer_is_forgotten():
    known = THEIR_OWN | {one.table for one in HANGING}
    tables = {
        model._meta.db_table
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if field.column == "developer_id" and field.is_relation
    }
    assert tables == known


def test_a_twin_is_judged_by_the_columns_that_exist(db):
    with connection.cursor() as cursor:
        for one in HANGING:
            columns = {
                column.name
                for column in connection.introspection.get_table_description(
                    cursor, one.table
                )
            }
            wanted = {"id", "developer_id", *one.once}
            wanted |= {column for column, _ in one.parents}
            assert wanted <= columns, one.table
