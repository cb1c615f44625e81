"""Which third-party browser files we serve, and whether they are still the same.

The files are committed beside a table of their hashes, so running the product needs
neither Node nor a CDN; `manage.py vendor_assets` fetches them again.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

VENDOR_DIR = Path(__file__).parent / "static" / "dashboards" / "vendor"
MANIFEST = VENDOR_DIR / "VENDOR.md"
ROW = re.compile(r"^\| `(?P<file>[^`]+)` .*\| `(?P<sha512>[0-9a-f]{128})` \|$")


@dataclass(frozen=True, slots=True)
class Asset:
    """One npm package at one exact version, and the files of it that we keep."""

    package: str
    version: str
    licence: str
    # Path inside the package, and the name it gets here.
    files: tuple[tuple[str, str], ...]


ASSETS = (
    Asset(
        package="htmx.org",
        version="2.0.11",
        licence="0BSD",
        files=(
            ("dist/htmx.min.js", "htmx.min.js"),
            ("LICENSE", "htmx.LICENSE.txt"),
        ),
    ),
)


def sha512(path: Path) -> str:
    """Return the hash of a file in hexadecimal."""
    return hashlib.sha512(path.read_bytes()).hexdigest()


def manifest_text() -> str:
    """Write the table of what is vendored, from the files as they are now."""
    lines = [
        "# Vendored browser files",
        "",
        "Written by `manage.py vendor_assets`; do not edit. `manage.py check` and",
        "`manage.py vendor_assets --check` compare the hashes.",
        "",
        "| file | package | version | licence | sha512 |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| `{name}` | {asset.package} | {asset.version} | {asset.licence} "
        f"| `{sha512(VENDOR_DIR / name)}` |"
        for asset in ASSETS
        for _, name in asset.files
    ]
    return "\n".join(lines) + "\n"


def drift() -> list[str]:
    """Return one sentence for each file that is not the one recorded."""
    recorded = {}
    if MANIFEST.exists():
        for line in MANIFEST.read_text().splitlines():
            if match := ROW.match(line):
                recorded[match["file"]] = match["sha512"]
    problems = []
    for asset in ASSETS:
        for _, name in asset.files:
            path = VENDOR_DIR / name
            if not path.exists():
                problems.append(f"{name} is missing.")
            elif name not in recorded:
                problems.append(f"{name} is not recorded in VENDOR.md.")
            elif sha512(path) != recorded[name]:
                problems.append(f"{name} is not the file recorded in VENDOR.md.")
    return problems
