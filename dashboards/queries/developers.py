"""The developer list: searched, filtered, sorted, one page at a time."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from accounts.models import Account, Developer, Identity, Workspace
from accounts.score_lists import in_band, with_score, with_worth
from accounts.scoring import Band
from dashboards import charts
from dashboards.forms import DeveloperListForm
from dashboards.paging import Order, paginate
from dashboards.queries.lists import Total, total_of, trends, uses_product
from dashboards.queries.scores import Shown, reader_for

# Each order walks an index: developer_score_order, developer_by_seen and
# developer_by_name; by lifetime value, developer_value_order. A developer exists
# through an event or a profile, so none lacks a last visit; who has used nothing, and
# who did in the last seconds, lacks a score.
ORDERS = {
    "score": Order("score__points", "pk", True, lambda row: row.score.points, float),
    "worth": Order(
        "score__lifetime_value",
        "pk",
        True,
        lambda row: row.score.lifetime_value,
        float,
    ),
    "seen": Order("last_seen_at", "pk", True, lambda row: row.last_seen_at, datetime),
    "name": Order("display_name", "pk", False, lambda row: row.display_name, str),
}


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


def build(
    workspace: Workspace,
    form: DeveloperListForm,
    params: Mapping[str, str],
    *,
    today: date,
) -> DeveloperList:
    """Answer the list in five queries (six within one account), whatever its length."""
    reader = reader_for(workspace, today)
    people = _filtered(workspace, form, today=today)
    if band := form.value("band"):
        people = in_band(people, Band(band), reader.model, today)
    sort = form.value("sort") or "score"
    if sort == "worth":
        # Those who have one, which the total says too.
        people = people.filter(
            Q(score__lifetime_value__lt=0) | Q(score__lifetime_value__gt=0),
            score__workspace=workspace,
        )
    listed = people
    if sort == "score":
        listed = people.filter(score__workspace=workspace)
    elif sort == "seen":
        listed = people.filter(last_seen_at__isnull=False)
    page = paginate(
        with_score(
            with_worth(listed.select_related("account", "score")), reader.model, today
        ),
        order=ORDERS[sort],
        params=params,
    )
    ids = [row.pk for row in page.rows]
    spark = trends("developer_id", ids, today=today)
    known_as = identity_texts(ids)
    account = None
    if wanted := form.value("account"):
        account = Account.objects.in_workspace(workspace).filter(pk=wanted).first()
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


def _filtered(
    workspace: Workspace, form: DeveloperListForm, *, today: date
) -> QuerySet[Developer]:
    people = Developer.objects.in_workspace(workspace).filter(is_aggregate=False)
    if text := form.value("q"):
        matching = Identity.objects.filter(
            workspace=workspace, value__icontains=text
        ).values("developer")
        people = people.filter(Q(display_name__icontains=text) | Q(pk__in=matching))
    if account := form.value("account"):
        people = people.filter(account=account)
    if product := form.value("product"):
        people = people.filter(uses_product(product, owner="developer_id", today=today))
    if rule := form.value("rule"):
        people = people.filter(rule=rule)
    return people
