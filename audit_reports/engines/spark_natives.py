"""Which SQL computes the native functions of a filter on Spark? One expression for each, with Polars' meaning."""

from __future__ import annotations

import re

from audit_reports.engine import Native
from audit_reports.filters.patterns import java, java_replacement

_TEXT_OF_WHOLE = r"\A[+-]?[0-9]+\z"
_TEXT_OF_FRACTION = r"(?i)\A[+-]?(([0-9]+[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]+)?|inf|infinity|nan)\z"
_FIRST_MONDAY = 4  # days after 1 January 1970, from which Polars counts weeks
_DAY = 86_400_000_000


def filter_sql(native: Native) -> str:
    """Return the expression of a native column of a filter."""
    column = identifier(native.column)
    match native.function, native.arguments:
        case "as UTC", ():
            return f"CAST({column} AS TIMESTAMP)"
        case "week", ():
            return f"weekofyear({column})"
        case "iso year", ():
            return f"extract(YEAROFWEEK FROM {column})"
        case "at", (str(zone),):
            return f"timestamp_micros({column})" if zone else f"CAST(timestamp_micros({column}) AS TIMESTAMP_NTZ)"
        case "truncate", (int(amount), str(unit), str(kind)):
            return _truncated(column, amount, unit, kind)
        case "offset", (int(amount), str(unit), str(kind)):
            return _moved(column, amount, unit, kind)
        case _, (str(other), int(bits), int(signed)):
            return _arithmetic(native.function, column, identifier(other), bits, signed)
        case "whole of text", (int(bits), int(signed)):
            low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
            number = f"CASE WHEN {column} RLIKE {literal(_TEXT_OF_WHOLE)} THEN try_cast({column} AS DECIMAL(38, 0)) END"
            return f"CASE WHEN ({number}) BETWEEN {low} AND {high} THEN CAST(({number}) AS BIGINT) END"
        case "fraction of text", ():
            number = f"coalesce(try_cast({column} AS DOUBLE), CAST('Infinity' AS DOUBLE))"
            return f"CASE WHEN {column} RLIKE {literal(_TEXT_OF_FRACTION)} THEN {number} END"
        case ("lower" | "upper") as function, ():
            return f"{function}({column})"
        case "holds", (str(text), *others):
            columns = [column, *(identifier(str(other)) for other in others)]
            small = [f"replace(lower(replace({one}, 'İ', 'i')), 'ς', 'σ')" for one in columns]
            return " OR ".join(f"coalesce(contains({one}, {literal(text)}), false)" for one in small)
        case "bytes", ():
            return f"octet_length({column})"
        case "without last", (int(count),):
            return f"substring({column}, 1, greatest(length({column}) - {count}, 0))"
        case "strip", (str(side), str(characters)):
            where = {"both": "BOTH", "start": "LEADING", "end": "TRAILING"}[side]
            return f"trim({where} {literal(characters)} FROM {column})"
        case "replace", (str(old), str(new), int(count)):
            return f"array_join(split({column}, {literal(re.escape(old))}, {count + 1}), {literal(new)})"
        case "replace matches", (str(old), str(new), int(count)):
            if count < 0:
                return f"regexp_replace({column}, {literal(java(old))}, {literal(java_replacement(old, new))})"
            first = rf"(?s)\A(.*?)(?-s)(?:{java(old)})"  # as little as there is before the first match
            return f"regexp_replace({column}, {literal(first)}, {literal('$1' + java_replacement(old, new, before=1))})"
    raise NotImplementedError(f"Spark has no native {native.function!r}")


def identifier(name: str) -> str:
    """Return a name as Spark's SQL reads it."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """Return text as Spark's SQL reads it, to which a backslash is an escape."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _arithmetic(function: str, left: str, right: str, bits: int, signed: int) -> str:
    one, two = f"CAST({left} AS DECIMAL(38, 0))", f"CAST({right} AS DECIMAL(38, 0))"
    if function in "+-*":
        return _whole(f"({one} {function} {two})", bits, signed)
    if function == "remainder":
        return f"CAST(try_mod({one}, {two}) AS BIGINT)"
    rest = f"try_mod({one}, {two})"
    apart = f"{rest} <> 0 AND ({left} < 0) <> ({right} < 0)"
    if function == "%":
        return f"CAST(CASE WHEN {apart} THEN {rest} + {two} ELSE {rest} END AS BIGINT)"
    # By minus one the least number has no quotient of its own size.
    quotient = (
        f"CASE WHEN {right} = -1 THEN {_whole(f'(-{one})', bits, signed)} WHEN {right} <> 0 THEN ({left} div {right})"
    )
    return f"({quotient} END{f' - CASE WHEN {apart} THEN 1 ELSE 0 END' if function == '//' else ''})"


def _whole(number: str, bits: int, signed: int) -> str:
    """Return the SQL of a whole number that begins anew where its bits are used up, as a processor's does."""
    half = 2 ** (bits - 1) if signed else 0
    shifted = f"CAST({number} + {half} AS DECIMAL(38, 0))"
    return f"CAST(pmod({shifted}, CAST({2**bits} AS DECIMAL(38, 0))) - {half} AS BIGINT)"


def _moved(column: str, amount: int, unit: str, kind: str) -> str:
    if unit == "months":
        return f"add_months({column}, {amount})" if kind == "date" else f"({column} + make_ym_interval(0, {amount}))"
    if kind == "date":
        return f"date_add({column}, {amount})"
    since = f"timestamp_micros({_since(column)} + {amount * (_DAY if unit == 'days' else 1)})"
    return since if kind else f"CAST({since} AS TIMESTAMP_NTZ)"


def _since(time: str) -> str:
    return f"unix_micros(CAST({time} AS TIMESTAMP))"


def _truncated(column: str, amount: int, unit: str, kind: str) -> str:
    zoned = kind not in ("", "date", "UTC")
    clock = f"convert_timezone('UTC', {literal(kind)}, CAST({column} AS TIMESTAMP_NTZ))" if zoned else column
    start = _start(clock, amount, unit)
    if not zoned:
        return f"CAST(timestamp_micros({start}) AS {({'date': 'DATE', '': 'TIMESTAMP_NTZ'}).get(kind, 'TIMESTAMP')})"
    # An hour that is twice on the clock is the one at the time's own distance from UTC, as in Polars.
    near = f"timestamp_micros({_since(column)} - ({_since(clock)} - {start}))"
    shown = _since(f"convert_timezone('UTC', {literal(kind)}, CAST({near} AS TIMESTAMP_NTZ))")
    return (
        f"CASE WHEN {shown} = {start} THEN {near} ELSE to_utc_timestamp(timestamp_micros({start}), {literal(kind)}) END"
    )


def _start(clock: str, amount: int, unit: str) -> str:
    """Return the SQL of the microseconds, on the clock, at which a stretch begins."""
    if unit == "months":
        months = f"((year({clock}) - 1970) * 12 + month({clock}) - 1)"
        return _since(f"add_months(DATE '1970-01-01', {months} - pmod({months}, {amount}))")
    since = _since(clock)
    size = amount * {"weeks": 7 * _DAY, "days": _DAY}.get(unit, 1)
    first = _FIRST_MONDAY * _DAY if unit == "weeks" else 0
    return f"({since} - pmod({since} - {first}, {size}))"
