"""How does a value stand in a filter? Constants that Polars values, and each value in the type of what it is compared with."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from audit_reports.errors import UsageError, quoted
from audit_reports.filters.kinds import kind_of, type_name, type_of, zone_of
from audit_reports.filters.sentence import named
from audit_reports.filters.tree import EVERYTHING, NOTHING, UNKNOWN, Constant, Expression, Value
from audit_reports.meant import day_meant


def fitted(left: Expression, given: Any, zone: ZoneInfo) -> Value:
    """Return a value in the type of an expression, a time without a zone read in `zone`; raises `UsageError` where it cannot be.

    In another zone than UTC, to which it was converted, an expression of times is compared in that zone.
    """
    kind = kind_of(left)
    match kind, given:
        case "time", _:
            own = zone_of(type_of(left))
            return as_time(given, zone if own == "UTC" else ZoneInfo(own))
        case "date", _:
            return as_date(given)
        case "clock time", _:
            return _as_clock(given)
        case "text", str():
            return given
        case "true or false", bool():
            return given
        case "number", int() | float() if not isinstance(given, bool):
            return given
        case "length of time", timedelta():
            return given // timedelta(microseconds=1)
        case "time of day", time():
            return _since_midnight(given)
        case "time of day", str():
            try:
                return fitted(left, time.fromisoformat(given.strip()), zone)
            except ValueError:
                raise UsageError(f"{quoted(given)} is no time of day; write 09:30 or 09:30:00") from None
    raise UsageError(f"{named(left)} is {kind}, and {quoted(given)} is none")


def as_time(value: Any, zone: ZoneInfo) -> datetime:
    """Return text, a date or a time as a UTC time; without a zone of its own it is read in `zone`."""
    moment = _clock(value)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:
        raise UsageError(f"{quoted(value)} reaches beyond the calendar") from None


def as_date(value: Any) -> date:
    """Return text or a date as a date; raises `UsageError` for all else, a time too."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise UsageError(f"{quoted(value)} is no date{_hint(value, '2026-03-02')}") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise UsageError(f"{quoted(value)} is no date")


def _as_clock(value: Any) -> datetime:
    found = _clock(value)
    if found.tzinfo:
        raise UsageError(f"{quoted(value)} has a zone, and is compared with a time that has none")
    return found


def _hint(text: str, form: str) -> str:
    near = day_meant(text)
    return f": did you mean {quoted(near)}?" if near else f"; write {form}"


def _clock(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            hint = _hint(value, "2026-03-02 or 2026-03-02T09:14:05")
            raise UsageError(f"{quoted(value)} is no date or time{hint}") from None
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if isinstance(value, datetime):
        return value
    raise UsageError(f"{quoted(value)} is no date or time")


def constant(node: Any) -> Expression:
    """Return the value of a subtree that names no column, as an expression."""
    found, type_ = valued(node)
    if type_ == "Boolean":
        return UNKNOWN if found is None else EVERYTHING if found else NOTHING
    if isinstance(found, timedelta):
        found //= timedelta(microseconds=1)
    return Constant(_since_midnight(found) if isinstance(found, time) else found, type_)


def value(node: Expression) -> Any:
    """Return the value of a constant as Python has it."""
    if not isinstance(node, Constant):
        return node == EVERYTHING
    if node.type in ("Duration", "Time") and isinstance(node.value, int):
        length = timedelta(microseconds=node.value)
        return length if node.type == "Duration" else (datetime(1970, 1, 1, tzinfo=UTC) + length).time()
    return node.value


def _since_midnight(of_day: time) -> int:
    length = timedelta(hours=of_day.hour, minutes=of_day.minute, seconds=of_day.second, microseconds=of_day.microsecond)
    return length // timedelta(microseconds=1)


def valued(node: Any) -> tuple[Any, str]:
    """Return the value of a subtree that names no column, as Polars gives it, and its type."""
    import polars as pl

    try:
        series = pl.select(pl.Expr.deserialize(json.dumps(node).encode(), format="json")).to_series()
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"a part of the predicate has no value: {str(error).splitlines()[0]}") from None
    values = series.to_list()
    if len(values) != 1:
        return values, "List"
    return (values[0].to_list() if isinstance(values[0], pl.Series) else values[0]), type_name(series.dtype)


def is_constant(node: Expression) -> bool:
    return isinstance(node, Constant) or node in (EVERYTHING, NOTHING)
