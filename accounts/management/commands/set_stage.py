"""``set_stage --workspace SLUG (--account DOMAIN | --developer IDENTITY) …``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.commanding import workspace_named
from accounts.errors import AccountsError
from accounts.models import Account, Developer, Identity, Workspace
from accounts.stages import release_stage, set_stage, stages_of, subject_of


class Command(BaseCommand):
    help = "Put an account or a developer into a stage by hand, or release them again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        who = parser.add_mutually_exclusive_group(required=True)
        who.add_argument("--account", metavar="DOMAIN", help="domain or number")
        who.add_argument(
            "--developer", metavar="IDENTITY", help="any identity, or the number"
        )
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--stage", metavar="NAME")
        what.add_argument(
            "--release", action="store_true", help="let the rules say it again"
        )
        parser.add_argument("--reason", default="", help="kept in the timeline")

    def handle(self, *_: Any, **options: Any) -> None:
        workspace = workspace_named(options["workspace"])
        who = _find(workspace, options["account"], options["developer"])
        try:
            if options["release"]:
                entry = release_stage(who, actor=None)
            else:
                entry = set_stage(
                    who,
                    _stage(workspace, who, options["stage"]),
                    actor=None,
                    reason=options["reason"],
                )
        except AccountsError as error:
            raise CommandError(str(error)) from None
        where = f"in {entry.stage}" if entry else "in no stage"
        how = "by the rules" if options["release"] else "by hand"
        self.stdout.write(f"{who} is {where} {how}.")


def _stage(workspace: Workspace, who: Account | Developer, name: str) -> Any:
    stages = stages_of(workspace, subject_of(who))
    found = stages.filter(name__iexact=name).first()
    if found is None:
        known = ", ".join(stages.values_list("name", flat=True))
        raise CommandError(f"There is no stage {name}; there are {known or 'none'}.")
    return found


def _find(
    workspace: Workspace, account: str | None, developer: str | None
) -> Account | Developer:
    text = account or developer or ""
    found: list[Any]
    if account:
        accounts = Account.objects.in_workspace(workspace)
        found = list(accounts.filter(domain=account.lower())[:2])
        if not found and account.isdecimal():
            found = list(accounts.filter(pk=int(account)))
    else:
        people = Developer.objects.in_workspace(workspace)
        known = Identity.objects.in_workspace(workspace).filter(value__iexact=text)
        found = list(people.filter(pk__in=known.values("developer"))[:2])
        if not found and text.isdecimal():
            found = list(people.filter(pk=int(text)))
    if len(found) != 1:
        raise CommandError(f"“{text}” is {'nobody' if not found else 'more than one'}.")
    one: Account | Developer = found[0]
    return one
