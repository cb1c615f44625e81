"""``update_free_mail [--check]``: a developer's chore, needs npm."""

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.attribution.mail_lists import (
    FREE_MAIL_DIR,
    FREE_MAIL_FILES,
    FREE_MAIL_PACKAGE,
    FREE_MAIL_VERSION,
    drift,
    manifest_text,
)


class Command(BaseCommand):
    help = "Copy the pinned list of free mail domains out of its npm package."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="Only compare hashes; fail on drift."
        )

    def handle(self, *, check: bool, **_: Any) -> None:
        if not check:
            _fetch()
            (FREE_MAIL_DIR / "VENDOR.md").write_text(manifest_text(), "utf-8")
        if problems := drift():
            raise CommandError(" ".join(problems))
        self.stdout.write(f"{len(FREE_MAIL_FILES)} vendored files are as recorded.")


def _fetch() -> None:
    """Copy the files of the package here; npm verifies the package's own hash."""
    npm = shutil.which("npm")
    if npm is None:
        raise CommandError("npm is not installed; it is needed to fetch the list.")
    package = f"{FREE_MAIL_PACKAGE}@{FREE_MAIL_VERSION}"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(  # noqa: S603 fixed arguments
            [npm, "pack", "--silent", package],
            cwd=folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            for name in FREE_MAIL_FILES:
                member = archive.extractfile(f"package/{name}")
                if member is None:
                    raise CommandError(f"{package} has no file {name}.")
                (FREE_MAIL_DIR / name).write_bytes(member.read())
