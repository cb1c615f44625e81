"""How much memory does everything take when it does nothing?"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.figures import Check, Row, Section
from bench.machine import load_average
from bench.servers import ROOT, environment, free_port

LIMIT_MB = 500
ROLES = {"web": "granian", "worker": " worker ", "beat": " beat "}
START_SECONDS = 60.0


def measure(*, seconds: float) -> Section:
    """Start everything, wait, and add up the proportional set sizes."""
    section = Section(
        "Memory, idle",
        f"`manage.py run` without demo data, {seconds:.0f} s after it was ready. PSS "
        "from the kernel: shared pages are divided among those who share them.",
        load_average=load_average(),
    )
    supervisor = subprocess.Popen(
        [sys.executable, "manage.py", "run", "--port", str(free_port()), "--no-demo"],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _complete(supervisor.pid):
            if time.monotonic() > deadline or supervisor.poll() is not None:
                raise RuntimeError("`manage.py run` did not start")
            time.sleep(0.2)
        time.sleep(seconds)
        sizes = dict.fromkeys((*ROLES, "supervisor"), 0.0)
        counts = dict.fromkeys(sizes, 0)
        for pid, line in ((supervisor.pid, ""), *_descendants(supervisor.pid)):
            role = _role(line)
            sizes[role] += _proportional_megabytes(pid)
            counts[role] += 1
    finally:
        supervisor.send_signal(signal.SIGINT)
        supervisor.wait(60)
    section.rows = [
        Row(role, "MB", [size], note=f"{counts[role]} processes")
        for role, size in sizes.items()
    ]
    together = sum(sizes[role] for role in ROLES)
    section.rows.append(Row("web, worker and beat", "MB", [together]))
    section.checks = [
        Check("web, worker and beat, MB", together, LIMIT_MB, at_most=True)
    ]
    return section


def _complete(supervisor: int) -> bool:
    roles = {_role(line) for _, line in _descendants(supervisor)}
    return roles >= set(ROLES)


def _role(line: str) -> str:
    for role, mark in ROLES.items():
        if mark in f"{line} ":
            return role
    return "supervisor"


def _descendants(parent: int) -> Iterator[tuple[int, str]]:
    """Yield pid and command line of all processes below one."""
    for task in Path(f"/proc/{parent}/task").iterdir():
        children = (task / "children").read_text(encoding="utf-8")
        for child in map(int, children.split()):
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            yield child, b" ".join(words).decode(errors="replace")
            yield from _descendants(child)


def _proportional_megabytes(pid: int) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0
