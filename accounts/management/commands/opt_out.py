"""``opt_out --workspace SLUG [--remove] KIND VALUE``: keep the opt-out register."""

from typing import Any

from django.core.management.base import CommandParser

from accounts import opt_outs
from accounts.commanding import WorkspaceCommand
from accounts.models import OptOut, Workspace


class Command(WorkspaceCommand):
    help = "Have events that name an identity never kept, or kept again."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("kind", choices=[kind for kind, _ in opt_outs.TYPED_KINDS])
        parser.add_argument("value", help="As you know it; only its hash is stored.")
        parser.add_argument("--remove", action="store_true", help="Opt back in.")
        parser.add_argument("--check", action="store_true", help="Only say whether.")
        parser.add_argument(
            "--only-this", action="store_true", help="Not all they are known by."
        )
        parser.add_argument(
            "--reason", choices=OptOut.Reason.values, default=OptOut.Reason.ASKED
        )
        parser.add_argument("--label", default="", help="Such as a ticket's number.")

    def run(self, workspace: Workspace, **options: Any) -> None:
        identity = opt_outs.understood(options["kind"], options["value"])
        if options["check"]:
            is_in = opt_outs.is_opted_out(workspace, identity)
            self.stdout.write("Opted out." if is_in else "Not opted out.")
            return
        identities = (
            [identity]
            if options["only_this"]
            else opt_outs.everything_of(workspace, identity)
        )
        if options["remove"]:
            found = opt_outs.find(workspace, identities)
            number = opt_outs.remove(found, actor=None)
            self.stdout.write(f"{number} identities opted back in.")
            return
        number = opt_outs.add(
            workspace,
            identities,
            actor=None,
            reason=options["reason"],
            label=options["label"],
        )
        self.stdout.write(f"{number} identities opted out.")
