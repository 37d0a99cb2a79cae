"""How does each function of a filter run? One table, from its name to the maker of its Narwhals twin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from math import copysign, inf
from operator import or_
from typing import TYPE_CHECKING

import narwhals as nw

from audit_reports.filters.kinds import BITS, type_of, zone_of
from audit_reports.filters.tree import Call, Constant, Expression

if TYPE_CHECKING:
    from audit_reports.filters.twin import Twin

Runner = Callable[["Twin", Call], nw.Expr]

_US_PER_SECOND = 1_000_000
_WHITE = "".join(
    map(chr, (*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F, 0x205F, 0x3000))
)
"""What Unicode calls white space."""

PARTS: Mapping[str, Callable[[nw.Expr], nw.Expr]] = {
    "year": lambda e: e.dt.year(),
    "month": lambda e: e.dt.month(),
    "day": lambda e: e.dt.day(),
    "hour": lambda e: e.dt.hour(),
    "minute": lambda e: e.dt.minute(),
    "second": lambda e: e.dt.second(),
    "millisecond": lambda e: e.dt.millisecond(),
    "microsecond": lambda e: e.dt.microsecond(),
    "nanosecond": lambda e: e.dt.microsecond() * 1000,
    "ordinal_day": lambda e: e.dt.ordinal_day(),
    "date": lambda e: e.dt.date(),
    "quarter": lambda e: (e.dt.month() + 2) // 3,
    "time": lambda e: (
        ((e.dt.hour().cast(nw.Int64) * 60 + e.dt.minute()) * 60 + e.dt.second()) * _US_PER_SECOND + e.dt.microsecond()
    ),
}
"""The parts of a time on the clock of its zone that Narwhals has, or can put together."""

# A time of day counts microseconds.
_OF_CLOCK = {"hour": 3_600_000_000, "minute": 60_000_000, "second": _US_PER_SECOND}


def _part(part: str) -> Runner:
    def run(twin: Twin, node: Call) -> nw.Expr:
        if type_of(node.of[0]) == "Time":
            return _of_day(part, twin.run(node.of[0]))
        return PARTS[part](twin.clock(node.of[0]))

    return run


def _of_day(part: str, time: nw.Expr) -> nw.Expr:
    if part in _OF_CLOCK:
        found = time // _OF_CLOCK[part]
        return found if part == "hour" else found % 60
    below = time % _US_PER_SECOND
    return {"millisecond": below // 1000, "microsecond": below, "nanosecond": below * 1000}[part]


def _native_part(part: str) -> Runner:
    def run(twin: Twin, node: Call) -> nw.Expr:
        return twin.native(part, node, made=twin.clock(node.of[0]))

    return run


def _arithmetic(twin: Twin, node: Call) -> nw.Expr:
    if node.type == "Float64":
        return _of_fractions(twin, node)
    left, right = node.of
    return twin.native_of_two(node.function, left, right, *map(int, BITS[node.type]))


def _of_fractions(twin: Twin, node: Call) -> nw.Expr:
    left, right = (twin.run(one).cast(nw.Float64()) for one in node.of)
    match node.function:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
    divided = left / right
    divisor = node.of[1]
    if isinstance(divisor, Constant) and isinstance(divisor.value, int | float):
        # Polars multiplies by the inverse of a constant, which differs in the last digit.
        by = float(divisor.value)
        divided = left * nw.lit(1 / by if by else copysign(inf, by))
    match node.function:
        case "/":
            return divided
        case "//":
            return twin.floor(divided)
    return left - right * twin.floor(divided)


def _narrow(twin: Twin, node: Call) -> nw.Expr:
    bits, signed = BITS[node.type]
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    of = twin.run(node.of[0])
    return nw.when((of >= low) & (of <= high)).then(of)


def _cast(twin: Twin, node: Call) -> nw.Expr:
    of = twin.run(node.of[0])
    match node.type:
        case "String":
            return of.cast(nw.String())
        case "Float64":
            return of.cast(nw.Float64())
        case "Datetime":
            return of.cast(nw.Datetime("us"))
    return of.cast(nw.Int64())


def _number(twin: Twin, node: Call) -> nw.Expr:
    if node.type == "Float64":
        return twin.native("fraction of text", node.of[0])
    return twin.native("whole of text", node.of[0], *map(int, BITS[node.type]))


def _met(twin: Twin, of: Expression, type_: str) -> nw.Expr:
    """Return an expression as the type in which it meets others."""
    made = twin.run(of)
    if type_ == "Float64" and type_of(of) != "Float64":
        return made.cast(nw.Float64())
    return made.cast(nw.Int64()) if type_ in BITS else made


def _when(twin: Twin, node: Call) -> nw.Expr:
    then, otherwise = (_met(twin, one, node.type) for one in node.of[1:])
    return nw.when(twin.run(node.of[0])).then(then).otherwise(otherwise)


def _horizontal(combine: Callable[..., nw.Expr]) -> Runner:
    return lambda twin, node: combine(*(_met(twin, one, node.type) for one in node.of))


def _abs(twin: Twin, node: Call) -> nw.Expr:
    made = twin.run(node.of[0])
    if node.type == "Float64":
        return made.abs()
    negated = twin.native_of_two("-", Constant(0, node.type), node.of[0], *map(int, BITS[node.type]))
    return nw.when(made < 0).then(negated).otherwise(made)


def _same(twin: Twin, node: Call) -> nw.Expr:
    left, right = map(twin.run, node.of)
    return nw.coalesce(left == right, left.is_null() & right.is_null())


def _one_of(twin: Twin, node: Call) -> nw.Expr:
    left, *others = map(twin.run, node.of)
    (nulls_equal,) = node.arguments
    found = reduce(or_, (nw.coalesce(left == one, left.is_null() & one.is_null()) for one in others))
    return found if nulls_equal else nw.when(~left.is_null()).then(found)


def _whole(node: Call) -> int:
    """Return the first argument of a function that takes a whole number first."""
    (first, *_) = node.arguments
    if not isinstance(first, int):
        raise TypeError(f"{node.function} takes a whole number first, not {first!r}")
    return first


def _concat(twin: Twin, node: Call) -> nw.Expr:
    separator, ignoring = node.arguments
    return nw.concat_str(*map(twin.run, node.of), separator=str(separator), ignore_nulls=bool(ignoring))


def _slice(twin: Twin, node: Call) -> nw.Expr:
    length = node.arguments[1]
    return twin.run(node.of[0]).str.slice(_whole(node), length if isinstance(length, int) else None)


def _native_text(function: str) -> Runner:
    def run(twin: Twin, node: Call) -> nw.Expr:
        return twin.native(function, node.of[0], *(one for one in node.arguments if isinstance(one, str | int)))

    return run


def _replace(twin: Twin, node: Call) -> nw.Expr:
    old, new, times = node.arguments
    if times == -1:
        return twin.run(node.of[0]).str.replace_all(str(old), str(new), literal=True)
    return _native_text("replace")(twin, node)


def _strip(side: str) -> Runner:
    def run(twin: Twin, node: Call) -> nw.Expr:
        (characters,) = node.arguments
        return twin.native("strip", node.of[0], side, _WHITE if characters is None else str(characters))

    return run


def _without_prefix(twin: Twin, node: Call) -> nw.Expr:
    of, prefix = twin.run(node.of[0]), str(node.arguments[0])
    return nw.when(of.str.starts_with(prefix)).then(of.str.slice(len(prefix))).otherwise(of)


def _without_suffix(twin: Twin, node: Call) -> nw.Expr:
    of, suffix = twin.run(node.of[0]), str(node.arguments[0])
    rest = twin.native("without last", node.of[0], len(suffix))
    return nw.when(of.str.ends_with(suffix)).then(rest).otherwise(of)


def _truncate(twin: Twin, node: Call) -> nw.Expr:
    of, type_ = node.of[0], type_of(node.of[0])
    kind = "date" if type_ == "Date" else zone_of(type_)
    return twin.native("truncate", of, _whole(node), str(node.arguments[1]), kind)


def _offset(twin: Twin, node: Call) -> nw.Expr:
    kind = "date" if node.type == "Date" else zone_of(node.type)
    return twin.native("offset", node.of[0], _whole(node), str(node.arguments[1]), kind)


def _timestamp(twin: Twin, node: Call) -> nw.Expr:
    microseconds = twin.native("microseconds", node.of[0])
    match node.arguments[0]:
        case "ms":
            return (microseconds - microseconds % 1000) // 1000
        case "ns":
            return microseconds * 1000
    return microseconds


def _total(twin: Twin, node: Call) -> nw.Expr:
    size = _whole(node)
    length = twin.run(node.of[0])
    above = nw.when(length < 0).then(length * -1).otherwise(length) // size
    return nw.when(length < 0).then(above * -1).otherwise(above)


CALLS: Mapping[str, Runner] = {
    **{part: _part(part) for part in PARTS},
    "week": _native_part("week"),
    "weekday": _native_part("weekday"),
    "iso_year": _native_part("iso year"),
    **dict.fromkeys(("+", "-", "*", "/", "//", "%", "quotient", "remainder"), _arithmetic),
    "abs": _abs,
    "narrow": _narrow,
    "cast": _cast,
    "number": _number,
    "when": _when,
    "coalesce": _horizontal(nw.coalesce),
    "least": _horizontal(nw.min_horizontal),
    "greatest": _horizontal(nw.max_horizontal),
    "same": _same,
    "one of": _one_of,
    "concat": _concat,
    "slice": _slice,
    "bytes": _native_text("bytes"),
    "without last": _native_text("without last"),
    "replace": _replace,
    "replace matches": _native_text("replace matches"),
    "strip both": _strip("both"),
    "strip start": _strip("start"),
    "strip end": _strip("end"),
    "strip prefix": _without_prefix,
    "strip suffix": _without_suffix,
    "in zone": lambda twin, node: twin.run(node.of[0]),
    "clock": lambda twin, node: twin.native("in zone", node.of[0], zone_of(type_of(node.of[0]))),
    "as UTC": lambda twin, node: twin.native("as UTC", node.of[0]),
    "truncate": _truncate,
    "offset": _offset,
    "timestamp": _timestamp,
    "at": lambda twin, node: twin.native("at", node.of[0], zone_of(node.type)),
    "total": _total,
}
"""The runner of each function that a `Call` can name."""
