"""Who was active? A row for each actor of a period beside their past: how much, what is new of them, when and from where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals as nw

from audit_reports.activity import with_dimensions

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.past import Past

MACHINES = ("service", "api_key", "system")
"""The types of actors that are no people."""


def actors_table(past: Past) -> pl.DataFrame:
    """Return a row for each actor with events in the period or in the one before; none gives no row, null is one like any other.

    A row has `actor`, `role` and `actor_type` (of the latest event of the nine periods that tells each; of several at that
    very microsecond the last in the alphabet; null where none does); `events`, `before`, `change`, `usual`, `state`; of this
    period `always_shown`, `failures`, `categories`, `places` and `countries` (different ones, unknown ones not counted);
    `new_actions` ("Members, Invited") and `new_places` ("Hanoi, VN"), each a list of what they had not in the days that the
    period looks back, empty for who has no past; `outside_hours`, the events at a weekend or outside working hours, and
    `outside_share` of all, null for who is no person; then `history`, `first_seen` and `last_seen`. All but the first three
    and the last of them are those of `Past.told`.
    """
    import polars as pl

    now = past.during(past.period)
    here = past.kinds.filter(now)
    told = past.told(past.kinds, "actor").filter(pl.col("events") + pl.col("before") > 0)
    counts = here.group_by("actor").agg(
        pl.col("events").filter(pl.col("always")).sum().alias("always_shown"),
        pl.col("events").filter(pl.col("outcome") == "failure").sum().alias("failures"),
        pl.col("category").drop_nulls().n_unique().cast(pl.Int64).alias("categories"),
    )
    places = located(past)
    seen = (
        places.filter(now)
        .group_by("actor")
        .agg(
            pl.col("location").drop_nulls().n_unique().cast(pl.Int64).alias("places"),
            pl.col("country").drop_nulls().n_unique().cast(pl.Int64).alias("countries"),
        )
    )
    hours = (
        past.clock.filter(now)
        .group_by("actor")
        .agg(
            pl.col("events").filter(past.outside()).sum().alias("outside_hours"),
            pl.col("events").sum().alias("by_people"),
        )
    )
    new_actions = _new(past, past.kinds, "category", "action").rename({"new": "new_actions"})
    new_places = _new(past, places, "location").rename({"new": "new_places"})
    joined = told.join(_described(past), on="actor", how="left", nulls_equal=True)
    for frame in (counts, seen, hours, new_actions, new_places):
        joined = joined.join(frame, on="actor", how="left", nulls_equal=True)
    zeros = ("always_shown", "failures", "categories", "places", "countries")
    none = pl.lit([], pl.List(pl.String))
    return joined.select(
        *("actor", "role", "actor_type", "events", "before", "change", "usual", "state"),
        *(pl.col(name).fill_null(0).cast(pl.Int64) for name in zeros),
        *(pl.col(name).fill_null(none) for name in ("new_actions", "new_places")),
        pl.col("outside_hours").cast(pl.Int64),
        (pl.col("outside_hours") / pl.col("by_people")).alias("outside_share"),
        *("history", "first_seen", "last_seen"),
    ).sort("events", "before", "actor", descending=[True, True, False], nulls_last=True)


def located(past: Past) -> pl.DataFrame:
    """Return the count by place with `location`, one text ("Madrid, ES"), null where the event does not say."""
    frame = with_dimensions(nw.from_native(past.places.lazy()), ["location"], timezone=past.period.timezone)
    located: pl.DataFrame = frame.to_native().collect()
    return located


def _described(past: Past) -> pl.DataFrame:
    """Return each actor's `role` and `actor_type` as they were last told."""
    import polars as pl

    def last(column: str) -> pl.Expr:
        return pl.col(column).sort_by("last_seen", column).drop_nulls().last()

    return past.kinds.group_by("actor").agg(last("actor_role").alias("role"), last("actor_type").alias("actor_type"))


def _new(past: Past, rows: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """Return for each actor with a past what they have only in this period, as a list `new` of texts in their order."""
    import polars as pl

    known = rows.filter(past.behind(past.period), pl.col("actor").is_not_null()).select("actor").unique()
    fresh = past.fresh(rows, "actor", *keys).filter(pl.any_horizontal(pl.col(*keys).is_not_null()))
    text = pl.concat_str(*keys, separator=", ", ignore_nulls=True)
    return fresh.join(known, on="actor").group_by("actor").agg(text.sort().alias("new"))
