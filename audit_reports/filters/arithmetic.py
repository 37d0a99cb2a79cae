"""What do numbers, texts and times become together? Arithmetic and casts, in the types that Polars gives them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from audit_reports.filters.functions import NoTwinError, call
from audit_reports.filters.kinds import BITS, type_of, zone_of
from audit_reports.filters.tree import Call, Compare, Constant, Expression

ARITHMETIC: Mapping[str, str] = {
    "Plus": "+",
    "Minus": "-",
    "Multiply": "*",
    "TrueDivide": "/",
    "FloorDivide": "//",
    "Modulus": "%",
}
"""Polars' operators by the names that it writes."""

SQL_ARITHMETIC: Mapping[str, str] = {"Rem": "remainder", "Div": "/", "IntDiv": "quotient"}
"""Those of its SQL, whose division of whole numbers drops the fraction."""

_DAY = 86_400_000_000
_NUMBERS = {*BITS, "Float64"}


def arithmetic(op: str, left: Expression, right: Expression, type_: str) -> Expression:
    """Return the arithmetic of two expressions, whose result has a type; raises `NoTwinError` where it has no twin."""
    types = (type_of(left), type_of(right))
    if type_ == "String" and op == "+" and types == ("String", "String"):
        return Call("concat", (*_parts_of(left), *_parts_of(right)), ("", False), "String")
    if type_ in _NUMBERS and not {"Boolean", "Time", "Date"} & set(types) and not any(map(_is_time, types)):
        return Call(op, (_number(left, type_), _number(right, type_)), (), type_)
    if op == "-" and type_ == "Duration" and all(_is_time(one) or one == "Date" for one in types):
        return Call("-", (_microseconds(left), _microseconds(right)), (), "Duration")
    if op in ("+", "-") and types[1] == "Duration" and (_is_time(types[0]) or types[0] == "Date"):
        if types[0] != "Date":
            moved = Call(op, (_microseconds(left), _number(right, "Int64")), (), "Int64")
            return call("at", moved, type=types[0])
        if isinstance(right, Constant) and isinstance(right.value, int) and not right.value % _DAY:
            days = right.value // _DAY
            return call("offset", left, days if op == "+" else -days, "days")
    raise NoTwinError(f"{types[0].split()[0]} {op} {types[1].split()[0]}")


def cast(of: Expression, wanted: str, *, strict: bool) -> Expression:
    """Return an expression as another type.

    Raises `NoTwinError` where engines write or read it otherwise, and for a strict cast that can fail on some event: in
    Polars it would end the whole query.
    """
    given = type_of(of)
    if given == wanted:
        return of
    failing = NoTwinError(f"a strict cast of {given} to {wanted} (write strict=False, or TRY_CAST in SQL)")
    if wanted == "Boolean" and given in BITS:
        return Compare(of, "!=", 0)
    if given == "Boolean" and wanted in (_NUMBERS | {"String"}) - {"Duration"}:
        return call("cast", of, type=wanted)
    if given in BITS and wanted in (_NUMBERS | {"String"}) - {"Duration"} and given != "Duration":
        if wanted in BITS and not _holds(given, wanted):
            if strict:
                raise failing
            return call("narrow", of, type=wanted)
        return call("cast", of, type=wanted)
    if given == "String" and wanted in (*(set(BITS) - {"Duration"}), "Float64"):
        if strict:
            raise failing
        return call("number", of, type=wanted)
    if given == "Date" and wanted in ("String", "Datetime"):
        return call("cast", of, type=wanted)
    if _is_time(given) and wanted == "Date":
        return call("date", call("in zone", of, "UTC", type="Datetime UTC") if zone_of(given) else of, type="Date")
    if _is_time(given) and wanted == "Int64":
        return call("timestamp", of, "us", type="Int64")
    raise NoTwinError(f"a cast of {given} to {wanted}")


def _parts_of(of: Expression) -> tuple[Expression, ...]:
    return of.of if isinstance(of, Call) and of.function == "concat" and of.arguments == ("", False) else (of,)


def _number(of: Expression, type_: str) -> Expression:
    if isinstance(of, Constant):
        return Constant(of.value, type_ if type_ in BITS else "Float64" if isinstance(of.value, float) else "Int64")
    return of


def _microseconds(of: Expression) -> Expression:
    if isinstance(of, Constant):
        if not isinstance(of.value, datetime):
            raise NoTwinError("arithmetic with a constant date")
        since = of.value.replace(tzinfo=of.value.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return Constant(since // timedelta(microseconds=1), "Int64")
    return call("timestamp", of, "us", type="Int64")


def _is_time(type_: str) -> bool:
    return type_.startswith("Datetime")


def _holds(given: str, wanted: str) -> bool:
    """Say whether every whole number of one type is one of another."""
    (bits, signed), (room, sign) = BITS[given], BITS[wanted]
    return (bits <= room and signed == sign) or (sign and not signed and bits < room)
