"""How does a filter run? Each condition has a Narwhals twin, so that DuckDB (or any engine of Narwhals) runs all of it.

What Narwhals lacks the engine computes first, as columns of its own (`Native`): what a native column is of is a column too, so
they are added in layers, and the condition reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import TYPE_CHECKING, Any

import narwhals as nw

from audit_reports.columns import SEARCHED
from audit_reports.engine import Native, with_native
from audit_reports.errors import UsageError
from audit_reports.filters.kinds import type_of, zone_of
from audit_reports.filters.networks import Addresses, in_networks
from audit_reports.filters.patterns import java, re2
from audit_reports.filters.tree import (
    NOTHING,
    TOO_DEEP,
    UNKNOWN,
    And,
    Call,
    Column,
    Compare,
    Condition,
    Constant,
    Expression,
    InNetwork,
    IsIn,
    IsNull,
    Match,
    Not,
    Or,
    Part,
    Search,
    Text,
    Value,
)
from audit_reports.filters.twin_calls import CALLS, PARTS

if TYPE_CHECKING:
    from audit_reports.filter import Filter

_OPS: Mapping[str, Callable[[nw.Expr, Any], nw.Expr]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
_ALL_WHOLE = 2.0**53
"""From here on every fraction is a whole number."""


def filtered(frame: nw.LazyFrame[Any], chosen: Filter, *, addresses: Addresses) -> nw.LazyFrame[Any]:
    """Return the events of a frame that a filter lets through; `addresses` gives the known ones that hold a colon."""
    if chosen.is_empty:
        return frame
    if chosen.condition in (NOTHING, UNKNOWN):
        return frame.filter(nw.col("occurred_at").is_null())  # which no event's is
    names = frame.columns
    twin = Twin(frame, addresses)
    try:
        condition = twin.run(chosen.condition)
        found = twin.prepared().filter(condition)
        return found.select(*names) if twin.adds else found
    except RecursionError:
        raise UsageError(TOO_DEEP) from None


def marked(frame: nw.LazyFrame[Any], conditions: Mapping[str, Condition], *, addresses: Addresses) -> nw.LazyFrame[Any]:
    """Return the id of each event with a column for each condition, saying whether it holds: true, false or null."""
    twin = Twin(frame, addresses)
    columns = {name: twin.run(condition) for name, condition in conditions.items()}
    return twin.prepared().select("event_id", **columns)


@dataclass
class _Layer:
    arguments: dict[str, nw.Expr] = field(default_factory=dict)
    natives: dict[str, Native] = field(default_factory=dict)


class Twin:
    """Makes the Narwhals expressions of conditions, and keeps the native columns that they read."""

    def __init__(self, frame: nw.LazyFrame[Any], addresses: Addresses) -> None:
        """Take the frame that will be filtered, for its engine reads regular expressions in its own way."""
        self._frame = frame
        self._pattern = java if frame.implementation.is_pyspark() else re2
        self._addresses = addresses
        self._layers: list[_Layer] = []
        self._made: dict[str, tuple[str, int]] = {}
        self._reached = 0  # how many layers the expression just made needs

    @property
    def adds(self) -> bool:
        """Say whether the expressions made so far read columns that the frame lacks."""
        return bool(self._layers)

    def prepared(self) -> nw.LazyFrame[Any]:
        """Return the frame with the native columns that the expressions made so far read."""
        frame = self._frame
        for layer in self._layers:
            frame = frame.with_columns(**layer.arguments) if layer.arguments else frame
            frame = with_native(frame, layer.natives)
        return frame

    def native(self, function: str, of: Expression, *arguments: str | int, made: nw.Expr | None = None) -> nw.Expr:
        """Return a native column of an expression, or of what is `made` of it already."""
        return self._added(function, [of], arguments, made)

    def native_of_two(self, function: str, left: Expression, right: Expression, *arguments: str | int) -> nw.Expr:
        """Return a native column of two expressions: the name of the second's column is the first argument."""
        return self._added(function, [left, right], arguments, None)

    def _added(
        self, function: str, of: list[Expression], arguments: tuple[str | int, ...], made: nw.Expr | None
    ) -> nw.Expr:
        key = repr((function, of, arguments))
        if key not in self._made:
            before, self._reached = self._reached, 0
            inputs = [self.run(one) for one in of] if made is None else [made]
            depth, self._reached = max(self._reached, before if made is not None else 0), before
            while len(self._layers) <= depth:
                self._layers.append(_Layer())
            layer, number = self._layers[depth], len(self._made) + 1
            columns = []
            for place, (one, argument) in enumerate(zip(of, inputs, strict=True)):
                plain = isinstance(one, Column) and made is None
                columns.append(one.name if plain and isinstance(one, Column) else f"of {number}.{place}")
                if not plain:
                    layer.arguments[columns[-1]] = argument
            layer.natives[f"part {number}"] = Native(function, columns[0], (*columns[1:], *arguments))
            self._made[key] = f"part {number}", depth + 1
        name, depth = self._made[key]
        self._reached = max(self._reached, depth)
        return nw.col(name)

    def clock(self, of: Expression) -> nw.Expr:
        """Return what clocks in a time's own zone show."""
        zone = zone_of(type_of(of))
        if zone in ("", "UTC"):
            return self.run(of)
        return self.native("in zone", of.of[0] if isinstance(of, Call) and of.function == "in zone" else of, zone)

    def part(self, part: str, clock: nw.Expr) -> nw.Expr:
        """Return a part of a time that is already on the clock of its zone."""
        return PARTS[part](clock)

    def run(self, node: Expression) -> nw.Expr:
        """Return the twin of an expression."""
        match node:
            case Column(name):
                return nw.col(name)
            case Constant(value, type_):
                return literal(value, type_)
            case Part(part, column, timezone):
                of: Expression = Column(column)
                if timezone != "UTC" and column != "day":
                    of = Call("in zone", (of,), (timezone,), f"Datetime {timezone}")
                return CALLS[part](self, Call(part, (of,), (), ""))
            case Text("length", text):
                return self.run(text).str.len_chars()
            case Text(function, text):
                return self.native(function, text)
            case Call(function):
                return CALLS[function](self, node)
            case Compare(left, op, right):
                return _OPS[op](self.run(left), self.run(right) if isinstance(right, Expression) else _value(right))
            case IsIn(left, values):
                return self.run(left).is_in([_value(value) for value in values])
            case IsNull(left):
                return self.run(left).is_null()
            case Match(left, how, text):
                return self.matching(self.run(left), how, text)
            case InNetwork(networks):
                return in_networks(networks, self._addresses)
            case Search(text):
                first, *others = SEARCHED
                return self.native("holds", Column(first), _small(text), *others)
            case Not(of):
                return ~self.run(of)
            case And(()) | Or(()):
                return nw.lit(isinstance(node, And))
            case And(all_of):
                return _balanced(and_, [self.run(one) for one in all_of])
            case Or(any_of):
                return _balanced(or_, [self.run(one) for one in any_of])

    def floor(self, of: nw.Expr) -> nw.Expr:
        """Return a fraction rounded down, which Spark does by a whole number: infinity, and what is none, make it fail."""
        if not self._frame.implementation.is_pyspark():
            return of.floor()
        return nw.when(of.abs() < _ALL_WHOLE).then(of.floor().cast(nw.Float64())).otherwise(of)

    def matching(self, text: nw.Expr, how: str, wanted: str) -> nw.Expr:
        """Return a test of a text."""
        match how:
            case "contains":
                return text.str.contains(wanted, literal=True)
            case "starts with":
                return text.str.starts_with(wanted)
            case "ends with":
                return text.str.ends_with(wanted)
        return text.str.contains(self._pattern(wanted))


def _balanced(joint: Callable[[nw.Expr, nw.Expr], nw.Expr], parts: Sequence[nw.Expr]) -> nw.Expr:
    """Return one expression of many parts, in their order, no deeper than it must be: a list of a thousand is no chain."""
    while len(parts) > 1:
        pairs = zip(parts[::2], parts[1::2], strict=False)
        parts = [*(joint(*pair) for pair in pairs), *parts[len(parts) // 2 * 2 :]]
    return parts[0]


def literal(value: Value | None, type_: str) -> nw.Expr:
    """Return a constant as an expression of the type that engines have for it."""
    if value is None:
        return nw.lit(None, dtype=_dtype(type_))
    if type_ == "Float64" and isinstance(value, int | float):
        return nw.lit(float(value), dtype=nw.Float64())
    return nw.lit(_value(value))


def _small(text: str) -> str:
    """Return a text in small letters as a search looks for it: Polars knows newer ones than Python."""
    import polars as pl

    return str(pl.Series([text.replace("İ", "i")]).str.to_lowercase()[0]).replace("ς", "σ")


def _dtype(type_: str) -> Any:
    if type_.startswith("Datetime"):
        return nw.Datetime("us", zone_of(type_) or None)
    return {"String": nw.String, "Boolean": nw.Boolean, "Float64": nw.Float64, "Date": nw.Date}.get(type_, nw.Int64)()


def _value(value: Value) -> Value:
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else value
