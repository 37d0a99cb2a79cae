"""Which Polars expression is each native function of a filter? Polars has them all: it is whose meaning they have."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import polars as pl

from audit_reports.engine import Native


def _quotient(one: pl.Expr, two: pl.Expr) -> pl.Expr:
    down = one // two
    return pl.when((one % two != 0) & ((one < 0) != (two < 0))).then(down + 1).otherwise(down)


_UNITS = {"months": "mo", "weeks": "w", "days": "d", "microseconds": "us"}
_ARITHMETIC: Mapping[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "+": lambda one, two: one + two,
    "-": lambda one, two: one - two,
    "*": lambda one, two: one * two,
    "//": lambda one, two: one // two,
    "%": lambda one, two: one % two,
    "remainder": lambda one, two: one - two * _quotient(one, two),
    "quotient": _quotient,
}


def native_expression(native: Native) -> pl.Expr:
    """Return the expression of a native column."""
    column = pl.col(native.column)
    match native.function, native.arguments:
        case "as UTC", ():
            return column.dt.replace_time_zone("UTC")
        case "week", ():
            return column.dt.week()
        case "iso year", ():
            return column.dt.iso_year()
        case "at", (str(zone),):
            return column.cast(pl.Datetime("us", "UTC" if zone else None))
        case "truncate", (int(amount), str(unit), str(kind)):
            return _in(column, kind).dt.truncate(f"{amount}{_UNITS[unit]}").pipe(_back, kind)
        case "offset", (int(amount), str(unit), str(_)):
            return column.dt.offset_by(f"{amount}{_UNITS[unit]}")
        case _, (str(other), int(bits), int(signed)) if native.function in _ARITHMETIC:
            type_ = _whole(bits, signed)
            one, two = column.cast(type_, wrap_numerical=True), pl.col(other).cast(type_, wrap_numerical=True)
            return _ARITHMETIC[native.function](one, two).cast(pl.Int64)
        case "whole of text", (int(bits), int(signed)):
            return column.cast(_whole(bits, signed), strict=False).cast(pl.Int64)
        case "fraction of text", ():
            return column.cast(pl.Float64, strict=False)
        case "lower", ():
            return column.str.to_lowercase()
        case "upper", ():
            return column.str.to_uppercase()
        case "holds", (str(text), *others):
            texts = pl.col(native.column, *map(str, others)).str.replace_all("İ", "i", literal=True)
            texts = texts.str.to_lowercase().str.replace_all("ς", "σ", literal=True)
            return pl.any_horizontal(texts.str.contains(text, literal=True).fill_null(value=False))
        case "bytes", ():
            return column.str.len_bytes()
        case "without last", (int(count),):
            return column.str.slice(0, pl.max_horizontal(column.str.len_chars().cast(pl.Int64) - count, 0))
        case "strip", ("both", str(characters)):
            return column.str.strip_chars(characters)
        case "strip", ("start", str(characters)):
            return column.str.strip_chars_start(characters)
        case "strip", ("end", str(characters)):
            return column.str.strip_chars_end(characters)
        case "replace", (str(old), str(new), int(count)):
            return column.str.replace(old, new, literal=True, n=count)
        case "replace matches", (str(old), str(new), int(count)):
            return column.str.replace_all(old, new) if count < 0 else column.str.replace(old, new)
    raise NotImplementedError(f"Polars has no native {native.function!r}")


def _whole(bits: int, signed: int) -> pl.DataType:
    made: pl.DataType = getattr(pl, f"{'' if signed else 'U'}Int{bits}")()
    return made


def _in(column: pl.Expr, kind: str) -> pl.Expr:
    return column if kind in ("", "date") else column.dt.convert_time_zone(kind)


def _back(column: pl.Expr, kind: str) -> pl.Expr:
    return column if kind in ("", "date") else column.dt.convert_time_zone("UTC")
