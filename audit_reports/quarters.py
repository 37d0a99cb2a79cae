"""When did it happen? Counts by quarters of an hour: small, and every clock in the world agrees where one begins.

Zones differ by whole quarters (since 1972, when Liberia's clocks were the last to be put right), so that counts by local
hours and of silent hours come from these, with one look at the events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import narwhals as nw

from audit_reports.engine import Native, with_native

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.period import Period

QUARTER = "quarter"
"""The column that says when the quarter of an hour began, in UTC."""

WORKING_HOURS = (7, 20)
"""From which local hour, and until which, people are expected at work; the second is outside."""

SATURDAY = 6
"""The first ISO weekday of a weekend."""


def by_quarter(events: nw.LazyFrame[Any], *columns: str) -> nw.LazyFrame[Any]:
    """Count events by some columns and the quarter of an hour; no event gives no row, a null value is one like any other.

    A row has the columns, `quarter`, `events`, `first_seen` and `last_seen` (UTC), in no order.
    """
    time = nw.col("occurred_at")
    quarters = with_native(events, {QUARTER: Native("quarter hour", "occurred_at")})
    return quarters.group_by(*columns, QUARTER).agg(
        nw.len().cast(nw.Int64).alias("events"), time.min().alias("first_seen"), time.max().alias("last_seen")
    )


def in_period(quarters: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Return the quarters that lie in a period, whose days begin and end with one."""
    import polars as pl

    return quarters.filter(pl.col(QUARTER).is_between(period.since, period.until, closed="left"))


def by_hour(quarters: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Return the events of a period by `day` and `hour` of its timezone, in the order of time; an hour without has no row."""
    import polars as pl

    local = pl.col(QUARTER).dt.convert_time_zone(period.timezone)
    hour = local.dt.hour().cast(pl.Int64)
    counted = in_period(quarters, period).group_by(day=local.dt.date(), hour=hour).agg(pl.col("events").sum())
    return counted.sort("day", "hour")
