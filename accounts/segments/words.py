"""Puts rules into plain words."""

from accounts.countries import country_names
from accounts.models import Subject, Workspace
from accounts.models.account_field import FieldKind
from accounts.segments.fields import Field, KeyKind, find_field
from accounts.segments.names import Names
from accounts.segments.operators import Kind, Operator
from accounts.segments.schema import (
    Count,
    FieldCondition,
    Group,
    Node,
    Not,
    Rule,
    UsageCondition,
)

OTHERS = {"account": "of the account", "developer": "of some developer"}
SIGNS = {
    Operator.AT_LEAST: "at least",
    Operator.AT_MOST: "at most",
    Operator.ABOVE: "more than",
    Operator.BELOW: "less than",
}
# What follows the name of a field, by operator; {} is the value.
PHRASES = {
    **{operator: f"is {sign} {{}}" for operator, sign in SIGNS.items()},
    Operator.EQUALS: "is {}",
    Operator.NOT_EQUALS: "is not {}",
    Operator.CONTAINS: "contains {}",
    Operator.NOT_CONTAINS: "does not contain {}",
    Operator.STARTS_WITH: "begins with {}",
    Operator.ONE_OF: "is {}",
    Operator.NONE_OF: "is not {}",
    Operator.WITHIN: "is within the last {}",
    Operator.LONGER_AGO: "is more than {} ago",
    Operator.ON_OR_AFTER: "is on or after {}",
    Operator.BEFORE: "is before {}",
    Operator.YES: "is yes",
    Operator.NO: "is no",
    Operator.KNOWN: "is known",
    Operator.UNKNOWN: "is not known",
}
# Of fields with several values at once.
MANY = {
    Operator.ONE_OF: "is or includes {}",
    Operator.NONE_OF: "does not include {}",
    Operator.KNOWN: "is any",
    Operator.UNKNOWN: "is none",
}
COUNTS = {
    Count.DAYS: ("day", "days", "on {}"),
    Count.WEEKS: ("week", "weeks", "in {}"),
    Count.METRICS: ("metric", "metrics", "with {}"),
    Count.DEVELOPERS: ("developer", "developers", "by {}"),
}


def in_words(rule: Rule, workspace: Workspace, *, names: Names | None = None) -> str:
    """Return a rule as one sentence."""
    who = "Accounts" if rule.subject == Subject.ACCOUNT else "Developers"
    if rule.is_everybody:
        return f"All {who.lower()}."
    words = part_in_words(rule.root, rule.subject, names or Names(workspace))
    return f"{who} where {words}."


def part_in_words(node: Node, subject: Subject, names: Names) -> str:
    """Return one part of a rule, to stand inside a sentence."""
    if isinstance(node, FieldCondition):
        return _field(node, subject, names)
    if isinstance(node, UsageCondition):
        return _usage(node, names)
    if isinstance(node, Not):
        inner = part_in_words(node.part, subject, names)
        return f"it is not so that ({inner})"
    joiner = " and " if node.is_all else " or "
    parts = []
    for part in node.parts:
        words = part_in_words(part, subject, names)
        is_group = isinstance(part, Group) and len(part.parts) > 1
        parts.append(f"({words})" if is_group and len(node.parts) > 1 else words)
    return joiner.join(parts)


def condition_name(
    node: FieldCondition | UsageCondition, subject: Subject, names: Names
) -> str:
    """Return what a condition is about: a field's label, or a metric's."""
    if isinstance(node, UsageCondition):
        return _metric(node, names)
    return _label(node, _field_of(node, subject), names)


def _field_of(node: FieldCondition, subject: Subject) -> Field:
    found = find_field(Subject(node.prefix) if node.prefix else subject, node.field)
    if found is None:
        raise KeyError(node.field)
    return found


def _label(node: FieldCondition, field: Field, names: Names) -> str:
    label = field.label[:1].lower() + field.label[1:]
    if field.key_kind == KeyKind.PATH:
        label = f"{label} {'.'.join(node.key)}"
    elif field.key_kind == KeyKind.ACCOUNT_FIELD:
        own = names.account_fields.get(node.key[0])
        label = own.label if own else node.key[0]
    elif field.key_kind == KeyKind.PRODUCT and node.key:
        product = names.products.get(node.key[0])
        label = f"{label} of {product.name if product else node.key[0]}"
    return f"{label} {OTHERS[node.prefix]}" if node.prefix else label


def _field(node: FieldCondition, subject: Subject, names: Names) -> str:
    field = _field_of(node, subject)
    label = _label(node, field, names)
    if field.kind == Kind.FLAG:
        verb, _, rest = field.label.partition(" ")
        owner = f" {OTHERS[node.prefix]}" if node.prefix else ""
        if owner:
            answer = "is so" if node.operator == Operator.YES else "is not so"
            return f"“{field.label}”{owner} {answer}"
        return _stated(verb.lower(), rest, is_so=node.operator == Operator.YES)
    phrase = MANY.get(node.operator) if field.is_many else None
    phrase = phrase or PHRASES[node.operator]
    return f"{label} {phrase.format(_value(node, field, names))}"


def _stated(verb: str, rest: str, *, is_so: bool) -> str:
    """Return "it has unused seats", or that it has not."""
    if is_so:
        return f"it {verb} {rest}"
    if verb == "is":
        return f"it is not {rest}"
    if verb == "has":
        return f"it does not have {rest}"
    return f"it does not {verb.removesuffix('s')} {rest}"


def _value(node: FieldCondition, field: Field, names: Names) -> str:
    value = node.value
    if node.operator in {Operator.WITHIN, Operator.LONGER_AGO}:
        return _plural(value, "day", "days")
    if isinstance(value, tuple):
        return _joined([_shown(one, node, field, names) for one in value])
    if value is None:
        return ""
    return _shown(value, node, field, names)


def _shown(value: object, node: FieldCondition, field: Field, names: Names) -> str:
    if field.choices is not None and not (
        field.key_kind == KeyKind.ACCOUNT_FIELD
        and (
            node.key[0] not in names.account_fields
            or names.account_fields[node.key[0]].kind != FieldKind.CHOICE
        )
    ):
        if field.name == "country":
            return country_names().get(str(value), str(value))
        for choice in field.choices_of(names, node.key) or ():
            if choice.value == value:
                return choice.label
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    if node.operator in {Operator.ON_OR_AFTER, Operator.BEFORE}:
        return str(value)
    return f"“{value}”"


def _usage(node: UsageCondition, names: Names) -> str:
    when = f" in the last {_plural(node.days, 'day', 'days')}" if node.days else ""
    what = _metric(node, names)
    by = ""
    if node.developers is not None:
        people = _plural(node.developers, "developer", "developers")
        by = f" by each of at least {people}"
    if node.is_never:
        if not node.metric:
            return f"{_metric(node, names, none=True)} was used{when or ' ever'}"
        return f"{what} was never used{when}"
    if node.is_first:
        return f"{what} was first used{when}{by}"
    bounds = " and ".join(f"{SIGNS[sign]} {number(n)}" for sign, n in node.compare)
    last = node.compare[-1][1]
    if node.count == Count.VALUE:
        return f"the values of {what} sum up to {bounds}{when}{by}"
    if node.count == Count.USES:
        return f"{what} was used {bounds} {'time' if last == 1 else 'times'}{when}{by}"
    one, many, phrase = COUNTS[node.count]
    counted = phrase.format(f"{bounds} {one if last == 1 else many}")
    return f"{what} was used {counted}{when}{by}"


def _metric(node: UsageCondition, names: Names, *, none: bool = False) -> str:
    what = "nothing" if none else "something"
    if node.metric:
        metric = names.metric(node.metric)
        what = f"“{metric or node.metric}”"
    elif node.level:
        what = f"{'no' if none else 'a'} {node.level} metric"
    if node.product:
        product = names.products.get(node.product)
        what = f"{what} of {product.name if product else node.product}"
    return what


def _plural(value: object, one: str, many: str) -> str:
    return f"{value:,} {one if value == 1 else many}" if isinstance(value, int) else ""


def number(value: float) -> str:
    """Write a number as people do: 1,000 and 0.5."""
    if isinstance(value, int) or value == int(value):
        return f"{int(value):,}"
    return f"{value:,}"


def _joined(texts: list[str]) -> str:
    if len(texts) == 1:
        return texts[0]
    return f"{', '.join(texts[:-1])} or {texts[-1]}"
