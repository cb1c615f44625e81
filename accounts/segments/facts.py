"""Questions that no single column answers: scores, bands, licences, rows elsewhere."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.models import (
    Count,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
)
from django.db.models.functions import Coalesce

from accounts.attribution.mail_lists import mail_lists
from accounts.models import (
    Account,
    AccountDomain,
    Activation,
    DailyUsage,
    Identity,
    License,
    ListEntry,
    ProvisionedUser,
    RedFlag,
    StageEntry,
    Subject,
    TagMark,
    VersionSeen,
)
from accounts.scoring import HALF_SHOWN, Band
from accounts.segments.asking import Where, text
from accounts.segments.context import Asked, Context
from accounts.segments.names import Choice, Names
from accounts.segments.operators import Operator
from accounts.segments.sql import Among, InSet, JsonTest

Rows = Callable[[Asked], Any]


def score(subject: Subject) -> Where:
    """Ask the score of today as pages show it, with one decimal: 59.96 reads 60.0."""

    def where(asked: Asked) -> Q:
        bound = float(asked.value)  # type: ignore[arg-type]
        is_upper = asked.operator in {Operator.AT_MOST, Operator.ABOVE}
        bound += HALF_SHOWN if is_upper else -HALF_SHOWN
        points = asked.context.stored_points(bound, _scale(asked.context, subject))
        # Who was never scored has a score of 0.
        if asked.operator in {Operator.AT_LEAST, Operator.ABOVE}:
            found = Q(score__points__gte=points)
            return found | Q(score__isnull=True) if bound <= 0 else found
        found = Q(score__points__lt=points)
        return found | Q(score__isnull=True) if bound > 0 else found

    return where


def band(subject: Subject) -> Where:
    """Ask the band of today; Low includes who was never scored."""

    def where(asked: Asked) -> Q:
        context = asked.context
        high, medium = (
            context.stored_points(start - HALF_SHOWN, _scale(context, subject))
            for start in (context.model.high_from, context.model.medium_from)
        )
        found = Q()
        values: Any = asked.value
        for value in values:
            match Band(value):
                case Band.HIGH:
                    found |= Q(score__points__gte=high)
                case Band.MEDIUM:
                    found |= Q(score__points__gte=medium, score__points__lt=high)
                case Band.LOW:
                    found |= Q(score__points__lt=medium) | Q(score__isnull=True)
        return found

    return where


def _scale(context: Context, subject: Subject) -> float:
    model = context.model
    return model.account_scale if subject == Subject.ACCOUNT else model.developer_scale


# ---- JSON


def own_field(asked: Asked) -> Q:
    """Ask a field of the workspace's own."""
    return Q(JsonTest("fields", asked.key, asked.operator, asked.value))


def own_choices(names: Names, key: tuple[str, ...]) -> list[Choice]:
    """Return the values of a field of the workspace's own that is one of several."""
    return [Choice(str(one), str(one)) for one in names.account_fields[key[0]].choices]


def trait(asked: Asked) -> Q:
    """Ask what senders say about a person."""
    return Q(JsonTest("traits", asked.key, asked.operator, asked.value))


# ---- Rows of other tables


def stage_rows(subject: Subject) -> Rows:
    """Return who is in a stage now."""
    owner = subject.column

    def rows(asked: Asked) -> Any:
        stages: Any = [one.value for one in asked.context.names.stage_choices(subject)]
        return StageEntry.objects.filter(
            stage__in=stages, left_at__isnull=True, **{f"{owner}__isnull": False}
        ).values(owner)

    return rows


def list_rows(subject: Subject) -> Rows:
    """Return who is on a hand-picked list."""
    owner = subject.column

    def rows(asked: Asked) -> Any:
        lists: Any = [one.value for one in asked.context.names.list_choices(subject)]
        return ListEntry.objects.filter(
            curated_list__in=lists, **{f"{owner}__isnull": False}
        ).values(owner)

    return rows


def tag_rows(subject: Subject) -> Rows:
    """Return who has a tag."""
    owner = subject.column

    def rows(asked: Asked) -> Any:
        tags: Any = [one.value for one in asked.context.names.tag_choices(subject)]
        return TagMark.objects.filter(
            tag__in=tags, is_off=False, **{f"{owner}__isnull": False}
        ).values(owner)

    return rows


def identity_rows(asked: Asked) -> Any:
    """Return who has an identity."""
    rows = Identity.objects.in_workspace(asked.context.workspace)
    return rows.values("developer_id")


def product(subject: Subject) -> Where:
    """Ask which products were ever used."""
    owner = _owner(subject)

    def where(asked: Asked) -> Q:
        used = DailyUsage.objects.filter(workspace=asked.context.workspace)
        if asked.operator == Operator.ONE_OF:
            values: Any = asked.value
            known = asked.context.names.products
            wanted = [known[key].pk for key in values if key in known]
            used = used.filter(product__in=wanted)
        return Q(InSet("pk", used.filter(**{f"{owner}__isnull": False}).values(owner)))

    return where


def version(subject: Subject) -> Where:
    """Ask which versions of one product, or of any, were seen in use."""
    owner = f"identity__{_owner(subject)}"
    ask = text("version")

    def where(asked: Asked) -> Q:
        known = asked.context.names.products
        keys = asked.key or tuple(known)
        seen = VersionSeen.objects.filter(
            product__in=[known[key].pk for key in keys if key in known],
            **{f"{owner}__isnull": False},
        )
        if asked.operator == Operator.KNOWN:
            seen = seen.exclude(version="")
        else:
            seen = seen.filter(ask(asked))
        return Q(InSet("pk", seen.values(owner)))

    return where


def red_flag(subject: Subject) -> Where:
    """Ask for open red flags, of an account by its people or in its own name."""

    def where(asked: Asked) -> Q:
        flags = RedFlag.objects.in_workspace(asked.context.workspace).open()
        if asked.operator == Operator.ONE_OF:
            values: Any = asked.value
            flags = flags.filter(kind__in=list(values))
        if subject == Subject.DEVELOPER:
            found = _ids(flags, "developer_id")
        else:
            of_people = _ids(flags, "developer__account_id")
            found = of_people.union(_ids(flags, "account_id"), all=True)
        return Q(InSet("pk", found))

    return where


def _owner(subject: Subject) -> str:
    return "developer_id" if subject == Subject.DEVELOPER else "developer__account_id"


def _ids(rows: QuerySet[Any], owner: str) -> QuerySet[Any, Any]:
    return rows.filter(**{f"{owner}__isnull": False}).order_by().values(owner)


# ---- Licences and seats


def licence(asked: Asked) -> Q:
    """Ask for licences of an account by their state."""
    owned = License.objects.in_workspace(asked.context.workspace)
    if asked.operator == Operator.KNOWN:
        return Q(InSet("pk", _ids(owned, "account_id")))
    found = Q()
    values: Any = asked.value
    for state in values:
        match License.State(state):
            case License.State.REVOKED:
                found |= Q(revoked_at__isnull=False)
            case License.State.EXPIRED:
                found |= Q(revoked_at__isnull=True) & ~_in_time(asked.context)
            case License.State.ACTIVE:
                found |= Q(revoked_at__isnull=True) & _in_time(asked.context)
    return Q(InSet("pk", _ids(owned.filter(found), "account_id")))


def unused_seat(context: Context) -> Q:
    """Return accounts that pay for what nobody uses.

    Either a licence in force with fewer activations than seats, or a seat in an
    application of somebody with the account's domain who never used it.
    """
    activated = Activation.objects.filter(license=OuterRef("pk")).order_by()
    taken = activated.values("license").annotate(number=Count("pk")).values("number")
    licences = (
        License.objects.in_workspace(context.workspace)
        .filter(_in_time(context), revoked_at__isnull=True, seats__isnull=False)
        .annotate(taken=Coalesce(Subquery(taken), 0))
        .filter(seats__gt=F("taken"))
    )
    came = DailyUsage.objects.filter(
        developer__identities__workspace=OuterRef("workspace"),
        developer__identities__kind=Identity.Kind.EMAIL,
        developer__identities__value=OuterRef("folded_email"),
        product=OuterRef("application__product"),
    )
    empty = (
        ProvisionedUser.objects.in_workspace(context.workspace)
        .filter(~Exists(came))
        .values(host=_host("folded_email"))
    )
    accounts = Account.objects.in_workspace(context.workspace)
    further = AccountDomain.objects.in_workspace(context.workspace)
    return Q(
        InSet(
            "pk",
            _ids(licences, "account_id").union(
                accounts.filter(domain__in=empty).order_by().values("pk"),
                further.filter(domain__in=empty).order_by().values("account_id"),
                all=True,
            ),
        )
    )


def _in_time(context: Context) -> Q:
    # One that runs out during a day is good until that day has begun.
    begun = context.beginning_of(context.today)
    return Q(expires_at__isnull=True) | Q(expires_at__gt=begun)


# ---- People


def has_account(_context: Context) -> Q:
    """Return who belongs to a company."""
    return Q(account__isnull=False)


def is_anonymous(_context: Context) -> Q:
    """Return who is known by derived identities alone."""
    return Q(is_anonymous=True)


def free_mail(context: Context) -> Q:
    """Return who has an address at a free mailer."""
    lists = mail_lists(
        tuple(settings.FREE_MAIL_DOMAINS), tuple(settings.NOT_FREE_MAIL_DOMAINS)
    )
    addresses = Identity.objects.filter(
        Among(_host("value"), sorted(lists.free)),
        workspace=context.workspace,
        kind=Identity.Kind.EMAIL,
    )
    return Q(InSet("pk", _ids(addresses, "developer_id")))


def _host(column: str) -> Func:
    return Func(
        F(column),
        Value("@"),
        Value(2),
        function="split_part",
        output_field=TextField(),
    )
