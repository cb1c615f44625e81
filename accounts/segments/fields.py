"""What conditions can ask about: one entry per fact of accounts and of developers.

A new fact is one more entry here. Its ``where`` is asked positive questions only, and
must never come out NULL; ``is_set`` says that it reads other tables than the row and
its score (see `accounts.segments.compile`).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from types import MappingProxyType

from accounts.countries import country_names
from accounts.models import Fit, Identity, License, RedFlag, Subject
from accounts.models.account_field import FieldKind
from accounts.models.developer import AttributionRule
from accounts.models.score import Trend
from accounts.scoring import Band
from accounts.segments import facts
from accounts.segments.asking import Where, choice, column, flag, moment, related, text
from accounts.segments.names import Choice, Names
from accounts.segments.operators import (
    EXISTENCE,
    OPERATORS,
    Kind,
    Limits,
    Operator,
)

# How a workspace's own fields of accounts are compared.
OWN_KINDS = {
    FieldKind.TEXT: Kind.TEXT,
    FieldKind.NUMBER: Kind.NUMBER,
    FieldKind.YES_NO: Kind.FLAG,
    FieldKind.CHOICE: Kind.CHOICE,
    FieldKind.DATE: Kind.VALUE,
}
# Of a date that is kept as text.
OWN_DATE = (Operator.ON_OR_AFTER, Operator.BEFORE, *EXISTENCE)
NO_LIMITS = Limits()
PERCENT = Limits(0.0, 100.0)
COUNTED = Limits(0, 2**31 - 1)

Choices = Callable[[Names, tuple[str, ...]], Iterable[Choice]]


class KeyKind(StrEnum):
    """What else names the value: a path in traits, an own field, perhaps a product."""

    NONE = ""
    PATH = "path"
    ACCOUNT_FIELD = "account_field"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Field:
    """One fact that rules can ask about."""

    name: str
    label: str
    subject: Subject
    kind: Kind
    where: Where
    # For people who choose it: which values there are, and what it means.
    choices: Choices | None = None
    help: str = ""
    limits: Limits = NO_LIMITS
    key_kind: KeyKind = KeyKind.NONE
    key_label: str = ""
    # Whether `known` and `unknown` can be asked of a choice or a number.
    may_lack: bool = False
    # Several values at once: "has one of", not "is one of".
    is_many: bool = False
    # The condition reads another table; see `accounts.segments.compile`.
    is_set: bool = False

    def kind_of(self, names: Names, key: tuple[str, ...]) -> Kind:
        """Return what its values are; of an own field, what the workspace says."""
        if self.key_kind != KeyKind.ACCOUNT_FIELD:
            return self.kind
        return OWN_KINDS[FieldKind(names.account_fields[key[0]].kind)]

    def choices_of(self, names: Names, key: tuple[str, ...]) -> list[Choice] | None:
        """Return the values there are, None when any may be asked for."""
        return None if self.choices is None else list(self.choices(names, key))

    def operators(self, kind: Kind) -> tuple[Operator, ...]:
        """Return what can be asked of it."""
        if self.key_kind == KeyKind.ACCOUNT_FIELD:
            if kind == Kind.VALUE:
                return OWN_DATE
            return tuple(dict.fromkeys((*OPERATORS[kind], *EXISTENCE)))
        more = EXISTENCE if self.may_lack else ()
        return tuple(dict.fromkeys((*OPERATORS[kind], *more)))


def find_field(subject: Subject, name: str) -> Field | None:
    """Return the field of that name."""
    return fields_of(subject).get(name)


@cache
def fields_of(subject: Subject) -> MappingProxyType[str, Field]:
    """Return what can be asked of accounts, or of developers, by name, in order."""
    own = _accounts() if subject == Subject.ACCOUNT else _developers()
    return MappingProxyType({field.name: field for field in (*own, *_both(subject))})


def _fixed(choices: Iterable[tuple[str, str]]) -> Choices:
    found = tuple(Choice(value, str(label)) for value, label in choices)
    return lambda _names, _key: found


def _accounts() -> tuple[Field, ...]:
    make = partial(Field, subject=Subject.ACCOUNT)
    return (
        make(
            name="fit",
            label="Fit",
            kind=Kind.CHOICE,
            where=choice("fit"),
            choices=_fixed(Fit.choices),
            may_lack=True,
        ),
        make(
            name="account_field",
            label="Account field",
            kind=Kind.VALUE,
            where=facts.own_field,
            choices=facts.own_choices,
            key_kind=KeyKind.ACCOUNT_FIELD,
            key_label="account field",
        ),
        make(
            name="country",
            label="Country",
            kind=Kind.CHOICE,
            where=choice("country"),
            choices=lambda _names, _key: [
                Choice(code, name) for code, name in country_names().items()
            ],
            may_lack=True,
        ),
        make(name="industry", label="Industry", kind=Kind.TEXT, where=text("industry")),
        make(
            name="employees",
            label="Employees",
            kind=Kind.WHOLE,
            where=column("employees"),
            limits=COUNTED,
            may_lack=True,
        ),
        make(
            name="active_developers",
            label="Active developers",
            kind=Kind.WHOLE,
            where=column("score__active_developers", absent=0),
            limits=COUNTED,
            help="People whose use scored, however long ago.",
        ),
        make(name="name", label="Name", kind=Kind.TEXT, where=text("name")),
        make(name="domain", label="Domain", kind=Kind.TEXT, where=text("domain")),
        make(
            name="licence",
            label="Licence",
            kind=Kind.CHOICE,
            where=facts.licence,
            choices=_fixed(License.State.choices),
            may_lack=True,
            is_many=True,
            is_set=True,
        ),
        make(
            name="unused_seat",
            label="Has unused seats",
            kind=Kind.FLAG,
            where=flag(facts.unused_seat),
            help="A licence in force with fewer activations than seats, or a seat in "
            "an application whose holder has never used it.",
            is_set=True,
        ),
    )


def _developers() -> tuple[Field, ...]:
    make = partial(Field, subject=Subject.DEVELOPER)
    return (
        make(
            name="trait",
            label="Trait",
            kind=Kind.VALUE,
            where=facts.trait,
            key_kind=KeyKind.PATH,
            key_label="trait",
            help="What senders say about a person, such as plan or os.name.",
        ),
        make(
            name="rule",
            label="Attribution",
            kind=Kind.CHOICE,
            where=choice("rule"),
            choices=_fixed(AttributionRule.choices),
        ),
        make(
            name="confidence",
            label="Confidence of the attribution",
            kind=Kind.NUMBER,
            where=column("confidence"),
            limits=Limits(0.0, 1.0),
            help="0 to 1.",
        ),
        make(
            name="has_account",
            label="Belongs to an account",
            kind=Kind.FLAG,
            where=flag(facts.has_account),
        ),
        make(
            name="free_mail",
            label="Has a free-mail address",
            kind=Kind.FLAG,
            where=flag(facts.free_mail),
            is_set=True,
        ),
        make(
            name="anonymous",
            label="Is anonymous",
            kind=Kind.FLAG,
            where=flag(facts.is_anonymous),
        ),
        make(
            name="identity",
            label="Known by",
            kind=Kind.CHOICE,
            where=related(facts.identity_rows, "kind"),
            choices=_fixed(
                one
                for one in Identity.Kind.choices
                if one[0] != Identity.Kind.AGGREGATE
            ),
            is_many=True,
            is_set=True,
        ),
        make(name="name", label="Name", kind=Kind.TEXT, where=text("display_name")),
    )


def _both(subject: Subject) -> tuple[Field, ...]:
    make = partial(Field, subject=subject)
    return (
        make(
            name="score",
            label="Score",
            kind=Kind.NUMBER,
            where=facts.score(subject),
            limits=PERCENT,
            help="0 to 100, as pages show it today.",
        ),
        make(
            name="band",
            label="Band",
            kind=Kind.CHOICE,
            where=facts.band(subject),
            choices=_fixed((band.value, band.label) for band in Band),
        ),
        make(
            name="change_7d",
            label="Change of the score in 7 days",
            kind=Kind.NUMBER,
            where=column("score__change_7d", absent=0.0),
            limits=Limits(-100.0, 100.0),
        ),
        make(
            name="trend",
            label="Trend",
            kind=Kind.CHOICE,
            where=choice("score__trend", absent=Trend.STEADY),
            choices=_fixed(Trend.choices),
        ),
        make(
            name="stage",
            label="Stage",
            kind=Kind.CHOICE,
            where=related(facts.stage_rows(subject), "stage_id"),
            choices=lambda names, _key: names.stage_choices(subject),
            may_lack=True,
            is_set=True,
        ),
        make(
            name="tag",
            label="Tag",
            kind=Kind.CHOICE,
            where=related(facts.tag_rows(subject), "tag_id"),
            choices=lambda names, _key: names.tag_choices(subject),
            may_lack=True,
            is_many=True,
            is_set=True,
        ),
        make(
            name="list",
            label="List",
            kind=Kind.CHOICE,
            where=related(facts.list_rows(subject), "curated_list_id"),
            choices=lambda names, _key: names.list_choices(subject),
            may_lack=True,
            is_many=True,
            is_set=True,
        ),
        make(
            name="product",
            label="Product used",
            kind=Kind.CHOICE,
            where=facts.product(subject),
            choices=lambda names, _key: names.product_choices(),
            may_lack=True,
            is_many=True,
            is_set=True,
            help="Ever; for a number of days, ask for usage.",
        ),
        make(
            name="version",
            label="Version in use",
            kind=Kind.TEXT,
            where=facts.version(subject),
            key_kind=KeyKind.PRODUCT,
            key_label="product",
            is_many=True,
            is_set=True,
            help="Any version ever seen in use.",
        ),
        make(
            name="lifetime_value",
            label="Lifetime value",
            kind=Kind.NUMBER,
            where=column("score__lifetime_value", absent=0.0),
        ),
        make(
            name="red_flag",
            label="Red flag",
            kind=Kind.CHOICE,
            where=facts.red_flag(subject),
            choices=_fixed(RedFlag.Kind.choices),
            may_lack=True,
            is_many=True,
            is_set=True,
            help="Open ones.",
        ),
        make(
            name="first_seen",
            label="First seen",
            kind=Kind.MOMENT,
            where=moment("first_seen_at"),
        ),
        make(
            name="last_seen",
            label="Last seen",
            kind=Kind.MOMENT,
            where=moment("last_seen_at"),
        ),
    )
