"""Turns a profile into the few lines that say where the time goes."""

import cProfile
import io
import pstats

LINES = 22


def lines(profile: cProfile.Profile) -> list[str]:
    """Return the functions that took most time themselves, most first."""
    text = io.StringIO()
    stats = pstats.Stats(profile, stream=text).strip_dirs().sort_stats("tottime")
    stats.print_stats(LINES)
    return [line for line in text.getvalue().splitlines() if line.strip()]
