import pytest

from accounts.demo import create_demo_workspace, demo_workspace
from accounts.models import Workspace
from config import startup
from ingest.models import Event

SMALL = {"events": 300, "developers": 20, "accounts": 8, "days": 20}


@pytest.mark.django_db(transaction=True)
def test_an_empty_database_gets_the_demo_and_an_old_one_is_left_alone(home):
    startup.load_demo(**SMALL)
    loaded = demo_workspace()
    assert Event.objects.filter(workspace=loaded).exists()
    startup.load_demo(**SMALL)
    assert demo_workspace() == loaded


@pytest.mark.django_db(transaction=True)
def test_a_workspace_of_somebodys_own_keeps_the_demo_away(home):
    Workspace.objects.create(slug="acme", name="Acme")
    startup.load_demo(**SMALL)
    assert demo_workspace() is None


@pytest.mark.django_db(transaction=True)
def test_a_demo_that_was_interrupted_is_loaded_again(home):
    half, _ = create_demo_workspace()
    (home / "run").mkdir()
    (home / "run" / "demo-unfinished").touch()
    startup.load_demo(**SMALL)
    assert demo_workspace() != half
    assert Event.objects.filter(workspace=demo_workspace()).exists()
    assert not (home / "run" / "demo-unfinished").exists()


@pytest.mark.django_db(transaction=True)
def test_tables_that_are_up_to_date_are_not_touched():
    assert startup.migrate() == "up to date"


def test_files_are_collected_once_until_one_changes(home, settings):
    settings.STATIC_ROOT = home / "static"
    settings.STATICFILES_DIRS = [home / "more"]
    (home / "more").mkdir()
    (home / "more" / "a.css").write_text("a {}")
    assert startup.collect_files() == "collected"
    assert startup.collect_files() == "up to date"
    (home / "more" / "b.css").write_text("b {}")
    assert startup.collect_files() == "collected"
    assert (home / "static" / "b.css").exists()
