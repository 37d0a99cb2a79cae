"""What can a filter say? The conditions that every engine runs alike, as an immutable tree with a canonical JSON form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from audit_reports.journal import canonical, time_text

Value = str | int | float | bool | date | datetime
Comparison = Literal["==", "!=", "<", "<=", ">", ">="]
Kind = Literal["text", "number", "time", "date"]


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
    """A text column in lower or upper case, or its length in characters."""

    function: Literal["lower", "upper", "length"]
    of: Column


Operand = Column | Part | Text


@dataclass(frozen=True)
class Compare:
    """An operand compared with a value or another operand; null where either is null, and then not matched."""

    left: Operand
    op: Comparison
    right: Operand | Value


@dataclass(frozen=True)
class IsIn:
    """An operand is one of some values."""

    left: Operand
    values: tuple[Value, ...]


@dataclass(frozen=True)
class IsNull:
    """An operand has no value."""

    left: Operand


@dataclass(frozen=True)
class Match:
    """A text contains, starts with or ends with another, or matches a regular expression."""

    left: Operand
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
    """Any of some conditions."""

    of: tuple[Condition, ...]


Condition = Compare | IsIn | IsNull | Match | InNetwork | Search | Not | And | Or

EVERYTHING = And(())


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
    return Not(condition)


def _joined(kind: type[And] | type[Or], conditions: tuple[Condition, ...]) -> Condition:
    flat: dict[str, Condition] = {}
    for condition in conditions:
        for one in condition.of if isinstance(condition, kind) else (condition,):
            flat[canonical(as_data(one))] = one
    parts = tuple(flat[key] for key in sorted(flat))
    return parts[0] if len(parts) == 1 else kind(parts)


def as_data(node: Condition | Operand | Value) -> Any:
    """Return a tree as plain data for JSON; times in UTC."""
    match node:
        case Column(name):
            return {"column": name}
        case Part(part, column, timezone):
            return {"part": part, "column": column, "timezone": timezone}
        case Text(function, of):
            return {"function": function, "of": as_data(of)}
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
            return {"time": time_text(node)}
        case date():
            return {"date": node.isoformat()}
    return node


def walk(condition: Condition) -> Iterator[Condition]:
    """Yield a condition and all that it is made of."""
    yield condition
    match condition:
        case Not(of):
            yield from walk(of)
        case And(of) | Or(of):
            for one in of:
                yield from walk(one)


def operands(condition: Condition) -> Iterator[Operand]:
    """Yield every operand of a condition."""
    for one in walk(condition):
        match one:
            case Compare(left, _, right):
                yield left
                if isinstance(right, Column | Part | Text):
                    yield right
            case IsIn(left, _) | IsNull(left) | Match(left, _, _):
                yield left
