"""What do the pages cost that people look at all day, whatever the size?

Requests go through all of Django in this process, middleware and templates included,
without a web server between: what is measured is ours. Each query runs in one process,
so that all of its work is seen; a quiet machine may have two share it.
"""

from collections.abc import Iterator, Sequence
from statistics import median, quantiles
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet, Window
from django.db.models.functions import RowNumber
from django.test import Client
from django.urls import reverse

from accounts.models import (
    AccountScore,
    DeveloperScore,
    Segment,
    Subject,
    User,
    Workspace,
)
from accounts.segments.store import make_segment
from bench.clock import Clock, Took
from bench.figures import Check, Row
from config.collector import spare_loaded
from dashboards.paging import encode

LIST_TARGET, PAGE_TARGET, PREVIEW_TARGET = 100.0, 300.0, 300.0
# Places in a list that are asked for, in both directions.
DEPTHS = 10
REPEATED = 10
SINGLE_PAGES = 20
RULES: dict[Subject, tuple[list[dict[str, Any]], ...]] = {
    Subject.ACCOUNT: (
        [
            {"field": "score", "is": "at_least", "value": 20},
            {"field": "country", "is": "one_of", "value": ["DE", "US", "FR"]},
            {"field": "fit", "is": "one_of", "value": ["strong", "moderate"]},
            {
                "usage": {
                    "metric": "USE_2",
                    "at_least": 3,
                    "days": 30,
                    "by": {"developers": 2},
                }
            },
            {"not": {"usage": {"metric": "USE_9", "never": True}}},
        ],
        [
            {"field": "trend", "is": "one_of", "value": ["surging", "cooling"]},
            {"field": "last_seen", "is": "within", "value": 14},
            {
                "field": "developer.trait",
                "key": "plan.tier",
                "is": "equals",
                "value": "gold",
            },
            {"usage": {"product": "scale-sdk", "count": "days", "above": 5}},
            {"usage": {"level": "primary", "at_least": 10, "days": 90}},
        ],
        [
            {"field": "band", "is": "one_of", "value": ["high", "medium"]},
            {"field": "employees", "is": "above", "value": 50},
            {"field": "lifetime_value", "is": "above", "value": 100},
            {"field": "version", "is": "one_of", "value": ["2.4.1", "2.5.2"]},
            {"usage": {"metric": "USE_1", "first": True, "days": 30}},
        ],
    ),
    Subject.DEVELOPER: (
        [
            {"field": "score", "is": "at_least", "value": 20},
            {"field": "trait", "key": "plan.tier", "is": "equals", "value": "gold"},
            {"field": "account.country", "is": "one_of", "value": ["DE", "US"]},
            {"usage": {"metric": "USE_1", "at_least": 3, "days": 30}},
            {"usage": {"product": "scale-sdk", "count": "days", "at_least": 2}},
        ],
        [
            {"field": "free_mail", "is": "yes"},
            {"field": "has_account", "is": "no"},
            {"field": "last_seen", "is": "within", "value": 30},
            {"usage": {"at_least": 20, "days": 30}},
            {"not": {"usage": {"metric": "USE_3", "at_least": 1, "days": 90}}},
        ],
        [
            {"field": "band", "is": "one_of", "value": ["high"]},
            {"field": "trend", "is": "none_of", "value": ["dormant"]},
            {"field": "account.fit", "is": "one_of", "value": ["strong"]},
            {"field": "version", "is": "one_of", "value": ["2.4.1", "2.5.2"]},
            {"usage": {"count": "days", "at_least": 10, "days": 30}},
        ],
    ),
}


def measure(
    workspace: Workspace, user: User, *, rounds: int
) -> tuple[list[Row], list[Check]]:
    """Ask for each page many times; the rows hold the 95th percentile of each round."""
    client = Client()
    client.force_login(user)
    clock = Clock()
    # As the web server does once it has started.
    spare_loaded()
    with connection.cursor() as cursor:
        # What helpers of the backend run would be missing in the work.
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    rows, checks = [], []
    for name, addresses, target in _groups(workspace, user):
        for address in addresses:
            _time(clock, client, address)
        waited, worked = Row(f"{name}, p95", "ms"), Row(f"{name}, p95 of work", "ms")
        middles = []
        for _ in range(rounds):
            times = [_time(clock, client, address) for address in addresses]
            waited.rounds.append(_p95([one.wall * 1000 for one in times]))
            worked.rounds.append(_p95([one.work * 1000 for one in times]))
            middles.append(median(one.work * 1000 for one in times))
        worked.note = f"p50 {median(middles):.0f} ms"
        rows += [waited, worked]
        print(
            f"  {name}: {waited.median:.0f} ms, {worked.median:.0f} ms of work"
            f" ({worked.note})",
            flush=True,
        )
        if target:
            checks += [
                Check(f"{row.name}, ms", row.median, target, at_most=True)
                for row in (waited, worked)
            ]
    return rows, checks


def _time(clock: Clock, client: Client, address: str) -> Took:
    """Ask for a page and see that it came."""
    answers: list[int] = []
    took = clock.time(lambda: answers.append(client.get(address).status_code))
    if answers != [200]:
        message = f"{address} answered {answers}"
        raise RuntimeError(message)
    return took


def _p95(values: list[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1]


def _groups(
    workspace: Workspace, user: User
) -> Iterator[tuple[str, list[str], float | None]]:
    """Yield the name of each figure, what is asked for it, and what it must keep."""
    accounts, people = _page(workspace, "accounts"), _page(workspace, "developers")
    scores = AccountScore.objects.filter(workspace=workspace)
    yield "accounts by score", _walk(accounts, scores), LIST_TARGET
    scored = DeveloperScore.objects.filter(workspace=workspace)
    yield "developers by score", _walk(people, scored), LIST_TARGET
    best = [f"{accounts}{pk}/" for pk in _some(scores, "points")]
    yield "account page, the highest scores", best, PAGE_TARGET
    big = [f"{accounts}{pk}/" for pk in _some(scores, "active_developers")]
    yield "account page, the most developers", big, PAGE_TARGET
    yield "account page, the biggest of all", big[:1] * REPEATED, None
    spread = [f"{accounts}{pk}/" for _, pk in _spread(scores, SINGLE_PAGES)]
    yield "account page, of all scores", spread, PAGE_TARGET
    busy = [f"{people}{pk}/" for pk in _some(scored, "points")]
    yield "developer page, the highest scores", busy, None
    yield "Today", [_page(workspace, "today")] * REPEATED, None
    yield "overview", [_page(workspace, "overview")] * REPEATED, None
    for subject, rules in RULES.items():
        addresses = [
            reverse(
                "dashboards:segment-edit",
                args=[workspace.slug, _segment(workspace, subject, rule, user).pk],
            )
            for rule in rules
        ]
        yield (
            f"segment preview of {subject.value}s, five conditions",
            addresses * (REPEATED // len(addresses) + 1),
            PREVIEW_TARGET,
        )


def _page(workspace: Workspace, name: str) -> str:
    return reverse(f"dashboards:{name}", args=[workspace.slug])


def _walk(address: str, scores: "QuerySet[Any]") -> list[str]:
    """Return the first page, then places all the way down, on and back from each."""
    cursors = [encode(points, pk) for points, pk in _spread(scores, DEPTHS)]
    return [
        *[address] * 3,
        *(f"{address}?after={cursor}" for cursor in cursors),
        *(f"{address}?before={cursor}" for cursor in cursors),
    ]


def _spread(scores: "QuerySet[Any]", number: int) -> list[tuple[float, int]]:
    """Return rows at even distances down a list by score, the last one included."""
    count = scores.count()
    ordered = [F("points").desc(), F("pk").desc()]
    found = scores.annotate(place=Window(RowNumber(), order_by=ordered)).filter(
        place__in={count * step // number for step in range(1, number + 1)}
    )
    return list(found.order_by("place").values_list("points", "pk"))


def _some(scores: "QuerySet[Any]", column: str) -> list[int]:
    first = scores.order_by(f"-{column}", "-pk").values_list("pk", flat=True)
    return list(first[:SINGLE_PAGES])


def _segment(
    workspace: Workspace, subject: Subject, parts: Sequence[dict[str, Any]], user: User
) -> Segment:
    """Save a rule: its editor asks for the preview as it is opened."""
    number = Segment.objects.in_workspace(workspace).count()
    return make_segment(
        workspace,
        subject=subject,
        rule={"all": list(parts)},
        actor=user,
        name=f"Scale {number}",
    )
