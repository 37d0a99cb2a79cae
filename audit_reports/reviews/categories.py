"""What was done? A row for each category and action of a period beside their past, also for those that have stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.past import Past


def categories_table(past: Past) -> pl.DataFrame:
    """Return a row for each category and action of the period or its baseline; none gives no row, null is a value like any other.

    A row has `category`, `action`, `events`, `before`, `change`, `usual`, `state` (`new`: never seen in the days that the
    period looks back; `gone`: none now), `actors` (different ones in this period, unknown ones not counted), `history`,
    `first_seen` and `last_seen`; all but `actors` are those of `Past.told`, and so is the order.
    """
    import polars as pl

    keys = ("category", "action")
    told = past.told(past.kinds, *keys).filter(pl.col("history").list.sum() > 0)
    here = past.kinds.filter(past.during(past.period))
    actors = here.group_by(*keys).agg(pl.col("actor").drop_nulls().n_unique().cast(pl.Int64).alias("actors"))
    joined = told.join(actors, on=keys, how="left", nulls_equal=True, maintain_order="left")
    last = ("history", "first_seen", "last_seen")
    return joined.select(*keys, "events", "before", "change", "usual", "state", pl.col("actors").fill_null(0), *last)
