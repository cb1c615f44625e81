"""``seed_demo``: make the demo workspace and fill it with invented data."""

import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import UTC, date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.demo import PEOPLE, SLUG, demo_workspace
from accounts.errors import AccountsError
from ingest.demo.seed import seed
from ingest.demo.wipe import wipe
from ingest.demo.world import Size


def positive(text: str) -> int:
    """Return a whole number of at least 1."""
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("must be at least 1")
    return number


class Command(BaseCommand):
    help = "Make a demo workspace whose invented customers look like life."
    # Of the events, shown so far where lines cannot be written over.
    _tenths = 0

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, default in (
            ("events", 50_000),
            ("developers", 1_800),
            ("accounts", 300),
            ("days", 120),
        ):
            parser.add_argument(
                f"--{name}",
                type=positive,
                default=default,
                metavar="N",
                help=f"about how many (default {default})",
            )
        parser.add_argument(
            "--seed", type=int, default=1, metavar="N", help="another makes other data"
        )
        parser.add_argument(
            "--until",
            type=date.fromisoformat,
            metavar="DAY",
            help="last UTC day with events (default today, up to this minute)",
        )
        parser.add_argument(
            "--replace",
            action="store_true",
            help="delete the demo workspace that is there first",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        began = time.monotonic()
        old = demo_workspace()
        if old is not None:
            if not options["replace"]:
                raise CommandError(
                    f"There is a demo workspace already ({SLUG}); --replace deletes it"
                    " with everything in it and makes a new one."
                )
            self.stdout.write(f"Deleted {wipe(old):,} rows of the old demo workspace.")
        size = Size(
            events=options["events"],
            developers=options["developers"],
            accounts=options["accounts"],
            days=options["days"],
            seed=options["seed"],
            until=options["until"] or datetime.now(tz=UTC).date(),
        )
        try:
            seeded = seed(size, self._report)
        except AccountsError as error:
            raise CommandError(str(error)) from None
        self._end_line()
        became = seeded.outcomes.get
        self.stdout.write(
            f"Demo workspace {SLUG}: {seeded.companies:,} companies, "
            f"{became('accepted', 0):,} events, {became('duplicate', 0):,} sent twice, "
            f"{became('quarantined', 0):,} waiting for their metric; "
            f"{time.monotonic() - began:.1f} s. Log-in: {PEOPLE[0][0]}"
        )

    def _report(self, what: str, done: int, of: int) -> None:
        """Show how far it is: one line that moves on a terminal, lines elsewhere."""
        text = f"  {what} {done:,} of about {of:,}" if of else f"  {what} …"
        if self.stdout.isatty():
            self.stdout.write(f"\r{text:60}", ending="")
            self.stdout.flush()
        elif not of or done * 10 // of > self._tenths:
            self._tenths = done * 10 // of if of else 0
            self.stdout.write(text)

    def _end_line(self) -> None:
        if self.stdout.isatty():
            self.stdout.write()
