"""A backup brings everything back, and only where nothing can be overwritten."""

import pytest

from tests.running import Uptick


@pytest.fixture(scope="module")
def backup(tmp_path_factory):
    home = tmp_path_factory.mktemp("first")
    first = Uptick(home)
    first.manage("migrate", "--verbosity", "0")
    first.manage("create_workspace", "acme")
    file = home / "uptick.dump"
    first.manage("backup", str(file))
    return first, file


def test_a_backup_is_for_nobody_else_to_read(backup):
    _, file = backup
    assert file.stat().st_mode & 0o077 == 0


def test_a_backup_fills_an_empty_database(backup, tmp_path):
    _, file = backup
    second = Uptick(tmp_path)
    second.manage("restore", str(file))
    assert second.inside("slugs") == "acme"
    # Tables are whole: what a restore leaves can be written to.
    second.manage("create_workspace", "other")
    assert second.inside("slugs") == "acme other"


def test_a_database_in_use_is_left_alone(backup):
    first, file = backup
    with pytest.raises(AssertionError, match="in use"):
        first.manage("restore", str(file))
    assert first.inside("slugs") == "acme"


def test_a_backup_overwrites_no_file(backup):
    first, file = backup
    before = file.read_bytes()
    with pytest.raises(AssertionError, match="exists already"):
        first.manage("backup", str(file))
    assert file.read_bytes() == before
