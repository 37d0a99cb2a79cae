"""Which days must not be touched? Legal holds: ranges of UTC days, kept in the journal from one entry to another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from audit_reports.errors import UsageError, quoted
from audit_reports.journal import Journal, time_text
from audit_reports.maintenance.landed_rows import by_whom
from audit_reports.period import RELATIVE, Period
from audit_reports.store import Store


@dataclass(frozen=True)
class Hold:
    """A hold on the UTC days from `first` to before `until`; `at` is UTC, `entry` the journal entry that began it."""

    first: date
    until: date
    reason: str
    by: str
    at: datetime
    entry: int

    @property
    def range(self) -> str:
        """The days as they are typed, half-open: `2026-03-02..2026-03-09`."""
        return f"{self.first}..{self.until}"


def holds(journal: Journal) -> list[Hold]:
    """Return the holds that stand, in the order in which they were set; empty where there is none."""
    standing: dict[tuple[str, str], Hold] = {}
    for entry in journal.entries("hold", "hold_lifted"):
        facts = entry.facts
        key = (facts["first"], facts["until"])
        if entry.kind == "hold":
            first, until = map(date.fromisoformat, key)
            standing[key] = Hold(first, until, facts["reason"], facts["by"], entry.time, entry.number)
        else:
            del standing[key]
    return list(standing.values())


def held(day: str, standing: Iterable[Hold]) -> Hold | None:
    """Return the first hold that a day (ISO) is under, None where there is none."""
    return next((hold for hold in standing if hold.first.isoformat() <= day < hold.until.isoformat()), None)


def hold(store: Store, days: str, *, reason: str, now: datetime) -> Hold:
    """Put days under a hold: `2026-03-02..2026-03-09` (half-open), a day, month, quarter or week, all of UTC.

    Where the same days are under a hold for the same reason, that one is returned. Raises `UsageError` without a reason, for
    what is no range of days, and for days that a hold with another reason names exactly.
    """
    first, until = _days(days, now)
    with store.writing():
        there = _named(store, first, until)
        if there is not None and there.reason != reason:
            raise UsageError(
                f"{there.range} is under a hold already, by journal entry {there.entry}: {quoted(there.reason)}; "
                "to hold it for another reason too, name a day more or less"
            )
        if there is None:
            _journal(store, "hold", first, until, reason=reason, now=now)
    return next(one for one in holds(store.journal) if (one.first, one.until) == (first, until))


def lift(store: Store, days: str, *, reason: str, now: datetime) -> Hold:
    """End the hold that names exactly these days, and return it. Raises `UsageError` where there is none, or no reason."""
    first, until = _days(days, now)
    with store.writing():
        there = _named(store, first, until)
        if there is None:
            standing = ", ".join(one.range for one in holds(store.journal))
            raise UsageError(
                f"no hold names {first}..{until}; " + (f"these stand: {standing}" if standing else "none stands")
            )
        _journal(store, "hold_lifted", first, until, reason=reason, now=now)
    return there


def _named(store: Store, first: date, until: date) -> Hold | None:
    return next((one for one in holds(store.journal) if (one.first, one.until) == (first, until)), None)


def _journal(store: Store, kind: str, first: date, until: date, *, reason: str, now: datetime) -> None:
    if not reason.strip():
        raise UsageError("a hold is set and lifted for a reason: --reason TEXT")
    facts = {"at": time_text(now), "by": by_whom(), "first": str(first), "until": str(until), "reason": reason}
    store.journal.append(kind, facts, time=now)


def _days(text: str, now: datetime) -> tuple[date, date]:
    if text.strip() in RELATIVE:
        raise UsageError(f"a hold names its days, not {quoted(text)}: 2026-03-02..2026-03-09")
    period = Period.parse(text, timezone="UTC", now=now)
    return period.since.date(), period.until.date()
