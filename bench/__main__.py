"""The command line of the benchmark; see docs/performance.md for how to read it."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench.scale_size import FULL, SMALL, Size

# The digest first: it fills the ledger that the accept path then asks.
SECTIONS = ("digest", "accept", "memory", "pages", "scale")
HOME = Path(__file__).resolve().parent.parent / ".data"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=SECTIONS, default=[])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of load in a round")
    parser.add_argument("--events", type=int, default=100_000, help="a digest round")
    parser.add_argument("--generator", choices=("wrk", "python"), help="of the load")
    parser.add_argument(
        "--demo-events",
        type=int,
        default=0,
        help="size of the demo data for the pages; 0 is seed_demo's own default",
    )
    parser.add_argument("--scale-developers", type=int)
    parser.add_argument("--scale-accounts", type=int)
    parser.add_argument("--scale-events", type=int)
    parser.add_argument(
        "--full",
        action="store_true",
        help=f"the scale section with {FULL.developers:,} developers, "
        f"{FULL.accounts:,} accounts and {FULL.events:,} events",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIRECTORY",
        help="of the data, which is left there: another run with it goes on with what "
        "the section scale has filled. Without it, one that is deleted at the end",
    )
    parser.add_argument("--name", help="of the files; the date by default")
    return parser.parse_args()


def scale_size(chosen: argparse.Namespace) -> Size:
    """Return the size that was asked for; what was not, is small."""
    base = FULL if chosen.full else SMALL
    return Size(
        developers=chosen.scale_developers or base.developers,
        accounts=chosen.scale_accounts or base.accounts,
        events=chosen.scale_events or base.events,
    )


def main() -> int:
    """Run the sections on engines of their own, and write the figures."""
    chosen = arguments()
    directory = _directory(chosen.keep)
    os.environ |= {"UPTICK_DATA_DIR": str(directory), "LOG_LEVEL": "WARNING"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    for name in ("DATABASE_URL", "REDIS_URL", "DEBUG", "UPTICK_POSTGRES_FSYNC"):
        os.environ.pop(name, None)
    try:
        return _measure(chosen)
    finally:
        if chosen.keep is None:
            shutil.rmtree(directory, ignore_errors=True)


def _directory(kept: Path | None) -> Path:
    """Make the directory of the data."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        return kept.resolve()
    HOME.mkdir(exist_ok=True)
    # Beside the real data, not in a temporary directory: that may be memory, where a
    # commit costs nothing.
    directory = Path(tempfile.mkdtemp(prefix="bench-", dir=HOME))
    directory.chmod(0o711)
    return directory


def _measure(chosen: argparse.Namespace) -> int:
    import django  # noqa: PLC0415 (the environment has to be set first)

    django.setup()
    from accounts.models import Workspace  # noqa: PLC0415
    from accounts.services import create_workspace  # noqa: PLC0415
    from bench import accept, digest, figures, load, machine, memory, pages, scale  # noqa: PLC0415
    from config import engines, startup  # noqa: PLC0415

    began = time.monotonic()
    generator = chosen.generator or load.generator()
    with ExitStack() as stack:
        if engines.redis_url() is not None:
            stack.enter_context(engines.lease_redis())
        stack.callback(engines.detach_postgres)
        startup.wait_for_database()
        startup.migrate()
        startup.collect_files()
        facts = machine.describe()
        workspace = Workspace.objects.filter(slug="bench").first()
        if workspace is None:
            workspace = create_workspace("bench", "Bench")
        digest.prepare(workspace)
        measures: dict[str, Callable[[], figures.Section]] = {
            "accept": lambda: accept.measure(
                workspace,
                rounds=chosen.rounds,
                seconds=chosen.seconds,
                generator=generator,
            ),
            "digest": lambda: digest.measure(
                workspace, rounds=chosen.rounds, events=chosen.events
            ),
            "memory": lambda: memory.measure(seconds=10),
            "pages": lambda: pages.measure(
                rounds=chosen.rounds, events=chosen.demo_events
            ),
            "scale": lambda: scale.measure(
                scale_size(chosen), rounds=chosen.rounds, generator=generator
            ),
        }
        sections = []
        for name in chosen.only or SECTIONS:
            print(f"{name} …", flush=True)
            sections.append(measures[name]())
    now = datetime.now(UTC)
    page = figures.write(
        chosen.name or f"{now:%Y-%m-%d}",
        facts,
        {
            "taken": f"{now:%Y-%m-%d %H:%M} UTC",
            "load generator": generator,
            "minutes": round((time.monotonic() - began) / 60, 1),
        },
        sections,
    )
    print(page.read_text(encoding="utf-8"))
    print(f"Written to {page} and its .json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
