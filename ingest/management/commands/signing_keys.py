"""``signing_keys list | create | rotate | reseal [--workspace SLUG --product KEY]``."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.errors import AccountsError
from accounts.models import Product
from ingest import signing
from ingest.commit import StoreUnavailable
from ingest.models import SigningKey


class Command(BaseCommand):
    help = "Show, make and replace the key pairs that licence telemetry is signed with."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=("list", "create", "rotate", "reseal"))
        parser.add_argument("--workspace", metavar="SLUG")
        parser.add_argument(
            "--product",
            metavar="KEY",
            help="The product's own pair; without it the installation's.",
        )

    def handle(
        self,
        *,
        action: str,
        workspace: str | None,
        product: str | None,
        **_options: Any,
    ) -> None:
        if action == "list":
            self._list()
            return
        try:
            if action == "reseal":
                number = signing.reseal_signing_keys()
                self.stdout.write(f"Sealed {number} signing keys again.")
                return
            found = _product(workspace, product)
            if action == "rotate":
                self._show(signing.rotate(found))
                return
            made = signing.create(found)
        except (AccountsError, StoreUnavailable) as error:
            raise CommandError(str(error)) from None
        if made is None:
            raise CommandError("There is a key pair already; rotate replaces it.")
        self._show(made)

    def _list(self) -> None:
        keys = SigningKey.objects.select_related("product__workspace")
        for key in keys.order_by("product_id", "-pk"):
            self._show(key)
        self.stdout.write(f"{len(keys)} key pairs.")

    def _show(self, key: SigningKey) -> None:
        of = (
            f"{key.product.workspace.slug}/{key.product.key}"
            if key.product
            else "global"
        )
        state = f"replaced {key.retired_at:%Y-%m-%d}" if key.retired_at else "in use"
        self.stdout.write(f"{key.kid}  {of}  {state}")


def _product(workspace: str | None, key: str | None) -> Product | None:
    if not key:
        return None
    found = Product.objects.filter(workspace__slug=workspace or "", key=key).first()
    if found is None:
        raise CommandError(f"There is no product {key} in workspace {workspace}.")
    return found
