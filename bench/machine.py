"""What the figures were measured on: machine, versions, load."""

import os
import platform
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

import django
import granian
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Machine:
    """The facts that a reader of the figures needs in order to weigh them."""

    processor: str
    cores: int
    memory_gib: float
    system: str
    python: str
    django: str
    granian: str
    postgresql: str
    synchronous_commit: str
    commit: str

    def as_dict(self) -> dict[str, object]:
        """Return the facts for the JSON file."""
        return asdict(self)


def describe() -> Machine:
    """Read the facts; needs the database."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        server = cursor.fetchone()[0]
        cursor.execute("SHOW synchronous_commit")
        commit_mode = cursor.fetchone()[0]
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(pages * size / 2**30, 1),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        django=django.get_version(),
        granian=granian.__version__,
        postgresql=server,
        synchronous_commit=commit_mode,
        commit=_commit(),
    )


def load_average() -> float:
    """Return the load average of the last minute."""
    return round(os.getloadavg()[0], 2)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _commit() -> str:
    """Return the short commit, with a plus when the tree holds other changes."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty=+", "--abbrev=12"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
