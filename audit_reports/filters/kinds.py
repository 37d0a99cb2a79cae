"""Which type has each expression of a filter? Polars' own types, by name, because its arithmetic depends on them.

A time with a zone is `Datetime` and the zone (`Datetime UTC`), one without is `Datetime`; all times count microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from audit_reports.columns import COLUMNS
from audit_reports.filters.tree import Call, Column, Constant, Expression, Part, Text

if TYPE_CHECKING:
    import polars as pl

_STORED = {"VARCHAR": "String", "BIGINT": "Int64", "TIMESTAMPTZ": "Datetime UTC", "DATE": "Date"}
COLUMN_TYPES: Mapping[str, str] = {column.name: _STORED[column.type] for column in COLUMNS}

PART_TYPES: Mapping[str, str] = {
    "year": "Int32",
    "month": "Int8",
    "day": "Int8",
    "hour": "Int8",
    "minute": "Int8",
    "second": "Int8",
    "millisecond": "Int32",
    "microsecond": "Int32",
    "nanosecond": "Int32",
    "weekday": "Int8",
    "ordinal_day": "Int16",
    "week": "Int8",
    "iso_year": "Int32",
    "quarter": "Int8",
    "date": "Date",
    "time": "Time",
}
"""The parts of a time."""

BITS: Mapping[str, tuple[int, bool]] = {
    **{f"Int{bits}": (bits, True) for bits in (8, 16, 32, 64)},
    **{f"UInt{bits}": (bits, False) for bits in (8, 16, 32)},
    "Duration": (64, True),
}
"""The types of whole numbers, with how many bits they have and whether they have a sign; beyond, Polars begins anew."""

_KINDS = {"String": "text", "Boolean": "true or false", "Float64": "number", "Date": "date", "Datetime": "clock time"}
_KINDS |= {"Time": "time of day", "Duration": "length of time"}


def type_of(node: Expression) -> str:
    """Return the type of an expression."""
    match node:
        case Column(name):
            return COLUMN_TYPES[name]
        case Part(part):
            return PART_TYPES[part]
        case Text(function):
            return "UInt32" if function == "length" else "String"
        case Call(_, _, _, type_) | Constant(_, type_):
            return type_
    return "Boolean"


def kind_of(node: Expression) -> str:
    """Return what an expression's values are, in a word: text, number, time, date, ..."""
    type_ = type_of(node)
    if zone_of(type_):
        return "time"
    return _KINDS.get(type_, "number")


def zone_of(type_: str) -> str:
    """Return the zone of a type of times, "" where it has none."""
    return type_.removeprefix("Datetime").strip() if type_.startswith("Datetime") else ""


def widens(given: str, wanted: str) -> bool:
    """Say whether Polars makes one type of another where two meet, without a cast."""
    whole = given in BITS and given != "Duration"
    return given == wanted or (whole and wanted in {*BITS, "Float64", "String"} and wanted != "Duration")


def polars_type(type_: str) -> pl.DataType:
    """Return Polars' type of a name."""
    import polars as pl

    if type_.startswith("Datetime"):
        return pl.Datetime("us", zone_of(type_) or None)
    if type_ == "Duration":
        return pl.Duration("us")
    made: pl.DataType = getattr(pl, type_)()
    return made


def type_name(dtype: pl.DataType) -> str:
    """Return the name of one of Polars' types."""
    import polars as pl

    if isinstance(dtype, pl.Datetime):
        return f"Datetime {dtype.time_zone or ''}".strip()
    return "Duration" if isinstance(dtype, pl.Duration) else str(dtype)
