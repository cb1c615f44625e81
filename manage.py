#!/usr/bin/env python
"""Runs Uptick's commands; ``manage.py run`` starts everything."""

import os
import sys

from django.core.management import execute_from_command_line

from config.engines import EngineError


def main() -> int:
    """Run the command; a server that cannot run is one line, not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        reason: BaseException | None = error
        while reason is not None:
            if isinstance(reason, EngineError):
                print(reason, file=sys.stderr)
                return 1
            reason = reason.__cause__
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
