"""Red flags as pages show them: all of a workspace, and those of one subject."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from accounts.models import Account, Developer, RedFlag, Workspace
from accounts.models.red_flag import RedFlagQuerySet
from accounts.red_flag_words import WORDS, counted, in_words
from dashboards.paging import Order, paginate
from dashboards.queries.lists import Total, total_of
from dashboards.red_flag_form import RedFlagForm

LATEST_FIRST = Order("last_at", "pk", True, lambda flag: flag.last_at, datetime)
# On the page of an account or developer; the others are a link away.
SHOWN = 5
RELATED = ("developer__account", "account", "resolved_by")


@dataclass(frozen=True, slots=True)
class FlagRow:
    """One red flag in words."""

    pk: int
    kind: str
    meaning: str
    what_to_do: str
    seen: str
    counted: str
    developer_id: int | None
    developer: str
    account_id: int | None
    account: str
    first_at: datetime
    last_at: datetime
    is_open: bool
    resolved_at: datetime | None
    resolved_by: str
    note: str
    reopened_at: datetime | None


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many open flags there are of one kind."""

    kind: str
    label: str
    count: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FlagList:
    """One page of red flags."""

    rows: tuple[FlagRow, ...]
    kinds: tuple[KindCount, ...]
    open: int
    total: Total
    # What the list is narrowed to, if it is one account or developer.
    subject: Account | Developer | None
    next_cursor: str
    previous_cursor: str


@dataclass(frozen=True, slots=True)
class FlagsOf:
    """The open flags of one account or developer: the latest, and how many more."""

    rows: tuple[FlagRow, ...]
    more: int
    query: str

    @property
    def total(self) -> int:
        """Return how many are open."""
        return len(self.rows) + self.more


def build(
    workspace: Workspace, form: RedFlagForm, params: Mapping[str, str]
) -> FlagList:
    """Answer the page in three queries, four within one subject."""
    flags = RedFlag.objects.in_workspace(workspace)
    subject: Account | Developer | None = None
    if pk := form.value("account"):
        subject = Account.objects.in_workspace(workspace).filter(pk=pk).first()
        flags = flags.of_account(pk)
    elif pk := form.value("developer"):
        subject = Developer.objects.in_workspace(workspace).filter(pk=pk).first()
        flags = flags.filter(developer=pk)
    open_ones = dict(
        flags.open().order_by().values_list("kind").annotate(number=Count("pk"))
    )
    if kind := form.value("kind"):
        flags = flags.filter(kind=kind)
    if form.state_chosen != "all":
        flags = flags.filter(resolved_at__isnull=form.state_chosen == "open")
    page = paginate(flags.select_related(*RELATED), order=LATEST_FIRST, params=params)
    return FlagList(
        rows=rows_of(page.rows),
        kinds=tuple(
            KindCount(kind, label, f"{open_ones[kind]:,}", form.value("kind") == kind)
            for kind, label in RedFlag.Kind.choices
            if kind in open_ones
        ),
        open=sum(open_ones.values()),
        total=total_of(flags),
        subject=subject,
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )


def flags_of(subject: Account | Developer) -> FlagsOf:
    """Return the open flags of one account or developer, in one query or two."""
    flags: RedFlagQuerySet = RedFlag.objects.open()
    if isinstance(subject, Account):
        flags, query = flags.of_account(subject), f"account={subject.pk}"
    else:
        flags, query = flags.filter(developer=subject), f"developer={subject.pk}"
    found = list(
        flags.select_related(*RELATED).order_by("-last_at", "-pk")[: SHOWN + 1]
    )
    more = flags.count() - SHOWN if len(found) > SHOWN else 0
    return FlagsOf(rows_of(found[:SHOWN]), more, query)


def rows_of(flags: Iterable[RedFlag]) -> tuple[FlagRow, ...]:
    """Put flags into words; they come with what they refer to."""
    return tuple(_row(flag) for flag in flags)


def _row(flag: RedFlag) -> FlagRow:
    words = WORDS[flag.kind]
    developer = flag.developer
    account = developer.account if developer else None
    return FlagRow(
        pk=flag.pk,
        kind=flag.get_kind_display(),
        meaning=words.meaning,
        what_to_do=words.what_to_do,
        seen=in_words(flag),
        counted=counted(flag),
        developer_id=developer.pk if developer and not developer.is_aggregate else None,
        developer=str(developer) if developer else "nobody who is known",
        account_id=account.pk if account else None,
        account=account.name if account else "",
        first_at=flag.first_at,
        last_at=flag.last_at,
        is_open=flag.is_open,
        resolved_at=flag.resolved_at,
        resolved_by=str(flag.resolved_by or ""),
        note=flag.note,
        reopened_at=flag.reopened_at,
    )
