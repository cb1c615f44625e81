"""The state of the rule builder: a tree that lives in the fields of a form.

`from_rule` and `from_post` make one, `as_rule` gives the JSON that
`accounts.segments.schema.parse` judges; buttons change the tree. Nothing is kept on the
server between two presses, so the page works without JavaScript.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import QueryDict

from accounts.segments.operators import (
    BARE,
    COMPARISONS,
    DATES,
    DAYS,
    LISTS,
    OPERATORS,
    Kind,
    Operator,
)
from accounts.segments.schema import MOST_CONDITIONS, Count

ROOT = "0"
GROUP, FIELD, USAGE = "group", "field", "usage"
DEEPEST = 4
# How a usage condition is meant, beside the counts.
FIRST, NEVER = "first", "never"


@dataclass(slots=True)
class Draft:
    """A group or a condition as somebody is typing it."""

    kind: str
    path: str = ROOT
    negated: bool = False
    # Of a group.
    is_all: bool = True
    parts: list["Draft"] = field(default_factory=list)
    # What is chosen to be added to it next.
    choice: str = ""
    # Of a condition on a field; `name` with its prefix.
    name: str = ""
    key: str = ""
    operator: str = ""
    values: list[str] = field(default_factory=list)
    # Of a condition on usage; `metric` is "", "metric:KEY" or "level:NAME".
    metric: str = ""
    product: str = ""
    count: str = Count.USES.value
    compare: list[tuple[str, str]] = field(default_factory=list)
    days: str = ""
    people: str = ""
    # What is wrong with it, in sentences.
    errors: list[str] = field(default_factory=list)
    is_new: bool = False

    def walk(self) -> Iterator["Draft"]:
        """Walk through it and all below."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def number(self, path: str = ROOT) -> None:
        """Give it and all below their places."""
        self.path = path
        for place, part in enumerate(self.parts):
            part.number(f"{path}-{place}")

    @property
    def rule_path(self) -> str:
        """The place in the words of `accounts.segments.schema.Problem`."""
        return ".".join(str(int(place) + 1) for place in self.path.split("-")[1:])

    @property
    def depth(self) -> int:
        """How deep it lies; the root at 1."""
        return self.path.count("-") + 1

    @property
    def may_nest(self) -> bool:
        """Say whether a group may be put into it."""
        return self.depth < DEEPEST

    @property
    def is_blank(self) -> bool:
        """Say whether nothing was typed into it yet."""
        if self.kind == FIELD:
            return not any(self.values) and self.operator not in BARE
        if self.kind == USAGE:
            typed = any(number for _, number in self.compare)
            return not typed and self.count not in {FIRST, NEVER}
        return not self.parts

    @property
    def lower(self) -> tuple[str, str]:
        """The first comparison."""
        return self.compare[0] if self.compare else (Operator.AT_LEAST.value, "")

    @property
    def upper(self) -> tuple[str, str]:
        """The second comparison."""
        if len(self.compare) > 1:
            return self.compare[1]
        return (Operator.AT_MOST.value, "")


# ---- From and to JSON


def from_rule(rule: Mapping[str, Any]) -> Draft:
    """Return the draft of a rule that was read once."""
    root = _read(rule)
    if root.kind != GROUP:
        root = Draft(GROUP, parts=[root])
    root.number()
    return root


def empty() -> Draft:
    """Return the draft of a new rule."""
    return Draft(GROUP)


def _read(rule: Mapping[str, Any]) -> Draft:
    if "not" in rule:
        part = _read(rule["not"])
        part.negated = not part.negated
        return part
    for name in ("all", "any"):
        if name in rule:
            parts = [_read(part) for part in rule[name]]
            return Draft(GROUP, is_all=name == "all", parts=parts)
    if "usage" in rule:
        return _read_usage(rule["usage"])
    value = rule.get("value", [])
    values = value if isinstance(value, list) else [value]
    key = rule.get("key", "")
    return Draft(
        FIELD,
        name=rule["field"],
        key=key if isinstance(key, str) else "/".join(key),
        operator=rule["is"],
        values=[_typed(one, in_trait="trait" in rule["field"]) for one in values],
    )


def _read_usage(usage: Mapping[str, Any]) -> Draft:
    metric = ""
    if "metric" in usage:
        metric = f"metric:{usage['metric']}"
    elif "level" in usage:
        metric = f"level:{usage['level']}"
    count = usage.get("count", Count.USES.value)
    for name in (FIRST, NEVER):
        if usage.get(name):
            count = name
    return Draft(
        USAGE,
        metric=metric,
        product=usage.get("product", ""),
        count=count,
        compare=[
            (sign.value, _typed(usage[sign.value]))
            for sign in COMPARISONS
            if sign.value in usage
        ],
        days=str(usage.get("days", "")),
        people=str(usage.get("by", {}).get("developers", "")),
    )


def _typed(value: Any, *, in_trait: bool = False) -> str:
    """Write a value as `_untyped` reads it back."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if value == int(value) else repr(value)
    text = str(value)
    if in_trait and _untyped(text) != text:
        return f'"{text}"'
    return text


def _untyped(text: str) -> str | int | float | bool:
    """Read what a sender may have sent: true, 5, or text; "5" in quotes is text."""
    if text in {"true", "false"}:
        return text == "true"
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1]
    number = _number(text)
    return text if number is None else number


def _number(text: str) -> int | float | None:
    plain = text.strip().replace(",", "")
    try:
        return int(plain)
    except ValueError:
        pass
    try:
        found = float(plain)
    except ValueError:
        return None
    return found if abs(found) < 1e300 else None  # noqa: PLR2004 no infinity


def as_rule(draft: Draft) -> dict[str, Any]:
    """Return the rule as JSON, with whatever is wrong in it."""
    if draft.kind == GROUP:
        parts = [as_rule(part) for part in draft.parts]
        rule: dict[str, Any] = {"all" if draft.is_all else "any": parts}
    elif draft.kind == USAGE:
        rule = _usage_rule(draft)
    else:
        rule = _field_rule(draft)
    return {"not": rule} if draft.negated else rule


def _usage_rule(draft: Draft) -> dict[str, Any]:
    usage: dict[str, Any] = {}
    kind, _, name = draft.metric.partition(":")
    if kind in {"metric", "level"} and name:
        usage[kind] = name
    if draft.product:
        usage["product"] = draft.product
    if draft.count in {FIRST, NEVER}:
        usage[draft.count] = True
    else:
        if draft.count != Count.USES:
            usage["count"] = draft.count
        for sign, text in draft.compare:
            if text:
                usage[sign] = _or_text(text)
    if draft.days:
        usage["days"] = _or_text(draft.days)
    if draft.people:
        usage["by"] = {"developers": _or_text(draft.people)}
    return {"usage": usage}


def _field_rule(draft: Draft) -> dict[str, Any]:
    rule: dict[str, Any] = {"field": draft.name, "is": draft.operator}
    if draft.key:
        rule["key"] = draft.key.split("/") if "/" in draft.key else draft.key
    if draft.operator in BARE:
        return rule
    given = [text.strip() for text in draft.values if text.strip()]
    in_trait = draft.name.endswith("trait")
    if draft.operator in LISTS:
        texts = given
        rule["value"] = [_untyped(text) if in_trait else text for text in texts]
    elif not given:
        rule["value"] = None
    elif draft.operator in DAYS or draft.operator in COMPARISONS:
        rule["value"] = _or_text(given[0])
    elif draft.operator in DATES:
        rule["value"] = given[0]
    elif draft.operator in {Operator.EQUALS, Operator.NOT_EQUALS}:
        rule["value"] = _untyped(given[0]) if in_trait else given[0]
    else:
        rule["value"] = given[0]
    return rule


def _or_text(text: str) -> int | float | str:
    number = _number(text)
    return text if number is None else number


# ---- From and to the form


def from_post(data: QueryDict) -> Draft:
    """Return the draft that a form holds; what it cannot hold is left out."""
    root = _posted(data, ROOT, [MOST_CONDITIONS + 1])
    if root is None or root.kind != GROUP:
        root = empty()
    root.number()
    return root


def _posted(data: QueryDict, path: str, left: list[int]) -> Draft | None:
    kind = data.get(f"kind-{path}", "")
    if kind not in {GROUP, FIELD, USAGE} or path.count("-") > DEEPEST or left[0] <= 0:
        return None
    left[0] -= 1
    draft = Draft(kind, path=path, negated=bool(data.get(f"not-{path}", "")))
    if kind == GROUP:
        draft.is_all = data.get(f"join-{path}", "all") != "any"
        draft.choice = _text(data, f"new-{path}")
        for place in range(MOST_CONDITIONS + 1):
            part = _posted(data, f"{path}-{place}", left)
            if part is None:
                break
            draft.parts.append(part)
    elif kind == FIELD:
        draft.name = _text(data, f"field-{path}")
        draft.key = _text(data, f"key-{path}")
        draft.operator = _text(data, f"is-{path}")
        values = [_clean(text) for text in data.getlist(f"value-{path}")]
        if draft.operator in LISTS and data.get(f"free-{path}", ""):
            values = [one.strip() for text in values for one in text.split(",")]
        draft.values = [text for text in values if text]
    else:
        draft.metric = _text(data, f"metric-{path}")
        draft.product = _text(data, f"product-{path}")
        draft.count = _text(data, f"count-{path}") or Count.USES.value
        draft.compare = [
            (_sign(data, f"{which}-sign-{path}"), _text(data, f"{which}-{path}"))
            for which in ("lower", "upper")
            if _text(data, f"{which}-{path}")
        ]
        draft.days = _text(data, f"days-{path}")
        draft.people = _text(data, f"people-{path}")
    return draft


def _text(data: QueryDict, name: str) -> str:
    return _clean(data.get(name, ""))


def _clean(text: Any) -> str:
    return str(text or "").replace("\0", "").strip()[:500]


def _sign(data: QueryDict, name: str) -> str:
    sign = _text(data, name)
    return sign if sign in set(COMPARISONS) else Operator.AT_LEAST.value


# ---- Buttons


def press(root: Draft, button: str, data: QueryDict) -> None:
    """Do what a button says: ``add:<group>``, ``group:<group>``, ``remove:<part>``."""
    verb, _, path = button.partition(":")
    known = {draft.path: draft for draft in root.walk()}
    found = known.get(path)
    if found is None:
        return
    if verb == "add" and found.kind == GROUP:
        made = new_condition(_text(data, f"new-{path}"))
        if made is not None:
            found.parts.append(made)
    elif verb == "group" and found.kind == GROUP and found.may_nest:
        found.parts.append(Draft(GROUP, is_all=not found.is_all, is_new=True))
    elif verb == "remove" and path != ROOT:
        known[path.rpartition("-")[0]].parts.remove(found)
    root.number()


def new_condition(choice: str) -> Draft | None:
    """Return a fresh condition: ``usage``, or a field's name and perhaps its key."""
    if choice == USAGE:
        return Draft(USAGE, is_new=True, days="30")
    name, _, key = choice.partition("/")
    return Draft(FIELD, name=name, key=key, is_new=True) if name else None


def first_operator(kind: Kind) -> str:
    """Return what a fresh condition asks until somebody chooses."""
    return OPERATORS[kind][0].value
