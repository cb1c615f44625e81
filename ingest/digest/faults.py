"""Tells an event's own fault from trouble around it.

Only a fault may ever send an event to quarantine. A full disk, a lost connection or a
half-done migration must leave the inbox as it is.
"""

import psycopg

# Somebody else was in the way: the same work may simply be done again.
# serialization_failure, deadlock_detected, lock_not_available.
TRANSIENT = frozenset({"40001", "40P01", "55P03"})

# Classes of SQLSTATE that a value can cause: data exception, integrity constraint,
# program limit (nesting, index row size), PL/pgSQL error raised by a trigger.
FAULT_CLASSES = frozenset({"22", "23", "54", "P0"})

_AROUND = (MemoryError, OSError, ImportError)


def sqlstate(error: BaseException | None) -> str | None:
    """Return the SQLSTATE of a database error, through Django's wrapper if any."""
    while error is not None:
        if isinstance(error, psycopg.Error):
            return error.sqlstate or ("22000" if _from_driver(error) else "")
        error = error.__cause__
    return None


def is_transient(error: BaseException) -> bool:
    """Say whether doing the same again at once can succeed."""
    return sqlstate(error) in TRANSIENT


def is_fault(error: BaseException) -> bool:
    """Say whether an event can have caused the error."""
    state = sqlstate(error)
    if state is not None:
        return state[:2] in FAULT_CLASSES
    return not isinstance(error, _AROUND)


def _from_driver(error: psycopg.Error) -> bool:
    # The driver refuses some values itself: a NUL in a text, a number too large.
    return isinstance(error, psycopg.DataError)
