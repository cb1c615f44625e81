"""Everything held about one developer as a ZIP file, written while it is read.

What is in it is the registry's (`ingest.personal.everything`): what an erasure would
take is what an export gives. One JSON file per table; memory stays constant.
"""

import base64
import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from accounts.audit import record
from accounts.models import AuditEntry, Developer, User
from accounts.person import Person, person_of
from accounts.personal import Held
from accounts.redaction import places
from ingest.personal import everything

# Bytes that are gathered before they are sent on.
CHUNK = 64 * 1024
README = """\
Everything that Uptick holds about one person
=============================================

Workspace: {workspace}
Developer: {name} (number {number})
Written:   {now} UTC

One file per table, each a JSON array of rows. Times are UTC; a word with two
underscores names a column of another table. Empty tables are left out.

{files}

mentions.json says in which other texts an address of the person stands, and in how
many rows; the texts themselves may be about other people.

Not here: keyed hashes in the ledger that keeps an event from being counted twice, and
daily sums of whole workspaces and accounts, which name nobody.
"""


class _Encoder(DjangoJSONEncoder):
    """Writes what Django's does, and bytes as base64."""

    def default(self, o: Any) -> Any:
        if isinstance(o, bytes | memoryview):
            return base64.b64encode(bytes(o)).decode()
        return super().default(o)


class _Pipe(io.RawIOBase):
    """What a ZIP file is written to: keeps the bytes until they are taken."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        """Say yes."""
        return True

    def write(self, data: Any) -> int:
        """Keep the bytes."""
        part = bytes(data)
        self.parts.append(part)
        self.size += len(part)
        return len(part)

    def take(self) -> bytes:
        """Return what was written since."""
        whole = b"".join(self.parts)
        self.parts, self.size = [], 0
        return whole


def export_developer(
    developer: Developer, *, actor: User | None, ip: str | None = None
) -> Iterator[bytes]:
    """Note the export in the audit log, and return the parts of the ZIP file.

    The rows are read while the parts are taken.
    """
    with transaction.atomic():
        record(
            workspace=developer.workspace,
            action=AuditEntry.Action.DEVELOPER_EXPORTED,
            subject=f"Developer {developer.pk}",
            actor=actor,
            ip=ip,
            detail={"developer": developer.pk},
        )
    return _zipped(developer, person_of(developer))


def file_name(developer: Developer) -> str:
    """Return a name for the file that names nobody."""
    return f"uptick-developer-{developer.pk}.zip"


def _zipped(developer: Developer, person: Person) -> Iterator[bytes]:
    pipe = _Pipe()
    written: list[Held] = []
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for held in everything():
            rows = held.export(person)
            first = next(rows, None)
            if first is None:
                continue
            written.append(held)
            yield from _file(archive, pipe, f"{held.name}.json", _all(first, rows))
        mentions = [
            {
                "table": place.table,
                "columns": [one.name for one in place.columns],
                "rows": place.rows,
            }
            for place in places(person)
        ]
        yield from _file(archive, pipe, "mentions.json", mentions)
        archive.writestr("README.txt", _readme(developer, written))
    yield pipe.take()


def _file(
    archive: zipfile.ZipFile, pipe: _Pipe, name: str, rows: Iterable[dict[str, Any]]
) -> Iterator[bytes]:
    """Write one table; yield what has gathered whenever it is enough to send."""
    encode = _Encoder(ensure_ascii=False, indent=1).encode
    with archive.open(name, "w") as file:
        separator = "[\n"
        for row in rows:
            file.write(f"{separator}{encode(row)}".encode())
            separator = ",\n"
            if pipe.size >= CHUNK:
                yield pipe.take()
        file.write(b"[]\n" if separator == "[\n" else b"\n]\n")


def _all(first: dict[str, Any], rows: Iterator[dict[str, Any]]) -> Iterator[Any]:
    yield first
    yield from rows


def _readme(developer: Developer, written: list[Held]) -> str:
    widest = max((len(held.name) for held in written), default=0) + len(".json")
    return README.format(
        workspace=developer.workspace.slug,
        name=developer,
        number=developer.pk,
        now=f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        files="\n".join(
            f"{held.name + '.json':<{widest}}  {held.label}" for held in written
        ),
    )
