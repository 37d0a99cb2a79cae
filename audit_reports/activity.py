"""How much of what? Activity: counts of events by their dimensions, each a function from lazy frame to lazy frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import narwhals as nw

from audit_reports.engine import LOCAL, Native, distinct_counts, joined, tallied, with_local_time, with_native
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


_LATER: Mapping[str, tuple[str, ...]] = {
    "location": ("city", "region", "country"),
    "network": ("ip",),
    "role": ("actor_role",),
}
"""Dimensions that are made of columns, and are made of far fewer rows where events are counted by the columns first."""


def by(
    events: nw.LazyFrame[Any], dimensions: Sequence[str], *, timezone: str, limit: int | None = None
) -> nw.LazyFrame[Any]:
    """Count events by some dimensions; no event gives no row, and a null dimension is a row like any other.

    With a `limit` there are no more rows than that: the first ones, and only their actors are counted. A row has the
    dimensions, `events`, `actors` (distinct, unknown ones not counted), `first_seen` and `last_seen` (UTC);
    sorted by events, most first, then by the dimensions, null last. `week`, `day`, `hour` (0-23) and `weekday` (1-7, ISO)
    are those that clocks in the timezone show; `network` is the /24 of a v4 address and the /48 of a v6 one, null for
    other text. Raises `UsageError` for an unknown or repeated dimension and for none.

    >>> import polars as pl
    >>> from datetime import UTC, datetime
    >>> moments = [datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (8, 9, 22)]
    >>> who, where = ["ana", "ben", "ana"], ["ES", None, None]
    >>> events = pl.LazyFrame({"occurred_at": moments, "actor": who, "country": where})
    >>> by(nw.from_native(events), ["country"], timezone="UTC").select("country", "events", "actors").collect().rows()
    [(None, 2, 2), ('ES', 1, 1)]
    """
    # What is made of columns would be made of every event again: there, and of actors themselves, all are counted at once.
    few = limit is not None and not {"actor", *_LATER}.intersection(dimensions)
    rows = counted(events, dimensions, timezone=timezone, actors=not few)
    rows = rows.sort("events", *dimensions, descending=[True, *[False] * len(dimensions)], nulls_last=True)
    if limit is None:
        return rows
    return _with_actors(rows.head(limit), events, dimensions, timezone=timezone) if few else rows.head(limit)


def _with_actors(
    rows: nw.LazyFrame[Any], events: nw.LazyFrame[Any], dimensions: Sequence[str], *, timezone: str
) -> nw.LazyFrame[Any]:
    """Return few counts with the column `actors`, for which only the events of these are looked at again."""
    theirs = with_dimensions(events, dimensions, timezone=timezone).select(*dimensions, "actor")
    others = [nw.col(name).max() for name in ("events", "first_seen", "last_seen")]
    actors = joined(theirs, rows, on=dimensions).group_by(*dimensions, "actor").agg(*others)
    known = nw.col("actor").count().cast(nw.Int64).alias("actors")
    counts = actors.group_by(*dimensions).agg(known, *others)
    told = counts.select(*dimensions, "events", "actors", "first_seen", "last_seen")
    return told.sort("events", *dimensions, descending=[True, *[False] * len(dimensions)], nulls_last=True)


def counted(
    events: nw.LazyFrame[Any],
    dimensions: Sequence[str],
    *,
    timezone: str,
    actors: bool = True,
    before: nw.LazyFrame[Any] | None = None,
) -> nw.LazyFrame[Any]:
    """Count events by some dimensions as `by` does, in no order; without `actors` that column is left out.

    Other events that came `before` are counted beside them, in the column of that name, after `events`; all else is of
    `events`: in a row that has none of these its times are null, and `actors` says nothing. Events are counted by columns
    and actors first, and these counts again, which is cheaper than to look for distinct actors.
    """
    checked_dimensions(dimensions)
    later = [name for name in dimensions if name in _LATER]
    at_once = [name for name in dimensions if name not in _LATER]
    columns = [*at_once, *(column for name in later for column in _LATER[name]), *(["actor"] if actors else [])]
    keys = list(dict.fromkeys(columns))
    told = _with_dimensions(events, at_once, timezone=timezone)
    others = None if before is None else _with_dimensions(before, at_once, timezone=timezone)
    pairs = tallied(told, keys, before=others)
    counts = ["events"] if before is None else ["events", "before"]
    if set(columns) == set(dimensions):
        is_known = (~nw.col("actor").is_null()).cast(nw.Int64).alias("actors")
        return pairs.select(*dimensions, *counts, is_known, "first_seen", "last_seen") if actors else pairs
    # A pair of the dimensions' values and an actor is there once, but where a dimension is made of several columns.
    who = nw.col("actor") if before is None else nw.when(nw.col("events") > 0).then(nw.col("actor"))
    known = [(distinct(who) if later else who.count().cast(nw.Int64)).alias("actors")] if actors else []
    return (
        _with_dimensions(pairs, later, timezone=timezone)
        .group_by(*dimensions)
        .agg(
            *(nw.col(name).sum().cast(nw.Int64) for name in counts),
            *known,
            nw.col("first_seen").min(),
            nw.col("last_seen").max(),
        )
    )


def combinations(events: nw.LazyFrame[Any], dimensions: Sequence[str], *, timezone: str) -> nw.LazyFrame[Any]:
    """Return one row, `rows`: how many combinations of some dimensions there are, null a value like any other; no event gives 0.

    That is how many rows `by` gives without a limit. Raises `UsageError` as `by` does.

    >>> import polars as pl
    >>> from datetime import UTC, datetime
    >>> seen = {"occurred_at": datetime(2026, 3, 2, tzinfo=UTC), "actor": ["ana", "ben", None, "ana"]}
    >>> combinations(nw.from_native(pl.LazyFrame(seen)), ["actor"], timezone="UTC").collect().rows()
    [(3,)]
    """
    return counted(events, dimensions, timezone=timezone, actors=False).select(nw.len().cast(nw.Int64).alias("rows"))


def rare(events: nw.LazyFrame[Any], dimensions: Sequence[str], *, timezone: str) -> nw.LazyFrame[Any]:
    """Return the combinations of some dimensions, rarest first; no event gives no row, and null is a value like any other.

    For `actor` and `event`, a row says how rare it is that this actor does this: `events` (how often), `share` (of the
    actor's events, more than 0 and up to 1) and `shared_by` (how many known actors do it, this one among them). In other
    words: the share is of the first dimension's events, and the values counted are those of the first dimension that have
    all the others in common. Sorted by events, then by `shared_by`, `share` and the dimensions, null last. Raises
    `UsageError` for fewer than two dimensions, and as `by` does.

    >>> import polars as pl
    >>> did = pl.LazyFrame({"actor": ["ana", "ana", "ana", "ben"], "event": ["read", "read", "delete", "read"]})
    >>> rare(nw.from_native(did), ["actor", "event"], timezone="UTC").collect().rows()
    [('ana', 'delete', 1, 0.3333333333333333, 1), ('ben', 'read', 1, 1.0, 2), ('ana', 'read', 2, 0.6666666666666666, 2)]
    """
    if len(dimensions) == 1:
        raise UsageError("rare needs two dimensions or more, who and what: rare('actor', 'event')")
    counted = (
        with_dimensions(events, dimensions, timezone=timezone)
        .group_by(*dimensions)
        .agg(nw.len().cast(nw.Int64).alias("events"))
    )
    first, *others = dimensions
    known = (~nw.col(first).is_null()).cast(nw.Int64)
    return counted.with_columns(
        (nw.col("events") / nw.col("events").sum().over(first)).alias("share"),
        known.sum().over(*others).cast(nw.Int64).alias("shared_by"),
    ).sort("events", "shared_by", "share", *dimensions, nulls_last=True)


def distinct_values(events: nw.LazyFrame[Any], dimensions: Sequence[str], *, timezone: str) -> nw.LazyFrame[Any]:
    """Return one row: `events`, and for each dimension how many different values it has; null is none, no event gives zeros.

    Local dimensions are those that clocks in the timezone show. Raises `UsageError` as `by` does.

    >>> import polars as pl
    >>> seen = nw.from_native(pl.LazyFrame({"actor": ["ana", "ben", "ana", None], "country": ["ES", None, None, None]}))
    >>> distinct_values(seen, ["actor", "country"], timezone="UTC").collect().rows()
    [(4, 2, 1)]
    """
    told = with_dimensions(events, dimensions, timezone=timezone)
    return distinct_counts(told, {name: name for name in dimensions})


def with_dimensions(events: nw.LazyFrame[Any], dimensions: Sequence[str], *, timezone: str) -> nw.LazyFrame[Any]:
    """Return events with a column for each of some dimensions, named as it is; raises `UsageError` as `by` does.

    The dimension `day` is the local day, and takes the place of the column, which is that of UTC.
    """
    checked_dimensions(dimensions)
    return _with_dimensions(events, dimensions, timezone=timezone)


def _with_dimensions(events: nw.LazyFrame[Any], dimensions: Sequence[str], *, timezone: str) -> nw.LazyFrame[Any]:
    if LOCAL_DIMENSIONS.intersection(dimensions):
        events = with_local_time(events, timezone)
    events = with_native(events, {name: _NATIVE[name] for name in dimensions if name in _NATIVE})
    derived = {name: made for name in dimensions if (made := _derived(name)) is not None}
    return events.with_columns(**derived) if derived else events


def distinct(values: nw.Expr) -> nw.Expr:
    """Return how many different values a column has; null is none of them."""
    return (values.n_unique() - (values.count() != nw.len()).cast(nw.Int64)).cast(nw.Int64)


def columns_of(dimensions: Sequence[str]) -> set[str]:
    """Return the columns that counts by some dimensions are made of.

    >>> sorted(columns_of(["location", "hour"]))
    ['actor', 'city', 'country', 'occurred_at', 'region']
    """
    made = (_LATER.get(name, () if name in LOCAL_DIMENSIONS else (name,)) for name in dimensions)
    return {"actor", "occurred_at", *chain.from_iterable(made)}


def checked_dimensions(dimensions: Sequence[str]) -> None:
    """Raise `UsageError` for an unknown or repeated dimension, naming the nearest, and for none."""
    if not dimensions:
        raise UsageError(f"name a dimension to count by: {', '.join(DIMENSIONS)}")
    for dimension in dimensions:
        if dimension not in DIMENSIONS:
            raise UsageError.unknown("dimension", dimension, DIMENSIONS)
    if len(set(dimensions)) != len(dimensions):
        raise UsageError("a dimension is named twice")


def _derived(name: str) -> nw.Expr | None:
    """Return the expression of a dimension that is no column of events."""
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
    return None


def _location() -> nw.Expr:
    place = nw.concat_str(nw.coalesce("city", "region"), nw.col("country"), separator=", ", ignore_nulls=True)
    return nw.when(place != "").then(place)
