"""A small workspace with something of everything that rules can ask about."""

import random
from datetime import UTC, datetime, time, timedelta

from accounts.models import (
    Account,
    AccountField,
    AccountScore,
    Activation,
    CuratedList,
    DailyUsage,
    Developer,
    DeveloperScore,
    Identity,
    License,
    ListEntry,
    RedFlag,
    Stage,
    StageEntry,
    Tag,
    TagMark,
    VersionSeen,
)
from accounts.score_models import current_model
from tests.factories import make_metric, make_product, make_workspace

RULES = ("hand", "email_domain", "ip_owner", "none")
TRENDS = ("new", "surging", "cooling", "dormant", "steady")
TRAITS = (
    {},
    {"plan": "pro", "seats": 5},
    {"plan": {"tier": "Gold", "since": "2026-05-03T10:00:00Z"}, "beta": True},
    {"plan": 5, "tags": ["ci", "beta"], "beta": False},
    {"plan": None, "beta": "true", "seats": "5"},
    {"plan": "", "seats": -2.5, "tags": []},
)
FIELDS = ({}, {"tier": "gold", "arr": 1000}, {"tier": "silver", "key_account": True})


def build(seed, today):
    """Make the workspace; the same seed makes the same."""
    pick = random.Random(seed)
    workspace = make_workspace(f"world-{seed}")
    metrics = [
        *workspace.metrics.all(),
        make_metric(workspace, "DEPLOY", level="primary"),
        make_metric(workspace, "SPEND", level="secondary2"),
    ]
    products = [make_product(workspace, "sdk"), make_product(workspace, "cli")]
    for key, kind in (("tier", "choice"), ("arr", "number"), ("key_account", "yes_no")):
        AccountField.objects.create(
            workspace=workspace,
            key=key,
            label=key.title(),
            kind=kind,
            choices=["gold", "silver"] if kind == "choice" else [],
        )

    def moment(days):
        day = today - timedelta(days=pick.randrange(days))
        return datetime.combine(day, time(pick.randrange(24)), tzinfo=UTC)

    def maybe(value):
        return value if pick.random() < 0.7 else None

    accounts = [
        Account.objects.create(
            workspace=workspace,
            name=f"Company {number}",
            domain=f"company{number}.example",
            country=pick.choice(("", "DE", "US")),
            industry=pick.choice(("", "Banking", "Software")),
            employees=maybe(pick.choice((1, 50, 5000))),
            fit=pick.choice(("", "strong", "weak")),
            fields=pick.choice(FIELDS),
            first_seen_at=maybe(moment(60)),
            last_seen_at=maybe(moment(30)),
        )
        for number in range(8)
    ]
    people = []
    for number in range(22):
        developer = Developer.objects.create(
            workspace=workspace,
            account=maybe(pick.choice(accounts)),
            rule=pick.choice(RULES),
            confidence=pick.choice((0.0, 0.4, 1.0)),
            display_name=pick.choice(("", "Ada", "Bob 100%", "ada_l")),
            is_aggregate=number % 9 == 8,
            is_anonymous=pick.random() < 0.3,
            traits=pick.choice(TRAITS),
            first_seen_at=maybe(moment(60)),
            last_seen_at=maybe(moment(30)),
        )
        host = pick.choice(("freemail.example", "company1.example"))
        kind, value = pick.choice(
            (("email", f"d{number}@{host}"), ("github", f"d{number}"))
        )
        identity = Identity.objects.create(
            workspace=workspace, developer=developer, kind=kind, value=value
        )
        people.append((developer, identity))
    usage = {}
    for _ in range(120):
        developer, _identity = pick.choice(people)
        day = today - timedelta(days=pick.randrange(-2, 45))
        key = (developer.pk, day, pick.choice(metrics).pk, pick.choice(products).pk)
        usage[key] = (pick.randrange(1, 6), pick.choice((0.0, 2.5, -1.0, 100.0)))
    DailyUsage.objects.bulk_create(
        DailyUsage(
            workspace=workspace,
            developer_id=developer,
            day=day,
            metric_id=metric,
            product_id=product,
            count=count,
            value_sum=value,
        )
        for (developer, day, metric, product), (count, value) in usage.items()
    )
    _scores(workspace, pick, accounts, [one for one, _ in people], today)
    _marks(workspace, pick, accounts, people)
    _uses(workspace, pick, accounts, people, products, moment)
    return workspace


def _scores(workspace, pick, accounts, people, today):
    model = current_model(workspace)
    now = datetime.combine(today, time.min, tzinfo=UTC)

    def score():
        return {
            "workspace": workspace,
            "points": pick.choice((0.0, 5.0, 30.0, 80.0, 150.0, 400.0, 2000.0)),
            "lifetime_value": pick.choice((0.0, -5.0, 250.0)),
            "change_7d": pick.choice((-8.0, 0.0, 12.0)),
            "trend": pick.choice(TRENDS),
            "model_version": model.version,
            "last_active_on": today,
            "scored_at": now,
        }

    for account in accounts[1:]:
        AccountScore.objects.create(
            account=account,
            effective_developers=1.0,
            active_developers=pick.randrange(4),
            **score(),
        )
    for developer in people[3:]:
        DeveloperScore.objects.create(developer=developer, **score())


def _marks(workspace, pick, accounts, people):
    for subject, rows in (
        ("account", accounts),
        ("developer", [one for one, _ in people]),
    ):
        stages = [
            Stage.objects.create(
                workspace=workspace, subject=subject, name=name, position=place
            )
            for place, name in enumerate(("First", "Second"), start=1)
        ]
        tag = Tag.objects.create(workspace=workspace, subject=subject, name="vip")
        picked = CuratedList.objects.create(
            workspace=workspace, subject=subject, name=f"Picked {subject}s"
        )
        for row in rows:
            if pick.random() < 0.6:
                StageEntry.objects.create(
                    workspace=workspace,
                    stage=pick.choice(stages),
                    left_at=pick.choice((None, datetime(2100, 1, 1, tzinfo=UTC))),
                    **{subject: row},
                )
            if pick.random() < 0.4:
                is_off = pick.random() < 0.3
                TagMark.objects.create(
                    workspace=workspace,
                    tag=tag,
                    by_hand=True,
                    is_off=is_off,
                    **{subject: row},
                )
            if pick.random() < 0.4:
                ListEntry.objects.create(
                    workspace=workspace, curated_list=picked, **{subject: row}
                )


def _uses(workspace, pick, accounts, people, products, moment):  # noqa: PLR0917
    for number, (developer, identity) in enumerate(people):
        if pick.random() < 0.5:
            VersionSeen.objects.create(
                workspace=workspace,
                product=pick.choice(products),
                version=pick.choice(("1.0", "2.0-beta")),
                identity=identity,
                first_seen_at=moment(30),
                last_seen_at=moment(30),
            )
        if pick.random() < 0.3:
            RedFlag.objects.create(
                workspace=workspace,
                kind=pick.choice(("clock", "burst")),
                developer=developer,
                identity=identity,
                account=pick.choice((None, *accounts)),
                subject_key=f"key {number}",
                first_at=moment(10),
                last_at=moment(10),
                resolved_at=pick.choice((None, None, moment(5))),
            )
    for number, account in enumerate(accounts):
        if pick.random() < 0.7:
            one = License.objects.create(
                workspace=workspace,
                key=f"L{number}",
                account=account,
                seats=pick.choice((None, 0, 1, 2)),
                expires_at=pick.choice((None, moment(9), moment(9) + timedelta(30))),
                revoked_at=pick.choice((None, None, moment(9))),
            )
            for seat in range(pick.randrange(3)):
                Activation.objects.create(
                    workspace=workspace, license=one, identifier=f"host {seat}"
                )
