"""Every requirement is pinned and says in docs/dependencies.md why it is here."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def requirements(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r"))]


def names(lines: list[str]) -> list[str]:
    return [re.match(r"[A-Za-z0-9._-]+", line).group().lower() for line in lines]


def documented() -> list[str]:
    page = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    return [
        name.lower() for name in re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    ]


def test_every_requirement_is_pinned_to_one_version():
    lines = requirements("requirements.txt") + requirements("requirements-dev.txt")
    assert [line for line in lines if "==" not in line] == []


def test_page_lists_exactly_the_requirements():
    lines = requirements("requirements.txt") + requirements("requirements-dev.txt")
    assert sorted(documented()) == sorted(names(lines))


def test_no_requirement_is_listed_twice():
    found = names(
        requirements("requirements.txt") + requirements("requirements-dev.txt")
    )
    assert len(found) == len(set(found))
