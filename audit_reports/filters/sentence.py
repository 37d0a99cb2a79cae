"""How does a filter speak? One English sentence, from the same tree that runs."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

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
_TIMES = ("occurred_at", "landed_at", "day")
_OPS = {"==": "is", "!=": "is not", "<": "is below", "<=": "is at most", ">": "is above", ">=": "is at least"}
_TIME_OPS = {"<": "is before", "<=": "is at or before", ">": "is after", ">=": "is at or after"}


def sentence(condition: Condition, *, timezone: str) -> str:
    """Return a condition as one English sentence, times in the timezone; everything is "All events."

    >>> sentence(IsIn(Column("category"), ("API Keys", "Members")), timezone="UTC")
    'Events whose category is "API Keys" or "Members".'
    """
    if condition == And(()):
        return "All events."
    zone = ZoneInfo(timezone)
    times = any(isinstance(value, datetime) for value in _values(condition))
    said = _said(condition, zone)
    opening = "Events of which" if said.startswith(("it is", "any text")) else "Events whose"
    return f"{opening} {said}{f' (times in {timezone})' if times else ''}."


def _values(condition: Condition) -> list[object]:
    match condition:
        case Compare(_, _, right):
            return [right]
        case IsIn(_, values):
            return list(values)
        case Not(of):
            return _values(of)
        case And(of) | Or(of):
            return [value for one in of for value in _values(one)]
    return []


def _said(condition: Condition, zone: ZoneInfo) -> str:
    match condition:
        case Compare(left, op, right):
            timely = isinstance(right, date) or (isinstance(right, Column) and right.name in _TIMES)
            return f"{_operand(left)} {(_TIME_OPS if timely else _OPS).get(op, _OPS[op])} {_right(right, zone)}"
        case IsIn(left, values):
            return f"{_operand(left)} is {_list([_value(value, zone) for value in values])}"
        case IsNull(left):
            return f"{_operand(left)} is unknown"
        case Match(left, "matches", text):
            return f"{_operand(left)} matches the pattern {_value(text, zone)}"
        case Match(left, how, text):
            return f"{_operand(left)} {how} {_value(text, zone)}"
        case InNetwork(networks):
            return f"address is in {_list(list(networks))}"
        case Search(text):
            return f"any text contains {_value(text, zone)}, whatever the case"
        case Not(IsNull(left)):
            return f"{_operand(left)} is known"
        case Not(IsIn(left, values)):
            return f"{_operand(left)} is not {_list([_value(value, zone) for value in values])}"
        case Not(of):
            return f"it is not so that ({_said(of, zone)})"
        case And(of):
            return " and ".join(f"({_said(one, zone)})" if isinstance(one, Or) else _said(one, zone) for one in of)
        case Or(of):
            return " or ".join(f"({_said(one, zone)})" if isinstance(one, And) else _said(one, zone) for one in of)


def _operand(operand: Operand) -> str:
    match operand:
        case Column(name):
            return _WORDS.get(name, name)
        case Part(part, column, timezone):
            return f"{part} of the {_WORDS.get(column, column)} in {timezone}"
        case Text("length", of):
            return f"length of the {_operand(of)}"
        case Text(function, of):
            return f"{_operand(of)} in {function} case"


def _right(right: Operand | Value, zone: ZoneInfo) -> str:
    return f"the {_operand(right)}" if isinstance(right, Column | Part | Text) else _value(right, zone)


def _value(value: Value, zone: ZoneInfo) -> str:
    if isinstance(value, datetime):
        local = value.astimezone(zone)
        return local.strftime("%Y-%m-%d %H:%M:%S.%f").rstrip("0").rstrip(".").removesuffix(":00")
    if isinstance(value, date):
        return value.isoformat()
    return f'"{value}"' if isinstance(value, str) else str(value)


def _list(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " or " + words[-1]
