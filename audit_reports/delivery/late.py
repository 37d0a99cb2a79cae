"""Has anything landed for a review since it was made? Late events, by landing and feed: what an amendment rests on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from audit_reports.filter import Filter
from audit_reports.log import AuditLog
from audit_reports.period import Period
from audit_reports.plan import Plan
from audit_reports.quarters import by_quarter, in_period
from audit_reports.reviews.amendment import Late


def of_plan(log: AuditLog, plan: Plan) -> AuditLog:
    """Return the events that a plan's reviews are about."""
    return log.narrowed(Filter.of(timezone=log.timezone, **(plan.filter or {})))


def late_events(log: AuditLog, plan: Plan, seen: Mapping[Period, int]) -> dict[Period, tuple[Late, ...]]:
    """Return what landings brought of each period after the one that its review saw; a period without such is left out.

    It takes one look at the events of newer landings alone, whatever the number of periods, and none where nothing landed.
    """
    import polars as pl

    lowest = min(seen.values(), default=log.landing)
    if not any(one.landed for one in log.landings() if one.landing > lowest):
        return {}
    newer = (
        of_plan(log.unrecorded(), plan)
        .filter(since=min(one.since for one in seen), until=max(one.until for one in seen))
        .filter(pl.col("landing") > lowest)
    )
    quarters = newer.collect(by_quarter(newer.frame(), "landing", "feed"))
    found = {}
    for period, landing in seen.items():
        inside = in_period(quarters, period).filter(pl.col("landing") > landing)
        counted = inside.group_by("landing", "feed").agg(pl.col("events").sum()).sort("landing", "feed")
        if counted.height:
            found[period] = tuple(Late(feed, number, events) for number, feed, events in counted.iter_rows())
    return found


def waited_for(log: AuditLog, plan: Plan, late: tuple[Late, ...], *, now: datetime) -> bool:
    """Say whether the plan's delay is over since the first of these events landed, so that what trickles in is one amendment."""
    first = min(one.landing for one in late)
    return next(one.at for one in log.landings() if one.landing == first) + plan.delay <= now
