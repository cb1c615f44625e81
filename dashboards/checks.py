"""System checks of the pages."""

from typing import Any

from django.core.checks import CheckMessage, Error

from dashboards.vendoring import drift


def vendored_files_unchanged(**_: Any) -> list[CheckMessage]:
    """Report vendored browser files that differ from their recorded hashes."""
    return [
        Error(
            problem,
            hint="Fetch them again with `manage.py vendor_assets`.",
            id="dashboards.E001",
        )
        for problem in drift()
    ]
