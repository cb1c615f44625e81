"""``reseal_api_keys``: the second step of replacing ``FIELD_KEY``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.errors import AccountsError
from accounts.keys import reseal_keys


class Command(BaseCommand):
    help = "Seal all API keys with the first key of FIELD_KEY (FIELD_KEY=new,old)."

    def handle(self, **options: Any) -> None:
        del options
        try:
            count = reseal_keys()
        except AccountsError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Sealed {count} keys with the first FIELD_KEY.")
