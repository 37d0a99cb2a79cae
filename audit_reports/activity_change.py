"""What changed against the period before? Two counts of the same dimensions side by side, no row of either lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

NEW, GONE = "new", "gone"
"""What `state` says of a row that only this period has, or only the one before; null for a row that both have."""


def compared(now: pl.DataFrame, before: pl.DataFrame, dimensions: Sequence[str]) -> pl.DataFrame:
    """Return `now` with the columns `before` (events), `change` and `state` after `events`, and a row for what is gone.

    Both frames have the dimensions and `events`, as `AuditLog.by` gives them. A null dimension is a value like any other.
    Sorted by events, then by those before, most first, then by the dimensions, null last; the sums of `events` and of
    `before` are those of the two frames. Other columns of a row that is gone are null.

    >>> import polars as pl
    >>> now, before = (pl.DataFrame({"actor": a, "events": e}) for a, e in [(["ana", None], [3, 1]), (["ana", "ben"], [1, 4])])
    >>> compared(now, before, ["actor"]).rows()
    [('ana', 3, 1, 2, None), (None, 1, 0, 1, 'new'), ('ben', 0, 4, -4, 'gone')]
    """
    import polars as pl

    keys = list(dimensions)
    earlier = before.group_by(keys).agg(pl.col("events").sum().alias("before"))
    joined = now.join(earlier, on=keys, how="full", nulls_equal=True, coalesce=True)
    counts = [pl.col(name).fill_null(0).cast(pl.Int64) for name in ("events", "before")]
    state = pl.when(pl.col("before") == 0).then(pl.lit(NEW)).when(pl.col("events") == 0).then(pl.lit(GONE))
    others = [name for name in now.columns if name not in (*keys, "events")]
    return (
        joined.with_columns(counts)
        .with_columns((pl.col("events") - pl.col("before")).alias("change"), state.alias("state"))
        .sort(["events", "before", *keys], descending=[True, True, *[False] * len(keys)], nulls_last=True)
        .select(*keys, "events", "before", "change", "state", *others)
    )
