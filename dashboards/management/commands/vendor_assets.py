"""Fetches the third-party browser files, or checks the committed ones."""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dashboards.vendoring import (
    ASSETS,
    MANIFEST,
    VENDOR_DIR,
    Asset,
    drift,
    manifest_text,
)


class Command(BaseCommand):
    """A developer's chore: needs npm, which running the product does not."""

    help = "Copy the pinned browser files out of their npm packages."
    # The check that these files are unchanged must not keep us from mending them.
    requires_system_checks: tuple[str, ...] = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take `--check`, which changes nothing."""
        parser.add_argument(
            "--check", action="store_true", help="Only compare hashes; fail on drift."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Fetch and record, or compare."""
        if not options["check"]:
            for asset in ASSETS:
                fetch(asset)
            MANIFEST.write_text(manifest_text())
        if problems := drift():
            raise CommandError(" ".join(problems))
        count = sum(len(asset.files) for asset in ASSETS)
        self.stdout.write(f"{count} vendored files are as recorded.")


def fetch(asset: Asset) -> None:
    """Copy the files of one package here; npm verifies the package's own hash."""
    npm = shutil.which("npm")
    if npm is None:
        raise CommandError("npm is not installed; it is needed to fetch the files.")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603 fixed arguments
            [npm, "pack", "--silent", f"{asset.package}@{asset.version}"],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            for source, name in asset.files:
                member = archive.extractfile(f"package/{source}")
                if member is None:
                    raise CommandError(f"{asset.package} has no file {source}.")
                VENDOR_DIR.mkdir(parents=True, exist_ok=True)
                (VENDOR_DIR / name).write_bytes(member.read())
