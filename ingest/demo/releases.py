"""Versions in the demo: what was released when, and who lags behind by how much."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from zlib import crc32

from accounts.models import Product, ProductVersion, Workspace
from ingest.demo.catalogue import API, CLI, DESKTOP, SDK
from ingest.demo.world import Person, Size

# Version, released how many days before the end, and whether it is still supported.
_LIBRARY = (
    *(("3.9.4", 320, False), ("4.0.0", 210, False), ("4.0.2", 160, True)),
    *(("4.1.0", 95, True), ("4.2.0", 40, True), ("4.2.1", 12, True)),
)
_DESKTOP = (("2026.8", 90, False), ("2026.9", 60, True), ("2026.10", 25, True))
RELEASES: Mapping[str, tuple[tuple[str, int, bool], ...]] = {
    SDK: _LIBRARY,
    API: _LIBRARY,
    CLI: (
        *(("1.17.0", 260, False), ("1.18.2", 150, True)),
        *(("1.19.0", 70, True), ("1.19.3", 20, True)),
    ),
    DESKTOP: _DESKTOP,
}
# Days after a release at which a company takes it, from the quick to the slow.
LAGS = (0, 1, 2, 4, 7, 14, 25, 45, 80, 130, 200, 400)


class Versions:
    """Which version each person ran on each day of the world."""

    def __init__(self) -> None:
        # Few properties, shared by many events, as the catalogue's are.
        self._made: dict[tuple[int, str], dict[str, Any]] = {}

    def properties(
        self, person: Person, product: str, properties: dict[str, Any], *, days_ago: int
    ) -> dict[str, Any]:
        """Return an action's properties with the version of that day, if any."""
        if "version" not in properties or product not in RELEASES:
            return properties
        version = version_of(person, product, days_ago)
        made = self._made.get((id(properties), version))
        if made is None:
            made = {**properties, "version": version}
            self._made[id(properties), version] = made
        return made


def version_of(person: Person, product: str, days_ago: int) -> str:
    """Return what somebody ran; colleagues lag alike, and a few lag more."""
    who = person.identities[0][1]
    company = person.domain or who.rpartition("@")[2]
    lag = LAGS[crc32(company.encode()) % len(LAGS)] + crc32(who.encode()) % 5
    if crc32(f"late {who}".encode()) % 9 == 0:
        lag += 60
    out = [version for version, age, _ in RELEASES[product] if age - lag >= days_ago]
    return out[-1] if out else RELEASES[product][0][0]


def enter_releases(workspace: Workspace, size: Size) -> None:
    """Enter what was released."""
    products = Product.objects.in_workspace(workspace).in_bulk(field_name="id")
    by_key = {product.key: product for product in products.values()}
    ProductVersion.objects.bulk_create(
        ProductVersion(
            workspace=workspace,
            product=by_key[key],
            version=version,
            released_on=size.until - timedelta(days=age),
            is_supported=is_supported,
        )
        for key, releases in RELEASES.items()
        for version, age, is_supported in releases
    )
