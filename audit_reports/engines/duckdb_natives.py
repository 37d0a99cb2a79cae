"""Which SQL computes what Narwhals lacks on DuckDB? One expression for each native function, with Polars' meaning."""

from __future__ import annotations

from audit_reports import network
from audit_reports.engine import Native
from audit_reports.engines.duckdb_letters import cased, searched
from audit_reports.feed import literal
from audit_reports.filters.patterns import re2, re2_replacement

_TEXT_OF_WHOLE = "^[+-]?[0-9]+$"
_TEXT_OF_FRACTION = r"(?i)^[+-]?(([0-9]+[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]+)?|inf|infinity|nan)$"
_FIRST_MONDAY = 4  # days after 1 January 1970, from which Polars counts weeks
_DAY = 86_400_000_000


def native_sql(native: Native) -> str:
    """Return the expression of a native column.

    >>> native_sql(Native("in zone", "occurred_at", ("Europe/Madrid",)))
    '"occurred_at" AT TIME ZONE \\'Europe/Madrid\\''
    """
    column = quoted_name(native.column)
    match native.function, native.arguments:
        case "in zone", ("UTC",):  # without the calendar of a zone, which costs ten times as much
            return f"make_timestamp(epoch_us({column}))"
        case "in zone", (str(zone),):
            return f"{column} AT TIME ZONE {literal(zone)}"
        case "network", ():
            v4, v6 = _taken(network.V4, column), _taken(network.V6, f"lower({column})")
            return f"coalesce({v4}, {v6})"
        case "iso week", ():
            return f"strftime({column}, '%G-W%V')"
        case "weekday", ():
            return f"isodow({column})"
        case "as UTC", ():
            return f"{column} AT TIME ZONE 'UTC'"
        case "week", ():
            return f"week({column})"
        case "iso year", ():
            return f"isoyear({column})"
        case "microseconds", ():
            return f"epoch_us({column})"
        case "bucket", (str(every), str(zone)):
            return _bucket(column, every, zone)
        case "quarter hour", ():  # by whole numbers: DuckDB's own functions ask ICU for each time
            return f"make_timestamptz(epoch_us({column}) - (epoch_us({column}) % 900000000 + 900000000) % 900000000)"
        case "at", (str(zone),):
            return f"make_timestamp({column})" + (" AT TIME ZONE 'UTC'" if zone else "")
        case "truncate", (int(amount), str(unit), str(kind)):
            return _truncated(column, amount, unit, kind)
        case "offset", (int(amount), str(unit), str(kind)):
            return f"({column} + {_interval(amount, unit)}){'::DATE' if kind == 'date' else ''}"
        case _, (str(other), int(bits), int(signed)):
            return _whole(_arithmetic(native.function, column, quoted_name(other)), bits, signed)
        case "whole of text", (int(bits), int(signed)):
            low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
            number = f"CASE WHEN regexp_matches({column}, '{_TEXT_OF_WHOLE}') THEN TRY_CAST({column} AS HUGEINT) END"
            return f"CASE WHEN {number} BETWEEN {low} AND {high} THEN ({number})::BIGINT END"
        case "fraction of text", ():
            number = f"TRY_CAST({column} AS DOUBLE)"
            beyond = f"CASE WHEN starts_with({column}, '-') THEN '-inf'::DOUBLE ELSE 'inf'::DOUBLE END"
            return f"CASE WHEN regexp_matches({column}, '{_TEXT_OF_FRACTION}') THEN coalesce({number}, {beyond}) END"
        case ("lower" | "upper") as function, ():
            return cased(function, column)
        case "holds", (str(text), *others):
            columns = [column, *(quoted_name(str(other)) for other in others)]
            return " OR ".join(f"({one} IS NOT NULL AND {_holds(one, text)})" for one in columns)
        case "bytes", ():
            return f"strlen({column})"
        case "without last", (int(count),):
            return f"substring({column}, 1, greatest(length({column}) - {count}, 0))"
        case "strip", (str(side), str(characters)):
            return f"{ {'both': 'trim', 'start': 'ltrim', 'end': 'rtrim'}[side] }({column}, {literal(characters)})"
        case "replace", (str(old), str(new), int(count)):
            return _replaced(column, literal(old), literal(new), count)
        case "replace matches", (str(old), str(new), int(count)):
            options = ", 'g'" if count < 0 else ""
            return f"regexp_replace({column}, {literal(re2(old))}, {literal(re2_replacement(old, new))}{options})"
    raise NotImplementedError(f"DuckDB has no native {native.function!r}")


def _bucket(column: str, every: str, zone: str) -> str:
    """Return the SQL of the UTC time at which a time's bucket of local clocks begins."""
    amount, unit = int(every.rstrip("mohdw")), every.lstrip("0123456789")
    in_zone = f"AT TIME ZONE {literal(zone)}"
    clock = f"({column} {in_zone})"
    if unit == "m":  # by what the clock is past its start: where an hour comes twice, each is its own
        return f"({column} - ({clock} - time_bucket(to_minutes({amount}), {clock})))"
    if unit == "h":  # it began with the clocks' change, where that is by half an hour
        start = f"time_bucket(to_hours({amount}), {clock})"
        begun, half = f"({column} - ({clock} - {start}))", _bucket(column, "30m", zone)
        return f"CASE WHEN {begun} {in_zone} = {start} THEN {begun} ELSE {half} END"
    start = f"date_trunc('{ {'d': 'day', 'w': 'week', 'mo': 'month'}[unit] }', {clock})"
    begun = f"({start} {in_zone})"
    earlier = f"({begun} - INTERVAL 1 HOUR)"  # a midnight that comes twice: the day begins with the first
    return f"CASE WHEN {earlier} {in_zone} = {start} THEN {earlier} ELSE {begun} END"


def quoted_name(name: str) -> str:
    """Return the name of a column as SQL reads it."""
    return '"' + name.replace('"', '""') + '"'


def _taken(steps: network.Steps, value: str) -> str:
    """Return the SQL of steps of regular expressions on a value."""
    for pattern, replacement in steps:
        if replacement is None:
            value = f"nullif(regexp_extract({value}, {literal(pattern)}), '')"
        else:
            value = f"regexp_replace({value}, {literal(pattern)}, {literal(replacement)}, 'g')"
    return value


def _holds(column: str, text: str) -> str:
    """Return the SQL of whether a column holds a text in any case: by ILIKE, which is faster, but has signs of its own."""
    if text.isascii() and not set(text) & set("%_\\"):
        return f"{column} ILIKE {literal(f'%{text}%')}"
    return f"contains({searched(column, text)}, {literal(text)})"


def _arithmetic(function: str, left: str, right: str) -> str:
    """Return the SQL of arithmetic of whole numbers; divided by zero they have no answer."""
    one, two = f"{left}::HUGEINT", f"{right}::HUGEINT"
    if function in "+-*":
        return f"({one} {function} {two})"
    by = f"nullif({two}, 0)"
    if function == "remainder":
        return f"({one} % {by})"
    if function == "quotient":
        return f"({one} // {by})"
    rest = f"((({one} % {by}) + {by}) % {by})"
    return rest if function == "%" else f"(({one} - {rest}) // {by})"


def _whole(number: str, bits: int, signed: int) -> str:
    """Return the SQL of a whole number that begins anew where its bits are used up, as a processor's does."""
    half = 2 ** (bits - 1) if signed else 0
    return f"((({number} + {half}::HUGEINT) & {2**bits - 1}::HUGEINT) - {half}::HUGEINT)::BIGINT"


def _replaced(column: str, old: str, new: str, count: int) -> str:
    parts = f"string_split({column}, {old})"
    rest = (
        f"CASE WHEN len({parts}) > {count + 1} THEN {old} || array_to_string({parts}[{count + 2}:], {old}) ELSE '' END"
    )
    return f"array_to_string({parts}[:{count + 1}], {new}) || {rest}"


def _interval(amount: int, unit: str) -> str:
    return f"to_{unit}({amount})"


def _truncated(column: str, amount: int, unit: str, kind: str) -> str:
    zoned = kind not in ("", "date")
    clock = f"({column} AT TIME ZONE {literal(kind)})" if zoned else f"{column}::TIMESTAMP"
    start = _start(clock, amount, unit)
    if kind == "date":
        return f"({start})::DATE"
    if not zoned:
        return start
    if kind == "UTC":
        return f"({start}) AT TIME ZONE 'UTC'"
    # An hour that is twice on the clock is the one at the time's own distance from UTC, as in Polars.
    near = f"({column} - ({clock} - ({start})))"
    return (
        f"CASE WHEN {near} AT TIME ZONE {literal(kind)} = ({start}) THEN {near} "
        f"ELSE ({start}) AT TIME ZONE {literal(kind)} END"
    )


def _start(clock: str, amount: int, unit: str) -> str:
    if unit == "months":
        months = f"((year({clock}) - 1970) * 12 + month({clock}) - 1)"
        return f"TIMESTAMP '1970-01-01' + to_months(CAST({months} - {_rest(months, amount)} AS INTEGER))"
    since = f"epoch_us({clock})"
    if unit == "weeks":
        since_monday = f"({since} - {_FIRST_MONDAY * _DAY})"
        return f"make_timestamp({since} - {_rest(since_monday, amount * 7 * _DAY)})"
    return f"make_timestamp({since} - {_rest(since, amount * _DAY if unit == 'days' else amount)})"


def _rest(number: str, by: int) -> str:
    return f"((({number} % {by}) + {by}) % {by})"
