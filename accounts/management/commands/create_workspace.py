"""``create_workspace SLUG [--name NAME] [--owner EMAIL]``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.errors import AccountsError
from accounts.models import User
from accounts.services import create_workspace, new_user


class Command(BaseCommand):
    help = "Create a workspace with its first metric and score model."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="Name in web addresses, such as acme.")
        parser.add_argument("--name", default="", help="What people read.")
        parser.add_argument(
            "--owner",
            metavar="EMAIL",
            help="Its first admin; someone new gets a password, printed once.",
        )

    def handle(
        self, *, slug: str, name: str, owner: str | None, **options: Any
    ) -> None:
        del options
        password = ""
        try:
            with transaction.atomic():
                user = None
                if owner:
                    user = User.objects.filter(email=owner.strip().lower()).first()
                if owner and user is None:
                    user, password = new_user(owner)
                workspace = create_workspace(slug, name, user)
        except AccountsError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Created workspace {workspace.slug} ({workspace.name}).")
        if password:
            self.stdout.write(f"{owner} may log in with the password {password}")
