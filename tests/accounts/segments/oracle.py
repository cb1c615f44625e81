"""The rule language once more, in plain Python over plain facts: what SQL must equal.

`World` reads the tables of a workspace into dictionaries; `selects` judges one account
or developer by the JSON of a rule. It shares no code with the compiler.
"""

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta

from accounts.models import (
    Account,
    Activation,
    DailyUsage,
    Developer,
    Identity,
    License,
    ListEntry,
    Metric,
    Product,
    RedFlag,
    StageEntry,
    TagMark,
    VersionSeen,
)
from accounts.score_lists import score_of
from accounts.score_models import current_model
from accounts.scoring import band_of

FREE = {"freemail.example"}


class World:
    def __init__(self, workspace, today):
        self.today = today
        self.model = current_model(workspace)
        self.accounts = {
            row.pk: row
            for row in Account.objects.filter(workspace=workspace).select_related(
                "score"
            )
        }
        self.developers = {
            row.pk: row
            for row in Developer.objects.filter(workspace=workspace).select_related(
                "score"
            )
        }
        self.metrics = {row.pk: row for row in Metric.objects.all()}
        self.products = {row.pk: row.key for row in Product.objects.all()}
        self.usage = list(DailyUsage.objects.filter(workspace=workspace))
        self.identities = list(Identity.objects.filter(workspace=workspace))
        self.versions = list(VersionSeen.objects.filter(workspace=workspace))
        self.licenses = list(License.objects.filter(workspace=workspace))
        self.activations = list(Activation.objects.filter(workspace=workspace))
        self.stages = list(StageEntry.objects.filter(left_at=None))
        self.tags = list(TagMark.objects.filter(is_off=False))
        self.lists = list(ListEntry.objects.all())
        self.flags = list(RedFlag.objects.filter(resolved_at=None))
        self.people = defaultdict(set)
        for one in self.developers.values():
            if one.account_id:
                self.people[one.account_id].add(one.pk)

    def select(self, rule, subject):
        rows = self.accounts if subject == "account" else self.developers
        return {
            pk
            for pk, row in rows.items()
            if not getattr(row, "is_aggregate", False) and self.holds(rule, row)
        }

    def holds(self, rule, row):  # noqa: PLR0911 one for each kind of node
        if "all" in rule:
            return all(self.holds(part, row) for part in rule["all"])
        if "any" in rule:
            return any(self.holds(part, row) for part in rule["any"])
        if "not" in rule:
            return not self.holds(rule["not"], row)
        if "usage" in rule:
            return self.used(rule["usage"], row)
        prefix, dot, name = rule["field"].partition(".")
        if not dot:
            return self.fact({**rule, "field": prefix}, row)
        if prefix == "account":
            account = self.accounts.get(row.account_id)
            return account is not None and self.fact({**rule, "field": name}, account)
        return any(
            self.fact({**rule, "field": name}, self.developers[pk])
            for pk in self.people[row.pk]
            if not self.developers[pk].is_aggregate
        )

    # ---- Usage

    def used(self, asked, row):
        theirs = {row.pk} if isinstance(row, Developer) else self.people[row.pk]
        if "by" not in asked:
            return self.did(asked, theirs)
        met = [
            pk
            for pk in theirs
            if not self.developers[pk].is_aggregate and self.did(asked, {pk})
        ]
        return len(met) >= asked["by"]["developers"]

    def did(self, asked, people):
        rows = [
            one
            for one in self.usage
            if one.developer_id in people and self.is_asked(one, asked)
        ]
        first = date.min
        if "days" in asked:
            first = self.today - timedelta(days=asked["days"] - 1)
        within = [one for one in rows if first <= one.day <= self.today]
        if asked.get("never"):
            return not within
        if asked.get("first"):
            return bool(within) and not any(one.day < first for one in rows)
        number = self.counted(asked.get("count", "uses"), within)
        return compare(asked, number)

    def is_asked(self, one, asked):
        metric = self.metrics[one.metric_id]
        if "metric" in asked and metric.key != asked["metric"]:
            return False
        if "level" in asked and metric.level != asked["level"]:
            return False
        return (
            "product" not in asked
            or self.products[one.product_id] == (asked["product"])
        )

    def counted(self, count, rows):
        match count:
            case "uses":
                return sum(one.count for one in rows)
            case "days":
                return len({one.day for one in rows})
            case "weeks":
                return len({(self.today - one.day).days // 7 for one in rows})
            case "metrics":
                return len({one.metric_id for one in rows})
            case "developers":
                return len(
                    {
                        one.developer_id
                        for one in rows
                        if not self.developers[one.developer_id].is_aggregate
                    }
                )
            case "value":
                return sum(one.value_sum for one in rows)

    # ---- Fields

    def fact(self, asked, row):  # noqa: C901, PLR0911, PLR0912 a table of fields
        is_account = isinstance(row, Account)
        mine = {row.pk}
        people = self.people[row.pk] if is_account else mine
        score = getattr(row, "score", None)
        match asked["field"]:
            case "score":
                shown = score_of(row, self.model, self.today)
                return compare_shown(asked, shown)
            case "band":
                shown = score_of(row, self.model, self.today)
                return chosen(asked, {str(band_of(shown, self.model))})
            case "change_7d" | "lifetime_value" as name:
                return compare(asked, getattr(score, name, 0.0))
            case "trend":
                return chosen(asked, {score.trend if score else "steady"})
            case "active_developers":
                return compare(asked, score.active_developers if score else 0)
            case "employees":
                return compare(asked, row.employees)
            case "confidence":
                return compare(asked, row.confidence)
            case "fit" | "country" | "rule" as name:
                return chosen(asked, {getattr(row, name)} - {""})
            case "industry" | "domain" as name:
                return text(asked, getattr(row, name))
            case "name":
                return text(asked, row.name if is_account else row.display_name)
            case "first_seen" | "last_seen" as name:
                return moment(asked, getattr(row, f"{name}_at"), self.today)
            case "trait":
                return inside(asked, row.traits)
            case "account_field":
                return inside(asked, row.fields)
            case "has_account":
                return yes(asked, row.account_id is not None)
            case "anonymous":
                return yes(asked, row.is_anonymous)
            case "free_mail":
                mails = [
                    one.value.partition("@")[2]
                    for one in self.identities
                    if one.developer_id == row.pk and one.kind == "email"
                ]
                return yes(asked, any(host in FREE for host in mails))
            case "identity":
                kinds = {i.kind for i in self.identities if i.developer_id == row.pk}
                return chosen(asked, kinds)
            case "unused_seat":
                return yes(asked, self.has_unused(row))
            case "licence":
                return chosen(
                    asked,
                    {
                        self.state(one)
                        for one in self.licenses
                        if one.account_id in mine
                    },
                )
            case "product":
                used = {
                    self.products[one.product_id]
                    for one in self.usage
                    if one.developer_id in people
                }
                return chosen(asked, used)
            case "version":
                theirs = {i.pk for i in self.identities if i.developer_id in people}
                key = asked.get("key")
                seen = [
                    one.version
                    for one in self.versions
                    if one.identity_id in theirs
                    and key in {None, self.products[one.product_id]}
                ]
                return any_text(asked, seen)
            case "red_flag":
                return chosen(
                    asked,
                    {
                        flag.kind
                        for flag in self.flags
                        if flag.developer_id in people
                        or (is_account and flag.account_id == row.pk)
                    },
                )
            case "stage" | "tag" | "list" as name:
                rows, column = {
                    "stage": (self.stages, "stage_id"),
                    "tag": (self.tags, "tag_id"),
                    "list": (self.lists, "curated_list_id"),
                }[name]
                owner = "account_id" if is_account else "developer_id"
                return chosen(
                    asked,
                    {
                        getattr(one, column)
                        for one in rows
                        if getattr(one, owner) == row.pk
                    },
                )
        raise AssertionError(asked)

    def state(self, one):
        midnight = datetime.combine(self.today, time.min, tzinfo=UTC)
        if one.revoked_at:
            return "revoked"
        return "expired" if one.expires_at and one.expires_at <= midnight else "active"

    def has_unused(self, account):
        return any(
            self.state(one) == "active"
            and one.seats is not None
            and one.seats > sum(a.license_id == one.pk for a in self.activations)
            for one in self.licenses
            if one.account_id == account.pk
        )


def compare(asked, number):
    operator = asked.get("is")
    if operator == "known":
        return number is not None
    if operator == "unknown":
        return number is None
    if operator == "not_equals":
        return number != asked["value"]
    bounds = {operator: asked["value"]} if operator else asked
    if number is None:
        return False
    tests = {
        "at_least": lambda bound: number >= bound,
        "at_most": lambda bound: number <= bound,
        "above": lambda bound: number > bound,
        "below": lambda bound: number < bound,
        "equals": lambda bound: number == bound,
    }
    return all(test(bounds[name]) for name, test in tests.items() if name in bounds)


def compare_shown(asked, score):
    """Compare as people read it, at one decimal; bounds lie between what is shown."""
    value = asked["value"]
    return {
        "at_least": score >= value - 0.05,
        "at_most": score < value + 0.05,
        "above": score >= value + 0.05,
        "below": score < value - 0.05,
    }[asked["is"]]


def chosen(asked, values):
    match asked["is"]:
        case "known":
            return bool(values)
        case "unknown":
            return not values
        case "one_of":
            return bool(values & set(asked["value"]))
        case "none_of":
            return not values & set(asked["value"])


def yes(asked, is_so):
    return is_so == (asked["is"] == "yes")


def text(asked, value):
    return any_text(asked, [value] if value else [])


def any_text(asked, values):
    wanted = asked.get("value")
    low = [value.lower() for value in values]
    match asked["is"]:
        case "known":
            return bool(values)
        case "unknown":
            return not values
        case "equals" | "not_equals" as name:
            return (wanted.lower() in low) == (name == "equals")
        case "contains" | "not_contains" as name:
            found = any(wanted.lower() in value for value in low)
            return found == (name == "contains")
        case "starts_with":
            return any(value.startswith(wanted.lower()) for value in low)
        case "one_of" | "none_of" as name:
            return bool({w.lower() for w in wanted} & set(low)) == (name == "one_of")


def moment(asked, value, today):
    operator, wanted = asked["is"], asked.get("value")
    if operator in {"known", "unknown"}:
        return (value is not None) == (operator == "known")
    if value is None:
        return False
    day = value.astimezone(UTC).date()
    match operator:
        case "within":
            return day > today - timedelta(days=wanted)
        case "longer_ago":
            return day <= today - timedelta(days=wanted)
        case "on_or_after":
            return day >= date.fromisoformat(wanted)
        case "before":
            return day < date.fromisoformat(wanted)


def inside(asked, data):
    """Ask JSON; types never match others."""
    for part in asked["key"].split("."):
        data = data.get(part) if isinstance(data, dict) else None
    operator, wanted = asked["is"], asked.get("value")
    opposites = {
        "unknown": "known",
        "not_equals": "equals",
        "none_of": "one_of",
        "not_contains": "contains",
    }
    if operator in opposites:
        return not inside_is(opposites[operator], wanted, data)
    return inside_is(operator, wanted, data)


def inside_is(operator, wanted, data):  # noqa: C901, PLR0911 a table of operators
    is_text = isinstance(data, str)
    is_number = isinstance(data, int | float) and not isinstance(data, bool)
    match operator:
        case "known":
            return data is not None and data != ""
        case "yes" | "no":
            return data is (operator == "yes")
        case "equals":
            return same(data, wanted)
        case "one_of":
            return any(same(data, one) for one in wanted)
        case "starts_with":
            return is_text and data.lower().startswith(wanted.lower())
        case "contains":
            if isinstance(data, list):
                return wanted in data
            return is_text and wanted.lower() in data.lower()
        case "on_or_after" | "before":
            if not is_text or not data[:10].replace("-", "").isdigit():
                return False
            return (data[:10] >= wanted) == (operator == "on_or_after")
    if not is_number:
        return False
    return {
        "at_least": data >= wanted,
        "at_most": data <= wanted,
        "above": data > wanted,
        "below": data < wanted,
    }[operator]


def same(data, wanted):
    if isinstance(data, bool) or isinstance(wanted, bool):
        return data is wanted
    if isinstance(data, str) and isinstance(wanted, str):
        return data.lower() == wanted.lower()
    is_number = isinstance(data, int | float) and isinstance(wanted, int | float)
    return is_number and data == wanted
