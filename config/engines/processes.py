"""Asks the system which processes exist and what they are."""

import os
import subprocess
import sys
from pathlib import Path


def exists(pid: int) -> bool:
    """Tell whether the process id is taken, be it by a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def processes_in(directory: Path, program: str) -> list[int]:
    """Return the live processes of ``program`` that work in ``directory``.

    A zombie works nowhere. Processes of other accounts are seen only by root, but
    no other account can use a directory of ours.
    """
    if sys.platform != "linux":
        return _processes_by_ps(directory, program)
    found = []
    wanted = directory.stat()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (entry / "comm").read_text().strip() != program:
                continue
            here = (entry / "cwd").stat()
        except OSError:
            continue
        if (here.st_dev, here.st_ino) == (wanted.st_dev, wanted.st_ino):
            found.append(int(entry.name))
    return sorted(found)


def _processes_by_ps(directory: Path, program: str) -> list[int]:
    """Do the same from the command lines, for systems without /proc."""
    listing = subprocess.run(
        ["ps", "-axo", "pid=,stat=,command="],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found = []
    for line in listing.splitlines():
        pid, state, command = [*line.split(maxsplit=2), ""][:3]
        mine = program in command and f"-D {directory}" in command
        if mine and not state.startswith("Z"):
            found.append(int(pid))
    return found
