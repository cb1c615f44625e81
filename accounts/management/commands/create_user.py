"""``create_user EMAIL [--name NAME] [--operator] [--password-stdin]``."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import AccountsError
from accounts.services import new_user


class Command(BaseCommand):
    help = "Create someone who may log in; without a password one is made and printed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", default="")
        parser.add_argument(
            "--operator", action="store_true", help="Admin of every workspace."
        )
        parser.add_argument(
            "--password-stdin",
            action="store_true",
            help="Read the password from the first line of standard input.",
        )

    def handle(
        self,
        *,
        email: str,
        name: str,
        operator: bool,
        password_stdin: bool,
        **options: Any,
    ) -> None:
        del options
        password = sys.stdin.readline().rstrip("\r\n") if password_stdin else ""
        if password_stdin and not password:
            raise CommandError("There is no password on standard input.")
        try:
            user, given = new_user(
                email, name=name, password=password, is_operator=operator
            )
        except AccountsError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Created {user.email}.")
        if not password_stdin:
            self.stdout.write(f"The password is {given}")
