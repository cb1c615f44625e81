"""The developer list: searched, filtered, sorted, one page at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from accounts.models import Account, Identity, Subject
from accounts.score_lists import with_score, with_worth
from dashboards import charts
from dashboards.filters import DeveloperFilter
from dashboards.paging import paginate
from dashboards.queries.lists import Total, total_of, uses_of_days
from dashboards.queries.movement import Movement, movement_of
from dashboards.queries.scores import ScoreReader, Shown
from dashboards.queries.stages import Badge, badges


@dataclass(frozen=True, slots=True)
class DeveloperRow:
    """One line of the list."""

    pk: int
    name: str
    identities: str
    account: Account | None
    rule: str
    confidence: int
    score: Shown
    is_stale: bool
    # None in no stage.
    stage: Badge | None
    movement: Movement
    trend: charts.Sparkline
    is_anonymous: bool
    worth: str
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeveloperList:
    """One page of the list, and how long the list is."""

    rows: tuple[DeveloperRow, ...]
    total: Total
    account: Account | None
    # Whether the workspace adds up lifetime values.
    has_worth: bool
    next_cursor: str
    previous_cursor: str


def build(filters: DeveloperFilter, params: Mapping[str, str]) -> DeveloperList:
    """Answer the list in six queries, whatever its length.

    One more within one account, and one more on the last page.
    """
    today = filters.today
    reader = ScoreReader(filters.score_model, today)
    people = filters.qs
    if filters.sort == "worth":
        # Those who have one, which the total says too.
        people = people.filter(filters.order.present)
    page = paginate(
        with_score(
            with_worth(people.select_related("account", "score")), reader.model, today
        ),
        order=filters.order,
        params=params,
    )
    ids = [row.pk for row in page.rows]
    spark = uses_of_days(ids, today=today)
    known_as = identity_texts(ids)
    in_stage = badges(Subject.DEVELOPER, ids)
    account = None
    if wanted := filters.value("account"):
        known = Account.objects.in_workspace(filters.workspace)
        account = known.filter(pk=wanted).first()
    return DeveloperList(
        rows=tuple(
            DeveloperRow(
                pk=row.pk,
                name=str(row),
                identities=", ".join(
                    text for text in known_as[row.pk] if text != str(row)
                ),
                account=row.account,
                rule=row.get_rule_display(),
                confidence=round(row.confidence * 100),
                score=reader.show(row.score_now),
                is_stale=row.is_stale,
                stage=in_stage.get(row.pk),
                movement=movement_of(getattr(row, "score", None)),
                trend=spark[row.pk],
                is_anonymous=row.is_anonymous,
                worth=charts.full(row.worth),
                last_seen_at=row.last_seen_at,
            )
            for row in page.rows
        ),
        total=total_of(people),
        account=account,
        has_worth=any(row.has_worth for row in page.rows),
        next_cursor=page.next_cursor,
        previous_cursor=page.previous_cursor,
    )


def identity_texts(developer_ids: Iterable[int]) -> dict[int, list[str]]:
    """Return what some developers are known as, best first, in one query."""
    texts: dict[int, list[str]] = defaultdict(list)
    rows = Identity.objects.filter(developer_id__in=list(developer_ids))
    for identity in sorted(rows, key=identity_rank):
        texts[identity.developer_id].append(identity.value)
    return texts


def identity_rank(identity: Identity) -> tuple[int, str]:
    """Sort identities as the kinds are declared: e-mail first, hashes last."""
    return Identity.Kind.values.index(identity.kind), identity.value
