"""How much memory this machine, or the container around us, lets us use."""

import contextlib
import os
from pathlib import Path

LIMIT_FILES = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 (measured, not used)
ENOUGH_SHARED_MEMORY = 256 * 1024 * 1024


def has_shared_memory() -> bool:
    """Tell whether processes can share a few hundred megabytes the usual way."""
    try:
        facts = os.statvfs(SHARED_MEMORY)
    except OSError:
        return False
    return facts.f_frsize * facts.f_blocks >= ENOUGH_SHARED_MEMORY


def memory_bytes() -> int:
    """Return the smaller of the physical memory and the container's limit."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in LIMIT_FILES:
        # "max" and missing files mean no limit.
        with contextlib.suppress(OSError, ValueError):
            sizes.append(int(path.read_text()))
    return min(sizes)
