"""One process that digests everything on a signal, for `bench.digest`.

It has started, imported and connected before the clock runs. A line on standard input
is the signal; a JSON line on standard output is the result.
"""

import cProfile
import json
import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connection  # noqa: E402 (after setup)

from bench import profiles  # noqa: E402
from ingest.digest import digest_until_empty  # noqa: E402


def main() -> None:
    """Wait, digest, report."""
    connection.ensure_connection()
    print("ready", flush=True)
    for line in sys.stdin:
        profile = cProfile.Profile() if line.strip() == "profile" else None
        began = time.monotonic()
        if profile is None:
            digest_until_empty()
        else:
            profile.runcall(digest_until_empty)
        ended = time.monotonic()
        lines = profiles.lines(profile) if profile is not None else []
        report = {"began": began, "ended": ended, "profile": lines}
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
