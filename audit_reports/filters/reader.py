"""How does a Polars predicate become a filter? Reads the JSON tree that Polars writes of it, part by part.

A part that names no column is valued by Polars itself. A part without a twin is refused by its name, with the way on:
`view.lazy()`, a `pl.LazyFrame` on the same events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audit_reports.columns import COLUMNS, NAMES
from audit_reports.errors import UsageError, quoted
from audit_reports.filters.tree import (
    EVERYTHING,
    Column,
    Compare,
    Comparison,
    Condition,
    IsIn,
    IsNull,
    Match,
    Not,
    Operand,
    Part,
    Text,
    Value,
    all_of,
    any_of,
    opposite,
)

if TYPE_CHECKING:
    import polars as pl

_OPS: Mapping[str, Comparison] = {"Eq": "==", "NotEq": "!=", "Lt": "<", "LtEq": "<=", "Gt": ">", "GtEq": ">="}
_MIRRORED: Mapping[Comparison, Comparison] = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_PARTS = {
    "Year": "year",
    "Month": "month",
    "Day": "day",
    "Hour": "hour",
    "Minute": "minute",
    "Second": "second",
    "Millisecond": "millisecond",
    "Microsecond": "microsecond",
    "WeekDay": "weekday",
    "OrdinalDay": "ordinal_day",
    "Date": "date",
}
_TYPES = {column.name: column.type for column in COLUMNS}
# Polars reads these by Unicode, DuckDB by ASCII alone.
_UNLIKE = re.compile(r"\\[dDwWsSbB]|\[\[:")


@dataclass(frozen=True)
class _Zoned:
    """A time column seen in another zone; only a part of it can be compared."""

    column: str
    timezone: str


def read(expression: pl.Expr, *, timezone: str) -> Condition:
    """Return a Polars predicate as a condition.

    Text and times without a zone that are compared with a time are read in `timezone`. Raises `UsageError` for a column
    that does not exist and for a part that DuckDB cannot run alike, naming it.

    >>> import polars as pl
    >>> read(pl.col("category").is_in(["Members"]), timezone="UTC")
    IsIn(left=Column(name='category'), values=('Members',))
    """
    import polars as pl

    try:
        tree = json.loads(expression.meta.serialize(format="json"))
    except pl.exceptions.PolarsError:  # Python code has no form that could be read
        raise _refused("a Python function") from None
    return _Reader(timezone).condition(tree)


class _Reader:
    def __init__(self, timezone: str) -> None:
        self.timezone = timezone
        self.zone = ZoneInfo(timezone)

    def condition(self, node: Any) -> Condition:
        kind, body = _open(node)
        match kind:
            case "BinaryExpr":
                return self.binary(body)
            case "Function":
                return self.function(*_function(body), body["input"])
            case "Alias":
                return self.condition(body[0])
            case "Cast" if body["dtype"] == {"Literal": "Boolean"}:  # what SQL puts behind a NOT
                return self.condition(body["expr"])
            case "Column" if _TYPES.get(body) is None:
                self.column(body)
            case "Literal":
                if _value_of(node) is True:
                    return EVERYTHING
        raise _refused(kind)

    def binary(self, body: Any) -> Condition:
        op, left, right = body["op"], body["left"], body["right"]
        if op in ("And", "LogicalAnd"):
            return all_of(self.condition(left), self.condition(right))
        if op in ("Or", "LogicalOr"):
            return any_of(self.condition(left), self.condition(right))
        if op not in _OPS:
            raise _refused(f"the operator {op}")
        comparison = _OPS[op]
        if not _has_column(left) and not _has_column(right):
            raise _refused("a comparison that names no column")
        if not _has_column(left):
            left, right, comparison = right, left, _MIRRORED[comparison]
        operand = self.operand(left)
        if _has_column(right):
            other = self.operand(right)
            if kind_of(operand) != kind_of(other):
                kinds = f"{_name(operand)} is {kind_of(operand)}, {_name(other)} is {kind_of(other)}"
                raise UsageError(f"columns of two kinds cannot be compared: {kinds}")
            return Compare(operand, comparison, other)
        value = _value_of(right)
        if value is None:
            raise UsageError("a comparison with null matches nothing; use is_null() or is_not_null()")
        return Compare(operand, comparison, self.fitted(operand, value))

    def function(self, group: str, name: str, options: Any, inputs: list[Any]) -> Condition:
        match group, name:
            case "Boolean", "Not":
                return opposite(self.condition(inputs[0]))
            case "Boolean", "IsNull":
                return IsNull(self.operand(inputs[0]))
            case "Boolean", "IsNotNull":
                return Not(IsNull(self.operand(inputs[0])))
            case "Boolean" | "Sql", "IsIn":
                return self.is_in(inputs, options)
            case "Boolean", "IsBetween":
                return self.is_between(inputs, options["closed"])
            case "Boolean", "AllHorizontal":
                return all_of(*map(self.condition, inputs))
            case "Boolean", "AnyHorizontal":
                return any_of(*map(self.condition, inputs))
            case "StringExpr", "Contains":
                text = self.text(inputs[1])
                if not options["literal"]:
                    _check_pattern(text)
                return Match(self.text_operand(inputs[0]), "contains" if options["literal"] else "matches", text)
            case "StringExpr", "StartsWith":
                return Match(self.text_operand(inputs[0]), "starts with", self.text(inputs[1]))
            case "StringExpr", "EndsWith":
                return Match(self.text_operand(inputs[0]), "ends with", self.text(inputs[1]))
        raise _refused(name)

    def is_in(self, inputs: list[Any], options: Any) -> Condition:
        operand = self.operand(inputs[0])
        if _has_column(inputs[1]):
            raise _refused("is_in with another column")
        values = _value_of(inputs[1])
        values = values if isinstance(values, list) else [values]
        if None in values or (options and options.get("nulls_equal")):
            raise UsageError("is_in with null: say it apart, with is_null()")
        if not values:
            raise UsageError("is_in with no value matches nothing; name at least one")
        fitted = {self.fitted(operand, value): None for value in values}
        return IsIn(operand, tuple(sorted(fitted, key=lambda value: (type(value).__name__, value))))

    def is_between(self, inputs: list[Any], closed: str) -> Condition:
        operand = self.operand(inputs[0])
        if _has_column(inputs[1]) or _has_column(inputs[2]):
            raise _refused("is_between with another column")
        low: Comparison = ">=" if closed in ("Both", "Left") else ">"
        high: Comparison = "<=" if closed in ("Both", "Right") else "<"
        return all_of(
            Compare(operand, low, self.fitted(operand, _value_of(inputs[1]))),
            Compare(operand, high, self.fitted(operand, _value_of(inputs[2]))),
        )

    def column(self, name: str) -> Column:
        if name not in _TYPES:
            raise UsageError.unknown("column", name, NAMES)
        return Column(name)

    def operand(self, node: Any) -> Operand:
        found = self.seen(node)
        if isinstance(found, _Zoned):
            raise _refused("convert_time_zone on its own (a part of the time, such as .dt.hour(), has a twin)")
        return found

    def seen(self, node: Any) -> Operand | _Zoned:
        kind, body = _open(node)
        if kind == "Column":
            return self.column(body)
        if kind == "Alias":
            return self.seen(body[0])
        if kind == "Function":
            group, name, options = _function(body)
            inner = self.seen(body["input"][0])
            if group == "TemporalExpr" and name == "ConvertTimeZone" and isinstance(inner, Column):
                return _Zoned(inner.name, options["inner"] if isinstance(options, dict) else str(options))
            if group == "TemporalExpr" and name in _PARTS:
                return self.part(_PARTS[name], inner)
            if group == "StringExpr" and isinstance(inner, Column):
                match name:
                    case "Lowercase":
                        return Text("lower", inner)
                    case "Uppercase":
                        return Text("upper", inner)
                    case "LenChars":
                        return Text("length", inner)
            raise _refused(name)
        raise _refused(kind)

    def part(self, part: str, inner: Operand | _Zoned) -> Part:
        if isinstance(inner, _Zoned):
            return Part(part, inner.column, inner.timezone)
        if isinstance(inner, Column) and _TYPES[inner.name] in ("TIMESTAMPTZ", "DATE"):
            return Part(part, inner.name, "UTC")
        raise UsageError(f"only a time has a {part}; times are occurred_at, landed_at and day")

    def text_operand(self, node: Any) -> Operand:
        operand = self.operand(node)
        if kind_of(operand) != "text":
            raise UsageError(f"contains, starts_with and ends_with need text, and {_name(operand)} is none")
        return operand

    def text(self, node: Any) -> str:
        if _has_column(node):
            raise _refused("a comparison of texts in two columns")
        value = _value_of(node)
        if not isinstance(value, str):
            raise UsageError(f"contains, starts_with and ends_with need a text to look for, not {quoted(value)}")
        return value

    def fitted(self, operand: Operand, value: Any) -> Value:
        """Return a value as the operand's type has it; raises `UsageError` where it cannot be."""
        kind = kind_of(operand)
        if kind == "time":
            return as_time(value, self.zone)
        if kind == "date":
            return as_date(value)
        if isinstance(value, bool) or not isinstance(value, str if kind == "text" else int | float):
            raise UsageError(f"{_name(operand)} is {kind}, and {quoted(value)} is none")
        return value


def kind_of(operand: Operand) -> str:
    """Return what an operand's values are: text, number, time or date."""
    match operand:
        case Column(name):
            return {"VARCHAR": "text", "BIGINT": "number", "TIMESTAMPTZ": "time", "DATE": "date"}[_TYPES[name]]
        case Part("date"):
            return "date"
        case Text("lower" | "upper"):
            return "text"
    return "number"


def as_time(value: Any, zone: ZoneInfo) -> datetime:
    """Return text, a date or a time as a UTC time; without a zone of its own it is read in `zone`."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise UsageError(f"{quoted(value)} is no date or time; write 2026-03-02 or 2026-03-02T09:14:05") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise UsageError(f"{quoted(value)} is no date or time")
    try:
        return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise UsageError(f"{quoted(value)} reaches beyond the calendar") from None


def as_date(value: Any) -> date:
    """Return text or a date as a date; raises `UsageError` for all else, a time too."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise UsageError(f"{quoted(value)} is no date; write 2026-03-02") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise UsageError(f"{quoted(value)} is no date")


def _name(operand: Operand) -> str:
    match operand:
        case Column(name):
            return name
        case Part(part, column, _):
            return f"the {part} of {column}"
        case Text(function, of):
            return f"the {function} of {of.name}"


def _open(node: Any) -> tuple[str, Any]:
    if isinstance(node, Mapping) and len(node) == 1:
        ((kind, body),) = node.items()
        return str(kind), body
    return (node if isinstance(node, str) else type(node).__name__), None


def _function(body: Any) -> tuple[str, str, Any]:
    function = body["function"]
    if isinstance(function, str):
        return "", function, None
    group, inner = _open(function)
    name, options = _open(inner)
    return group, name, options


def _has_column(node: Any) -> bool:
    if isinstance(node, Mapping):
        return "Column" in node or "Selector" in node or any(map(_has_column, node.values()))
    return isinstance(node, list) and any(isinstance(one, dict | list) and _has_column(one) for one in node)


def _value_of(node: Any) -> Any:
    """Return the value of a subtree that names no column, as Polars gives it."""
    import polars as pl

    try:
        series = pl.select(pl.Expr.deserialize(json.dumps(node).encode(), format="json")).to_series()
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"a part of the predicate has no value: {str(error).splitlines()[0]}") from None
    values = series.to_list()
    if len(values) != 1:
        return values
    return values[0].to_list() if isinstance(values[0], pl.Series) else values[0]


def _check_pattern(pattern: str) -> None:
    if found := _UNLIKE.search(pattern):
        raise UsageError(
            f"the pattern part {found.group()} means other characters to DuckDB than to Polars; write a class such as [0-9], "
            "or go on with view.lazy()"
        )
    import polars as pl

    try:
        pl.select(pl.lit("").str.contains(pattern))
    except pl.exceptions.PolarsError:
        raise UsageError(f"{quoted(pattern)} is no regular expression that Polars reads") from None


def _refused(part: str) -> UsageError:
    return UsageError(
        f"{quoted(part)[1:-1]} cannot be filtered in DuckDB yet; go on in Polars: view.lazy().filter(...), a pl.LazyFrame"
    )
