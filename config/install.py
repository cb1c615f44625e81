"""Makes the virtual environment and installs the pinned requirements into it.

Run by the Makefile with the system's Python, before anything is installed, so it uses
the standard library only and runs on an old Python as far as saying that it is old.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / "bin" / "python"
# The lines of pip's output that mean progress.
PROGRESS = re.compile(r"^(Collecting|Downloading|Building|Installing) +(\S+)")


class InstallError(Exception):
    """Installing cannot work; the message is one line for the operator."""


def main() -> int:
    """Install what is missing; say one line and fail when that cannot work."""
    try:
        check_python()
        files = [ROOT / "requirements.txt"]
        if "--dev" in sys.argv:
            files.append(ROOT / "requirements-dev.txt")
        mark = ENVIRONMENT / f".installed-{files[-1].stem}"
        state = digest_of(files)
        if not (PYTHON.exists() and mark.exists() and mark.read_text() == state):
            make_environment()
            install(files[-1])
            mark.write_text(state)
    except InstallError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def check_python() -> None:
    """Refuse a Python that is too old before it fails on something obscure."""
    if sys.version_info < OLDEST:
        found = f"{sys.version_info[0]}.{sys.version_info[1]}"
        raise InstallError(
            f"Uptick needs Python 3.11 or newer and this is {found}. "
            "Name another: make run PYTHON=python3.12"
        )


def digest_of(files: list[Path]) -> str:
    """Return a digest over the requirements and the Python they are for."""
    digest = hashlib.sha256(sys.version.encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def make_environment() -> None:
    """Create ``.venv`` with pip in it, unless it is there and whole.

    Debian splits ``ensurepip`` off into python3-venv. Without it, another pip or uv
    that is already there can still fill the environment.
    """
    if usable():
        return
    say(f"Creating .venv with Python {sys.version_info[0]}.{sys.version_info[1]}")
    venv = [sys.executable, "-m", "venv", "--clear"]
    if works([*venv, str(ENVIRONMENT)]) and usable():
        return
    if works([*venv, "--without-pip", str(ENVIRONMENT)]):
        install_pip = ["pip", "--python", str(PYTHON), "install", "-q", "pip"]
        if works([sys.executable, "-m", *install_pip]) and usable():
            return
        uv = shutil.which("uv")
        if uv and works([uv, "pip", "install", "-q", "-p", str(PYTHON), "pip"]):
            return
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    raise InstallError(
        "Python's venv module is incomplete. On Debian or Ubuntu: apt install "
        "python3-venv"
    )


def usable() -> bool:
    """Tell whether the environment is whole and of a Python new enough."""
    check = f"import sys, pip; sys.exit(sys.version_info < {OLDEST})"
    return PYTHON.exists() and works([str(PYTHON), "-c", check])


def works(argv: list[str]) -> bool:
    """Run quietly; tell whether it worked."""
    quiet = subprocess.DEVNULL
    return subprocess.call(argv, stdout=quiet, stderr=quiet) == 0


def install(path: Path) -> None:
    """Install a requirements file, showing progress."""
    began = time.monotonic()
    say(f"Installing {path.name}, {count_pins(path)} packages and what they need")
    argv = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check"]
    argv += ["--no-input", "--progress-bar", "off", "-r", str(path)]
    output: list[str] = []
    count = 0
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            output.append(line)
            match = PROGRESS.match(line.strip())
            if match:
                count += match.group(1) == "Collecting"
                show(f"  {count:3d}  {match.group(1).lower()} {match.group(2)}")
    show("")
    if process.returncode != 0:
        sys.stderr.write("".join(output[-15:]))
        raise InstallError(f"pip could not install {path.name}; see above")
    say(f"Installed in {time.monotonic() - began:.0f} s")


def count_pins(path: Path) -> int:
    """Count the packages named in a file and in those it includes."""
    count = 0
    for line in path.read_text().splitlines():
        if line.startswith("-r "):
            count += count_pins(path.parent / line[3:].strip())
        elif line.strip() and not line.startswith("#"):
            count += 1
    return count


def say(text: str) -> None:
    """Print one line at once."""
    print(text, flush=True)


def show(text: str) -> None:
    """Show what happens now on one line, where there is a terminal to show it on."""
    if sys.stdout.isatty():
        sys.stdout.write("\r\x1b[K" + text[:76])
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
