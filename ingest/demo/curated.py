"""What the demo's people picked, tagged, wrote down and follow."""

from datetime import datetime, timedelta

from accounts.alerts import follow, tell
from accounts.happenings import happening, look_at, note
from accounts.lists import Entry, add_entries, create_list
from accounts.models import (
    Account,
    Developer,
    Hue,
    Segment,
    SegmentMember,
    StageEntry,
    Subject,
    Tag,
    User,
    Workspace,
)
from accounts.models.alert import HappeningKind
from accounts.notes import write_note
from accounts.tag_rules import apply_rules
from accounts.tags import put_tag
from ingest.demo.members import somebody

FOLLOWED = 6
RECENT = timedelta(days=7)
MOST_TOLD = 12
TAGS = (
    ("account", "Design partner", Hue.VIOLET, None),
    (
        "account",
        "Several products",
        Hue.TEAL,
        {"usage": {"count": "metrics", "at_least": 4, "days": 30}},
    ),
    ("developer", "Champion", Hue.GREEN, None),
    ("developer", "Speaks at conferences", Hue.PINK, None),
)
NOTES = (
    "Evaluating us against a tool they built themselves. Decision in December.",
    "Asked for single sign-on. Told them what is planned.",
)


def talk_about(workspace: Workspace, now: datetime) -> None:
    """Fill lists, tags, notes and an inbox of alerts."""
    actor = somebody(workspace)
    accounts = list(
        Account.objects.in_workspace(workspace)
        .filter(score__isnull=False)
        .exclude(domain="")
        .order_by("-score__points", "pk")[:40]
    )
    people = list(
        Developer.objects.in_workspace(workspace)
        .filter(is_aggregate=False, is_anonymous=False, score__isnull=False)
        .order_by("-score__points", "pk")[:20]
    )
    _lists(workspace, accounts, actor)
    _tags(workspace, accounts, people, actor)
    if actor is not None:
        for one, text in zip(accounts[1:], NOTES, strict=False):
            write_note(one, text, author=actor)
        _alerts(workspace, actor, now)


def _lists(workspace: Workspace, accounts: list[Account], actor: User | None) -> None:
    targets = create_list(
        workspace,
        name="Target accounts",
        subject=Subject.ACCOUNT,
        description="Those we want to win this quarter",
        actor=actor,
    )
    wanted = [Entry(one.domain, {"tier": "A"}) for one in accounts[::4]]
    later = [Entry(f"{name}.example", {"tier": "B"}) for name in ("umbrella", "wonka")]
    add_entries(targets, [*wanted, *later], actor=actor)
    rivals = create_list(
        workspace,
        name="Competitors",
        subject=Subject.ACCOUNT,
        description="They try what we ship; nobody needs to call them",
        is_exclude=True,
        actor=actor,
    )
    add_entries(rivals, [Entry(one.domain) for one in accounts[-1:]], actor=actor)


def _tags(
    workspace: Workspace,
    accounts: list[Account],
    people: list[Developer],
    actor: User | None,
) -> None:
    made = {
        name: Tag.objects.create(
            workspace=workspace, subject=subject, name=name, colour=colour, rule=rule
        )
        for subject, name, colour, rule in TAGS
    }
    for account in accounts[:3]:
        put_tag(made["Design partner"], account, actor=actor)
    for person in people[:4]:
        put_tag(made["Champion"], person, actor=actor)
    for person in people[3:5]:
        put_tag(made["Speaks at conferences"], person, actor=actor)
    for subject in Subject:
        apply_rules(workspace, subject)


def _alerts(workspace: Workspace, user: User, now: datetime) -> None:
    """Follow some who moved lately, and tell what has happened to them."""
    since = now - RECENT
    moved = (
        StageEntry.objects.filter(
            workspace=workspace, account__score__isnull=False, entered_at__gte=since
        )
        .order_by("-account__score__points", "account")
        .values_list("account", flat=True)
    )
    followed = list(dict.fromkeys(moved))[:FOLLOWED]
    accounts = Account.objects.filter(pk__in=followed).order_by("name", "pk")
    follow(workspace, user)
    for account in accounts:
        follow(workspace, user, account)
    segment = Segment.objects.filter(
        workspace=workspace, ready_made__startswith="surging"
    ).first()
    if segment is not None:
        follow(workspace, user, segment)
    look_at(workspace)
    moves = (
        StageEntry.objects.filter(
            workspace=workspace, account__in=followed, entered_at__gte=since
        )
        .select_related("stage", "came_from", "matched")
        .order_by("entered_at")[:MOST_TOLD]
    )
    told = [
        happening(
            workspace.pk,
            HappeningKind.STAGE,
            (f"moved from {move.came_from} to" if move.came_from else "entered")
            + f" {move.stage}"
            + (f": {move.matched.words}" if move.matched else ""),
            account_id=move.account_id,
            at=move.entered_at,
            data={"to": move.stage.name},
        )
        for move in moves
    ]
    if segment is not None:
        entered = SegmentMember.objects.filter(
            segment=segment, account__isnull=False, entered_at__gte=since
        ).order_by("entered_at")[:MOST_TOLD]
        told += [
            happening(
                workspace.pk,
                HappeningKind.ENTERED,
                f"entered {segment}",
                account_id=member.account_id,
                segment=segment,
                at=member.entered_at,
                data={"segment": segment.pk, "reasons": []},
            )
            for member in entered
        ]
    note(sorted(told, key=lambda one: one.at))
    tell()
