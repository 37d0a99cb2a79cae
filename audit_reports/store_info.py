"""What is in a store, as a whole and from each feed? And what was done to it, a row an entry."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import narwhals as nw

from audit_reports.journal import Journal, canonical

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.log import AuditLog


def brought(events: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Count what each landing brought: `feed`, `landing`, `landed_at`, `day` (UTC), `events`, `first`, `last`; or no row."""
    time = nw.col("occurred_at")
    return events.group_by("feed", "landing", "landed_at", "day").agg(
        nw.len().cast(nw.Int64).alias("events"), time.min().alias("first"), time.max().alias("last")
    )


def watermarks(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `feed`, `usual_delay_s` and `watermark` of each feed from what its landings brought; nothing gives no row.

    The rows have `feed`, `landing`, `landed_at` and `last`, an event's time. The usual delay is the median over a feed's landings
    of how many seconds the newest event was old when it landed; the watermark (UTC) is its last landing's time less that: up
    to then its events can be expected to be here.
    """
    import polars as pl

    landings = rows.group_by("feed", "landing", "landed_at").agg(pl.col("last").max())
    delay = (pl.col("landed_at") - pl.col("last")).dt.total_microseconds()
    usual = pl.duration(microseconds=delay.median().clip(0).cast(pl.Int64))  # in seconds it would be rounded
    delays = landings.group_by("feed").agg(pl.col("landed_at").max(), usual=usual)
    return delays.select(
        "feed",
        usual_delay_s=pl.col("usual").dt.total_seconds(fractional=True).round(6),
        watermark=pl.col("landed_at") - pl.col("usual"),
    )


def _feeds(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each feed from what the landings brought, by feed."""
    import polars as pl

    day, missing = pl.col("day"), pl.col("missing")
    first = (day - pl.duration(days=missing)).cast(pl.String)
    span = pl.when(missing > 1).then(first + ".." + day.cast(pl.String)).otherwise(first)
    days = rows.select("feed", "day").unique().sort("feed", "day")
    silent = days.with_columns(missing=((day - day.shift()).dt.total_days() - 1).over("feed").fill_null(0))
    quiet = silent.group_by("feed").agg(
        days_without_events=missing.sum(), silent_days=span.filter(missing > 0).str.join(", ")
    )
    counted = rows.group_by("feed").agg(
        pl.col("events").sum(),
        first_event=pl.col("first").min(),
        last_event=pl.col("last").max(),
    )
    return counted.join(watermarks(rows), on="feed").join(quiet, on="feed").sort("feed")


def info(log: AuditLog, *, now: datetime) -> pl.DataFrame:
    """Return a row about a log's whole store, where `feed` is null, then one for each feed.

    The whole has the store's landings, books (`read` = `events` + `removed` + `duplicates` + `quarantined`, the last as landed;
    `removed` are events that retention or an erasure took out since), files and bytes. A
    feed has what is in quarantine, and its first and last event, null where none has landed; `usual_delay_s`, the median over
    its landings of how many seconds the newest event was old when it landed; `watermark`, up to which its events can be
    expected to be here: its last landing's time less the usual delay; `days_without_events` between the first and the last,
    UTC, and which (`silent_days`; a range's end is not in it);
    and `oldest_event_days`, how long ago the first was. Times are UTC. What is only known of the one is null in the other.
    """
    import polars as pl

    log.record("info", rows=0)
    log = log.unrecorded()
    landings = log.landings()
    files = log.files()
    set_aside = log.quarantine().drop_nulls("feed").group_by("feed").agg(quarantined=pl.len().cast(pl.Int64))
    feeds = _feeds(log.collect(brought(log.frame()))).join(set_aside, on="feed", how="full", coalesce=True).sort("feed")
    feeds = feeds.with_columns(
        pl.col("events", "quarantined").fill_null(0),
        oldest_event_days=(pl.lit(now) - pl.col("first_event")).dt.total_days(),
    )
    whole = pl.DataFrame(
        {
            "store": [log.uri],
            "landing": [log.landing],
            "events": [feeds["events"].sum()],
            "first_event": [feeds["first_event"].min()],
            "last_event": [feeds["last_event"].max()],
            "read": [sum(landing.read for landing in landings)],
            "removed": [log.removed()],
            "duplicates": [sum(landing.duplicates for landing in landings)],
            "quarantined": [sum(landing.quarantined for landing in landings)],
            "files": [len(files)],
            "bytes": [sum(files.values())],
        },
        schema_overrides={"first_event": pl.Datetime("us", "UTC"), "last_event": pl.Datetime("us", "UTC")},
    )
    columns = (
        *("store", "landing", "feed", "events", "first_event", "last_event", "watermark", "usual_delay_s"),
        *("days_without_events", "silent_days", "oldest_event_days"),
        *("read", "removed", "duplicates", "quarantined", "files", "bytes"),
    )
    return pl.concat([whole, feeds], how="diagonal_relaxed").select(columns)


def journal_frame(journal: Journal) -> pl.DataFrame:
    """Return the journal: number, time (UTC), host, user, kind, facts (JSON), previous and sha256 of each entry."""
    import polars as pl

    entries = list(journal.entries())
    return pl.DataFrame(
        {
            "number": [entry.number for entry in entries],
            "time": [entry.time for entry in entries],
            "host": [entry.host for entry in entries],
            "user": [entry.user for entry in entries],
            "kind": [entry.kind for entry in entries],
            "facts": [canonical(entry.facts) for entry in entries],
            "previous": [entry.previous for entry in entries],
            "sha256": [entry.sha256 for entry in entries],
        },
        schema_overrides={"number": pl.Int64, "time": pl.Datetime("us", "UTC")},
    )
