"""Which reviews are due? The complete periods of each plan whose late events have been waited for, oldest first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from audit_reports.delivery.history import History
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

    `since` is how far back they reach: no period that ends before it is due. Where it is None the last complete one alone is:
    that nothing was collected is to be said, too.
    """
    found: list[Due] = []
    period = Period.parse(plan.period, timezone=timezone, now=now)
    while len(found) < MOST_PERIODS and (period.until > since if since is not None else not found):
        if period.until + plan.delay <= now:
            found.append(Due(plan, period, period.until + plan.delay))
        period = period.before()
    return found[::-1]


def reach(store: Store, known: Mapping[str, History]) -> datetime | None:
    """Return from when on periods are due: the oldest day with events (UTC), or the oldest period that a review was made of.

    What became of a review is told after retention has removed its events, too. None for a store with neither.
    """
    files = store.files(store.table())
    days = [datetime.combine(date.fromisoformat(file.day), time(), UTC) for file in files[:1]]
    made = [datetime.fromisoformat(one.facts["since"]) for history in known.values() for one in history.made[:1]]
    return min([*days, *made], default=None)
