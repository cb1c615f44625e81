"""``define_application FILE --workspace SLUG``."""

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.applications import define_application
from accounts.commanding import workspace_named
from accounts.errors import AccountsError


class Command(BaseCommand):
    help = "Define an application and its events as a JSON file says."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="JSON; - reads standard input.")
        parser.add_argument("--workspace", required=True, metavar="SLUG")

    def handle(self, *, file: str, workspace: str, **_: Any) -> None:
        found = workspace_named(workspace)
        try:
            text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
            definition = json.loads(text)
        except OSError as error:
            raise CommandError(f"Cannot read {file}: {error.strerror}.") from None
        except ValueError as error:
            raise CommandError(f"{file} is not JSON: {error}.") from None
        if not isinstance(definition, dict):
            raise CommandError("The definition must be an object.")
        try:
            application = define_application(found, definition)
        except AccountsError as error:
            raise CommandError(str(error)) from None
        number = application.events.count()
        self.stdout.write(
            f"Defined {application.product.name} ({application.app_id})"
            f" with {number} event{'' if number == 1 else 's'}."
        )
