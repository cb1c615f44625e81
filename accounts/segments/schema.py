"""The rule language: typed nodes, read from JSON and written back.

The JSON form is described in docs/segments.md and stays as it is. What is read has
been checked against the workspace: every field, metric and product that it names is
there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from accounts.errors import AccountsError
from accounts.models import Subject, Workspace
from accounts.segments.fields import Field, KeyKind, find_field
from accounts.segments.names import Names
from accounts.segments.operators import (
    COMPARISONS,
    LARGEST,
    LONGEST_TEXT,
    MOST_DAYS,
    OPERATORS,
    Kind,
    Limits,
    Operator,
    Value,
    as_json,
    read_list,
    read_number,
    read_text,
    read_value,
    read_whole,
)

__all__ = [
    "Count",
    "FieldCondition",
    "Group",
    "Node",
    "Not",
    "Problem",
    "Rule",
    "RuleError",
    "Subject",
    "UsageCondition",
    "parse",
]

DEEPEST = 6
MOST_CONDITIONS = 50
MOST_DEVELOPERS = 100_000
ROOT = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one place of a rule.

    ``path`` numbers the parts of groups from 1: ``2.1`` is the first part of the second
    part. It is empty for the whole rule. A ``not`` has no number of its own.
    """

    path: str
    name: str
    message: str

    def __str__(self) -> str:
        where = f"Condition {self.path}" if self.path else "Rule"
        name = f" ({self.name})" if self.name else ""
        return f"{where}{name}: {self.message}"


class RuleError(AccountsError):
    """A rule that cannot be used; ``problems`` says where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(" ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)

    @property
    def path(self) -> str:
        """The place of the first problem."""
        return self.problems[0].path


class Count(StrEnum):
    """What a usage condition counts within its days."""

    USES = "uses"
    DAYS = "days"
    WEEKS = "weeks"
    METRICS = "metrics"
    DEVELOPERS = "developers"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class FieldCondition:
    """A field compared with a value. ``key`` names which trait, own field or product.

    ``prefix`` says whose field it is when not the subject's own: ``account`` in a rule
    about developers, ``developer`` (any developer of it) in one about accounts.
    """

    field: str
    operator: Operator
    value: Value = None
    key: tuple[str, ...] = ()
    prefix: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        name = f"{self.prefix}.{self.field}" if self.prefix else self.field
        data: dict[str, Any] = {"field": name}
        if self.key:
            plain = not any("." in part for part in self.key)
            data["key"] = ".".join(self.key) if plain else list(self.key)
        data["is"] = self.operator.value
        if self.value is not None:
            data["value"] = as_json(self.value)
        return data


@dataclass(frozen=True, slots=True)
class UsageCondition:
    """Something done so often, for the first time, or never.

    Exactly one of ``compare``, ``is_first`` and ``is_never`` is set. Without a metric
    and a level every metric counts. ``developers`` asks for so many people of the
    account each of whom meets the condition.
    """

    metric: str = ""
    level: str = ""
    product: str = ""
    count: Count = Count.USES
    compare: tuple[tuple[Operator, int | float], ...] = ()
    is_first: bool = False
    is_never: bool = False
    days: int | None = None
    developers: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        data: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("metric", "level", "product")
            if getattr(self, name)
        }
        if self.count != Count.USES:
            data["count"] = self.count.value
        data |= {operator.value: number for operator, number in self.compare}
        if self.is_first:
            data["first"] = True
        if self.is_never:
            data["never"] = True
        if self.days is not None:
            data["days"] = self.days
        if self.developers is not None:
            data["by"] = {"developers": self.developers}
        return {"usage": data}


@dataclass(frozen=True, slots=True)
class Group:
    """Parts of which all, or any, must hold. Only the root may have none: everybody."""

    is_all: bool
    parts: tuple["Node", ...]

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        name = "all" if self.is_all else "any"
        return {name: [part.as_json() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a part."""

    part: "Node"

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"not": self.part.as_json()}


Node = Group | Not | FieldCondition | UsageCondition


@dataclass(frozen=True, slots=True)
class Rule:
    """A whole rule, about accounts or about developers."""

    subject: Subject
    root: Node

    def as_json(self) -> dict[str, Any]:
        """Return the JSON form, always the same for the same rule."""
        return self.root.as_json()

    @property
    def is_everybody(self) -> bool:
        """Say whether the rule asks nothing."""
        return isinstance(self.root, Group) and not self.root.parts

    def conditions(self) -> Iterator[FieldCondition | UsageCondition]:
        """Walk through all conditions, in order."""
        yield from _conditions(self.root)

    def top(self) -> tuple[Node, ...]:
        """Return the parts that people see side by side: those of the first group."""
        return self.root.parts if isinstance(self.root, Group) else (self.root,)


def parse(
    data: object,
    *,
    subject: Subject | str,
    workspace: Workspace,
    names: Names | None = None,
) -> Rule:
    """Read a rule and check it against the workspace.

    Args:
        data: decoded JSON, as docs/segments.md describes it.
        subject: whom the rule selects.
        workspace: whose metrics, products, stages … it may name.
        names: those names, if the caller has read some of them already.

    Raises:
        RuleError: with every problem found, each naming its condition.
    """
    reader = _Reader(Subject(subject), names or Names(workspace))
    root = reader.read(data, ROOT, depth=1)
    if root is None or reader.problems:
        raise RuleError(reader.problems)
    return Rule(Subject(subject), root)


def _conditions(node: Node) -> Iterator[FieldCondition | UsageCondition]:
    if isinstance(node, Group):
        for part in node.parts:
            yield from _conditions(part)
    elif isinstance(node, Not):
        yield from _conditions(node.part)
    else:
        yield node


class _WrongError(Exception):
    """One problem, on its way to the group that the condition is in."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class _Reader:
    """Reads one rule, going on after what is wrong, so that all of it can be said."""

    def __init__(self, subject: Subject, names: Names) -> None:
        self.subject = subject
        self.names = names
        self.problems: list[Problem] = []
        self.conditions = 0

    def read(self, data: object, path: str, *, depth: int) -> Node | None:
        """Read one part; None when something in it is wrong."""
        try:
            return self.node(data, path, depth=depth)
        except _WrongError as error:
            self.problems.append(error.problem)
            return None

    def node(self, data: object, path: str, *, depth: int) -> Node:
        if not isinstance(data, Mapping):
            raise _wrong(path, "This is no condition.")
        if depth > DEEPEST:
            raise _wrong(path, f"Groups go at most {DEEPEST} deep.")
        kinds = [one for one in ("all", "any", "not", "field", "usage") if one in data]
        if len(kinds) != 1:
            raise _wrong(
                path, "A part is one of all, any, not, field and usage, and only one."
            )
        match kinds[0]:
            case "all" | "any" as kind:
                return self.group(data, path, is_all=kind == "all", depth=depth)
            case "not":
                _only(data, {"not"}, path)
                return Not(self.node(data["not"], path, depth=depth + 1))
        self.conditions += 1
        if self.conditions == MOST_CONDITIONS + 1:
            raise _wrong(path, f"A rule has at most {MOST_CONDITIONS} conditions.")
        if kinds[0] == "field":
            return self.field(data, path)
        return self.usage(data, path)

    def group(
        self, data: Mapping[Any, Any], path: str, *, is_all: bool, depth: int
    ) -> Group:
        parts = data["all" if is_all else "any"]
        _only(data, {"all", "any"}, path)
        if not isinstance(parts, list):
            raise _wrong(path, "A group holds a list of conditions.")
        if not parts and not (path == ROOT and depth == 1 and is_all):
            raise _wrong(path, "The group is empty.")
        if len(parts) > MOST_CONDITIONS:
            raise _wrong(path, f"A rule has at most {MOST_CONDITIONS} conditions.")
        read = (
            self.read(part, f"{path}.{place}" if path else str(place), depth=depth + 1)
            for place, part in enumerate(parts, start=1)
        )
        # One that lacks a part is never used: there is a problem then.
        return Group(is_all, tuple(part for part in read if part is not None))

    # ---- Fields

    def field(self, data: Mapping[Any, Any], path: str) -> FieldCondition:
        text = data["field"]
        prefix, field = self.find(text)
        if field is None:
            raise _wrong(path, f"There is no field “{str(text)[:40]}”.")
        _only(data, {"field", "key", "is", "value"}, path, field.label)
        try:
            key = self.key(field, data.get("key"))
            kind, choices = field.kind_of(self.names, key), None
            if kind == Kind.CHOICE:
                choices = field.choices_of(self.names, key)
            operator = _operator(data.get("is"), field.operators(kind))
            if choices is not None and operator in OPERATORS[Kind.CHOICE]:
                value: Value = _chosen(data.get("value"), choices)
            else:
                value = read_value(
                    data.get("value"), kind=kind, operator=operator, limits=field.limits
                )
        except ValueError as error:
            raise _wrong(path, str(error), field.label) from None
        return FieldCondition(field.name, operator, value, key, prefix)

    def find(self, text: object) -> tuple[str, Field | None]:
        if not isinstance(text, str):
            return "", None
        prefix, dot, name = text.partition(".")
        if not dot:
            return "", find_field(self.subject, text)
        other = (
            Subject.ACCOUNT if self.subject == Subject.DEVELOPER else Subject.DEVELOPER
        )
        if prefix != other.value:
            return "", None
        return prefix, find_field(other, name)

    def key(self, field: Field, given: object) -> tuple[str, ...]:
        if field.key_kind == KeyKind.NONE:
            if given is not None:
                raise ValueError("The field takes no key.")
            return ()
        if given is None or given in ("", []):
            if field.key_kind == KeyKind.PRODUCT:
                return ()
            raise ValueError(f"Say which {field.key_label}.")
        parts = given if isinstance(given, list) else [given]
        if not all(isinstance(part, str) and part for part in parts):
            raise ValueError("The key must be text.")
        if field.key_kind == KeyKind.PATH:
            if isinstance(given, str):
                parts = given.split(".")
            if not all(parts) or len(parts) > DEEPEST:
                raise ValueError("The key is a path such as plan.tier.")
            return tuple(read_text(part) for part in parts)
        key = read_text(parts[0])
        known: Mapping[str, object] = (
            self.names.products
            if field.key_kind == KeyKind.PRODUCT
            else self.names.account_fields
        )
        if len(parts) != 1 or key not in known:
            raise ValueError(f"There is no {field.key_label} “{key}”.")
        return (key,)

    # ---- Usage

    def usage(self, data: Mapping[Any, Any], path: str) -> UsageCondition:
        name = "usage"
        body = data["usage"]
        _only(data, {"usage"}, path, name)
        if not isinstance(body, Mapping):
            raise _wrong(path, "It must hold an object.", name)
        known = {"metric", "level", "product", "count", "first", "never", "days", "by"}
        known |= {operator.value for operator in COMPARISONS}
        _only(body, known, path, name)
        try:
            return self.usage_of(body)
        except ValueError as error:
            raise _wrong(path, str(error), name) from None

    def usage_of(self, body: Mapping[Any, Any]) -> UsageCondition:
        count = _count(body.get("count"), self.subject)
        metric, level, product = self.what(body)
        compare = _compare(body, count)
        is_first, is_never = _truth(body, "first"), _truth(body, "never")
        if bool(compare) + is_first + is_never != 1:
            raise ValueError(
                "Say how often (at_least, at_most, above, below), or first, or never."
            )
        if count != Count.USES and not compare:
            raise ValueError("“count” goes with at_least, at_most, above and below.")
        days = body.get("days")
        if days is not None:
            days = read_whole(days, Limits(1, MOST_DAYS), unit="number of days")
        elif is_first:
            raise ValueError("Say within how many days it was done first.")
        developers = self.by(body.get("by"))
        if developers is not None:
            if count == Count.DEVELOPERS:
                raise ValueError("“by” does not go with counting developers.")
            if is_never or holds_for_nothing(compare):
                raise ValueError(
                    "“by” needs a condition that somebody without any use fails."
                )
        return UsageCondition(
            metric=metric,
            level=level,
            product=product,
            count=count,
            compare=compare,
            is_first=is_first,
            is_never=is_never,
            days=days,
            developers=developers,
        )

    def what(self, body: Mapping[Any, Any]) -> tuple[str, str, str]:
        metric = level = product = ""
        if body.get("metric") is not None:
            text = read_text(body["metric"])
            found = self.names.metric(text)
            if found is None:
                raise ValueError(f"There is no metric “{text}”.")
            metric = found.key
        if body.get("level") is not None:
            level = read_text(body["level"])
            if metric:
                raise ValueError("Name a metric or a level, not both.")
            if level not in self.names.levels:
                raise ValueError(f"No metric is of the level “{level}”.")
        if body.get("product") is not None:
            product = read_text(body["product"])
            if product not in self.names.products:
                raise ValueError(f"There is no product “{product}”.")
        return metric, level, product

    def by(self, given: object) -> int | None:
        if given is None:
            return None
        if self.subject != Subject.ACCOUNT:
            raise ValueError("“by” is for rules about accounts.")
        if not isinstance(given, Mapping) or set(given) != {"developers"}:
            raise ValueError("“by” holds a number of developers.")
        return read_whole(
            given["developers"],
            Limits(1, MOST_DEVELOPERS),
            unit="number of developers",
        )


def _wrong(path: str, message: str, name: str = "") -> _WrongError:
    return _WrongError(Problem(path, name, message))


def _only(data: Mapping[Any, Any], known: set[str], path: str, name: str = "") -> None:
    strange = sorted(str(key) for key in data if key not in known)
    if strange:
        raise _wrong(path, f"“{strange[0][:40]}” has no meaning here.", name)


def holds_for_nothing(compare: tuple[tuple[Operator, int | float], ...]) -> bool:
    """Say whether comparisons hold for somebody who has done nothing at all."""
    return bool(compare) and all(compared(0, *one) for one in compare)


def compared(number: float, operator: Operator, bound: float) -> bool:
    """Compare a number with a bound."""
    match operator:
        case Operator.AT_LEAST:
            return number >= bound
        case Operator.AT_MOST:
            return number <= bound
        case Operator.ABOVE:
            return number > bound
        case _:
            return number < bound


def _operator(given: object, known: tuple[Operator, ...]) -> Operator:
    if given is None:
        raise ValueError("“is” is missing.")
    if given not in known:
        raise ValueError(f"“{str(given)[:40]}” cannot be asked of it.")
    return Operator(str(given))


def _chosen(given: object, choices: Any) -> tuple[str | int, ...]:
    if given is None:
        raise ValueError("A value is missing.")
    values: list[str | int] = []
    texts = read_list(given, kind=Kind.VALUE)
    by_value = {str(choice.value): choice.value for choice in choices}
    by_label = {choice.label.casefold(): choice.value for choice in choices}
    for text in texts:
        found = by_value.get(str(text), by_label.get(str(text).casefold()))
        if found is None:
            gone = ": it may have been deleted" if str(text).isdecimal() else ""
            raise ValueError(f"There is no “{str(text)[:LONGEST_TEXT]}”{gone}.")
        values.append(found)
    return tuple(dict.fromkeys(values))


def _count(given: object, subject: Subject) -> Count:
    if given is None:
        return Count.USES
    try:
        count = Count(str(given))
    except ValueError:
        raise ValueError(f"“{str(given)[:40]}” cannot be counted.") from None
    if count == Count.DEVELOPERS and subject != Subject.ACCOUNT:
        raise ValueError("Developers are counted in rules about accounts.")
    return count


def _compare(
    body: Mapping[Any, Any], count: Count
) -> tuple[tuple[Operator, int | float], ...]:
    found = []
    for operator in COMPARISONS:
        given = body.get(operator.value)
        if given is None:
            continue
        if count == Count.VALUE:
            found.append((operator, read_number(given, Limits())))
        else:
            found.append((operator, read_whole(given, Limits(0, LARGEST))))
    if len(found) > 2:  # noqa: PLR2004 a lower and an upper bound
        raise ValueError("Name one lower and one upper bound at most.")
    return tuple(found)


def _truth(body: Mapping[Any, Any], name: str) -> bool:
    given = body.get(name, False)
    if not isinstance(given, bool):
        raise ValueError(f"“{name}” must be true or left out.")  # noqa: TRY004
    return given
