"""``revoke_api_key PREFIX [--workspace SLUG]``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.keys import revoke
from accounts.models import ApiKey
from accounts.tokens import checksum_ok, shown_prefix


class Command(BaseCommand):
    help = "Revoke an API key for ever."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("prefix", help="The start that lists show, or the key.")
        parser.add_argument("--workspace", metavar="SLUG", help="If several fit.")

    def handle(self, *, prefix: str, workspace: str | None, **options: Any) -> None:
        del options
        shown = shown_prefix(prefix) if checksum_ok(prefix) else prefix
        keys = ApiKey.objects.filter(prefix=shown).select_related("workspace")
        if workspace:
            keys = keys.filter(workspace__slug=workspace)
        found = list(keys[:2])
        if not found:
            raise CommandError(f"No key starts with {shown}.")
        if len(found) > 1:
            raise CommandError(f"Several keys start with {shown}: name the workspace.")
        key = revoke(found[0], actor=None)
        self.stdout.write(f"Revoked {key} of {key.workspace.slug}.")
