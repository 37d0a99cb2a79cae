"""How much of what? Activity: counts of events by their dimensions, each a function from lazy frame to lazy frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw

from audit_reports.engine import LOCAL, Native, with_local_time, with_native
from audit_reports.errors import UsageError

DIMENSIONS: tuple[str, ...] = (
    "actor", "actor_type", "category", "action", "event", "country", "city", "location", "network", "source",
    "resource", "resource_type", "role", "feed", "workspace", "outcome", "week", "day", "hour", "weekday",
)  # fmt: skip
"""What activity can be counted by."""

LOCAL_DIMENSIONS = frozenset({"week", "day", "hour", "weekday"})
"""Those that clocks in the view's timezone show."""

_NATIVE: Mapping[str, Native] = {
    "network": Native("network", "ip"),
    # Narwhals on Spark calls a Sunday 0, and a week that two years share 2027-W53 in January.
    "week": Native("iso week", LOCAL),
    "weekday": Native("weekday", LOCAL),
}


def by(events: nw.LazyFrame[Any], dimensions: Sequence[str], *, timezone: str) -> nw.LazyFrame[Any]:
    """Count events by some dimensions; no event gives no row, and a null dimension is a row like any other.

    A row has the dimensions, `events`, `actors` (distinct, unknown ones not counted), `first_seen` and `last_seen` (UTC);
    sorted by events, most first, then by the dimensions, null last. `week`, `day`, `hour` (0-23) and `weekday` (1-7, ISO)
    are those that clocks in the timezone show; `network` is the /24 of a v4 address and the /48 of a v6 one, null for
    other text. Raises `UsageError` for an unknown or repeated dimension and for none.
    """
    checked_dimensions(dimensions)
    if LOCAL_DIMENSIONS.intersection(dimensions):
        events = with_local_time(events, timezone)
    events = with_native(events, {name: _NATIVE[name] for name in dimensions if name in _NATIVE})
    time = nw.col("occurred_at")
    counted = events.group_by(*(_dimension(name).alias(name) for name in dimensions)).agg(
        nw.len().cast(nw.Int64).alias("events"),
        distinct("actor").alias("actors"),
        time.min().alias("first_seen"),
        time.max().alias("last_seen"),
    )
    return counted.sort("events", *dimensions, descending=[True, *[False] * len(dimensions)], nulls_last=True)


def distinct(column: str) -> nw.Expr:
    """Return how many different values a column has; null is none of them."""
    values = nw.col(column)
    return (values.n_unique() - values.is_null().any().cast(nw.Int64)).cast(nw.Int64)


def checked_dimensions(dimensions: Sequence[str]) -> None:
    """Raise `UsageError` for an unknown or repeated dimension, naming the nearest, and for none."""
    if not dimensions:
        raise UsageError(f"name a dimension to count by: {', '.join(DIMENSIONS)}")
    for dimension in dimensions:
        if dimension not in DIMENSIONS:
            raise UsageError.unknown("dimension", dimension, DIMENSIONS)
    if len(set(dimensions)) != len(dimensions):
        raise UsageError("a dimension is named twice")


def _dimension(name: str) -> nw.Expr:
    match name:
        case "role":
            return nw.col("actor_role")
        case "location":
            return _location()
        case "day":
            return nw.col(LOCAL).dt.date()
        case "hour":
            return nw.col(LOCAL).dt.hour().cast(nw.Int64)
        case "weekday":
            return nw.col("weekday").cast(nw.Int64)
    return nw.col(name)


def _location() -> nw.Expr:
    place = nw.concat_str(nw.coalesce("city", "region"), nw.col("country"), separator=", ", ignore_nulls=True)
    return nw.when(place != "").then(place)
