"""One batch of identities: the temporary tables that carry it."""

from django.db.backends.utils import CursorWrapper

from accounts.statements import statement


def ensure_pending_tables(cursor: CursorWrapper) -> None:
    """Create ``pending_identity`` and ``pending_link`` for this transaction."""
    cursor.execute(statement("identity_tables"))
