"""The parameters that every list takes besides its filters."""

from collections.abc import Collection, Mapping

from dashboards.api.problems import InvalidParameters
from dashboards.paging import Order, edge_of

LIMIT = 100
LARGEST_LIMIT = 1_000
LONGEST_LIMIT = len(str(LARGEST_LIMIT))
CURSORS = ("after", "before")
JSON, CSV, NDJSON = "json", "csv", "ndjson"
FORMATS = (JSON, CSV, NDJSON)
COMMON = frozenset({"limit", "order", "fields", "format", *CURSORS})


def read_limit(params: Mapping[str, str]) -> int:
    """Return the size of pages asked for.

    Raises:
        InvalidParameters: it is no number from 1 to LARGEST_LIMIT.
    """
    text = params.get("limit", "")
    if not text:
        return LIMIT
    # So few digits that no leading zeros hide a larger number behind them.
    is_number = text.isascii() and text.isdecimal() and len(text) <= LONGEST_LIMIT
    if not is_number or not 1 <= int(text) <= LARGEST_LIMIT:
        raise InvalidParameters(
            {"limit": [f"Ask for 1 to {LARGEST_LIMIT:,} rows; a stream has them all."]}
        )
    return int(text)


def read_cursors(params: Mapping[str, str], order: Order) -> dict[str, str]:
    """Return the one cursor among the parameters, if any.

    Raises:
        InvalidParameters: it is not one of ours, or not of this order.
    """
    given = {name: params[name] for name in CURSORS if params.get(name)}
    if len(given) > 1:
        raise InvalidParameters({"before": ["A page is either after or before."]})
    for name, cursor in given.items():
        if edge_of(cursor, order) is None:
            raise InvalidParameters(
                {name: ["This cursor is not of this list in this order."]}
            )
    return given


def read_order(
    params: Mapping[str, str], orders: Mapping[str, Order]
) -> tuple[str, Order]:
    """Return the order asked for and its name; ``-`` before a name turns it round.

    Raises:
        InvalidParameters: there is no such order.
    """
    asked = params.get("order") or next(iter(orders))
    name = asked.removeprefix("-")
    if name not in orders or asked.startswith("--"):
        known = ", ".join(orders)
        raise InvalidParameters(
            {"order": [f"Use one of {known}; a minus before it turns it round."]}
        )
    order = orders[name]
    return asked, order.reversed() if asked != name else order


def read_fields(params: Mapping[str, str], known: Collection[str]) -> list[str] | None:
    """Return the fields asked for in their own order, None for all of them.

    Raises:
        InvalidParameters: one of them is none of the row's.
    """
    text = params.get("fields", "")
    if not text:
        return None
    asked = {name.strip() for name in text.split(",")}
    if unknown := sorted(asked - set(known)):
        raise InvalidParameters(
            {"fields": [f"There is no field {unknown[0]!r}: {', '.join(known)}."]}
        )
    return [name for name in known if name in asked]


def check_names(params: Mapping[str, str], filters: Collection[str]) -> None:
    """Refuse parameters that mean nothing here, rather than pass over them.

    Raises:
        InvalidParameters: there are some; all of them are named.
    """
    known = sorted(COMMON | set(filters))
    unknown = [name for name in params if name not in known]
    if unknown:
        message = f"No such parameter here; there are {', '.join(known)}."
        raise InvalidParameters({name: [message] for name in unknown})
