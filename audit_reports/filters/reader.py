"""How does a Polars predicate become a filter? Reads the JSON tree that Polars writes of it, part by part.

A part that names no column is valued by Polars itself. A part without a twin is refused by its name, with the way on:
`view.lazy()`, a `pl.LazyFrame` on the same events.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audit_reports.columns import NAMES
from audit_reports.errors import UsageError, quoted
from audit_reports.filters.arithmetic import ARITHMETIC, SQL_ARITHMETIC, arithmetic, cast
from audit_reports.filters.functions import LENGTHS, STRINGS, TIMES, NoTwinError
from audit_reports.filters.kinds import COLUMN_TYPES, kind_of, polars_type, type_name, type_of, widens
from audit_reports.filters.nodes import called, field_of, function_of, has_column, kinds_of, opened
from audit_reports.filters.sentence import named
from audit_reports.filters.tree import (
    TOO_DEEP,
    UNKNOWN,
    Call,
    Column,
    Compare,
    Comparison,
    Condition,
    Constant,
    Expression,
    IsIn,
    IsNull,
    Not,
    Value,
    all_of,
    any_of,
    opposite,
)
from audit_reports.filters.values import constant, fitted, is_constant, value, valued
from audit_reports.meant import other_word

if TYPE_CHECKING:
    import polars as pl

_OPS: Mapping[str, Comparison] = {"Eq": "==", "NotEq": "!=", "Lt": "<", "LtEq": "<=", "Gt": ">", "GtEq": ">="}
_MIRRORED: Mapping[Comparison, Comparison] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_MANY = "several columns at once (write pl.any_horizontal or pl.all_horizontal of one predicate for each)"
_BEYOND = {
    "SubPlan": "a subquery",
    "Agg": "an aggregate such as max() or count()",
    "Len": "an aggregate such as count(*)",
    "Over": "a window (over)",
    "Rolling": "a window (rolling)",
    "AnonymousFunction": "a Python function",
    "Selector": _MANY,
    "Wildcard": _MANY,
}
"""What looks beyond one event, in the words of those who write it."""


def read(expression: pl.Expr, *, timezone: str) -> Condition:
    """Return a Polars predicate as a condition.

    Text and times without a zone that are compared with a time are read in `timezone`. Raises `UsageError` for a column
    that does not exist and for a part that no engine runs as Polars does, naming it.

    >>> import polars as pl
    >>> read(pl.col("category").is_in(["Members"]), timezone="UTC")
    IsIn(left=Column(name='category'), values=('Members',))
    """
    import polars as pl

    try:
        tree = json.loads(expression.meta.serialize(format="json"))
        beyond = kinds_of(tree)
        for name, words in _BEYOND.items():
            if name in beyond:
                raise _refused(words)
        return _Reader(timezone).condition(tree)
    except pl.exceptions.PolarsError:  # Python code has no form that could be read
        raise _refused("a Python function") from None
    except NoTwinError as part:
        raise _refused(str(part)) from None
    except RecursionError:
        raise UsageError(TOO_DEEP) from None


class _Reader:
    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)

    def condition(self, node: Any) -> Condition:
        found = self.expression(node)
        if isinstance(found, Constant) and found.value is None:
            return UNKNOWN
        if type_of(found) != "Boolean":
            raise UsageError(f"a condition is needed, and {named(found)} is {kind_of(found)}")
        return typing.cast(Condition, found)

    def expression(self, node: Any) -> Expression:
        kind, body = opened(node)
        if not has_column(node):
            return constant(node)
        match kind:
            case "Column":
                if body not in COLUMN_TYPES:
                    raise UsageError.unknown("column", body, NAMES)
                return Column(body)
            case "Alias":
                return self.expression(body[0])
            case "BinaryExpr":
                return self.binary(body)
            case "Function":
                return self.function(*function_of(body), body)
            case "Cast":
                of = self.expression(body["expr"])
                return cast(of, self.result({"Cast": body}, [of]), strict=body["options"] == "Strict")
            case "Ternary":
                return self.chosen(body)
        raise NoTwinError(called(node))

    def binary(self, body: Any) -> Expression:
        op, left, right = body["op"], body["left"], body["right"]
        if op in _OPS:
            return self.compare(self.expression(left), _OPS[op], self.expression(right))
        if op in ARITHMETIC:
            return self.arithmetic(ARITHMETIC[op], {"BinaryExpr": body}, [left, right])
        match op:
            case "And" | "LogicalAnd":
                return all_of(self.condition(left), self.condition(right))
            case "Or" | "LogicalOr":
                return any_of(self.condition(left), self.condition(right))
            case "Xor":
                return Compare(self.condition(left), "!=", self.condition(right))
            case "EqValidity":
                return self.same(self.expression(left), self.expression(right))
            case "NotEqValidity":
                return opposite(self.same(self.expression(left), self.expression(right)))
        raise NoTwinError(f"the operator {op}")

    def arithmetic(self, op: str, node: Any, inputs: Sequence[Any]) -> Expression:
        left, right = map(self.expression, inputs)
        return arithmetic(op, left, right, self.result(node, [left, right]))

    def compare(self, left: Expression, op: Comparison, right: Expression) -> Condition:
        left, op, other = self.sides(left, op, right)
        if other is None:
            raise UsageError("a comparison with null matches nothing; use is_null() or is_not_null()")
        return Compare(left, op, other)

    def sides(
        self, left: Expression, op: Comparison, right: Expression
    ) -> tuple[Expression, Comparison, Expression | Value | None]:
        """Return two sides so that they can be compared: a constant on the right, in the type of the left."""
        if is_constant(left):
            left, right, op = right, left, _MIRRORED[op]
        if is_constant(right):
            return _moment(left), op, None if value(right) is None else fitted(left, value(right), self.zone)
        self.check_alike(left, right)
        return _moment(left), op, _moment(right)

    def check_alike(self, left: Expression, right: Expression) -> None:
        if kind_of(left) != kind_of(right):
            kinds = f"{named(left)} is {kind_of(left)}, {named(right)} is {kind_of(right)}"
            raise UsageError(f"columns of two kinds cannot be compared: {kinds}")

    def same(self, left: Expression, right: Expression) -> Condition:
        left, _, other = self.sides(left, "==", right)
        if other is None:
            return IsNull(left)
        same = other if isinstance(other, Expression) else Constant(other, type_of(left))
        return Call("same", (left, same), (), "Boolean")

    def chosen(self, body: Any) -> Expression:
        truthy, falsy = self.expression(body["truthy"]), self.expression(body["falsy"])
        predicate = self.condition(body["predicate"])
        type_ = self.result({"Ternary": body}, [predicate, truthy, falsy])
        return Call("when", (predicate, *_widened([truthy, falsy], type_)), (), type_)

    def function(self, group: str, name: str, options: Any, body: Any) -> Expression:
        inputs = body["input"]
        match group, name:
            case "Boolean", "Not":
                return opposite(self.condition(inputs[0]))
            case "Boolean", "IsNull":
                return IsNull(_moment(self.expression(inputs[0])))
            case "Boolean", "IsNotNull":
                return Not(IsNull(_moment(self.expression(inputs[0]))))
            case "Boolean" | "Sql", "IsIn":
                return self.is_in(inputs, nulls_equal=bool(options and options.get("nulls_equal")))
            case "Boolean", "IsBetween":
                return self.is_between(inputs, options["closed"])
            case "Boolean", "AllHorizontal":
                return all_of(*map(self.condition, inputs))
            case "Boolean", "AnyHorizontal":
                return any_of(*map(self.condition, inputs))
            case "StructExpr", "FieldByName" if words := field_of({"Function": body}):
                raise _no_field(words)
            case "StringExpr", "Strptime":
                raise NoTwinError(
                    "a text read as a time (the day of a time is occurred_at.dt.date(), in SQL occurred_at::date)"
                )
            case "StringExpr", "ConcatHorizontal":
                return self.joined(inputs, options["delimiter"], ignore_nulls=options["ignore_nulls"])
            case "StringExpr", _ if name in STRINGS:
                of = self.expression(inputs[0])
                if type_of(of) != "String":
                    raise UsageError(f"{called({'Function': body})} needs text, and {named(of)} is {kind_of(of)}")
                return STRINGS[name](of, self.given(body), options)
            case "TemporalExpr", _ if name in TIMES or name in LENGTHS:
                of = self.expression(inputs[0])
                made = self.of_time(name, of, self.given(body), options)
                self.result({"Function": body}, [of, *map(constant, inputs[1:])])  # Polars may refuse it
                return made
            case "Sql", "Binary" if options in SQL_ARITHMETIC:
                return self.arithmetic(SQL_ARITHMETIC[options], {"Function": body}, inputs)
            case "", "Negate":
                of = self.expression(inputs[0])
                return arithmetic("-", Constant(0, type_of(of)), of, self.result({"Function": body}, [of]))
            case "", "Coalesce" | "FillNull" | "MinHorizontal" | "MaxHorizontal" | "Abs":
                word = {"MinHorizontal": "least", "MaxHorizontal": "greatest", "Abs": "abs"}.get(name, "coalesce")
                met = [self.expression(one) for one in inputs]
                type_ = self.result({"Function": body}, met)
                return Call(word, _widened(met, type_), (), type_)
        raise NoTwinError(called({"Function": body}))

    def of_time(self, name: str, of: Expression, given: Sequence[Any], options: Any) -> Expression:
        if name in LENGTHS:
            if type_of(of) != "Duration":
                raise UsageError(f"{name} needs a length of time, and {named(of)} is {kind_of(of)}")
            return LENGTHS[name](of, given, options)
        word = name.replace("WeekDay", "weekday").replace("OrdinalDay", "ordinal day").lower()
        if kind_of(of) not in ("time", "clock time", "date", "time of day"):
            raise UsageError(f"only a time has a part such as {word}; times are occurred_at, landed_at and day")
        return TIMES[name](of, given, options)

    def joined(self, inputs: list[Any], separator: str, *, ignore_nulls: bool) -> Expression:
        of = [self.expression(one) for one in inputs]
        if wrong := [one for one in of if type_of(one) != "String"]:
            raise NoTwinError(f"concat_str of {kind_of(wrong[0])} (cast it to text first)")
        return Call("concat", tuple(of), (separator, ignore_nulls), "String")

    def given(self, body: Any) -> list[Any]:
        """Return the values of a function's arguments."""
        _, *arguments = body["input"]
        if any(map(has_column, arguments)):
            raise NoTwinError(f"{called({'Function': body})} by another column")
        return [valued(node)[0] for node in arguments]

    def is_in(self, inputs: list[Any], *, nulls_equal: bool) -> Condition:
        left = _moment(self.expression(inputs[0]))
        if has_column(inputs[1]):
            return self.in_columns(left, inputs[1], nulls_equal=nulls_equal)
        values = valued(inputs[1])[0]
        values = values if isinstance(values, list) else [values]
        wanted = {fitted(left, value, self.zone) for value in values if value is not None}
        if not wanted and (not nulls_equal or None not in values):
            raise UsageError("is_in with no value matches nothing; name at least one")
        found: Condition = IsIn(left, tuple(sorted(wanted, key=lambda value: (type(value).__name__, value))))
        if not nulls_equal:
            return found
        if None in values:
            return any_of(IsNull(left), *([found] if wanted else []))
        return all_of(Not(IsNull(left)), found)

    def in_columns(self, left: Expression, node: Any, *, nulls_equal: bool) -> Condition:
        kind, body = opened(node)
        if kind != "Function" or function_of(body)[:2] != ("ListExpr", "Concat"):
            raise NoTwinError("is_in with another column (write pl.concat_list of the columns)")
        others: list[Expression] = []
        for one in body["input"]:
            other = self.expression(one)
            if is_constant(other):
                other = Constant(None if value(other) is None else fitted(left, value(other), self.zone), type_of(left))
            else:
                self.check_alike(left, other)
            others.append(_moment(other))
        return Call("one of", (left, *others), (nulls_equal,), "Boolean")

    def is_between(self, inputs: list[Any], closed: str) -> Condition:
        of, low, high = map(self.expression, inputs)
        return all_of(
            self.compare(of, ">=" if closed in ("Both", "Left") else ">", low),
            self.compare(of, "<=" if closed in ("Both", "Right") else "<", high),
        )

    def result(self, node: Any, inputs: Sequence[Expression]) -> str:
        """Return the type that Polars gives a node whose inputs are these; raises `UsageError` in Polars' words."""
        import polars as pl

        ((kind, body),) = node.items()
        places = {"BinaryExpr": ("left", "right"), "Ternary": ("predicate", "truthy", "falsy"), "Cast": ("expr",)}
        originals = body["input"] if kind == "Function" else [body[place] for place in places[kind]]
        schema = {str(number): polars_type(type_of(of)) for number, of in enumerate(inputs)}
        columns = [
            {"Column": str(number)} if has_column(original) else original for number, original in enumerate(originals)
        ]
        changed = {"input": columns} if kind == "Function" else dict(zip(places[kind], columns, strict=True))
        text = json.dumps({kind: {**body, **changed}}).encode()
        try:
            asked = pl.LazyFrame(schema=schema).select(pl.Expr.deserialize(text, format="json"))
            planned, made = asked.collect_schema().dtypes()[0], asked.collect().dtypes[0]
        except pl.exceptions.PolarsError as error:
            raise UsageError(f"Polars refuses a part of the predicate: {str(error).splitlines()[0]}") from None
        if (
            planned != made
        ):  # where a constant is too large for the column beside it, Polars plans with one and makes the other
            raise NoTwinError(f"a part that Polars takes for {planned} and makes {made} of (cast it first)")
        return type_name(made)


def _moment(of: Expression) -> Expression:
    """Return a time without the zone in which it is shown: it is the same moment."""
    return of.of[0] if isinstance(of, Call) and of.function == "in zone" else of


def _widened(of: Sequence[Expression], type_: str) -> tuple[Expression, ...]:
    """Return expressions that meet in a type; raises `NoTwinError` where Polars makes one of another in its own way."""
    made: list[Expression] = []
    for one in of:
        if isinstance(one, Constant) and (one.value is None or widens(one.type, type_)) and type_ != "String":
            made.append(Constant(one.value, type_))
        elif isinstance(one, Constant) and one.value is None:
            made.append(Constant(None, type_))
        elif widens(type_of(one), type_):
            made.append(cast(one, "String", strict=False) if type_ == "String" else one)
        else:
            raise NoTwinError(f"{kind_of(one)} where Polars makes {type_} of it (cast it first)")
    return tuple(made)


def _no_field(words: list[str]) -> UsageError:
    """Return the error for a field of a column: the nearest is the column of both names, or that of one of them."""
    near = next((one for one in ("_".join(words), words[-1], words[0]) if one in COLUMN_TYPES), None)
    meant = near or other_word(words[-1], COLUMN_TYPES)
    return UsageError.unknown("column", ".".join(words), NAMES, "a column has no fields", meant=meant)


def _refused(part: str) -> UsageError:
    return UsageError(
        f"{quoted(part)[1:-1]} cannot be filtered in DuckDB yet; go on in Polars: view.lazy().filter(...), a pl.LazyFrame"
    )
