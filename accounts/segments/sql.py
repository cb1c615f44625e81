"""Expressions that the ORM has none for: chosen sets, and JSON of any type."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    F,
    Func,
    QuerySet,
    Subquery,
    TextField,
)
from django.db.models import Value as Literal
from django.db.models.expressions import Expression
from django.db.models.sql.compiler import SQLCompiler

from accounts.segments.operators import Operator
from accounts.segments.operators import Value as Wanted


class InSet(Func):
    """True for rows whose column is among the ids that a query selects.

    ``EXISTS (SELECT FROM (…) AS chosen WHERE chosen.id = column)``: the planner joins
    the set, and when it is negated joins what is not in it, both by hashing. ``IN``
    would do the first only: ``NOT IN`` and an ``IN`` below ``OR`` are looked up row by
    row, in a list of all ids once they outgrow the memory for a hash. Never NULL.
    """

    conditional = True

    def __init__(self, column: str, chosen: QuerySet[Any, Any]) -> None:
        super().__init__(F(column), Subquery(chosen), output_field=BooleanField())

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: Any,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> tuple[str, tuple[Any, ...]]:
        """Write the expression."""
        del connection, function, template, arg_joiner, extra_context
        column, chosen = self.get_source_expressions()
        left, left_params = compiler.compile(column)
        right, right_params = compiler.compile(chosen)
        # Text that the ORM has compiled; what people typed is in the parameters.
        return (
            f"EXISTS (SELECT 1 FROM {right} AS chosen (id) WHERE chosen.id = {left})",  # noqa: S608
            (*right_params, *left_params),
        )


_TEXT = "CASE WHEN jsonb_typeof({x}) = 'string' THEN {test} ELSE FALSE END"
_PLAIN = "({x} #>> '{{}}')"
_NUMBER = (
    "CASE WHEN jsonb_typeof({x}) = 'number' THEN {x}::numeric {sign} %s::numeric"
    " ELSE FALSE END"
)
_SIGNS = {
    Operator.AT_LEAST: ">=",
    Operator.AT_MOST: "<=",
    Operator.ABOVE: ">",
    Operator.BELOW: "<",
    Operator.ON_OR_AFTER: ">=",
    Operator.BEFORE: "<",
}


class JsonTest(Func):
    """Asks a value inside a JSON column something; FALSE where the type does not fit.

    Text is compared whatever its case. A list contains a text that is one of its
    elements, as written. Never NULL.
    """

    conditional = True

    def __init__(
        self, column: str, path: tuple[str, ...], operator: Operator, value: Wanted
    ) -> None:
        inside: Expression = Func(
            F(column),
            Literal(list(path), output_field=ArrayField(TextField())),
            template="jsonb_extract_path(%(expressions)s)",
            arg_joiner=", VARIADIC ",
        )
        super().__init__(inside, output_field=BooleanField())
        self.operator = operator
        self.value = value

    @property
    def identity(self) -> tuple[Any, ...]:
        """Tell conditions on different values apart."""
        return (*super().identity, self.operator, self.value)

    def as_sql(
        self,
        compiler: SQLCompiler,
        connection: Any,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> tuple[str, tuple[Any, ...]]:
        """Write the expression; its input is computed once, in a row of its own."""
        del connection, function, template, arg_joiner, extra_context
        (inside,) = self.get_source_expressions()
        text, params = compiler.compile(inside)
        test, more = _asked(self.operator, self.value)
        found = test.format(x="json_value.x")
        return (
            f"(SELECT {found} FROM (SELECT {text} AS x) AS json_value)",  # noqa: S608
            (*more, *params),
        )


def _asked(  # noqa: PLR0911 a table of operators
    operator: Operator, value: Wanted
) -> tuple[str, tuple[Any, ...]]:
    match operator:
        case Operator.KNOWN:
            return "coalesce({x} NOT IN ('null', '\"\"'), FALSE)", ()
        case Operator.YES | Operator.NO:
            wanted = "true" if operator == Operator.YES else "false"
            return f"coalesce({{x}} = '{wanted}', FALSE)", ()
        case Operator.EQUALS:
            return _equal((value,))
        case Operator.ONE_OF:
            return _equal(value if isinstance(value, tuple) else (value,))
        case Operator.STARTS_WITH:
            test = f"starts_with(lower({_PLAIN}), lower(%s))"
            return _TEXT.replace("{test}", test), (value,)
        case Operator.CONTAINS:
            test = (
                f"CASE jsonb_typeof({{x}}) WHEN 'string' THEN strpos(lower({_PLAIN}),"
                " lower(%s)) > 0 WHEN 'array' THEN {x} @> to_jsonb(%s::text)"
                " ELSE FALSE END"
            )
            return test, (value, value)
        case Operator.ON_OR_AFTER | Operator.BEFORE:
            day = f'left({_PLAIN}, 10) COLLATE "C"'
            test = (
                f"{_PLAIN} ~ '^[0-9]{{{{4}}}}-[0-9]{{{{2}}}}-[0-9]{{{{2}}}}'"
                f" AND {day} {_SIGNS[operator]} %s"
            )
            return _TEXT.replace("{test}", test), (value,)
        case _:
            return _NUMBER.replace("{sign}", _SIGNS[operator]), (value,)


def _equal(values: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """Compare with values of any type, each type with its like."""
    texts = [value.lower() for value in values if isinstance(value, str)]
    truths = [value for value in values if isinstance(value, bool)]
    numbers = [
        str(value)
        for value in values
        if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    test = (
        f"CASE jsonb_typeof({{x}}) WHEN 'string' THEN lower({_PLAIN}) = ANY(%s::text[])"
        " WHEN 'number' THEN {x}::numeric = ANY(%s::numeric[])"
        " WHEN 'boolean' THEN {x}::boolean = ANY(%s::boolean[]) ELSE FALSE END"
    )
    return test, (texts, numbers, truths)


class Among(Func):
    """True for a text or a number that is one of many.

    They go as one array: thousands of single parameters take longer to parse than
    the rows take to find.
    """

    conditional = True

    def __init__(
        self, expression: Expression | F, values: Sequence[str] | Sequence[int]
    ) -> None:
        is_text = bool(values) and isinstance(values[0], str)
        kind = TextField() if is_text else BigIntegerField()
        super().__init__(
            expression,
            Literal(list(values), output_field=ArrayField(kind)),
            template=f"%(expressions)s::{'text' if is_text else 'bigint'}[])",
            arg_joiner=" = ANY(",
            output_field=BooleanField(),
        )
