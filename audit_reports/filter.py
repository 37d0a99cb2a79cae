"""What is a filter? One object that runs, speaks and identifies itself, however it was written down."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from audit_reports.columns import SEARCHED
from audit_reports.errors import UsageError, nearest, quoted
from audit_reports.filters.sentence import sentence
from audit_reports.filters.tree import (
    EVERYTHING,
    And,
    Column,
    Compare,
    Condition,
    InNetwork,
    IsIn,
    Operand,
    Part,
    Search,
    all_of,
    as_data,
    walk,
)
from audit_reports.journal import canonical, time_text
from audit_reports.meant import length_meant, network_meant
from audit_reports.period import checked_timezone

if TYPE_CHECKING:
    import narwhals as nw
    import polars as pl

FLAGS = {
    "category": "category",
    "action": "action",
    "event": "event",
    "actor": "actor",
    "actor_type": "actor_type",
    "role": "actor_role",
    "resource": "resource",
    "resource_type": "resource_type",
    "source": "source",
    "country": "country",
    "region": "region",
    "city": "city",
    "feed": "feed",
    "workspace": "workspace",
    "outcome": "outcome",
}
"""The keywords (and flags) that name values, with their columns."""

CLOSED = frozenset(
    {"category", "action", "event", "actor_type", "actor_role", "resource_type", "source", "country", "feed", "outcome"}
)
"""The columns whose unknown values are a mistake; of the others any value may come tomorrow."""

_DURATION = re.compile(r"(\d+)([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Filter:
    """A condition on events and the timezone in which it was said.

    >>> Filter.of(category="Members").sentence()
    'Events whose category is "Members".'
    >>> Filter.of().is_empty
    True
    """

    condition: Condition = EVERYTHING
    timezone: str = "UTC"

    @classmethod
    def of(
        cls,
        *predicates: pl.Expr | nw.Expr,
        timezone: str = "UTC",
        now: datetime | None = None,
        since: str | date | None = None,
        until: str | date | None = None,
        last: str | None = None,
        ip: str | Sequence[str] | None = None,
        search: str | None = None,
        where: str | None = None,
        **values: str | Sequence[str] | None,
    ) -> Filter:
        """Make a filter from predicates (of Polars or Narwhals) and keywords, all of which must hold.

        `since` and `until` (dates or times, half-open) without a zone are read in `timezone`; `last` ("7d") counts back
        from `now`. Each value keyword takes one value or several, meaning or; None and an empty list filter nothing.
        Raises `UsageError` for an unknown keyword, a reversed or empty range and whatever cannot be read.
        """
        zone = checked_timezone(timezone)
        conditions: list[Condition] = []
        if last is not None and (since is not None or until is not None):
            raise UsageError("a last period and a from or to date contradict each other; give one")
        if last is not None:
            if now is None:
                raise UsageError("a last period needs the current time")
            try:
                since, until = now - duration(last), now
            except OverflowError:
                raise UsageError(f"a last period of {quoted(last)} reaches beyond the calendar") from None
        start = None if since is None else _moment(since, zone)
        end = None if until is None else _moment(until, zone)
        if start is not None and end is not None and start >= end:
            raise UsageError(
                f"the period from {quoted(since)} to {quoted(until)} is {'empty' if start == end else 'reversed'}"
            )
        if start is not None:
            conditions.append(Compare(Column("occurred_at"), ">=", start))
        if end is not None:
            conditions.append(Compare(Column("occurred_at"), "<", end))
        for name, given in values.items():
            if name not in FLAGS:
                raise UsageError.unknown("filter", name, [*FLAGS, "since", "until", "last", "ip", "search", "where"])
            if wanted := _several(given):
                conditions.append(one_of(Column(FLAGS[name]), wanted))
        if networks := _several(ip):
            conditions.append(InNetwork(tuple(sorted({_network(one) for one in networks}))))
        if search:
            conditions.append(Search(search))
        for predicate in predicates:
            conditions.append(_read(predicate, timezone))
        if where is not None:
            from audit_reports.filters.written import from_sql

            conditions.append(_read(from_sql(where), timezone))
        return cls(all_of(*conditions), timezone)

    @classmethod
    def from_json(cls, text: str, *, timezone: str = "UTC") -> Filter:
        """Return the filter that `as_json` wrote; the timezone is that in which it speaks. Raises `UsageError`.

        >>> chosen = Filter.of(category="Members")
        >>> Filter.from_json(chosen.as_json()) == chosen
        True
        """
        from audit_reports.filters.written import from_json

        checked_timezone(timezone)
        return cls(from_json(text), timezone)

    def also(self, other: Filter) -> Filter:
        """Return the filter that both must match, in this one's timezone."""
        return Filter(all_of(self.condition, other.condition), self.timezone)

    @property
    def is_empty(self) -> bool:
        """Say whether everything matches."""
        return self.condition == EVERYTHING

    def sentence(self) -> str:
        """Return the filter as one English sentence; values stand in it as they are, so escape it where it is shown."""
        return sentence(self.condition, timezone=self.timezone)

    def as_json(self) -> str:
        """Return the filter as canonical JSON, times in UTC: the same filter gives the same text, however it was written."""
        return canonical(as_data(self.condition))

    @property
    def hash(self) -> str:
        """Return the SHA-256 of the canonical JSON."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()

    def bounds(self) -> tuple[date | None, date | None]:
        """Return the first and last UTC day on which a matching event can lie, None where the filter does not say."""
        first: date | None = None
        last: date | None = None
        for one in self.condition.of if isinstance(self.condition, And) else (self.condition,):
            match one:
                case Compare(Column("occurred_at" | "day"), op, date() as value):
                    day = _utc_day(value, before=op == "<")
                    if op in (">", ">=", "=="):
                        first = max(first or day, day)
                    if op in ("<", "<=", "=="):
                        last = min(last or day, day)
        return first, last

    def within_days(self) -> Filter:
        """Return the filter without the times at which a UTC day begins: the days of `bounds` say those already."""
        conditions = self.condition.of if isinstance(self.condition, And) else (self.condition,)
        kept = tuple(one for one in conditions if not _begins_day(one))
        return self if len(kept) == len(conditions) else replace(self, condition=And(kept))

    def span(self) -> tuple[datetime | None, datetime | None]:
        """Return since when and before when a matching event must have occurred, None where the filter does not say."""
        since: datetime | None = None
        until: datetime | None = None
        for one in self.condition.of if isinstance(self.condition, And) else (self.condition,):
            match one:
                case Compare(Column("occurred_at"), op, datetime() as value):
                    if op in (">", ">=", "=="):
                        since = max(since or value, value)
                    if op in ("<", "<=", "=="):
                        end = value if op == "<" else value + timedelta(microseconds=1)
                        until = min(until or end, end)
        return since, until

    def named_values(self) -> dict[str, list[str]]:
        """Return the text values that the filter compares columns with for equality, by column."""
        found: dict[str, list[str]] = {}
        for one in walk(self.condition):
            match one:
                case Compare(Column(name), "==" | "!=", str() as value):
                    found.setdefault(name, []).append(value)
                case IsIn(Column(name), values):
                    found.setdefault(name, []).extend(str(value) for value in values if isinstance(value, str))
        return found

    def columns(self) -> set[str]:
        """Return the columns that the filter reads."""
        found: set[str] = set()
        for one in walk(self.condition):
            match one:
                case Column(name) | Part(column=name):
                    found.add(name)
                case InNetwork():
                    found.add("ip")
                case Search():
                    found.update(SEARCHED)
        return found

    def flags(self) -> str:
        """Return command-line flags for the same filter, quoted for a shell; a condition without a flag is left to Python.

        >>> Filter.of(category=["API Keys", "Members"]).flags()
        "--category 'API Keys' --category Members"
        """
        words: list[str] = []
        columns = {column: flag.replace("_", "-") for flag, column in FLAGS.items()}
        for one in self.condition.of if isinstance(self.condition, And) else (self.condition,):
            match one:
                case Compare(Column("occurred_at"), ">=" | "<" as op, datetime() as value):
                    words += ["--from" if op == ">=" else "--to", time_text(value)]
                case Compare(Column(name), "==", str() as value) if name in columns:
                    words += [f"--{columns[name]}", value]
                case IsIn(Column(name), values) if name in columns:
                    for text in map(str, values):
                        words += [f"--{columns[name]}", text]
                case InNetwork(networks):
                    for network in networks:
                        words += ["--ip", network]
                case Search(text):
                    words += ["--search", text]
        return shlex.join(words)


def one_of(operand: Operand, values: Iterable[str]) -> Condition:
    """Return the condition that an operand is one of some texts, in its canonical form."""
    wanted = tuple(sorted(set(values)))
    return Compare(operand, "==", wanted[0]) if len(wanted) == 1 else IsIn(operand, wanted)


def duration(text: str) -> timedelta:
    """Return a length of time: a whole number of m(inutes), h(ours), d(ays) or w(eeks).

    >>> duration("7d")
    datetime.timedelta(days=7)
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or int(match[1]) == 0 or len(match[1]) > 6:  # noqa: PLR2004 - beyond that no calendar reaches
        near = length_meant(text)
        hint = f": did you mean {quoted(near)}?" if near else "; write 30m, 12h, 7d or 4w"
        raise UsageError(f"{quoted(text)} is no length of time{hint}")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def check_values(
    chosen: Filter,
    known: Callable[[str], Iterable[str]],
    *,
    vocabulary: Callable[[str], set[str]],
    names: Callable[[], dict[str, str]],
) -> None:
    """Raise `UsageError` for a value of a closed column that is not known, naming the nearest.

    `known` gives a column's values, and is asked only of those that the `vocabulary` lacks; `names` the countries' names
    by code, so that "Spain" finds ES.
    """
    for column, values in chosen.named_values().items():
        if column not in CLOSED:
            continue
        unheard = set(values) - vocabulary(column)
        allowed = set(known(column)) if unheard else set()
        for value in sorted(unheard):
            if value in allowed:
                continue
            word = next((flag for flag, name in FLAGS.items() if name == column), column)
            meant = _code_meant(value, allowed, names()) if column == "country" else None
            raise UsageError.unknown(word.replace("_", " "), value, allowed, meant=meant)


def _code_meant(text: str, allowed: set[str], names: Mapping[str, str]) -> str | None:
    """Return the code of the country that a text means: in other letters, or by its name, misspelt or not; None for all else."""
    if text.upper() in allowed:
        return text.upper()
    codes = {name: code for code, name in names.items()}
    short = len(text) < min(map(len, codes), default=0)  # a code, not a name: `UK` is no part of Ukraine's
    return None if short else next((codes[name] for name in nearest(text, codes, alike=0.8)), None)


def _begins_day(one: Condition) -> bool:
    match one:
        case Compare(Column("occurred_at"), ">=" | "<", datetime() as value):
            return value.astimezone(UTC).time() == time()
    return False


def _utc_day(value: date, *, before: bool) -> date:
    """Return the UTC day of a time, or of the last moment before it; a date is that day itself."""
    if not isinstance(value, datetime):
        return value
    return ((value - timedelta(microseconds=1)) if before else value).astimezone(UTC).date()


def _several(given: str | Sequence[str] | None) -> list[str]:
    if given is None:
        return []
    return [given] if isinstance(given, str) else list(given)


def _moment(given: str | date, zone: ZoneInfo) -> datetime:
    from audit_reports.filters.values import as_time

    return as_time(given, zone)


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text.strip(), strict=False))
    except ValueError:
        near = network_meant(text)
        hint = f": did you mean {quoted(near)}?" if near else "; write 203.0.113.7 or 203.0.113.0/24"
        raise UsageError(f"{quoted(text)} is no address or network{hint}") from None


def _read(predicate: Any, timezone: str) -> Condition:
    from audit_reports.filters.reader import read
    from audit_reports.filters.written import as_polars

    return read(as_polars(predicate), timezone=timezone)
