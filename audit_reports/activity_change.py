"""What changed against another period? Two counts of the same dimensions side by side, no row of either lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from audit_reports.activity import counted
from audit_reports.engine import stacked

NEW, GONE = "new", "gone"
"""What `state` says of a row that only this period has, or only the one before; null for a row that both have."""


def compare(
    events: nw.LazyFrame[Any], before: nw.LazyFrame[Any], dimensions: Sequence[str], *, timezone: str
) -> nw.LazyFrame[Any]:
    """Count the events of two frames by the same dimensions, side by side; where neither has an event there is no row.

    A null dimension is a value like any other. A row has the dimensions, `events`, `before` (events of the other frame),
    `change` (the difference), `state` (`new`, `gone` or null), and `actors`, `first_seen` and `last_seen` (UTC) of `events`,
    null where it is gone. Sorted by events, then by those before, most first, then by the dimensions, null last. Local
    dimensions are those of the timezone, in both. Raises `UsageError` as `by` does.

    >>> import polars as pl
    >>> from datetime import UTC, datetime
    >>> def did(*actors):
    ...     return nw.from_native(pl.LazyFrame({"actor": actors, "occurred_at": datetime(2026, 3, 2, tzinfo=UTC)}))
    >>> changed = compare(did("ana", "ana", None), did("ana", "ben"), ["actor"], timezone="UTC")
    >>> changed.select("actor", "events", "before", "change", "state").collect().rows()
    [('ana', 2, 1, 1, None), (None, 1, 0, 1, 'new'), ('ben', 0, 1, -1, 'gone')]
    """
    now = counted(events, dimensions, timezone=timezone)
    return compared(now, counted(before, dimensions, timezone=timezone, actors=False), dimensions)


def compared(now: nw.LazyFrame[Any], before: nw.LazyFrame[Any], dimensions: Sequence[str]) -> nw.LazyFrame[Any]:
    """Return counts with the columns `before`, `change` and `state` after `events`, and a row for what is gone.

    Both frames have the dimensions, a row for each combination, and `events`, as `by` gives them; the rows are those that
    `compare` tells of. The sums of `events` and of `before` are those of the two frames. Other columns are those of `now`,
    null in a row that is gone. The two are laid one under the other and counted again: a join would lose null dimensions.
    """
    keys = list(dimensions)
    others = [name for name in now.columns if name not in (*keys, "events")]
    zero = nw.lit(0, dtype=nw.Int64)
    both = stacked(
        now.select(*keys, "events", zero.alias("before"), *others),
        before.select(
            *keys,
            zero.alias("events"),
            nw.col("events").alias("before"),
            *(nw.lit(None).alias(name) for name in others),
        ),
    )
    state = nw.when(nw.col("before") == 0).then(nw.lit(NEW)).otherwise(
        nw.when(nw.col("events") == 0).then(nw.lit(GONE))
    )  # fmt: skip
    return (
        both.group_by(*keys)
        .agg(
            *(nw.col(name).sum().cast(nw.Int64) for name in ("events", "before")),
            *(nw.col(name).max() for name in others),
        )
        .select(
            *keys,
            "events",
            "before",
            (nw.col("events") - nw.col("before")).alias("change"),
            state.alias("state"),
            *others,
        )
        .sort("events", "before", *keys, descending=[True, True, *[False] * len(keys)], nulls_last=True)
    )
