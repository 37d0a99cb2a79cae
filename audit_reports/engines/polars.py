"""How does Polars compute what Narwhals lacks? For frames of the user's own, and for tests that hold engines to Polars."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import polars as pl

from audit_reports import network
from audit_reports.engine import Native
from audit_reports.engines.polars_natives import native_expression


def with_native(frame: nw.LazyFrame[Any], columns: Mapping[str, Native]) -> nw.LazyFrame[Any]:
    """Return a frame with native columns added under some names."""
    native: pl.LazyFrame = frame.to_native()
    return nw.from_native(native.with_columns(**{name: _expression(one) for name, one in columns.items()}))


def distinct_counts(frame: nw.LazyFrame[Any], columns: Mapping[str, str]) -> nw.LazyFrame[Any]:
    """Return one row with the number of events and of the different values of some columns."""
    native: pl.LazyFrame = frame.to_native()
    counts = {name: pl.col(column).drop_nulls().n_unique().cast(pl.Int64) for name, column in columns.items()}
    return nw.from_native(native.select(pl.len().cast(pl.Int64).alias("events"), **counts))


def joined(left: nw.LazyFrame[Any], right: nw.LazyFrame[Any], on: Sequence[str]) -> nw.LazyFrame[Any]:
    """Return the rows of a frame that have a match in another, with its other columns; a null matches a null."""
    native: pl.LazyFrame = left.to_native()
    return nw.from_native(native.join(right.to_native(), on=list(on), how="inner", nulls_equal=True))


def tallied(events: nw.LazyFrame[Any], keys: Sequence[str], before: nw.LazyFrame[Any] | None) -> nw.LazyFrame[Any]:
    """Return counts of events by some columns, with their first and last times, beside those of others."""
    rows: pl.LazyFrame = events.to_native()
    time, number = pl.col("occurred_at"), pl.len().cast(pl.Int64)
    counts = {"events": number}
    if before is not None:  # the two are one where those before have no time: aggregates of the time pass them over
        others = before.to_native().select(pl.lit(None).alias("occurred_at"), *keys)
        rows = pl.concat([rows.select("occurred_at", *keys), others], how="vertical_relaxed")
        here = time.count().cast(pl.Int64)
        counts = {"events": here, "before": number - here}
    return nw.from_native(rows.group_by(*keys).agg(**counts, first_seen=time.min(), last_seen=time.max()))


def _expression(native: Native) -> pl.Expr:
    column = pl.col(native.column)
    match native.function, native.arguments:
        case "in zone", (str(zone),):
            return column.dt.convert_time_zone(zone).dt.replace_time_zone(None)
        case "microseconds", ():
            return column.dt.timestamp("us")
        case "bucket", (str(every), str(zone)):
            return _bucket(column, every, zone)
        case "network", ():
            return pl.coalesce(_taken(network.V4, column), _taken(network.V6, column.str.to_lowercase()))
        case "iso week", ():
            return column.dt.strftime("%G-W%V")
        case "weekday", ():
            return column.dt.weekday()
        case "quarter hour", ():
            return column.dt.truncate("15m")
    return native_expression(native)


def _bucket(column: pl.Expr, every: str, zone: str) -> pl.Expr:
    """Return the UTC time at which a time's bucket of local clocks begins."""

    def on_clocks(time: pl.Expr) -> pl.Expr:
        return time.dt.convert_time_zone(zone).dt.replace_time_zone(None)

    def in_utc(midnight: pl.Expr) -> pl.Expr:
        local = midnight.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        return local.dt.convert_time_zone("UTC")

    start = on_clocks(column).dt.truncate(every)
    if every.endswith(("m", "h")):  # by what the clock is past its start: where an hour comes twice, each is its own
        begun = column - (on_clocks(column) - start)
        if every.endswith("m"):
            return begun
        # It began with the clocks' change, where that is by half an hour.
        return pl.when(on_clocks(begun) == start).then(begun).otherwise(_bucket(column, "30m", zone))
    # A midnight that clocks leap over is as long after the one before it as any other.
    return pl.coalesce(in_utc(start), in_utc(start.dt.offset_by("-1d")).dt.offset_by("1d"))


def _taken(steps: network.Steps, value: pl.Expr) -> pl.Expr:
    """Return steps of regular expressions on a value."""
    for pattern, replacement in steps:
        if replacement is None:
            value = value.str.extract(pattern, 0)
        else:
            value = value.str.replace_all(pattern, re.sub(r"\\(\d)", r"${\1}", replacement))
    return value
