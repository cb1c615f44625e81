"""Code, docs/configuration.md and .env.example name the same variables."""

import ast
import os
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("config", "accounts", "ingest", "dashboards")
READERS = {"env_bool", "env_int", "env_list", "env_secret", "env_str"}
UNKNOWN = object()


@dataclass(frozen=True)
class Variable:
    reader: str
    default: object
    file: str = ""


def variables_of_code() -> dict[str, Variable]:
    found: dict[str, Variable] = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                name, variable = read_of(node)
                if name and name not in found:
                    found[name] = replace(variable, file=path.name)
    return found


def read_of(node: ast.AST) -> tuple[str, Variable | None]:
    """Recognise env_xxx("NAME", …) and os.environ.get("NAME", …)."""
    if not (isinstance(node, ast.Call) and node.args):
        return "", None
    called = ast.unparse(node.func).removeprefix("env.")
    if called not in {*READERS, "os.environ.get", "os.getenv"}:
        return "", None
    first = node.args[0]
    if not (isinstance(first, ast.Constant) and isinstance(first.value, str)):
        return "", None
    return first.value, Variable(called, default_of(node))


def default_of(call: ast.Call) -> object:
    given = [word.value for word in call.keywords if word.arg == "default"]
    given += call.args[1:2]
    if not given:
        return ""
    return number(given[0])


def number(node: ast.expr) -> object:
    """Evaluate a literal, or a product of literals such as 1024 * 1024."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        left, right = number(node.left), number(node.right)
        return UNKNOWN if UNKNOWN in (left, right) else left * right
    return node.value if isinstance(node, ast.Constant) else UNKNOWN


def variables_of_page() -> dict[str, str]:
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    row = re.compile(r"^\| `([A-Z][A-Z0-9_]*)` \|(.*?)\| (.+) \|$", re.MULTILINE)
    rows = row.findall(page)
    names = [name for name, _, _ in rows]
    assert len(names) == len(set(names)), "a variable is documented twice"
    return {name: default.strip("` ") for name, default, _ in rows}


def variables_of_example() -> dict[str, str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    rows = re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", text, re.MULTILINE)
    names = [name for name, _ in rows]
    assert len(names) == len(set(names)), "a variable stands in .env.example twice"
    return dict(rows)


def test_page_lists_exactly_the_variables_that_code_reads():
    assert sorted(variables_of_page()) == sorted(variables_of_code())


def test_example_lists_exactly_the_variables_that_code_reads():
    assert sorted(variables_of_example()) == sorted(variables_of_code())


def test_page_states_the_defaults_of_the_code():
    page = variables_of_page()
    wrong = {}
    for name, variable in variables_of_code().items():
        default = variable.default
        if default is UNKNOWN or page[name].startswith(("one year", ".data")):
            continue
        shown = str(int(default)) if isinstance(default, bool) else str(default)
        if page[name].replace(",", "") != shown.replace(",", ""):
            wrong[name] = (page[name], shown)
    assert not wrong


def test_settings_load_with_every_value_of_the_example(tmp_path):
    environment = {
        **variables_of_example(),
        "UPTICK_DATA_DIR": str(tmp_path),
        "PATH": os.environ["PATH"],
    }
    answer = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


COMMANDS = {"settings.py": ["version"], "run.py": ["run", "--help"]}
BAD_VALUES = {"env_int": "many", "env_bool": "perhaps"}
NUMBERS = {
    name: variable
    for name, variable in variables_of_code().items()
    if variable.reader in BAD_VALUES and variable.file in COMMANDS
}


@pytest.mark.parametrize("name", NUMBERS)
def test_a_bad_value_stops_the_start_with_one_line(name, tmp_path):
    variable = NUMBERS[name]
    answer = subprocess.run(
        [sys.executable, "manage.py", *COMMANDS[variable.file]],
        cwd=ROOT,
        env={
            "UPTICK_DATA_DIR": str(tmp_path),
            "PATH": os.environ["PATH"],
            name: BAD_VALUES[variable.reader],
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    (line,) = answer.stderr.splitlines()
    assert line.startswith(f"{name}: expected")
