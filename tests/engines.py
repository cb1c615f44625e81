"""Gives one test run its own data directory, shared by all of its processes."""

import atexit
import fcntl
import os
import shutil
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
MARK = "UPTICK_TEST_RUN"
REDIS_DATABASES = 16


def prepare_environment() -> None:
    """Point the settings at the tests' engines.

    The first process of a run chooses the directory and the others inherit it. Each
    worker has a Redis database of its own; pytest-django does so for PostgreSQL.
    """
    if MARK not in os.environ:
        home = _data_dir()
        os.environ.pop("DATABASE_URL", None)
        os.environ |= {
            MARK: "1",
            "UPTICK_DATA_DIR": str(home),
            "UPTICK_POSTGRES_FSYNC": "0",
            "LOG_LEVEL": "WARNING",
        }
    os.environ.pop("REDIS_URL", None)
    os.environ["REDIS_URL"] = _redis_url()


def _data_dir() -> Path:
    """Return the directory to use and hold it until this process ends.

    It is kept between runs, which saves making a database cluster. A run beside
    another one gets a temporary directory instead of the other's databases.
    """
    home = Path(os.environ.get("UPTICK_DATA_DIR") or REPOSITORY / ".data") / "test"
    home.mkdir(parents=True, exist_ok=True)
    lock = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        home = Path(tempfile.mkdtemp(prefix="uptick-test-"))
        atexit.register(shutil.rmtree, home, ignore_errors=True)
    return home


def _redis_url() -> str:
    """Return the worker's own database on the embedded server."""
    from config.engines import redis  # noqa: PLC0415 (needs UPTICK_DATA_DIR)

    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return f"{redis.url()}?db={int(worker) % REDIS_DATABASES}"
