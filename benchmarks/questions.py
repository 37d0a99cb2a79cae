"""Which twelve questions does a reviewer ask? Each as a user of the library asks it, with the period that it is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from make_events import FIRST_DAY

if TYPE_CHECKING:
    import polars as pl

    from audit_reports import AuditLog

WEEKS = 9
DAYS = 7 * WEEKS


@dataclass(frozen=True)
class Span:
    """Whole UTC days, the last one excluded."""

    since: date
    until: date

    @property
    def days(self) -> list[str]:
        """Return the days, as their folders are called."""
        return [(self.since + timedelta(days=n)).isoformat() for n in range((self.until - self.since).days)]


_FIRST = date.fromisoformat(FIRST_DAY)
ALL = Span(_FIRST, _FIRST + timedelta(days=DAYS))
LAST = Span(ALL.until - timedelta(days=7), ALL.until)
BEFORE = Span(LAST.since - timedelta(days=7), LAST.since)
BOTH = Span(BEFORE.since, LAST.until)
ACTOR = "ana.costa3@northwind.example"
EVENING = datetime.combine(LAST.since, time(22), UTC)
MORNING = EVENING + timedelta(hours=8)
NIGHT = Span(EVENING.date(), MORNING.date() + timedelta(days=1))
TEXT = "ASSISTANT 47"
NETWORK = "203.0.64.0/20"
SHOWN, TOP = 50, 20
DISTINCT = ("actor", "resource", "country", "city", "event")


def _within(log: AuditLog, span: Span) -> AuditLog:
    return log.filter(since=span.since, until=span.until)


QUESTIONS: dict[str, Callable[[AuditLog], pl.DataFrame]] = {
    "week by actor": lambda log: _within(log, LAST).by("actor"),
    "week by category and action": lambda log: _within(log, LAST).by("category", "action"),
    "week by location": lambda log: _within(log, LAST).by("location"),
    "hours by weekdays": lambda log: log.by("weekday", "hour"),
    "new places of an actor": lambda log: log.first_seen("actor", "country", since=LAST.since),
    "an actor's night": lambda log: log.filter(actor=ACTOR, since=EVENING, until=MORNING).polars(),
    "text, newest 50": lambda log: _within(log, LAST).filter(search=TEXT).newest(SHOWN),
    "network by actor": lambda log: log.filter(ip=NETWORK).by("actor"),
    "rare actions": lambda log: log.rare("actor", "event"),
    "top 20 resources": lambda log: log.by("resource", limit=TOP),
    "two weeks compared": lambda log: _within(log, LAST).compare(_within(log, BEFORE), "actor"),
    "distinct counts": lambda log: log.distinct(*DISTINCT),
}
"""Those that name no week are about all nine."""
