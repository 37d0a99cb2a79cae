"""How does a filter run? Each condition has a Narwhals twin, so that DuckDB (or any engine of Narwhals) runs all of it.

Parts of a time in a zone of their own are read from a column that the engine adds first (`local_column`), because engines
keep the zone on the connection. Networks are matched by `ipaddress` on the distinct addresses, each once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import reduce
from operator import and_, eq, ge, gt, le, lt, ne, or_
from typing import TYPE_CHECKING, Any

import narwhals as nw

from audit_reports.columns import NAMES, TEXT
from audit_reports.engine import Native, with_native
from audit_reports.filters.tree import (
    And,
    Column,
    Compare,
    Condition,
    InNetwork,
    IsIn,
    IsNull,
    Match,
    Not,
    Operand,
    Or,
    Part,
    Search,
    Text,
    Value,
)

if TYPE_CHECKING:
    from audit_reports.filter import Filter

_OPS: Mapping[str, Callable[[nw.Expr, Any], nw.Expr]] = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}

PARTS: Mapping[str, Callable[[nw.Expr], nw.Expr]] = {
    "year": lambda e: e.dt.year(),
    "month": lambda e: e.dt.month(),
    "day": lambda e: e.dt.day(),
    "hour": lambda e: e.dt.hour(),
    "minute": lambda e: e.dt.minute(),
    "second": lambda e: e.dt.second(),
    "millisecond": lambda e: e.dt.millisecond(),
    "microsecond": lambda e: e.dt.microsecond(),
    "weekday": lambda e: e.dt.weekday(),
    "ordinal_day": lambda e: e.dt.ordinal_day(),
    "date": lambda e: e.dt.date(),
}


def local_column(part: Part) -> str:
    """Return the name of the column that holds a time as clocks in the part's zone show it."""
    return part.column if part.timezone == "UTC" or part.column == "day" else f"{part.column} in {part.timezone}"


def filtered(
    frame: nw.LazyFrame[Any], chosen: Filter, *, addresses: Callable[[tuple[str, ...]], list[str]]
) -> nw.LazyFrame[Any]:
    """Return the events of a frame that a filter lets through; `addresses` gives the known ones that are in some networks."""
    if chosen.is_empty:
        return frame
    parts = {local_column(part): part for part in chosen.local_parts() if part.column != "day"}
    added = {name: Native("in zone", part.column, (part.timezone,)) for name, part in parts.items()}
    condition = as_narwhals(chosen.condition, addresses=addresses)
    return with_native(frame, added).filter(condition).select(*NAMES)


def as_narwhals(condition: Condition, *, addresses: Callable[[tuple[str, ...]], list[str]]) -> nw.Expr:
    """Return the expression of a condition; `addresses` gives the known addresses that are in some networks."""
    match condition:
        case Compare(left, op, right):
            compared = _operand(right) if isinstance(right, Column | Part | Text) else _value(right)
            return _OPS[op](_operand(left), compared)
        case IsIn(left, values):
            return _operand(left).is_in([_value(value) for value in values])
        case IsNull(left):
            return _operand(left).is_null()
        case Match(left, how, text):
            strings = _operand(left).str
            match how:
                case "contains":
                    return strings.contains(text, literal=True)
                case "starts with":
                    return strings.starts_with(text)
                case "ends with":
                    return strings.ends_with(text)
                case "matches":
                    return strings.contains(text)
        case InNetwork(networks):
            return nw.col("ip").is_in(addresses(networks))
        case Search(text):
            # A null column must not make the whole search null: it only holds nothing to find.
            found = (
                nw.col(name).fill_null("").str.to_lowercase().str.contains(text.lower(), literal=True)
                for name in TEXT
                if name != "raw"
            )
            return reduce(or_, found)
        case Not(of):
            return ~as_narwhals(of, addresses=addresses)
        case And(of):
            return reduce(and_, (as_narwhals(one, addresses=addresses) for one in of))
        case Or(of):
            return reduce(or_, (as_narwhals(one, addresses=addresses) for one in of))


def _operand(operand: Operand) -> nw.Expr:
    match operand:
        case Column(name):
            return nw.col(name)
        case Part(part) as whole:
            return PARTS[part](nw.col(local_column(whole)))
        case Text("lower", of):
            return _operand(of).str.to_lowercase()
        case Text("upper", of):
            return _operand(of).str.to_uppercase()
        case Text(_, of):
            return _operand(of).str.len_chars()


def _value(value: Value) -> Value:
    return value.astimezone(UTC) if isinstance(value, datetime) else value
