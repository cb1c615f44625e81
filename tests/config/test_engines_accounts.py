"""The same servers under other accounts; only root can try these."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import pytest

from config.engines import binaries
from config.engines.errors import EngineError
from config.engines.privileges import Account, can_reach, server_account
from tests.config.conftest import servers, wait_until
from tests.engines import REPOSITORY

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can try this")

NOBODY = Account(65534, 65534)
NAMELESS = Account(54321, 54321)
QUERY = """
import psycopg
from config import engines
try:
    with engines.lease_postgres(quiet=True), engines.lease_redis():
        with psycopg.connect(engines.database_url()) as connection:
            print(connection.execute("SELECT 6 * 7").fetchone()[0])
except engines.EngineError as error:
    print("EngineError", error)
"""


@pytest.fixture
def open_home():
    """A directory that every account can enter, unlike pytest's."""
    path = Path(tempfile.mkdtemp(prefix="uptick-"))
    path.chmod(0o755)
    yield path
    wait_until(lambda: not servers(path))
    shutil.rmtree(path)


def python_for(account: Account) -> str:
    """A Python of our version that the account can run, or a skip."""
    system = f"/usr/bin/python{sys.version_info[0]}.{sys.version_info[1]}"
    ours = Path(binaries.__file__)
    for path in map(Path, (os.path.realpath(sys.executable), system)):
        if path.exists() and can_reach(path, account) and can_reach(ours, account):
            return str(path)
    pytest.skip("no Python here that another account can run")


def run_as(account: Account, home: Path) -> str:
    os.chown(home, account.user, account.group)
    packages = sysconfig.get_path("purelib")
    return subprocess.run(
        [python_for(account), "-c", QUERY],
        cwd=home,
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": f"{REPOSITORY}:{packages}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "UPTICK_DATA_DIR": str(home),
        },
        user=account.user,
        group=account.group,
        extra_groups=[],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    ).stdout


def test_an_ordinary_account_runs_everything_as_itself(open_home):
    assert run_as(NOBODY, open_home) == "42\n"
    assert (open_home / "postgres").stat().st_uid == NOBODY.user


def test_root_goes_on_with_the_data_of_an_ordinary_account(open_home):
    run_as(NOBODY, open_home)
    assert server_account(open_home / "postgres") == NOBODY


def test_an_ordinary_account_is_told_whose_the_data_is(open_home):
    (open_home / "postgres").mkdir()
    assert run_as(NOBODY, open_home).startswith(
        f"EngineError {open_home}/postgres belongs to root: run as that account"
    )


def test_an_account_without_a_name_is_told_what_to_do(open_home):
    assert run_as(NAMELESS, open_home).startswith(
        "EngineError User id 54321 has no name on this machine"
    )


def test_programs_that_the_account_cannot_reach_are_copied_once(
    open_home, tmp_path, monkeypatch
):
    wheel = Path(binaries.find_binaries(None).directory)
    tmp_path.chmod(0o700)
    for name in (binaries.WHEEL, f"{binaries.WHEEL}.libs"):
        shutil.copytree(wheel.parents[2] / name, tmp_path / name, symlinks=True)
    hidden = binaries.Binaries(
        tmp_path / binaries.WHEEL / "pginstall" / "bin",
        binaries.find_binaries(None).version,
    )
    monkeypatch.setattr(binaries, "COPY_HOMES", (tmp_path, open_home))
    umask = os.umask(0o077)
    try:
        found = binaries.reachable_by(hidden, NOBODY)
    finally:
        os.umask(umask)
    assert open_home in found.directory.parents
    assert binaries.reachable_by(hidden, NOBODY) == found
    done = subprocess.run(
        [found.program("initdb"), "--version"],
        user=NOBODY.user,
        group=NOBODY.group,
        extra_groups=[],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.version in done.stdout
    assert (tmp_path.stat().st_mode & 0o777) == 0o700


def test_with_nowhere_to_copy_to_there_is_one_clear_line(tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    monkeypatch.setattr(binaries, "COPY_HOMES", (tmp_path,))
    hidden = binaries.Binaries(tmp_path / binaries.WHEEL / "pginstall" / "bin", "18.6")
    hidden.directory.mkdir(parents=True)
    (hidden.directory / "postgres").touch()
    with pytest.raises(EngineError, match="cannot enter this directory"):
        binaries.reachable_by(hidden, NOBODY)
