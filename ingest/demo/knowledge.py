"""What the demo's people know of accounts, what they look for, and did today."""

import random
from datetime import timedelta

from accounts.account_fields import Value, field_specs
from accounts.account_values import FilledBy, Origin, write_values
from accounts.clock import now_utc
from accounts.demo import PEOPLE
from accounts.fit import Bounds, read_criterion
from accounts.fit_store import Rubric, new_fit_model
from accounts.models import Account, AccountField, User, Workspace
from accounts.models.account_field import FieldKind
from accounts.models.fit import MODERATE_FROM, STRONG_FROM
from accounts.today_marks import mark_done, mark_not_relevant, snooze
from ingest.demo.world import Size

FILE = "crm-export.csv"
# Each: key, label, kind and choices.
FIELDS: tuple[tuple[str, str, FieldKind, tuple[str, ...]], ...] = (
    ("plan", "Plan", FieldKind.CHOICE, ("Free", "Team", "Enterprise")),
    ("renewal", "Renewal", FieldKind.DATE, ()),
    ("self_hosted", "Runs it themselves", FieldKind.YES_NO, ()),
    ("open_roles", "Open developer roles", FieldKind.NUMBER, ()),
)
# Share of the companies that the people's other system knows.
IN_FILE = 0.8
PLANS = {"Free": 5, "Team": 4, "Enterprise": 2}
# Each: field, first preference, second preference and importance.
CRITERIA: tuple[tuple[str, tuple[str, ...], tuple[str, ...], int], ...] = (
    ("employees", ("200-5000",), ("50-199", "5001+"), 4),
    ("country", ("US", "DE", "GB"), ("CA", "FR", "NL", "SE", "CH"), 3),
    (
        "industry",
        ("Software", "Financial services"),
        ("Insurance", "Telecommunications", "Logistics"),
        3,
    ),
    ("plan", ("Enterprise",), ("Team",), 2),
)


def know_accounts(workspace: Workspace, size: Size) -> None:
    """Fill fields, as from a file and by hand, and put criteria in force."""
    rng = random.Random(f"knowledge {size.seed}")  # noqa: S311 (invention, not secrecy)
    AccountField.objects.bulk_create(
        AccountField(
            workspace=workspace,
            key=key,
            label=label,
            kind=kind,
            choices=list(choices),
            position=place,
        )
        for place, (key, label, kind, choices) in enumerate(FIELDS, start=1)
    )
    specs = field_specs(workspace)
    known = (
        Account.objects.in_workspace(workspace)
        .exclude(industry="")
        .order_by("name", "pk")
        .values_list("pk", "employees")
    )
    values: dict[int, dict[str, Value | None]] = {}
    for pk, employees in known:
        if rng.random() > IN_FILE:
            continue
        plan = rng.choices(list(PLANS), list(PLANS.values()))[0]
        values[pk] = {
            "plan": plan,
            "self_hosted": rng.random() < 1 / 3,
            "open_roles": round((employees or 0) * rng.uniform(0.0, 0.04)),
        }
        if plan != "Free":
            renewal = size.until + timedelta(days=rng.randint(5, 360))
            values[pk]["renewal"] = renewal.isoformat()
    member = PEOPLE[1][0]
    file = Origin(FilledBy.FILE, f"{FILE} by {member}")
    write_values(workspace, values, file, specs=specs)
    # One that somebody knew better.
    for pk in list(values)[:1]:
        hand = Origin(FilledBy.HAND, member)
        write_values(workspace, {pk: {"plan": "Enterprise"}}, hand, specs=specs)
    by_key = {spec.key: spec for spec in specs}
    criteria = tuple(
        read_criterion(by_key[key], first=first, second=second, importance=importance)
        for key, first, second, importance in CRITERIA
    )
    rubric = Rubric(criteria, Bounds(STRONG_FROM, MODERATE_FROM))
    new_fit_model(workspace, rubric, actor=_person(0), note="What sales agreed on")


def begin_the_day(workspace: Workspace) -> None:
    """Answer for some accounts, as if the demo's first person had begun to work."""
    person = _person(0)
    if person is None:
        return
    warm = list(
        Account.objects.in_workspace(workspace)
        .filter(score__isnull=False)
        .order_by("-score__points", "pk")[:12]
    )
    for account in warm[2:4]:
        mark_done(account, person)
    for account in warm[6:7]:
        snooze(account, person, (now_utc() + timedelta(days=7)).date())
    for account in warm[9:10]:
        mark_not_relevant(account, person)


def _person(place: int) -> User | None:
    return User.objects.filter(email=PEOPLE[place][0]).first()
