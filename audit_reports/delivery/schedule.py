"""Which reviews are due? The complete periods of each plan whose late events have been waited for, oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from audit_reports.period import Period
from audit_reports.plan import Plan
from audit_reports.store import Store

MOST_PERIODS = 5_000
"""How far back a calendar goes at most: a century of weeks, thirteen years of days."""


@dataclass(frozen=True)
class Due:
    """One period of a plan, and from when on its review is to be made (UTC)."""

    plan: Plan
    period: Period
    at: datetime

    @property
    def review(self) -> str:
        """The review's id."""
        return f"{self.plan.name}-{self.period.name}"


def due_periods(plan: Plan, *, timezone: str, now: datetime, since: datetime | None) -> list[Due]:
    """Return every period of a plan that is due at a time, oldest first.

    `since` is the time of the oldest event: no period that ends before it is due. Without any event the last complete one
    alone is: that nothing was collected is to be said, too.
    """
    found: list[Due] = []
    period = Period.parse(plan.period, timezone=timezone, now=now)
    while len(found) < MOST_PERIODS and (period.until > since if since is not None else not found):
        if period.until + plan.delay <= now:
            found.append(Due(plan, period, period.until + plan.delay))
        period = period.before()
    return found[::-1]


def oldest_event(store: Store) -> datetime | None:
    """Return the midnight (UTC) of the oldest day with events, None for a store without events."""
    files = store.files(store.table())
    return datetime.combine(date.fromisoformat(files[0].day), time(), UTC) if files else None
