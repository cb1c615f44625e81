import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config import install
from tests.engines import REPOSITORY


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that needs nothing installed, so that no network is needed."""
    (tmp_path / "config").mkdir()
    shutil.copy(REPOSITORY / "config" / "install.py", tmp_path / "config")
    (tmp_path / "requirements.txt").write_text("# nothing\n")
    (tmp_path / "requirements-dev.txt").write_text("-r requirements.txt\n")
    return tmp_path


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "config/install.py", *arguments],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_environment_is_made_once_and_again_when_the_pins_change(checkout):
    first = run(checkout)
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("Creating .venv with Python 3.")
    assert (checkout / ".venv" / "bin" / "python").exists()

    assert run(checkout).stdout == ""

    (checkout / "requirements.txt").write_text("# nothing more\n")
    assert run(checkout).stdout.startswith("Installing requirements.txt, 0 packages")

    assert "requirements-dev.txt" in run(checkout, "--dev").stdout
    assert run(checkout, "--dev").stdout == ""


def test_a_requirement_that_cannot_be_had_ends_in_one_clear_line(checkout):
    (checkout / "requirements.txt").write_text("./not-there\n")
    done = run(checkout)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        "pip could not install requirements.txt; see above"
    )
    assert not (checkout / ".venv" / ".installed-requirements").exists()


def test_an_old_python_is_told_so(monkeypatch):
    monkeypatch.setattr(install.sys, "version_info", (3, 9, 2))
    with pytest.raises(install.InstallError, match=r"3\.11 or newer and this is 3\.9"):
        install.check_python()


def test_pins_are_counted_through_includes(checkout):
    (checkout / "requirements.txt").write_text("# why\none==1\ntwo==2\n")
    (checkout / "requirements-dev.txt").write_text("-r requirements.txt\n\nthree==3\n")
    assert install.count_pins(checkout / "requirements-dev.txt") == 3
