"""What is known of accounts, from a CSV file: judged line by line, then written.

Lines are matched by domain, own or further. Empty cells change nothing, and what
somebody entered by hand stays. Reading writes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from accounts.account_fields import (
    EMPLOYEES,
    NAME_SPEC,
    FieldSpec,
    Value,
    field_specs,
    is_range,
    pick,
    read,
    show,
)
from accounts.account_lookup import accounts_by_domain, create_accounts, read_domain
from accounts.account_values import FilledBy, Origin, may_write, write_values
from accounts.attribution.domains import company_name
from accounts.audit import record
from accounts.csv_files import Problem, read_csv
from accounts.models import Account, AuditEntry, User, Workspace

DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell of a good line would do."""

    label: str
    before: str
    after: str
    # Why it is left alone, or how it was understood; "" for nothing to say.
    note: str = ""
    is_kept: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One good line; ``account_id`` None is an account to be made."""

    line: int
    domain: str
    account_id: int | None
    name: str
    values: Mapping[str, Value]
    cells: tuple[Cell, ...]

    @property
    def is_new(self) -> bool:
        """Say whether the account has to be made."""
        return self.account_id is None

    @property
    def changes(self) -> bool:
        """Say whether anything known would be written."""
        return any(not cell.is_kept for cell in self.cells)


@dataclass
class Preview:
    """What an import of the file would do."""

    specs: tuple[FieldSpec, ...] = ()
    # Columns that are no field; they are passed over.
    passed_over: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def added(self) -> int:
        """How many accounts would be made."""
        return sum(row.is_new for row in self.rows)

    @property
    def changed(self) -> int:
        """How many known ones would change."""
        return sum(row.changes and not row.is_new for row in self.rows)

    @property
    def unchanged(self) -> int:
        """How many say nothing new."""
        return len(self.rows) - self.added - self.changed


def columns_of(specs: Sequence[FieldSpec]) -> tuple[str, ...]:
    """Return the columns that a file may have."""
    return (DOMAIN, NAME_SPEC.key, *(spec.key for spec in specs))


def read_accounts(text: str, workspace: Workspace, *, create: bool) -> Preview:
    """Judge a CSV file with a heading of keys or labels; ``domain`` must be there.

    Args:
        text: the file.
        workspace: whose accounts.
        create: whether a line whose domain no account has makes one, or is wrong.

    Four queries, whatever the number of lines.
    """
    preview = Preview(specs=field_specs(workspace))
    file = read_csv(text, needed=DOMAIN)
    preview.problems = file.problems
    columns = _columns(file.columns, preview.specs)
    preview.passed_over = tuple(
        name for name in file.columns if name and name not in columns and name != DOMAIN
    )
    good: list[tuple[int, str, dict[str, Value], dict[str, str]]] = []
    for number, cells in file.lines:
        try:
            domain = _domain(cells)
        except ValueError as error:
            preview.problems.append(Problem(number, str(error)))
            continue
        values, wrong = _values(cells, columns)
        if wrong:
            preview.problems.extend(Problem(number, message) for message in wrong)
        else:
            good.append((number, domain, values, cells))
    ids = accounts_by_domain(workspace, (domain for _, domain, _, _ in good))
    known = {
        account.pk: account
        for account in Account.objects.in_workspace(workspace).filter(
            pk__in=set(ids.values())
        )
    }
    notes = {name: spec for name, spec in columns.items() if spec.kind == EMPLOYEES}
    seen: dict[int | str, int] = {}
    for number, domain, values, cells in good:
        account = known.get(ids.get(domain, 0))
        if account is None and not create:
            message = f"No account has the domain {domain}."
            preview.problems.append(Problem(number, message))
            continue
        same = account.pk if account else domain
        if same in seen:
            message = f"The account is that of line {seen[same]} already."
            preview.problems.append(Problem(number, message))
            continue
        seen[same] = number
        ranges = {
            spec.key: f"lower end of {cells[name]}"
            for name, spec in notes.items()
            if spec.key in values and is_range(cells[name])
        }
        preview.rows.append(
            Row(
                line=number,
                domain=domain,
                account_id=account.pk if account else None,
                name=account.name
                if account
                else str(values.get(NAME_SPEC.key) or company_name(domain)),
                values=values,
                cells=_cells(account, values, tuple(columns.values()), ranges),
            )
        )
    preview.problems.sort(key=lambda problem: problem.line)
    return preview


def write_accounts(
    preview: Preview,
    workspace: Workspace,
    *,
    actor: User | None = None,
    ip: str | None = None,
    file_name: str = "",
) -> None:
    """Write the good lines in one transaction: accounts are made, fields filled."""
    who = actor.email if actor else "command line"
    origin = Origin(FilledBy.FILE, f"{file_name} by {who}" if file_name else who)
    with transaction.atomic():
        new = [row.domain for row in preview.rows if row.account_id is None]
        create_accounts(workspace, new)
        ids = accounts_by_domain(workspace, new)
        values = {row.account_id or ids[row.domain]: row.values for row in preview.rows}
        written = write_values(workspace, values, origin, specs=preview.specs)
        record(
            workspace=workspace,
            action=AuditEntry.Action.ACCOUNTS_IMPORTED,
            subject=file_name or "a file",
            actor=actor,
            ip=ip,
            detail={
                "added": len(new),
                "changed": preview.changed,
                "values": len(written.changes),
                "kept": len(written.kept),
                "left_out": len(preview.problems),
            },
        )


def _columns(names: Sequence[str], specs: Sequence[FieldSpec]) -> dict[str, FieldSpec]:
    """Return the fields by column; a heading may say the key or the label."""
    by_name = {spec.label.casefold(): spec for spec in specs}
    by_name |= {spec.key: spec for spec in (NAME_SPEC, *specs)}
    return {name: by_name[name] for name in names if name in by_name}


def _domain(cells: Mapping[str, str]) -> str:
    if not cells.get(DOMAIN):
        raise ValueError("The domain is missing.")
    return read_domain(cells[DOMAIN])


def _values(
    cells: Mapping[str, str], columns: Mapping[str, FieldSpec]
) -> tuple[dict[str, Value], list[str]]:
    """Read the cells of a line; return the values and what is wrong with others."""
    values: dict[str, Value] = {}
    wrong = []
    for name, spec in columns.items():
        try:
            value = read(spec, cells[name])
        except ValueError as error:
            wrong.append(f"{spec.label}: {error}")
        else:
            if value is not None:
                values[spec.key] = value
    return values, wrong


def _cells(
    account: Account | None,
    values: Mapping[str, Value],
    specs: Sequence[FieldSpec],
    ranges: Mapping[str, str],
) -> tuple[Cell, ...]:
    """Compare what a line says with what is known."""
    origin = Origin(FilledBy.FILE, "")
    cells = []
    for spec in specs:
        if spec.key not in values:
            continue
        after = values[spec.key]
        before = pick(spec, vars(account), account.fields) if account else None
        if before == after:
            continue
        source = account.field_sources.get(spec.key) if account else None
        is_kept = not may_write(origin, spec.key, before, source)
        cells.append(
            Cell(
                label=spec.label,
                before=show(spec, before),
                after=show(spec, after),
                note="kept, entered by hand" if is_kept else ranges.get(spec.key, ""),
                is_kept=is_kept,
            )
        )
    return tuple(cells)
