"""``add_member EMAIL --workspace SLUG [--role ROLE]``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.commanding import workspace_named
from accounts.errors import AccountsError
from accounts.models import Role, User
from accounts.services import set_role


class Command(BaseCommand):
    help = "Make someone a member of a workspace, or change their role in it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument("--role", choices=Role.values, default=Role.MEMBER.value)

    def handle(self, *, email: str, workspace: str, role: str, **options: Any) -> None:
        del options
        user = User.objects.filter(email=email.strip().lower()).first()
        if user is None:
            raise CommandError(f"There is no user {email}: see create_user.")
        found = workspace_named(workspace)
        try:
            membership = set_role(found, user, Role(role))
        except AccountsError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{user.email} is {membership.get_role_display()} of {found}."
        )
