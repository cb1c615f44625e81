"""``add_app APP_ID --workspace SLUG --product KEY``."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.app_switch import note_app
from accounts.models import AppId, AuditEntry, Product
from ingest.background import flush_all
from ingest.management.commands.check_usage import chosen_workspace
from ingest.quarantine import replay_app


class Command(BaseCommand):
    help = "Add an app whose signals are taken, and replay those that have waited."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("app_id", help="The appID that the app sends.")
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument(
            "--product",
            required=True,
            metavar="KEY",
            help="What its signals are about; made if it is not there.",
        )

    def handle(
        self, *, app_id: str, workspace: str, product: str, **options: Any
    ) -> None:
        del options
        found = chosen_workspace(workspace)
        with transaction.atomic():
            about, _ = Product.objects.get_or_create(
                workspace=found, key=product, defaults={"name": product}
            )
            app = AppId(workspace=found, product=about, app_id=app_id)
            try:
                app.full_clean()
            except ValidationError as error:
                raise CommandError(" ".join(error.messages)) from None
            app.save()
            note_app(AuditEntry.Action.APP_ADDED, app)
        number = replay_app(app)
        flush_all()
        self.stdout.write(
            f"Signals of {app} are taken for {about}; {number} that have waited are"
            " on their way."
        )
