"""Versions of products in use: the radar, the accounts on a version, one account.

Numbers over everybody were counted in the background (`accounts.version_counts`); what
is asked here is about a page of accounts, or about one.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db.models import Count, Exists, F, Max, Min, OuterRef, QuerySet

from accounts.models import (
    Account,
    Developer,
    Product,
    ProductVersion,
    VersionCount,
    VersionSeen,
    VersionTotal,
    Workspace,
)
from accounts.version_counts import newest_release
from accounts.versions import is_older, newest_first
from dashboards.charts import full
from dashboards.paging import BY_NAME, paginate

MOST_PRODUCTS = 30
# Of one product on the radar; its own page shows all.
SHOWN = 8
MOST_VERSIONS = 500
# Of one account or developer.
MOST_IN_USE = 24


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a product: whether it is out, and who runs it."""

    version: str
    released_on: date | None
    status: str
    badge: str
    accounts: int
    developers: int
    share: str
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One product on the radar."""

    pk: int
    name: str
    accounts: int
    developers: int
    newest: str
    behind: int
    behind_share: str
    counted_at: datetime
    versions: tuple[VersionRow, ...]
    # Versions that are not shown.
    more: int


@dataclass(frozen=True, slots=True)
class Runs:
    """One version that an account, or a developer, was seen with."""

    version: str
    developers: int
    first_seen_at: datetime
    last_seen_at: datetime
    status: str
    badge: str


@dataclass(frozen=True, slots=True)
class InUse:
    """The versions of one product in use by one account or developer, newest first."""

    product_id: int
    product: str
    runs: tuple[Runs, ...]
    is_behind: bool
    newest: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account that runs a version, or is behind."""

    pk: int
    name: str
    domain: str
    runs: tuple[Runs, ...]
    more: int
    developers: int
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class VersionAccounts:
    """A page of the accounts that run a version, or are behind."""

    rows: tuple[AccountRow, ...]
    next_cursor: str
    previous_cursor: str


def radar(workspace: Workspace) -> tuple[ProductRow, ...]:
    """Answer the page in three queries."""
    totals = list(
        VersionTotal.objects.filter(workspace=workspace)
        .select_related("product")
        .order_by("-accounts", "-developers", "product")[:MOST_PRODUCTS]
    )
    return _products(totals, shown=SHOWN)


def one_product(product: Product) -> ProductRow | None:
    """Return one product with all of its versions; None before it was counted."""
    totals = list(
        VersionTotal.objects.filter(product=product).select_related("product")
    )
    found = _products(totals, shown=MOST_VERSIONS)
    return found[0] if found else None


def accounts_on(product: Product, version: str) -> QuerySet[Account]:
    """Return the accounts with a developer who was seen last with this version."""
    later = VersionSeen.objects.filter(
        product=OuterRef("product"),
        identity__developer=OuterRef("identity__developer"),
        last_seen_at__gt=OuterRef("last_seen_at"),
    )
    on_it = VersionSeen.objects.filter(
        ~Exists(later),
        product=product,
        version=version,
        identity__developer__account=OuterRef("pk"),
    )
    return Account.objects.filter(Exists(on_it), workspace_id=product.workspace_id)


def accounts_behind(product: Product, *, now: datetime) -> QuerySet[Account]:
    """Return the accounts that were never seen with the newest release, or a newer."""
    newest = newest_release(ProductVersion.objects.filter(product=product), now)
    if not newest:
        return Account.objects.none()
    seen = VersionCount.objects.filter(product=product).values_list(
        "version", flat=True
    )
    current = [version for version in seen if not is_older(version, newest)]
    theirs = VersionSeen.objects.filter(
        product=product, identity__developer__account=OuterRef("pk")
    )
    return Account.objects.filter(
        Exists(theirs),
        ~Exists(theirs.filter(version__in=current)),
        workspace_id=product.workspace_id,
    )


def page_of(
    accounts: QuerySet[Account],
    product: Product,
    params: Mapping[str, str],
    *,
    now: datetime,
) -> VersionAccounts:
    """Answer a page of accounts with what they run, in three queries."""
    page = paginate(accounts, order=BY_NAME, params=params)
    releases = _releases([product.pk])[product.pk]
    newest = newest_release(releases.values(), now)
    runs: defaultdict[int, list[Runs]] = defaultdict(list)
    for account, version, people, first_at, last_at in _runs(
        product, Account.objects.filter(pk__in=[row.pk for row in page.rows])
    ).values_list(
        *("account", "version", "people", "first_at", "last_at"),
    ):
        status, badge = _status(version, releases.get(version), newest)
        runs[account].append(Runs(version, people, first_at, last_at, status, badge))
    return VersionAccounts(
        rows=tuple(
            _account_row(row, runs[row.pk]) for row in page.rows if runs[row.pk]
        ),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )


def export(
    accounts: QuerySet[Account], product: Product
) -> Iterator[tuple[str, str, str, int, datetime]]:
    """Yield name, domain, versions (newest first), developers and last seen."""
    rows = (
        _runs(product, accounts)
        .values_list(
            *("account", "identity__developer__account__name"),
            *("identity__developer__account__domain", "version", "people", "last_at"),
        )
        .order_by("identity__developer__account__name", "account")
    )
    for (_, name, domain), group in groupby(rows.iterator(), key=lambda row: row[:3]):
        found = list(group)
        yield (
            name,
            domain,
            ", ".join(newest_first(row[3] for row in found)),
            max(row[4] for row in found),
            max(row[5] for row in found),
        )


def in_use(subject: Account | Developer, *, now: datetime) -> tuple[InUse, ...]:
    """Return the versions in the hands of an account or developer, in two queries."""
    whose = "developer__account" if isinstance(subject, Account) else "developer"
    found = (
        VersionSeen.objects.filter(**{f"identity__{whose}": subject})
        .values("product", "product__name", "version")
        .annotate(
            people=Count("identity__developer", distinct=True),
            first_at=Min("first_seen_at"),
            last_at=Max("last_seen_at"),
        )
        .order_by("-last_at")[:MOST_IN_USE]
    )
    by_product: defaultdict[tuple[int, str], list[Mapping[str, Any]]] = defaultdict(
        list
    )
    for row in found:
        by_product[row["product"], row["product__name"]].append(row)
    releases = _releases(pk for pk, _ in by_product)
    return tuple(
        _in_use(pk, name, rows, releases[pk], now)
        for (pk, name), rows in sorted(by_product.items(), key=lambda one: one[0][1])
    )


def _in_use(
    pk: int,
    name: str,
    rows: Sequence[Mapping[str, Any]],
    releases: Mapping[str, ProductVersion],
    now: datetime,
) -> InUse:
    newest = newest_release(releases.values(), now)
    by_version = {row["version"]: row for row in rows}
    ordered = newest_first(by_version)
    return InUse(
        product_id=pk,
        product=name,
        runs=tuple(
            Runs(
                version,
                by_version[version]["people"],
                by_version[version]["first_at"],
                by_version[version]["last_at"],
                *_status(version, releases.get(version), newest),
            )
            for version in ordered
        ),
        is_behind=bool(newest) and is_older(ordered[0], newest),
        newest=newest,
    )


def _runs(product: Product, accounts: QuerySet[Account]) -> QuerySet[Any, Any]:
    """Group what accounts were seen with by account and version."""
    return (
        VersionSeen.objects.filter(
            product=product, identity__developer__account__in=accounts
        )
        .annotate(account=F("identity__developer__account"))
        .values("account", "version")
        .annotate(
            people=Count("identity__developer", distinct=True),
            first_at=Min("first_seen_at"),
            last_at=Max("last_seen_at"),
        )
    )


def _account_row(account: Account, runs: list[Runs]) -> AccountRow:
    places = {v: n for n, v in enumerate(newest_first(one.version for one in runs))}
    ordered = sorted(runs, key=lambda one: places[one.version])
    return AccountRow(
        pk=account.pk,
        name=account.name,
        domain=account.domain,
        runs=tuple(ordered[:4]),
        more=max(len(ordered) - 4, 0),
        developers=max(one.developers for one in runs),
        last_seen_at=max(one.last_seen_at for one in runs),
    )


def _products(totals: Sequence[VersionTotal], *, shown: int) -> tuple[ProductRow, ...]:
    ids = [total.product_id for total in totals]
    counts: defaultdict[int, dict[str, VersionCount]] = defaultdict(dict)
    for count in VersionCount.objects.filter(product__in=ids).order_by("-last_seen_at")[
        : MOST_VERSIONS * MOST_PRODUCTS
    ]:
        counts[count.product_id][count.version] = count
    releases = _releases(ids)
    return tuple(
        _product(total, counts[total.product_id], releases[total.product_id], shown)
        for total in totals
    )


def _product(
    total: VersionTotal,
    counts: Mapping[str, VersionCount],
    releases: Mapping[str, ProductVersion],
    shown: int,
) -> ProductRow:
    ordered = newest_first({*counts, *releases})
    rows = []
    for version in ordered[:shown]:
        count, release = counts.get(version), releases.get(version)
        status, badge = _status(version, release, total.newest)
        rows.append(
            VersionRow(
                version=version,
                released_on=release.released_on if release else None,
                status=status,
                badge=badge,
                accounts=count.accounts if count else 0,
                developers=count.developers if count else 0,
                share=share(count.accounts if count else 0, total.accounts),
                last_seen_at=count.last_seen_at if count else None,
            )
        )
    return ProductRow(
        pk=total.product_id,
        name=total.product.name,
        accounts=total.accounts,
        developers=total.developers,
        newest=total.newest,
        behind=total.behind,
        behind_share=share(total.behind, total.accounts),
        counted_at=total.counted_at,
        versions=tuple(rows),
        more=len(ordered) - len(rows),
    )


def _status(
    version: str, release: ProductVersion | None, newest: str
) -> tuple[str, str]:
    """Return what to call a version, and the colour of its badge."""
    if release is None:
        return ("not on the list", "warn") if newest else ("", "")
    if not release.is_supported:
        return "no longer supported", "bad"
    if version == newest:
        return "newest", "good"
    is_ahead = not is_older(version, newest)
    return ("not out yet", "info") if is_ahead else ("supported", "low")


def _releases(products: Iterable[int]) -> defaultdict[int, dict[str, ProductVersion]]:
    found: defaultdict[int, dict[str, ProductVersion]] = defaultdict(dict)
    for release in ProductVersion.objects.filter(product__in=list(products)):
        found[release.product_id][release.version] = release
    return found


def share(part: int, whole: int) -> str:
    """Write a part in per cent; "–" of nothing."""
    if not whole:
        return "–"
    percent = part / whole * 100
    return "under 1 %" if 0 < percent < 1 else f"{full(round(percent))} %"
