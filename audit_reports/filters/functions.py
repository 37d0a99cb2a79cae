"""Which function of ours is each of Polars'? One table for each family, from the name that Polars writes to the maker of ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from audit_reports.errors import UsageError, quoted
from audit_reports.filters.kinds import PART_TYPES, type_of, zone_of
from audit_reports.filters.patterns import check_pattern, check_replacement
from audit_reports.filters.tree import Call, Column, Expression, Match, Part, Text, Value

Maker = Callable[[Expression, Sequence[Any], Any], Expression]
"""Makes an expression of the one that a function is of, its constant arguments, and Polars' options."""

PARTS = {
    "Year": "year",
    "Month": "month",
    "Day": "day",
    "Hour": "hour",
    "Minute": "minute",
    "Second": "second",
    "Millisecond": "millisecond",
    "Microsecond": "microsecond",
    "Nanosecond": "nanosecond",
    "WeekDay": "weekday",
    "OrdinalDay": "ordinal_day",
    "Week": "week",
    "IsoYear": "iso_year",
    "Quarter": "quarter",
    "Date": "date",
    "Time": "time",
}
OF_DATES = {"year", "month", "day", "weekday", "ordinal_day", "week", "iso_year", "quarter", "date"}

UNITS = {"y": (12, "months"), "q": (3, "months"), "mo": (1, "months"), "w": (1, "weeks"), "d": (1, "days")}
UNITS |= {unit: (size, "microseconds") for unit, size in {"h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000}.items()}
UNITS |= {"ms": (1000, "microseconds"), "us": (1, "microseconds")}
_EVERY = re.compile(r"(\d+)(mo|ms|us|[yqwdhms])")


class NoTwinError(Exception):
    """A part of a predicate cannot run alike on every engine; the message is its name."""


def call(function: str, of: Expression, *arguments: Value | None, type: str | None = None) -> Call:
    """Return a call of one expression, of that one's type unless another is given."""
    return Call(function, (of,), arguments, type or type_of(of))


def part(word: str, of: Expression) -> Expression:
    """Return a part of a time; raises `UsageError` for what has no such part."""
    match of:
        case Column(name) if name in ("occurred_at", "landed_at") or (name == "day" and word in OF_DATES):
            return Part(word, name, "UTC")
        case Call("in zone", (Column(name),), (str(zone),)) if word != "date" or name != "day":
            return Part(word, name, zone)
    type_ = type_of(of)
    if type_.startswith("Datetime") or (type_ == "Date" and word in OF_DATES) or (type_ == "Time" and _of_clock(word)):
        return Call(word, (of,), (), PART_TYPES[word])
    raise UsageError(f"only a time has a part such as {word}; times are occurred_at, landed_at and day")


def _of_clock(word: str) -> bool:
    return word in ("hour", "minute", "second", "millisecond", "microsecond", "nanosecond")


def texts(arguments: Sequence[Any]) -> str:
    """Return the one text that a test of texts looks for."""
    if not isinstance(arguments[0], str):
        raise UsageError(f"contains, starts_with and ends_with need a text to look for, not {quoted(arguments[0])}")
    return arguments[0]


def contains(of: Expression, arguments: Sequence[Any], options: Any) -> Expression:
    """Make a test for a text, or for a regular expression."""
    text = texts(arguments)
    if not options["literal"]:
        check_pattern(text)
    return Match(of, "contains" if options["literal"] else "matches", text)


def part_of_text(of: Expression, offset: Any, length: Any) -> Expression:
    """Make a slice; an offset below zero counts from the end."""
    if not isinstance(offset, int) or not (length is None or isinstance(length, int)):
        raise NoTwinError("a slice of a text by null")
    return call("slice", of, offset, length)


def head(of: Expression, arguments: Sequence[Any], _options: Any) -> Expression:
    """Make the first characters, or with a number below zero all but the last."""
    (count,) = arguments
    if not isinstance(count, int):
        raise NoTwinError("head by null")
    return call("slice", of, 0, count) if count >= 0 else call("without last", of, -count)


def tail(of: Expression, arguments: Sequence[Any], _options: Any) -> Expression:
    """Make the last characters, or with a number below zero all but the first."""
    (count,) = arguments
    if not isinstance(count, int):
        raise NoTwinError("tail by null")
    return call("slice", of, -count, None) if count else call("slice", of, 0, 0)


def replace(of: Expression, arguments: Sequence[Any], options: Any) -> Expression:
    """Make a replacement of the first n finds, or with -1 of all."""
    old, new = arguments
    if not isinstance(old, str) or not isinstance(new, str):
        raise NoTwinError("replace with null")
    if options["literal"] and not old:
        raise NoTwinError("replace of an empty text")
    if not options["literal"]:
        check_pattern(old)
        check_replacement(old, new)
        if options["n"] not in (1, -1):
            raise NoTwinError("replace of the first n matches of a pattern")
    return call("replace" if options["literal"] else "replace matches", of, old, new, options["n"])


def stripped(side: str) -> Maker:
    """Return the maker of a strip of characters on a side; null means white space."""

    def made(of: Expression, arguments: Sequence[Any], _options: Any) -> Expression:
        if arguments[0] is not None and not isinstance(arguments[0], str):
            raise NoTwinError("strip_chars of no text")
        return of if arguments[0] == "" else call(f"strip {side}", of, arguments[0])

    return made


def affix(which: str) -> Maker:
    """Return the maker of a strip of one prefix or suffix."""

    def made(of: Expression, arguments: Sequence[Any], _options: Any) -> Expression:
        if not isinstance(arguments[0], str):
            raise NoTwinError(f"strip_{which} of null")
        return of if arguments[0] == "" else call(f"strip {which}", of, arguments[0])

    return made


STRINGS: Mapping[str, Maker] = {
    "Contains": contains,
    "StartsWith": lambda of, arguments, _: Match(of, "starts with", texts(arguments)),
    "EndsWith": lambda of, arguments, _: Match(of, "ends with", texts(arguments)),
    "Lowercase": lambda of, _arguments, _options: Text("lower", of),
    "Uppercase": lambda of, _arguments, _options: Text("upper", of),
    "LenChars": lambda of, _arguments, _options: Text("length", of),
    "LenBytes": lambda of, _arguments, _options: call("bytes", of, type="UInt32"),
    "Slice": lambda of, arguments, _: part_of_text(of, *arguments),
    "Head": head,
    "Tail": tail,
    "Replace": replace,
    "StripChars": stripped("both"),
    "StripCharsStart": stripped("start"),
    "StripCharsEnd": stripped("end"),
    "StripPrefix": affix("prefix"),
    "StripSuffix": affix("suffix"),
}
"""The functions of a text."""


def in_zone(of: Expression, _arguments: Sequence[Any], options: Any) -> Expression:
    """Make the same moment as clocks of a zone show it."""
    zone = _zone(options)
    if isinstance(of, Call) and of.function == "in zone":
        (of,) = of.of
    if type_of(of) == "Datetime":
        of = call("as UTC", of, type="Datetime UTC")
    return of if type_of(of) == f"Datetime {zone}" else call("in zone", of, zone, type=f"Datetime {zone}")


def replace_zone(of: Expression, _arguments: Sequence[Any], options: Any) -> Expression:
    """Make what a clock shows, without a zone or as if it were UTC; other zones have hours that are twice or never."""
    zone = None if options[0] is None else _zone(options[0])
    if zone not in (None, "UTC"):
        raise NoTwinError(f"replace_time_zone({zone!r})")
    clock = of if type_of(of) == "Datetime" else call("clock", of, type="Datetime")
    if zone is None:
        return clock
    return of if type_of(of) == "Datetime UTC" else call("as UTC", clock, type="Datetime UTC")


def every(text: Any) -> tuple[int, str]:
    """Return a length such as "1h30m" as a number and its unit: months, weeks, days or microseconds."""
    found = _EVERY.findall(text) if isinstance(text, str) else []
    sizes: dict[str, int] = {}
    for number, letters in found:
        size, unit = UNITS[letters]
        sizes[unit] = sizes.get(unit, 0) + int(number) * size
    if not isinstance(text, str) or "".join(map("".join, found)) != text or len(sizes) != 1 or not all(sizes.values()):
        raise NoTwinError(f"the length of time {text!r}")
    ((unit, amount),) = sizes.items()
    return amount, unit


def truncate(of: Expression, arguments: Sequence[Any], _options: Any) -> Expression:
    """Make the beginning of the stretch in which a time lies."""
    amount, unit = every(arguments[0])
    if type_of(of) == "Date" and unit == "microseconds":
        raise NoTwinError("truncate of a date to less than a day")
    return call("truncate", of, amount, unit)


def offset(of: Expression, arguments: Sequence[Any], _options: Any) -> Expression:
    """Make a time moved by a constant length, in UTC or without a zone: elsewhere an hour may be twice or never."""
    text = arguments[0]
    back = isinstance(text, str) and text.startswith("-")
    amount, unit = every(text[1:] if back else text)
    if zone_of(type_of(of)) not in ("", "UTC") and unit != "microseconds":
        raise NoTwinError("offset_by in a zone")
    if type_of(of) == "Date" and unit == "microseconds":
        raise NoTwinError("offset_by of a date by less than a day")
    if unit == "weeks":
        amount, unit = amount * 7, "days"
    return call("offset", of, -amount if back else amount, unit)


def timestamp(of: Expression, _arguments: Sequence[Any], options: Any) -> Expression:
    """Make the time since 1970 in a unit."""
    if type_of(of) == "Date":
        raise NoTwinError("timestamp of a date")
    return call(
        "timestamp", of, {"Microseconds": "us", "Milliseconds": "ms", "Nanoseconds": "ns"}[options], type="Int64"
    )


def total(size: int) -> Maker:
    """Return the maker of a length of time in a unit of so many microseconds, without a fraction."""

    def made(of: Expression, _arguments: Sequence[Any], options: Any) -> Expression:
        if not isinstance(options, Mapping) or options.get("fractional") is not False:
            raise NoTwinError("a length of time with a fraction")
        return call("total", of, size, type="Int64")

    return made


def of_part(word: str) -> Maker:
    """Return the maker of a part of a time."""
    return lambda of, _arguments, _options: part(word, of)


TIMES: Mapping[str, Maker] = {
    **{name: of_part(word) for name, word in PARTS.items()},
    "ConvertTimeZone": in_zone,
    "ReplaceTimeZone": replace_zone,
    "Truncate": truncate,
    "OffsetBy": offset,
    "TimeStamp": timestamp,
}
"""The functions of a time."""

LENGTHS: Mapping[str, Maker] = {
    "TotalDays": total(86_400_000_000),
    "TotalHours": total(3_600_000_000),
    "TotalMinutes": total(60_000_000),
    "TotalSeconds": total(1_000_000),
    "TotalMilliseconds": total(1000),
    "TotalMicroseconds": total(1),
}
"""The functions of a length of time."""


def _zone(options: Any) -> str:
    return str(options["inner"] if isinstance(options, Mapping) else options)
