"""Licences from a CSV file: judged line by line, then written in a few statements.

Reading writes nothing, so that a preview can say what would happen. Good lines are
taken although others are not.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from accounts.account_lookup import accounts_by_domain, create_accounts, read_domain
from accounts.csv_files import Problem, read_csv
from accounts.licensing import log_import
from accounts.models import (
    Activation,
    License,
    Product,
    User,
    Workspace,
)

COLUMNS = (
    *("key", "product", "account_domain", "holder", "seats", "expires_at"),
    *("status", "activations", "note"),
)
# Column of the file → field of a known licence.
OVERWRITTEN = {
    "product": "product",
    "account_domain": "account",
    "holder": "holder",
    "seats": "seats",
    "expires_at": "expires_at",
    "note": "note",
}
LONGEST_TEXT = 200
MOST_SEATS = 2**31 - 1
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """One good line."""

    line: int
    key: str
    product: Product | None
    account_domain: str
    holder: str
    seats: int | None
    expires_at: datetime | None
    is_revoked: bool
    activations: tuple[str, ...]
    note: str
    is_new: bool


@dataclass
class Preview:
    """What an import of the file would do."""

    # Of the file's heading: others keep what a known licence has.
    columns: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def added(self) -> int:
        """How many licences would be new."""
        return sum(row.is_new for row in self.rows)

    @property
    def changed(self) -> int:
        """How many known ones would be overwritten."""
        return len(self.rows) - self.added


def read(text: str, workspace: Workspace) -> Preview:
    """Judge a CSV file with a heading; only the column ``key`` must be there.

    Two queries, whatever the number of lines.
    """
    file = read_csv(text, needed="key")
    preview = Preview(columns=file.columns, problems=file.problems)
    unknown = [name for name in file.columns if name and name not in COLUMNS]
    if unknown and "key" in file.columns:
        known = ", ".join(COLUMNS)
        preview.problems = [
            Problem(1, f"Unknown: {', '.join(unknown)}. Columns are {known}.")
        ]
        return preview
    products = {one.key: one for one in Product.objects.in_workspace(workspace)}
    keys = [values.get("key", "") for _, values in file.lines]
    present = set(
        License.objects.in_workspace(workspace)
        .filter(key__in=keys)
        .values_list("key", flat=True)
    )
    seen: dict[str, int] = {}
    for number, values in file.lines:
        try:
            row = _row(number, values, products, present)
        except ValueError as error:
            preview.problems.append(Problem(number, str(error)))
            continue
        if row.key in seen:
            message = f"The key is that of line {seen[row.key]} already."
            preview.problems.append(Problem(number, message))
            continue
        seen[row.key] = number
        preview.rows.append(row)
    return preview


def write(
    preview: Preview,
    workspace: Workspace,
    *,
    actor: User | None = None,
    ip: str | None = None,
) -> None:
    """Write the good lines: a known key is overwritten, accounts are made as needed.

    A licence that was revoked stays revoked, whatever the file says.
    """
    with transaction.atomic():
        accounts = _accounts(preview, workspace)
        now = timezone.now()
        License.objects.bulk_create(
            (
                License(
                    workspace=workspace,
                    key=row.key,
                    product=row.product,
                    account_id=accounts.get(row.account_domain),
                    holder=row.holder,
                    seats=row.seats,
                    expires_at=row.expires_at,
                    revoked_at=now if row.is_revoked else None,
                    note=row.note,
                )
                for row in preview.rows
            ),
            batch_size=BATCH,
            **_on_conflict(preview),
        )
        keys = [row.key for row in preview.rows]
        written = License.objects.in_workspace(workspace).filter(key__in=keys)
        revoked = [row.key for row in preview.rows if row.is_revoked]
        written.filter(key__in=revoked, revoked_at__isnull=True).update(revoked_at=now)
        ids = dict(written.values_list("key", "pk"))
        Activation.objects.bulk_create(
            (
                Activation(
                    workspace=workspace, license_id=ids[row.key], identifier=identifier
                )
                for row in preview.rows
                for identifier in row.activations
            ),
            batch_size=BATCH,
            ignore_conflicts=True,
        )
        log_import(
            workspace,
            actor=actor,
            ip=ip,
            added=preview.added,
            changed=preview.changed,
        )


def _on_conflict(preview: Preview) -> dict[str, Any]:
    """Say which columns of a known licence are overwritten: those of the file."""
    fields = [OVERWRITTEN[name] for name in preview.columns if name in OVERWRITTEN]
    if not fields:
        return {"ignore_conflicts": True}
    return {
        "update_conflicts": True,
        "unique_fields": ["workspace", "key"],
        "update_fields": fields,
    }


def _row(
    line: int,
    values: Mapping[str, str],
    products: Mapping[str, Product],
    present: set[str],
) -> Row:
    key = values.get("key", "")
    if not key:
        raise ValueError("The key is missing.")
    if not key.isprintable():
        raise ValueError("A key is made of printable characters.")
    for name in ("key", "holder"):
        if len(values.get(name, "")) > LONGEST_TEXT:
            raise ValueError(f"{name} has more than {LONGEST_TEXT} characters.")
    product = values.get("product", "")
    if product and product not in products:
        raise ValueError(f"There is no product “{product}”.")
    return Row(
        line=line,
        key=key,
        product=products.get(product),
        account_domain=read_domain(values["account_domain"])
        if values.get("account_domain")
        else "",
        holder=values.get("holder", ""),
        seats=_seats(values.get("seats", "")),
        expires_at=_moment(values.get("expires_at", "")),
        is_revoked=_is_revoked(values.get("status", "")),
        activations=_activations(values.get("activations", "")),
        note=values.get("note", ""),
        is_new=key not in present,
    )


def _seats(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or int(text) > MOST_SEATS:
        raise ValueError(f"seats: “{text}” is no whole number.")
    return int(text)


def _moment(text: str) -> datetime | None:
    """Read a time, or a day, whose end it is; UTC where nothing else is said."""
    if not text:
        return None
    try:
        moment = parse_datetime(text)
        day = parse_date(text)
    except ValueError:
        moment = day = None
    if day is not None and len(text) <= len("2026-01-31"):
        return datetime.combine(day, time.max, UTC)
    if moment is None:
        raise ValueError(f"expires_at: “{text}” is no date such as 2027-01-31.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_revoked(text: str) -> bool:
    word = text.lower()
    if word not in {"", "active", "expired", "revoked"}:
        raise ValueError(f"status: “{text}” is neither active nor revoked.")
    return word == "revoked"


def _activations(text: str) -> tuple[str, ...]:
    """Read identifiers, separated by semicolons."""
    words = tuple(dict.fromkeys(word.strip() for word in text.split(";")))
    found = tuple(word for word in words if word)
    if any(len(word) > LONGEST_TEXT for word in found):
        raise ValueError(f"An activation has more than {LONGEST_TEXT} characters.")
    return found


def _accounts(preview: Preview, workspace: Workspace) -> dict[str, int]:
    """Return the accounts' ids by domain, making those that are missing."""
    domains = {row.account_domain for row in preview.rows} - {""}
    found = accounts_by_domain(workspace, domains)
    if missing := domains - found.keys():
        create_accounts(workspace, missing)
        found |= accounts_by_domain(workspace, missing)
    return found
