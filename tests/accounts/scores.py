"""Rows that scoring starts from: people of companies and what they used."""

import random
from datetime import UTC, datetime, timedelta

from accounts.models import (
    Account,
    DailyUsage,
    Developer,
    Metric,
    ScoreModel,
    TouchedDeveloper,
)
from tests.factories import make_metric, make_product


def utc_today():
    return datetime.now(tz=UTC).date()


def make_account(workspace, name="acme"):
    return Account.objects.create(
        workspace=workspace, name=name.title(), domain=f"{name}.example"
    )


def make_developer(workspace, account=None, **fields):
    return Developer.objects.create(workspace=workspace, account=account, **fields)


def use(developer, metric, product, *, days_ago=0, count=1, day=None):
    """Usage of one day, and the mark that the digest leaves with it."""
    DailyUsage.objects.update_or_create(
        developer=developer,
        day=day or utc_today() - timedelta(days=days_ago),
        metric=metric,
        product=product,
        defaults={"count": count, "workspace": developer.workspace},
    )
    touch(developer)


def touch(*developers):
    TouchedDeveloper.objects.bulk_create(
        TouchedDeveloper(workspace_id=each.workspace_id, developer_id=each.pk)
        for each in developers
    )


def random_usage(workspace, seed, *, people=12, days=150):
    """Accounts with random usage of three metrics, two products and odd weights."""
    rng = random.Random(seed)
    metrics = [
        make_metric(workspace, "DEPLOY", weight=rng.uniform(0, 30)),
        make_metric(workspace, "BUILD", weight=rng.uniform(0, 5), daily_cap=3),
        make_metric(workspace, "IGNORED", weight=0.0),
        Metric.objects.get(workspace=workspace, key="CALL_HOME"),
    ]
    products = [make_product(workspace, key) for key in ("sdk", "cli")]
    companies = [make_account(workspace, name) for name in ("acme", "globex", "idle")]
    developers = [
        make_developer(
            workspace,
            rng.choice([*companies[:2], None]),
            is_aggregate=rng.random() < 0.15,
        )
        for _ in range(people)
    ]
    today = utc_today()
    rows = {}
    for developer in developers:
        for _ in range(rng.randrange(1, 60)):
            age = int(rng.expovariate(1 / days))
            key = (
                developer.pk,
                today - timedelta(days=age),
                rng.choice(metrics).pk,
                rng.choice(products).pk,
            )
            rows[key] = DailyUsage(
                workspace=workspace,
                developer_id=key[0],
                day=key[1],
                metric_id=key[2],
                product_id=key[3],
                count=int(rng.expovariate(1 / 20)) + 1,
            )
    DailyUsage.objects.bulk_create(rows.values())
    touch(*developers)
    return developers, companies


def set_half_life(workspace, days, **values):
    ScoreModel.objects.filter(workspace=workspace).update(half_life_days=days, **values)
