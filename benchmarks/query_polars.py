"""How does somebody ask the same in Polars? One function for each question, over Polars' own scan or over DuckDB's bridge."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from questions import ACTOR, ALL, BOTH, DISTINCT, EVENING, LAST, MORNING, NETWORK, NIGHT, SHOWN, TEXT, TOP, Span

from audit_reports.columns import NAMES
from audit_reports.columns import TEXT as TEXTS

if TYPE_CHECKING:
    import polars as pl

ORDER = ["occurred_at", "feed", "event_id", "landing"]
SEARCHED = [name for name in TEXTS if name != "raw"]
_LAST = datetime.combine(LAST.since, time(), UTC)
PREFIXES = tuple(
    str(one.network_address).rpartition(".")[0] + "." for one in ipaddress.ip_network(NETWORK).subnets(new_prefix=24)
)


def polars_questions(events: Callable[[Span], pl.LazyFrame]) -> dict[str, Callable[[], pl.LazyFrame]]:
    """Return each question as a lazy frame over what gives the events of a span."""
    import polars as pl

    at, actor, whole = pl.col("occurred_at"), pl.col("actor"), pl.Int64
    span = [at.min().alias("first_seen"), at.max().alias("last_seen")]
    known = (actor.n_unique() - actor.null_count().cast(pl.Boolean)).cast(whole).alias("actors")
    counts = [pl.len().cast(whole).alias("events"), known, *span]
    one = actor.is_not_null().cast(whole).alias("actors")

    def most(frame: pl.LazyFrame, *by: str) -> pl.LazyFrame:
        return frame.sort("events", *by, descending=[True, *[False] * len(by)], nulls_last=True)

    def of_actors(frame: pl.LazyFrame) -> pl.LazyFrame:
        counted = frame.group_by("actor").agg(pl.len().cast(whole).alias("events"), *span)
        return most(counted.select("actor", "events", one, "first_seen", "last_seen"), "actor")

    def places() -> pl.LazyFrame:
        place = pl.concat_str(pl.coalesce("city", "region"), "country", separator=", ", ignore_nulls=True)
        text = pl.when(place != "").then(place).alias("location")
        return most(events(LAST).group_by(text).agg(counts), "location")

    def hours() -> pl.LazyFrame:
        slot = (at.dt.weekday().cast(whole).alias("weekday"), at.dt.hour().cast(whole).alias("hour"))
        return most(events(ALL).group_by(slot).agg(counts), "weekday", "hour")

    def new_places() -> pl.LazyFrame:
        keys = ["actor", "country"]
        theirs = events(LAST).drop_nulls(keys).join(events(Span(ALL.since, LAST.since)), on=keys, how="anti")
        first = pl.col("event_id").filter(at == at.min()).min().alias("first_event_id")
        found = theirs.group_by(keys).agg(*span, first, pl.len().cast(whole).alias("events"))
        return found.sort("first_seen", *keys, descending=[True, False, False])

    def rare() -> pl.LazyFrame:
        counted = events(ALL).group_by("actor", "event").agg(pl.len().cast(whole).alias("events"))
        share = pl.col("events") / pl.col("events").sum().over("actor")
        by_event = actor.count().over("event").cast(whole)
        return counted.with_columns(share.alias("share"), by_event.alias("shared_by")).sort(
            "events", "shared_by", "share", "actor", "event", nulls_last=True
        )

    def compared() -> pl.LazyFrame:
        now = at >= _LAST
        both = (
            events(BOTH)
            .group_by("actor")
            .agg(
                now.sum().cast(whole).alias("events"),
                (~now).sum().cast(whole).alias("before"),
                at.filter(now).min().alias("first_seen"),
                at.filter(now).max().alias("last_seen"),
            )
        )
        count, before = pl.col("events"), pl.col("before")
        state = pl.when(before == 0).then(pl.lit("new")).when(count == 0).then(pl.lit("gone"))
        told = [(count - before).alias("change"), state.alias("state"), pl.when(count > 0).then(one)]
        rows = both.select("actor", "events", "before", *told, "first_seen", "last_seen")
        return rows.sort("events", "before", "actor", descending=[True, True, False], nulls_last=True)

    def distinct() -> pl.LazyFrame:
        values = {name: pl.col(name).drop_nulls().n_unique().cast(whole) for name in DISTINCT}
        return events(ALL).select(pl.len().cast(whole).alias("events"), **values)

    found = pl.any_horizontal(pl.col(SEARCHED).str.to_lowercase().str.contains(TEXT.lower(), literal=True))
    begins = pl.any_horizontal(pl.col("ip").str.starts_with(prefix) for prefix in PREFIXES)
    night = at.is_between(EVENING, MORNING, closed="left") & (actor == ACTOR)
    newest = [True, False, False, False]
    return {
        "week by actor": lambda: of_actors(events(LAST)),
        "week by category and action": lambda: most(
            events(LAST).group_by("category", "action").agg(counts), "category", "action"
        ),
        "week by location": places,
        "hours by weekdays": hours,
        "new places of an actor": new_places,
        "an actor's night": lambda: events(NIGHT).filter(night).select(NAMES).sort(ORDER),
        "text, newest 50": lambda: events(LAST).filter(found).select(NAMES).sort(ORDER, descending=newest).head(SHOWN),
        "network by actor": lambda: of_actors(events(ALL).filter(begins)),
        "rare actions": rare,
        "top 20 resources": lambda: most(events(ALL).group_by("resource").agg(counts), "resource").head(TOP),
        "two weeks compared": compared,
        "distinct counts": distinct,
    }
