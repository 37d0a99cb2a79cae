"""How does a filter speak? One English sentence, from the same tree that runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from audit_reports.filters.kinds import type_of
from audit_reports.filters.tree import (
    EVERYTHING,
    NOTHING,
    And,
    Call,
    Column,
    Compare,
    Condition,
    Constant,
    Expression,
    InNetwork,
    IsIn,
    IsNull,
    Match,
    Not,
    Or,
    Part,
    Search,
    Text,
    Value,
    walk,
)

_WORDS = {
    "occurred_at": "time",
    "landed_at": "landing time",
    "actor_type": "actor type",
    "actor_role": "role",
    "actor_id": "actor id",
    "resource_type": "resource type",
    "resource_id": "resource id",
    "event_id": "event id",
    "ip": "address",
    "user_agent": "user agent",
    "raw": "raw event",
}
_OPS = {"==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
_TIME_OPS = {"<": "is before", "<=": "is at or before", ">": "is after", ">=": "is at or after"}

# {0}, {1} ... are the expressions that a function is of, {a}, {b} ... its constant arguments, {all} all expressions.
_CALLS: Mapping[str, str] = {
    "+": "({0} + {1})",
    "-": "({0} - {1})",
    "*": "({0} × {1})",
    "/": "({0} / {1})",
    "//": "({0} / {1}, rounded down)",
    "%": "rest of {0} / {1}",
    "quotient": "({0} / {1}, without a fraction)",
    "remainder": "rest of {0} / {1}, signed as {0},",
    "abs": "{0} without its sign",
    "cast": "{0} as {type}",
    "narrow": "{0} as {type}",
    "number": "{0} as {type}",
    "bytes": "length of the {0} in bytes",
    "without last": "{0} without its last {a} characters",
    "replace matches": "{0} with {times} match of the pattern {a} replaced by {b}",
    "replace": "{0} with {times} {a} replaced by {b}",
    "strip both": "{0} without {stripped} at its ends",
    "strip start": "{0} without {stripped} at its start",
    "strip end": "{0} without {stripped} at its end",
    "strip prefix": "{0} without the prefix {a}",
    "strip suffix": "{0} without the suffix {a}",
    "in zone": "{0} in {zone}",
    "clock": "what clocks show at the {0}",
    "as UTC": "{0} as UTC",
    "truncate": "{0} at the start of its {stretch}",
    "offset": "{0} moved by {stretch}",
    "timestamp": "{0} in {unit} since 1970",
    "at": "moment at {0}",
    "total": "{0} in {size}",
    "when": "({1} where {0}, else {2})",
    "coalesce": "first known of {all}",
    "least": "least of {all}",
    "greatest": "greatest of {all}",
    "same": "{0} is the same as {1}, or both are unknown",
    "one of": "{0} is one of {others}",
}
_SIZES = {1: "microseconds", 1000: "milliseconds", 1_000_000: "seconds", 60_000_000: "minutes", 3_600_000_000: "hours"}
_SIZES |= {86_400_000_000: "days"}


def sentence(condition: Condition, *, timezone: str) -> str:
    """Return a condition as one English sentence, times in the timezone; everything is "All events."

    >>> sentence(IsIn(Column("category"), ("API Keys", "Members")), timezone="UTC")
    'Events whose category is "API Keys" or "Members".'
    """
    if condition in (EVERYTHING, NOTHING):
        return "All events." if condition == EVERYTHING else "No events."
    times = any(isinstance(value, datetime) and value.tzinfo for one in walk(condition) for value in _values(one))
    said = _Speaker(ZoneInfo(timezone)).said(condition)
    opening = "Events of which" if said.startswith(("it is", "any text", "(", "either", "unknown")) else "Events whose"
    return f"{opening} {said}{f' (times in {timezone})' if times else ''}."


def named(expression: Expression) -> str:
    """Return what an expression is called in a message: a column by its own name."""
    match expression:
        case Column(name):
            return name
        case Part(part, column, _):
            return f"the {part} of {column}"
        case Text(function, of):
            return f"the {function} of {named(of)}"
    return f"the {_Speaker(ZoneInfo('UTC')).said(expression)}"


def _values(node: Expression) -> tuple[object, ...]:
    match node:
        case Compare(_, _, right) if not isinstance(right, Expression):
            return (right,)
        case IsIn(_, values):
            return values
        case Constant(value, _):
            return (value,)
    return ()


class _Speaker:
    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def said(self, node: Expression) -> str:
        match node:
            case Column(name):
                return _WORDS.get(name, name)
            case Part(part, column, timezone):
                return f"{part.replace('_', ' ')} of the {_WORDS.get(column, column)} in {timezone}"
            case Text("length", of):
                return f"length of the {self.said(of)}"
            case Text(function, of):
                return f"{self.said(of)} in {function} case"
            case Constant(value, type_):
                return "unknown" if value is None else self.value(value, type_)
            case Call():
                return self.called(node)
            case Compare(left, "!=", right) if isinstance(right, Expression) and type_of(right) == "Boolean":
                return f"either ({self.said(left)}) or ({self.said(right)}), not both"
            case Compare(left, op, right):
                timely = type_of(left).startswith("Date")
                return (
                    f"{self.said(left)} {(_TIME_OPS if timely else _OPS).get(op, _OPS[op])} {self.right(left, right)}"
                )
            case IsIn(left, values):
                return f"{self.said(left)} is {_list(self.values(left, values))}"
            case IsNull(left):
                return f"{self.said(left)} is unknown"
            case Match(left, "matches", text):
                return f"{self.said(left)} matches the pattern {self.value(text)}"
            case Match(left, how, text):
                return f"{self.said(left)} {how} {self.value(text)}"
            case InNetwork(networks):
                return f"address is in {_list(list(networks))}"
            case Search(text):
                return f"any text contains {self.value(text)}, whatever the case"
            case Not(IsNull(left)):
                return f"{self.said(left)} is known"
            case Not(IsIn(left, values)):
                return f"{self.said(left)} is not {_list(self.values(left, values))}"
            case Not(of):
                return f"it is not so that ({self.said(of)})"
            case And(()) | Or(()):
                return "true" if node == EVERYTHING else "false"
            case And(of):
                return " and ".join(f"({self.said(one)})" if isinstance(one, Or) else self.said(one) for one in of)
            case Or(of):
                return " or ".join(f"({self.said(one)})" if isinstance(one, And) else self.said(one) for one in of)

    def called(self, node: Call) -> str:
        of, arguments = [self.said(one) for one in node.of], node.arguments
        words: dict[str, Any] = {"type": node.type, "all": _listed(of, "and"), "others": _list(of[1:])}
        words |= {
            letter: "white space" if value is None else self.value(value)
            for letter, value in zip("abc", arguments, strict=False)
        }
        match node.function, arguments:
            case "slice", (int(offset), length):
                place = f"character {offset + 1}" if offset >= 0 else f"character {-offset} before its end"
                return f"{of[0]}, {'all' if length is None else length} characters from {place},"
            case "concat", (str(separator), ignoring):
                joint = f" with {self.value(separator)} between" if separator else ""
                return f"{_listed(of, 'and')} joined{joint}{' (unknown ones left out)' if ignoring else ''}"
            case (("truncate" | "offset"), (int(amount), str(unit))):
                words["stretch"] = _stretch(amount, unit) if node.function == "truncate" else _amount(amount, unit)
            case (("replace" | "replace matches"), (_, _, int(times))):
                words["times"] = "each" if times < 0 else "the first" if times == 1 else f"the first {times}"
            case (("strip both" | "strip start" | "strip end"), (given,)):
                words["stripped"] = "white space" if given is None else f"any of {self.value(str(given))}"
            case "-", () if node.type == "Duration" and all(map(_is_microseconds, node.of)):
                of = [self.said(one.of[0]) for one in node.of if isinstance(one, Call)]
                return " - ".join(of)
            case "timestamp", (str(unit),):
                words["unit"] = {"us": "microseconds", "ms": "milliseconds", "ns": "nanoseconds"}[unit]
            case "total", (int(size),):
                words["size"] = _SIZES[size]
            case "in zone", (str(zone),):
                words["zone"] = zone
        template = _CALLS.get(node.function, node.function.replace("_", " ") + " of the {0}")
        return template.format(*of, **words)

    def right(self, left: Expression, right: Expression | Value) -> str:
        if isinstance(right, Constant | Call | And | Or | Compare):
            return self.said(right)
        return f"the {self.said(right)}" if isinstance(right, Expression) else self.value(right, type_of(left))

    def values(self, left: Expression, values: tuple[Value, ...]) -> list[str]:
        return [self.value(value, type_of(left)) for value in values]

    def value(self, value: Value, type_: str = "") -> str:
        if isinstance(value, datetime):
            local = value.astimezone(self.zone) if value.tzinfo else value
            return local.strftime("%Y-%m-%d %H:%M:%S.%f").rstrip("0").rstrip(".").removesuffix(":00")
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, bool):
            return "true" if value else "false"
        if type_ in ("Duration", "Time"):
            return str(timedelta(microseconds=int(value)))
        return f'"{value}"' if isinstance(value, str) else str(value)


def _is_microseconds(node: Expression) -> bool:
    return isinstance(node, Call) and node.function == "timestamp"


def _amount(amount: int, unit: str) -> str:
    said = _stretch(abs(amount), unit)
    return f"{'-' if amount < 0 else ''}{said if said[0].isdigit() else f'1 {said}'}"


def _stretch(amount: int, unit: str) -> str:
    for size, name in (
        (3_600_000_000, "hours"),
        (60_000_000, "minutes"),
        (1_000_000, "seconds"),
        (1000, "milliseconds"),
    ):
        if unit == "microseconds" and not amount % size:
            amount, unit = amount // size, name
            break
    return unit.removesuffix("s") if amount == 1 else f"{amount} {unit}"


def _list(words: list[str]) -> str:
    return _listed(words, "or")


def _listed(words: list[str], joint: str) -> str:
    return "".join(words) if len(words) <= 1 else ", ".join(words[:-1]) + f" {joint} " + words[-1]
