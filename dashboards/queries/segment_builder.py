"""What the rule builder shows: the draft, with what can be chosen at each place."""

from dataclasses import dataclass
from datetime import date

from accounts.models import Subject, Workspace
from accounts.models.account_field import FieldKind
from accounts.segments.fields import Field, KeyKind, fields_of, find_field
from accounts.segments.names import Choice, Names
from accounts.segments.operators import (
    BARE,
    COMPARISONS,
    DATES,
    DAYS,
    LISTS,
    Kind,
    Operator,
)
from accounts.segments.preview import Preview, preview
from accounts.segments.schema import Count, Problem, Rule, RuleError, parse
from accounts.segments.words import MANY, PHRASES, SIGNS, in_words
from dashboards.segment_draft import FIELD, FIRST, GROUP, NEVER, USAGE, Draft, as_rule

# More choices than these are a list to scroll, not boxes to tick.
MOST_BOXES = 12
MISSING = "A value is missing."
OTHERS = {
    Subject.ACCOUNT: (Subject.DEVELOPER, "Of some developer of the account"),
    Subject.DEVELOPER: (Subject.ACCOUNT, "Of the account"),
}
COUNT_LABELS = (
    (Count.USES, "number of uses"),
    (Count.DAYS, "number of days with use"),
    (Count.WEEKS, "number of weeks with use"),
    (Count.METRICS, "number of different metrics"),
    (Count.DEVELOPERS, "number of developers"),
    (Count.VALUE, "sum of the values"),
)
OWN_LABELS = ((FIRST, "first use is within the days"), (NEVER, "never used"))


@dataclass(frozen=True, slots=True)
class Option:
    """One value to choose."""

    value: str
    label: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """Values to choose under a heading."""

    label: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One place of the tree as the page shows it."""

    draft: Draft
    parts: tuple["Node", ...] = ()
    label: str = ""
    help: str = ""
    operators: tuple[Option, ...] = ()
    # none, number, days, date, text, list, boxes or select.
    widget: str = "none"
    choices: tuple[Option, ...] = ()
    key_label: str = ""
    products: tuple[Option, ...] = ()
    metrics: tuple[OptionGroup, ...] = ()
    counts: tuple[Option, ...] = ()
    lower_signs: tuple[Option, ...] = ()
    upper_signs: tuple[Option, ...] = ()

    @property
    def value(self) -> str:
        """What is typed in a single field; several with commas."""
        return ", ".join(self.draft.values)


@dataclass(frozen=True, slots=True)
class Builder:
    """The whole page: the tree, what can be added, and whom it selects now."""

    root: Node
    new: tuple[OptionGroup, ...]
    # None while something is wrong with the rule, or nothing can be shown.
    rule: Rule | None
    words: str
    preview: Preview | None
    problems: tuple[Problem, ...]
    is_account: bool


def build(
    draft: Draft,
    workspace: Workspace,
    subject: Subject,
    *,
    today: date,
    is_final: bool,
    count_all: bool = False,
) -> Builder:
    """Judge a draft and show it; ``is_final`` complains about blank conditions too."""
    names = Names(workspace)
    rule, problems = _judge(draft, workspace, subject, names, is_final=is_final)
    found = words = None
    if rule is not None:
        words = in_words(rule, workspace, names=names)
        found = preview(rule, workspace, today=today, names=names, count_all=count_all)
    return Builder(
        root=_node(draft, subject, names),
        new=_new(subject, names),
        rule=rule,
        words=words or "",
        preview=found,
        problems=problems,
        is_account=subject == Subject.ACCOUNT,
    )


def _judge(
    draft: Draft,
    workspace: Workspace,
    subject: Subject,
    names: Names,
    *,
    is_final: bool,
) -> tuple[Rule | None, tuple[Problem, ...]]:
    """Read the draft as a rule and write what is wrong beside its conditions."""
    _complete(draft, subject, names)
    try:
        rule = parse(as_rule(draft), subject=subject, workspace=workspace, names=names)
    except RuleError as error:
        places = {part.rule_path: part for part in draft.walk()}
        shown = []
        for problem in error.problems:
            part = places.get(problem.path, draft)
            if not is_final and part.is_blank:
                continue
            part.errors.append(problem.message)
            shown.append(problem)
        return None, tuple(shown)
    return rule, ()


def _complete(draft: Draft, subject: Subject, names: Names) -> None:
    """Choose an operator for conditions that have just been added."""
    for part in draft.walk():
        if part.kind == FIELD and not part.operator:
            field = _field(part, subject)
            if field is not None:
                part.operator = _operators(part, field, names)[0].value


def _field(draft: Draft, subject: Subject) -> Field | None:
    prefix, dot, name = draft.name.partition(".")
    if not dot:
        return find_field(subject, draft.name)
    other, _ = OTHERS[subject]
    return find_field(other, name) if prefix == other.value else None


def _operators(draft: Draft, field: Field, names: Names) -> tuple[Operator, ...]:
    return field.operators(_kind(draft, field, names))


def _kind(draft: Draft, field: Field, names: Names) -> Kind:
    if field.key_kind == KeyKind.ACCOUNT_FIELD:
        if draft.key not in names.account_fields:
            return Kind.TEXT
        return field.kind_of(names, (draft.key,))
    return field.kind


def _node(draft: Draft, subject: Subject, names: Names) -> Node:
    if draft.kind == GROUP:
        parts = tuple(_node(part, subject, names) for part in draft.parts)
        return Node(draft, parts)
    if draft.kind == USAGE:
        return _usage_node(draft, subject, names)
    field = _field(draft, subject)
    if field is None:
        return Node(draft, label=draft.name)
    return _field_node(draft, field, names)


def _field_node(draft: Draft, field: Field, names: Names) -> Node:
    kind = _kind(draft, field, names)
    label = field.label
    products: tuple[Option, ...] = ()
    if field.key_kind == KeyKind.ACCOUNT_FIELD and draft.key in names.account_fields:
        label = names.account_fields[draft.key].label
    if "." in draft.name:
        whose = "some developer" if draft.name.startswith("developer") else "account"
        label = f"{label} ({whose})"
    if field.key_kind == KeyKind.PRODUCT:
        products = _options(names.product_choices(), {draft.key}, "Any product")
    operator = draft.operator
    widget = "text"
    choices: tuple[Option, ...] = ()
    if operator in BARE or not operator:
        widget = "none"
    elif operator in DAYS:
        widget = "days"
    elif operator in DATES:
        widget = "date"
    elif operator in COMPARISONS or kind in {Kind.NUMBER, Kind.WHOLE}:
        widget = "number"
    elif kind == Kind.CHOICE:
        key = (draft.key,) if draft.key else ()
        values = field.choices_of(names, key) or []
        choices = _options(values, set(draft.values))
        widget = "boxes" if len(choices) <= MOST_BOXES else "select"
    elif operator in LISTS:
        widget = "list"
    return Node(
        draft,
        label=label,
        help=field.help,
        operators=tuple(
            Option(one.value, _phrase(one, field, kind), one == operator)
            for one in field.operators(kind)
        ),
        widget=widget,
        choices=choices,
        key_label=field.key_label if field.key_kind == KeyKind.PATH else "",
        products=products,
    )


def _phrase(operator: Operator, field: Field, kind: Kind) -> str:
    if kind == Kind.FLAG:
        return "yes" if operator == Operator.YES else "no"
    phrase = MANY.get(operator) if field.is_many else None
    text = (phrase or PHRASES[operator]).replace("{}", "…").removesuffix(" …")
    if operator in LISTS and not field.is_many:
        return "is one of" if operator == Operator.ONE_OF else "is none of"
    return text


def _usage_node(draft: Draft, subject: Subject, names: Names) -> Node:
    counts = [
        Option(count.value, label, draft.count == count)
        for count, label in COUNT_LABELS
        if subject == Subject.ACCOUNT or count != Count.DEVELOPERS
    ]
    counts += [Option(name, label, draft.count == name) for name, label in OWN_LABELS]
    metrics = sorted(names.metrics.values(), key=lambda metric: str(metric).lower())
    return Node(
        draft,
        label="Usage",
        metrics=(
            OptionGroup("", (Option("", "anything", not draft.metric),)),
            OptionGroup(
                "Metrics",
                tuple(
                    _option(f"metric:{metric.key}", str(metric), draft.metric)
                    for metric in metrics
                ),
            ),
            OptionGroup(
                "Levels",
                tuple(
                    _option(f"level:{level}", f"any {level} metric", draft.metric)
                    for level in names.levels
                ),
            ),
        ),
        products=_options(names.product_choices(), {draft.product}, "any product"),
        counts=tuple(counts),
        lower_signs=_signs(draft.lower[0]),
        upper_signs=_signs(draft.upper[0]),
    )


def _option(value: str, label: str, chosen: str) -> Option:
    return Option(value, label, value.casefold() == chosen.casefold())


def _signs(chosen: str) -> tuple[Option, ...]:
    return tuple(
        Option(sign.value, label, sign.value == chosen) for sign, label in SIGNS.items()
    )


def _options(
    choices: list[Choice], chosen: set[str], any_label: str = ""
) -> tuple[Option, ...]:
    first = [Option("", any_label, chosen == {""})] if any_label else []
    return (
        *first,
        *(Option(str(c.value), c.label, str(c.value) in chosen) for c in choices),
    )


def _new(subject: Subject, names: Names) -> tuple[OptionGroup, ...]:
    """Return what a condition can be about."""
    other, label = OTHERS[subject]
    return (
        OptionGroup("", (Option(USAGE, "Usage of a metric or product"),)),
        OptionGroup(
            "Of the account" if subject == Subject.ACCOUNT else "Of the developer",
            _new_fields(subject, "", names),
        ),
        OptionGroup(label, _new_fields(other, f"{other.value}.", names)),
    )


def _new_fields(subject: Subject, prefix: str, names: Names) -> tuple[Option, ...]:
    found = []
    for field in fields_of(subject).values():
        if field.key_kind == KeyKind.ACCOUNT_FIELD:
            found += [
                Option(f"{prefix}{field.name}/{key}", own.label)
                for key, own in names.account_fields.items()
                if own.kind in FieldKind.values
            ]
        else:
            found.append(Option(f"{prefix}{field.name}", field.label))
    return tuple(sorted(found, key=lambda one: one.label.lower()))
