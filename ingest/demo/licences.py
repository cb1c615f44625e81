"""Licence telemetry in the demo: a desktop application that is sold, and copied."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec

from accounts.models import (
    Account,
    Activation,
    License,
    Product,
    Workspace,
)
from accounts.models.api_key import Dialect
from ingest.demo.catalogue import DESKTOP
from ingest.demo.releases import RELEASES
from ingest.demo.stream import Block
from ingest.demo.world import Size
from ingest.dialects import license_record
from ingest.events import NormalizedEvent
from ingest.models import Event

VERSIONS = RELEASES[DESKTOP]
MOST_LICENCES = 36
DAYS = 90
MOST_SEATS = 6
# Share of a working day's installations that report.
REPORTS = 0.55
# Copies without a licence: so many in the end, none in the beginning.
COPIES = 9
NOTES = (
    "Export to PDF stopped: disk full",
    "Plug-in audit-trail took 4 s to start",
    "Could not reach the update server",
    "Project opened read-only: locked by another user",
    "Font “Söhne” is missing; drawn with another",
)
WEEKEND = 5


def configure_licences(workspace: Workspace, size: Size) -> None:
    """Enter licences of the application for some accounts."""
    rng = _chance(size, "licences")
    product = Product.objects.get(workspace=workspace, key=DESKTOP)
    accounts = list(
        Account.objects.filter(workspace=workspace).exclude(domain="").order_by("pk")
    )
    buyers = rng.sample(accounts, min(MOST_LICENCES, len(accounts) // 2))
    sold = [
        License(
            workspace=workspace,
            key=_key(rng),
            account=account,
            product=product,
            holder=f"{account.name} – IT",
            seats=rng.randint(2, MOST_SEATS),
            created_at=_midnight(size, DAYS + rng.randrange(200)),
            expires_at=_midnight(size, rng.choice((12, -40, -120, -200, -300))),
            revoked_at=_midnight(size, 20) if number % 13 == 5 else None,  # noqa: PLR2004
        )
        for number, account in enumerate(buyers)
    ]
    made = License.objects.bulk_create(sold)
    Activation.objects.bulk_create(
        Activation(workspace=workspace, license=one, identifier=_machine(one.key, seat))
        for one in made
        for seat in range((one.seats or 2) - 1)
    )


def license_blocks(workspace: Workspace, size: Size, now: datetime) -> Iterator[Block]:
    """Yield what the installations reported, a day at a time, oldest first."""
    licences = list(
        License.objects.filter(workspace=workspace)
        .order_by("pk")
        .prefetch_related("activations")
    )
    revoked = {one.key: one.revoked_at for one in licences if one.revoked_at}
    for ago in range(min(DAYS, size.days) - 1, -1, -1):
        rng = _chance(size, f"day {ago}")
        midnight = _midnight(size, ago)
        records = list(_day(licences, ago, midnight, rng))
        events = [
            license_record.read(
                fields,
                now=at,
                user_agent=f"NorthwindDesktop/{fields['product_version']}",
            ).event
            for at, fields in sorted(records, key=lambda pair: pair[0])
            if at <= now.timestamp()
        ]
        if events:
            yield Block(
                min(midnight + timedelta(days=1), now),
                Dialect.LICENSE.value,
                [
                    _as_of(event, revoked, midnight)
                    for event in license_record.complete(workspace.pk, events)
                ],
            )


def _as_of(
    event: NormalizedEvent, revoked: dict[str, datetime], day: datetime
) -> NormalizedEvent:
    """Return an event as it was on its day, before its licence was revoked."""
    at = revoked.get(event.license_key)
    if at is None or at <= day:
        return event
    flags = event.flags & ~Event.Flag.REVOKED_LICENSE
    return msgspec.structs.replace(event, flags=int(flags))


def _day(
    licences: list[License], ago: int, midnight: datetime, rng: random.Random
) -> Iterator[tuple[float, dict[str, Any]]]:
    share = REPORTS * (0.2 if midnight.weekday() >= WEEKEND else 1.0)
    for one in licences:
        for activation in one.activations.all():
            if rng.random() < share:
                common = _common(one.key, activation.identifier, ago, rng)
                yield from _reports(common, midnight, rng)
    for number in range(round(COPIES * (1 - ago / DAYS))):
        # Copies run on weekends too, with keys that were never sold.
        if rng.random() < REPORTS:
            key = f"NWD-CRACKED-{number % 3:04d}"
            common = _common(key, f"PC-{number:04d}", ago, rng)
            if number % 4 == 1:
                common["product_version"] = "2026.10-patched"
            yield from _reports(common, midnight, rng)


def _common(key: str, machine: str, ago: int, rng: random.Random) -> dict[str, Any]:
    released = [version for version, age, _ in VERSIONS if age >= ago]
    return {
        "product_id": DESKTOP,
        "user_identifier": f"user-{machine.lower()}-{key[-4:].lower()}",
        "license_key": key,
        "activation_identifier": machine,
        "product_version": released[-1] if released else VERSIONS[0][0],
        "hwid": f"{random.Random(machine).getrandbits(48):012X}",  # noqa: S311 (invention)
        "country": rng.choice(("DE", "FR", "US", "NL", "JP")),
    }


def _reports(
    common: dict[str, Any], midnight: datetime, rng: random.Random
) -> Iterator[tuple[float, dict[str, Any]]]:
    at = midnight.timestamp() + rng.uniform(7, 18) * 3600
    yield (
        at,
        {
            **common,
            "data_type": license_record.SINGLE,
            "data_group": "start_up_ms",
            "numeric_data_single_value": round(rng.lognormvariate(7.3, 0.3)),
        },
    )
    if rng.random() < 0.3:  # noqa: PLR2004
        pages = rng.randrange(1, 240)
        yield (
            at + 600,
            {
                **common,
                "data_type": license_record.XY,
                "data_group": "export_seconds_by_pages",
                "numeric_data_x": pages,
                "numeric_data_y": round(0.4 + pages * 0.06 * rng.uniform(0.8, 1.3), 2),
            },
        )
    if rng.random() < 0.08:  # noqa: PLR2004
        yield (
            at + 900,
            {
                **common,
                "data_type": license_record.TEXT,
                "data_group": "problem",
                "text_data": rng.choice(NOTES),
            },
        )


def _key(rng: random.Random) -> str:
    return "NWD-" + "-".join(f"{rng.getrandbits(20):05X}" for _ in range(3))


def _machine(key: str, seat: int) -> str:
    return f"PC-{key[-5:]}-{seat + 1}"


def _midnight(size: Size, ago: int) -> datetime:
    return datetime.combine(size.until - timedelta(days=ago), time(), UTC)


def _chance(size: Size, what: str) -> random.Random:
    return random.Random(f"licence telemetry {size.seed} {what}")  # noqa: S311 (invention)
