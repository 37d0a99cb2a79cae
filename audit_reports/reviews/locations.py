"""From where? A row for each location of a period beside its past, and who was never there before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit_reports.countries import countries
from audit_reports.reviews.actors import located

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.past import Past


def locations_table(past: Past) -> pl.DataFrame:
    """Return a row for each location with events in the period or in the one before; what events leave open is a row of nulls.

    A row has `location` ("Madrid, ES"), `country`, `country_name`, `events`, `before`, `change`, `usual`, `state`, `actors`
    (different ones in this period), `new_actors` (those who have a past, and none there: a list, empty for the unknown
    place), `history`, `first_seen` and `last_seen`; most are those of `Past.told`, and so is the order.
    """
    import polars as pl

    keys = ("location", "country")
    rows = located(past)
    told = past.told(rows, *keys).filter(pl.col("events") + pl.col("before") > 0)
    here = rows.filter(past.during(past.period))
    actors = here.group_by(*keys).agg(pl.col("actor").drop_nulls().n_unique().cast(pl.Int64).alias("actors"))
    known = rows.filter(past.behind(past.period)).select("actor").drop_nulls().unique()
    fresh = past.fresh(rows, "actor", *keys).filter(pl.col("location").is_not_null())
    new = fresh.join(known, on="actor").group_by(*keys).agg(pl.col("actor").sort().alias("new_actors"))
    joined = told
    for frame in (actors, new):
        joined = joined.join(frame, on=keys, how="left", nulls_equal=True, maintain_order="left")
    names = {code: country.name for code, country in countries().items()}
    name = pl.col("country").replace_strict(names, default=None, return_dtype=pl.String)
    return joined.select(
        *keys,
        name.alias("country_name"),
        *("events", "before", "change", "usual", "state"),
        pl.col("actors").fill_null(0),
        pl.col("new_actors").fill_null(pl.lit([], pl.List(pl.String))),
        *("history", "first_seen", "last_seen"),
    )
