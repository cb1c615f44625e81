"""How many run which version: counted in the background, product by product.

Pages read the counts; scanning everybody for each view would take seconds.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from accounts.models import (
    Product,
    ProductVersion,
    VersionCount,
    VersionSeen,
    VersionTotal,
    Workspace,
)
from accounts.statements import statement
from accounts.versions import is_older, newest_first

# Versions that one identity keeps of a product.
MOST_VERSIONS = 20
# Counting takes some ten microseconds a developer: with more of them than this, once in
# a quarter of an hour is often enough.
MANY = 20_000
PAUSE = timedelta(minutes=15)


def count_changed_versions() -> int:
    """Count the products whose versions were seen anew; return how many there were.

    One transaction per product: what arrives meanwhile is queued again. Products that
    very many run take seconds, and wait until they were counted `PAUSE` ago.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            statement("versions_claim"), {"many": MANY, "pause": PAUSE.total_seconds()}
        )
        products = {product for (product,) in cursor.fetchall()}
    return _count(Product.objects.filter(pk__in=products))


def count_all_versions(workspace: Workspace | None = None) -> int:
    """Count all products anew, as after corrections; return how many there were."""
    seen = VersionSeen.objects.filter(product=OuterRef("pk"))
    products = Product.objects.filter(
        Exists(seen) | Exists(VersionTotal.objects.filter(product=OuterRef("pk")))
    )
    if workspace is not None:
        products = products.filter(workspace=workspace)
    return _count(products)


def prune_versions() -> int:
    """Forget all but the latest versions of each identity; return how many went."""
    with connection.cursor() as cursor:
        cursor.execute(statement("versions_prune"), {"most": MOST_VERSIONS})
        return int(cursor.rowcount)


def newest_release(versions: Iterable[ProductVersion], now: datetime) -> str:
    """Return the newest version that is out: "" where none is entered."""
    out = [
        one.version
        for one in versions
        if one.released_on is None or one.released_on <= now.date()
    ]
    return newest_first(out)[0] if out else ""


def _count(products: Iterable[Product]) -> int:
    counted = 0
    for product in products:
        with transaction.atomic():
            _count_one(product, timezone.now())
        counted += 1
    return counted


def _count_one(product: Product, now: datetime) -> None:
    newest = newest_release(ProductVersion.objects.filter(product=product), now)
    with connection.cursor() as cursor:
        cursor.execute(statement("versions_of_product"), {"product": product.pk})
        times = {version: (first, last) for version, first, last in cursor.fetchall()}
        ordered = newest_first(times)[::-1]
        cursor.execute(
            statement("versions_count"),
            {
                "product": product.pk,
                "versions": ordered,
                "places": list(range(1, len(ordered) + 1)),
                "current": [not newest or not is_older(v, newest) for v in ordered],
            },
        )
        rows = cursor.fetchall()
    counts = {place: (people, accounts) for place, people, accounts, _ in rows if place}
    [(in_all, behind)] = [row[2:] for row in rows if row[0] is None]
    found = [
        VersionCount(
            workspace_id=product.workspace_id,
            product=product,
            version=version,
            developers=counts.get(place, (0, 0))[0],
            accounts=counts.get(place, (0, 0))[1],
            first_seen_at=times[version][0],
            last_seen_at=times[version][1],
        )
        for place, version in enumerate(ordered, start=1)
    ]
    # Two at once leave the counts of the later one, whole.
    Product.objects.select_for_update(of=("self",), no_key=True).get(pk=product.pk)
    VersionCount.objects.filter(product=product).delete()
    VersionCount.objects.bulk_create(found)
    VersionTotal.objects.update_or_create(
        product=product,
        defaults={
            "workspace_id": product.workspace_id,
            "accounts": in_all,
            "developers": sum(one.developers for one in found),
            "newest": newest,
            "behind": behind if newest else 0,
            "counted_at": now,
        },
    )
