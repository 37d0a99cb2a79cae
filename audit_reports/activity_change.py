"""What changed against another period? Two counts of the same dimensions side by side, no row of either lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from audit_reports.activity import counted

NEW, GONE = "new", "gone"
"""What `state` says of a row that only this period has, or only the one before; null for a row that both have."""


def compare(
    events: nw.LazyFrame[Any], before: nw.LazyFrame[Any], dimensions: Sequence[str], *, timezone: str
) -> nw.LazyFrame[Any]:
    """Count events of two frames by some dimensions, side by side; no event gives no row, and null is a value like any other.

    A row has the dimensions, `events`, `before` (events of the other frame), `change` (the difference), `state` (`new`,
    `gone` or null), and `actors`, `first_seen` and `last_seen` (UTC) of `events`, null where it is gone. Sorted by events,
    then by those before, most first, then by the dimensions, null last. Local dimensions are those of the timezone, in both.
    Raises `UsageError` as `by` does.

    >>> import polars as pl
    >>> from datetime import UTC, datetime
    >>> def did(*actors):
    ...     return nw.from_native(pl.LazyFrame({"actor": actors, "occurred_at": datetime(2026, 3, 2, tzinfo=UTC)}))
    >>> changed = compare(did("ana", "ana", None), did("ana", "ben"), ["actor"], timezone="UTC")
    >>> changed.select("actor", "events", "before", "change", "state").collect().rows()
    [('ana', 2, 1, 1, None), (None, 1, 0, 1, 'new'), ('ben', 0, 1, -1, 'gone')]
    """
    alone = "actor" in dimensions  # each row is of one actor, who is known or not
    both = counted(events, dimensions, timezone=timezone, before=before, actors=not alone)
    actors = (~nw.col("actor").is_null()).cast(nw.Int64) if alone else nw.col("actors")
    here, there = nw.col("events"), nw.col("before")
    state = nw.when(there == 0).then(nw.lit(NEW)).otherwise(nw.when(here == 0).then(nw.lit(GONE)))
    return both.select(
        *dimensions,
        here,
        there,
        (here - there).alias("change"),
        state.alias("state"),
        nw.when(here > 0).then(actors).alias("actors"),
        "first_seen",
        "last_seen",
    ).sort("events", "before", *dimensions, descending=[True, True, *[False] * len(dimensions)], nulls_last=True)
