"""What became of each due review? A row for every period that a plan was ever due for: made, mailed, late, missed, unsigned.

An auditor samples weeks from it; `run --check` reads from it what somebody must look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from audit_reports.delivery.history import History, given_up_said, histories
from audit_reports.delivery.schedule import Due, due_periods, reach
from audit_reports.log import AuditLog
from audit_reports.plan import Plan
from audit_reports.store import Store

if TYPE_CHECKING:
    import polars as pl

LATE = timedelta(hours=24)
"""How long after it was due a review counts as made in time."""

UNSIGNED = timedelta(days=7)
"""How long a mailed review may go without a signature."""

TOLD_MISSED = timedelta(days=7)
"""How long a check tells of a review that no run can make any more; the calendar tells it for ever."""

MOST_SILENT = timedelta(days=2)
"""How long any feed may be silent."""

STATES = ("due", "missed", "failed", "waiting", "refused", "made", "mailed", "late", "unsigned", "signed")


@dataclass(frozen=True)
class Day:
    """One due period of one plan; times are UTC, None where that has not happened.

    `state` is one of `STATES`, the one that somebody must know first; `reason` says why in words. `amendments` counts the
    later forms of the review, `landing` is the one that its newest form saw. `unsigned_since` is when its newest form was
    mailed, or made where only the first was; `missed_at` when it came out of the reach of `catch_up` without being made,
    or its mail was given up.
    """

    review: str
    period: str
    since: datetime
    until: datetime
    due_at: datetime
    state: str
    reason: str
    made_at: datetime | None = None
    mailed_at: datetime | None = None
    signed_at: datetime | None = None
    signed_by: str | None = None
    amendments: int | None = None
    landing: int | None = None
    unsigned_since: datetime | None = None
    missed_at: datetime | None = None


def calendar(store: Store, plans: Iterable[Plan], *, timezone: str, now: datetime) -> list[Day]:
    """Return a row for each due period of each plan, oldest first; empty without a plan or a due period."""
    known = histories(store.journal)
    since = reach(store, known)
    days = []
    for plan in plans:
        due = due_periods(plan, timezone=timezone, now=now, since=since)
        out_of_reach = [one.at for one in due[plan.catch_up :]]
        has_begun = False
        for number, one in enumerate(due):
            history = known.get(one.review, History())
            missed_at = out_of_reach[number] if number < len(out_of_reach) else None
            days.append(_day(one, history, now, missed_at=missed_at, has_begun=has_begun))
            has_begun = has_begun or bool(history.made)
    return sorted(days, key=lambda day: (day.due_at, day.review))


def wrong(store: Store, plans: Iterable[Plan], *, timezone: str, now: datetime) -> list[str]:
    """Return a line for everything that somebody must look at: overdue, unsent, unsigned, and a feed that fell silent.

    A review is overdue a day after it was due, for as long as a run can still make it. When none can any more it is told as
    missed for a week, unless it is from before the plan's first review, and so is one whose mail was given up; a monitor
    that is red for ever is looked at by nobody. A review is unsigned a week after its mail; a signature also ends that
    somebody was refused. Of a silent feed `silent_feeds` speaks.
    """
    lines = [
        f"silent: {feed}, its newest event is of {last.isoformat()}, and it was never silent so long before"
        for feed, last in silent_feeds(AuditLog(store), now=now)
    ]
    for day in calendar(store, plans, timezone=timezone, now=now):
        if day.state == "missed":
            if day.missed_at is not None and now - day.missed_at <= TOLD_MISSED:
                lines.append(f"missed: {day.review}, due {day.due_at:%Y-%m-%d %H:%M} UTC ({day.reason})")
        elif day.state == "due" and now - day.due_at > LATE:
            lines.append(f"overdue: {day.review}, due {day.due_at:%Y-%m-%d %H:%M} UTC ({day.reason})")
        elif day.state in ("failed", "waiting", "refused"):
            lines.append(f"unsent: {day.review}, {day.reason}")
        elif day.unsigned_since is not None and now - day.unsigned_since > UNSIGNED:
            lines.append(f"unsigned: {day.review}, since {day.unsigned_since:%Y-%m-%d %H:%M} UTC")
    return lines


def silent_feeds(log: AuditLog, *, now: datetime) -> list[tuple[str, date]]:
    """Return the feeds that have been silent longer than ever before, and two days at least, with their last day (UTC)."""
    days: dict[str, list[date]] = {}
    for feed, day, *_ in log.unrecorded().by("feed", "day").sort("feed", "day").iter_rows():
        days.setdefault(feed, []).append(day)
    today = now.astimezone(UTC).date()
    return [
        (feed, seen[-1])
        for feed, seen in days.items()
        if today - seen[-1] > max([MOST_SILENT, *(later - day for day, later in pairwise(seen))])
    ]


def frame(days: Iterable[Day]) -> pl.DataFrame:
    """Return the calendar as a table."""
    import polars as pl

    times = ("since", "until", "due_at", "made_at", "mailed_at", "signed_at", "unsigned_since", "missed_at")
    schema: Mapping[str, pl.DataType] = {
        name: pl.Datetime("us", "UTC")
        if name in times
        else pl.Int64()
        if name in ("amendments", "landing")
        else pl.String()
        for name in Day.__dataclass_fields__
    }
    return pl.DataFrame([asdict(day) for day in days], schema=schema)


def _day(due: Due, history: History, now: datetime, *, missed_at: datetime | None, has_begun: bool) -> Day:
    newest, signed = history.newest, history.signed
    given_up = history.missed(newest) if newest else None
    first = history.made[0] if history.made else None
    mailed = history.mailed_at(first) if first else None
    state, why = _missed(due, history, has_begun) if missed_at and not first else _state(due, history, now, missed_at)
    return Day(
        review=due.review,
        period=due.period.name,
        since=due.period.since,
        until=due.period.until,
        due_at=due.at,
        state=state,
        reason=why,
        made_at=first.time if first else None,
        mailed_at=mailed,
        signed_at=signed.time if signed else None,
        signed_by=signed.user if signed else None,
        amendments=len(history.made) - 1 if history.made else None,
        landing=int(newest.facts["landing"]) if newest else None,
        unsigned_since=(history.mailed_at(newest) or newest.time) if newest and mailed and not signed else None,
        missed_at=given_up.time if given_up else missed_at if has_begun and not first else None,
    )


def _missed(due: Due, history: History, has_begun: bool) -> tuple[str, str]:
    """Return what to say of a period that no run makes any more."""
    by_hand = f"audit-reports review --period {due.period.name} still can"
    if not has_begun:
        return "missed", f"from before the first review of {due.plan.name}; {by_hand}"
    failed = f", and it failed: {history.failed.facts['reason']}" if history.failed else ""
    last = "period" if due.plan.catch_up == 1 else f"{due.plan.catch_up} periods"
    return "missed", f"older than the last {last}, which catch_up allows{failed}; {by_hand}"


def _state(due: Due, history: History, now: datetime, missed_at: datetime | None) -> tuple[str, str]:
    """Return the state that somebody must know first, and the reason in words."""
    made = history.newest
    if history.failed is not None and missed_at is None:
        return "failed", str(history.failed.facts["reason"])
    if made is None:
        return "due", "the next run makes it"
    if waiting := [who for one in history.made for who in history.waiting(one)]:
        return "waiting", f"not sent yet to {', '.join(dict.fromkeys(waiting))}; the next run tries again"
    if history.signed is not None:
        return "signed", f"by {history.signed.user}"
    if given_up := history.missed(made):
        return "missed", given_up_said(given_up)
    if refused := history.refused(made):
        return "refused", "; ".join(f"{who}: {said}" for who, said in refused.items())
    number = int(made.facts["amendment"])
    again = f"amendment {number} saw landing {made.facts['landing']}, and is not signed" if number else ""
    if not history.made[0].facts["recipients"]:
        return "made", again or "nobody is to be mailed"
    sent = history.mailed_at(history.made[0]) or history.made[0].time
    if sent - due.at > LATE:
        days = (sent - due.at) / timedelta(days=1)
        return "late", again or f"mailed {days:.1f} days after it was due, and not signed"
    return "unsigned", again or f"mailed {_ago(now - sent)} ago, and not signed"


def _ago(length: timedelta) -> str:
    return f"{length.days} days" if length >= timedelta(days=2) else f"{length / timedelta(hours=1):.0f} hours"
