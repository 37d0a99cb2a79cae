"""What can a filter say? Conditions and the expressions in them that every engine runs alike, with a canonical JSON form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from audit_reports.journal import canonical, time_text

Value = str | int | float | bool | date | datetime
"""A constant as it stands beside an operator; a `datetime` with a zone is a moment, one without is what a clock shows."""

Comparison = Literal["==", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True)
class Column:
    """A column of the event row."""

    name: str


@dataclass(frozen=True)
class Part:
    """A part of a time column (hour, weekday, date, ...), as clocks in `timezone` show it."""

    part: str
    column: str
    timezone: str


@dataclass(frozen=True)
class Text:
    """A text in lower or upper case, or its length in characters."""

    function: Literal["lower", "upper", "length"]
    of: Expression


@dataclass(frozen=True)
class Constant:
    """A value that is none of `Value`, or null, with its type; a length of time and a time of day are microseconds."""

    value: Value | None
    type: str


@dataclass(frozen=True)
class Call:
    """A function of other expressions, with constant arguments; `type` is that of the result, as Polars names it."""

    function: str
    of: tuple[Expression, ...]
    arguments: tuple[Value | None, ...]
    type: str


@dataclass(frozen=True)
class Compare:
    """An expression compared with a value or another one; null where either is null, and then not matched."""

    left: Expression
    op: Comparison
    right: Expression | Value


@dataclass(frozen=True)
class IsIn:
    """An expression is one of some values; null where it is null."""

    left: Expression
    values: tuple[Value, ...]


@dataclass(frozen=True)
class IsNull:
    """An expression has no value."""

    left: Expression


@dataclass(frozen=True)
class Match:
    """A text contains, starts with or ends with another, or matches a regular expression (as Polars reads it)."""

    left: Expression
    how: Literal["contains", "starts with", "ends with", "matches"]
    text: str


@dataclass(frozen=True)
class InNetwork:
    """The address is in one of some networks, v4 or v6; text that is no address is in none."""

    networks: tuple[str, ...]


@dataclass(frozen=True)
class Search:
    """Any text column but `raw` contains a text, whatever the case."""

    text: str


@dataclass(frozen=True)
class Not:
    """The opposite; null stays null, and is not matched."""

    of: Condition


@dataclass(frozen=True)
class And:
    """All of some conditions; of none, everything matches."""

    of: tuple[Condition, ...]


@dataclass(frozen=True)
class Or:
    """Any of some conditions; of none, nothing matches."""

    of: tuple[Condition, ...]


Operand = Column | Part | Text | Call | Constant
Condition = Compare | IsIn | IsNull | Match | InNetwork | Search | Not | And | Or | Call | Constant
"""What is true, false or null of an event; a `Call` or `Constant` where its type is Boolean."""
Expression = Operand | Condition

EVERYTHING = And(())
NOTHING = Or(())
UNKNOWN = Constant(None, "Boolean")


TOO_DEEP = (
    "the filter has too many conditions one inside another; write pl.col('actor').is_in([...]) for many values, or "
    "pl.any_horizontal([...]) and pl.all_horizontal([...]) for many conditions"
)


def all_of(*conditions: Condition) -> Condition:
    """Return one condition that holds where all do: nested ones flattened, repeated ones once, in canonical order."""
    return _joined(And, conditions)


def any_of(*conditions: Condition) -> Condition:
    """Return one condition that holds where any does, in the same canonical form."""
    return _joined(Or, conditions)


_OPPOSITE: Mapping[Comparison, Comparison] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def opposite(condition: Condition) -> Condition:
    """Return what holds where a condition does not, in canonical form; where it is null, so is its opposite."""
    match condition:
        case Compare(left, op, right):
            return Compare(left, _OPPOSITE[op], right)
        case Not(of):
            return of
    if condition in (EVERYTHING, NOTHING):
        return NOTHING if condition == EVERYTHING else EVERYTHING
    return condition if condition == UNKNOWN else Not(condition)


def _joined(kind: type[And] | type[Or], conditions: tuple[Condition, ...]) -> Condition:
    flat: dict[str, Condition] = {}
    for condition in conditions:
        for one in condition.of if isinstance(condition, kind) else (condition,):
            flat[canonical(as_data(one))] = one
    decided = NOTHING if kind is And else EVERYTHING
    if decided in flat.values():  # whatever the others say, even where they are null
        return decided
    parts = tuple(flat[key] for key in sorted(flat))
    return parts[0] if len(parts) == 1 else kind(parts)


def as_data(node: Expression | Value | None) -> Any:
    """Return a tree as plain data for JSON; moments in UTC."""
    match node:
        case Column(name):
            return {"column": name}
        case Part(part, column, timezone):
            return {"part": part, "column": column, "timezone": timezone}
        case Text(function, of):
            return {"function": function, "of": as_data(of)}
        case Constant(value, type_):
            return {"constant": as_data(value), "type": type_}
        case Call(function, of, arguments, type_):
            parts = {"of": [as_data(one) for one in of], "arguments": [as_data(one) for one in arguments]}
            return {"function": function, "type": type_} | parts
        case Compare(left, op, right):
            return {"op": op, "left": as_data(left), "right": as_data(right)}
        case IsIn(left, values):
            return {"op": "in", "left": as_data(left), "values": [as_data(value) for value in values]}
        case IsNull(left):
            return {"op": "null", "left": as_data(left)}
        case Match(left, how, text):
            return {"op": how, "left": as_data(left), "text": text}
        case InNetwork(networks):
            return {"op": "network", "networks": list(networks)}
        case Search(text):
            return {"op": "search", "text": text}
        case Not(of):
            return {"op": "not", "of": as_data(of)}
        case And(of):
            return {"op": "and", "of": [as_data(one) for one in of]}
        case Or(of):
            return {"op": "or", "of": [as_data(one) for one in of]}
        case datetime():
            return {"time": time_text(node)} if node.tzinfo else {"clock": node.isoformat(timespec="microseconds")}
        case date():
            return {"date": node.isoformat()}
    return node


def children(node: Expression) -> tuple[Expression, ...]:
    """Return the expressions that one is made of directly."""
    match node:
        case Text(_, of) | Not(of):
            return (of,)
        case Call(_, of, _, _) | And(of) | Or(of):
            return of
        case Compare(left, _, right):
            return (left, right) if isinstance(right, Expression) else (left,)
        case IsIn(left, _) | IsNull(left) | Match(left, _, _):
            return (left,)
    return ()


def walk(node: Expression) -> Iterator[Expression]:
    """Yield an expression and all that it is made of."""
    yield node
    for one in children(node):
        yield from walk(one)
