"""``create_api_key --workspace SLUG --name NAME [--dialect D …] [--quiet] …``."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.commanding import workspace_named
from accounts.errors import AccountsError
from accounts.keys import create_key
from accounts.models import ApiKey, Product, Workspace
from accounts.models.api_key import SCOPES_OF_KINDS, Dialect


class Command(BaseCommand):
    help = "Create an API key and print it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workspace", required=True, metavar="SLUG")
        parser.add_argument("--name", required=True, help="What the key is for.")
        parser.add_argument(
            "--dialect",
            action="append",
            choices=Dialect.values,
            default=[],
            help="Which senders may use it; repeatable; none means all.",
        )
        parser.add_argument(
            "--product", metavar="KEY", help="Only events of this product are taken."
        )
        parser.add_argument(
            "--expires",
            metavar="WHEN",
            help="Days from now (90d), or a date or time in UTC (2027-01-31).",
        )
        parser.add_argument(
            "--network",
            action="append",
            default=[],
            help="Only from this network, such as 203.0.113.0/24; repeatable.",
        )
        parser.add_argument(
            "--kind", choices=ApiKey.Kind.values, default=ApiKey.Kind.INGEST.value
        )
        parser.add_argument(
            "--scope",
            action="append",
            default=[],
            help="What a read key may read (accounts:read), or a client's tokens may "
            "do; repeatable; none means everything.",
        )
        parser.add_argument(
            "--quiet", action="store_true", help="Print the key and nothing else."
        )

    def handle(self, *, workspace: str, quiet: bool, **options: Any) -> None:
        found = workspace_named(workspace)
        known = SCOPES_OF_KINDS[options["kind"]].values
        for scope in options["scope"]:
            if scope not in known:
                choices = ", ".join(known)
                raise CommandError(
                    f"A key of this kind has no scope {scope}: {choices}."
                )
        try:
            key, token = create_key(
                workspace=found,
                name=options["name"],
                dialects=options["dialect"],
                product=_product(found, options["product"]),
                expires_at=_moment(options["expires"]),
                networks=options["network"],
                kind=options["kind"],
                scopes=options["scope"],
            )
        except AccountsError as error:
            raise CommandError(str(error)) from None
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        if not quiet:
            self.stdout.write(f"Created {key.get_kind_display()} “{key.name}”:")
            if key.kind == ApiKey.Kind.CLIENT:
                self.stdout.write(f"Client id: {key.prefix}. Client secret:")
        self.stdout.write(token)


def _product(workspace: Workspace, key: str | None) -> Product | None:
    if not key:
        return None
    product = Product.objects.in_workspace(workspace).filter(key=key).first()
    if product is None:
        raise CommandError(f"There is no product {key} in {workspace.slug}.")
    return product


def _moment(text: str | None) -> datetime | None:
    """Read ``90d``, a date (its start, UTC) or a time; it must be in the future."""
    if not text:
        return None
    if text.endswith("d") and text[:-1].isdecimal():
        return timezone.now() + timedelta(days=int(text[:-1]))
    try:
        moment = parse_datetime(text)
        day = parse_date(text) if moment is None else None
    except ValueError:
        moment = day = None
    if day is not None:
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    if moment is None:
        raise CommandError(f"“{text}” is neither days (90d) nor a date (2027-01-31).")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if moment <= timezone.now():
        raise CommandError(f"{text} is in the past.")
    return moment
