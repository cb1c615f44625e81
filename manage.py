#!/usr/bin/env python
"""Runs Uptick's commands; ``manage.py run`` starts everything."""

import os
import sys

from django.core.management import execute_from_command_line

from config.engines import EngineError
from config.env import EnvironmentValueError

FOR_THE_OPERATOR = (EngineError, EnvironmentValueError)


def main() -> int:
    """Run the command; what an operator can mend is one line, not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        execute_from_command_line(sys.argv)
    except Exception as error:
        reason: BaseException | None = error
        while reason is not None:
            if isinstance(reason, FOR_THE_OPERATOR):
                print(reason, file=sys.stderr)
                return 1
            reason = reason.__cause__
        raise
    return 0


if __name__ == "__main__":
    sys.exit(main())
