"""How much, when? Events in buckets of time, as clocks in the view's timezone cut it, quiet ones among them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import narwhals as nw

from audit_reports.activity import distinct
from audit_reports.engine import Native, with_native
from audit_reports.errors import UsageError

if TYPE_CHECKING:
    import polars as pl

WIDTHS: tuple[str, ...] = ("1m", "5m", "10m", "15m", "30m", "1h", "1d", "1w", "1mo")
"""How wide a bucket can be: minutes and hours are true ones, days, weeks (from Monday) and months those of the calendar."""

MOST_BUCKETS = 1_000_000
"""More rows than that help nobody, and are a mistake in the bounds or the width."""

_UNITS = {
    "m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(days=7), "mo": timedelta(days=30),
}  # fmt: skip


def timeline(events: nw.LazyFrame[Any], *, every: str, timezone: str) -> nw.LazyFrame[Any]:
    """Count events by buckets of time; a bucket without events, and no event, give no row: `with_quiet` adds those.

    A row has `since` (UTC, when the bucket begins), `events` and `actors` (distinct, unknown ones not counted); sorted by
    `since`. Buckets begin where clocks in the timezone show a whole multiple of `every`, one of `WIDTHS`: the day on which
    clocks go forward is one of 23 hours, and of an hour that comes twice each is its own. Raises `UsageError` for other widths.

    >>> import polars as pl
    >>> from datetime import UTC
    >>> moments = [datetime(2026, 3, 28, 22, 59, tzinfo=UTC), datetime(2026, 3, 28, 23, tzinfo=UTC)]
    >>> events = nw.from_native(pl.LazyFrame({"occurred_at": moments, "actor": ["ana", None]}))
    >>> days = timeline(events, every="1d", timezone="Europe/Madrid").collect().rows()
    >>> [(f"{since:%d %H:%M}", events, actors) for since, events, actors in days]
    [('27 23:00', 1, 1), ('28 23:00', 1, 0)]
    """
    if every not in WIDTHS:
        raise UsageError.unknown("width", every, WIDTHS)
    return (
        with_native(events, {"since": Native("bucket", "occurred_at", (every, timezone))})
        .group_by("since")
        .agg(nw.len().cast(nw.Int64).alias("events"), distinct(nw.col("actor")).alias("actors"))
        .sort("since")
    )


def with_quiet(
    counted: pl.DataFrame, *, every: str, timezone: str, since: datetime | None = None, until: datetime | None = None
) -> pl.DataFrame:
    """Return a collected timeline with `until` (UTC, where the next bucket begins) and a row of zeros for each quiet bucket.

    The rows go from `since` to before `until`; where one is None, from the first or to the last bucket that has events.
    Without events there is no row unless both are known. Raises `UsageError` for more than `MOST_BUCKETS`.

    >>> import polars as pl
    >>> from datetime import UTC
    >>> hours = [datetime(2026, 3, 2, hour, tzinfo=UTC) for hour in (9, 11)]
    >>> counted = pl.DataFrame({"since": hours, "events": [5, 7], "actors": [1, 2]})
    >>> with_quiet(counted, every="1h", timezone="UTC").select("events", "actors").rows()
    [(5, 1), (0, 0), (7, 2)]
    """
    import polars as pl

    moments = counted["since"].to_list()
    first = min((one for one in (since, *moments) if one is not None), default=None)
    last = max(
        (one for one in (until and until - timedelta(microseconds=1), *moments) if one is not None), default=None
    )
    if first is None or last is None or last < first:
        return counted.select("since", pl.col("since").alias("until"), "events", "actors")
    width, step = _lengths(every)
    if (last - first) / width > MOST_BUCKETS:
        raise UsageError(
            f"a timeline by {every} would have more than {MOST_BUCKETS:,} rows; take a longer width or narrow the view"
        )
    marks = pl.LazyFrame({"at": pl.datetime_range(first, last + 2 * width, step, eager=True)})
    buckets: pl.LazyFrame = with_native(
        nw.from_native(marks), {"since": Native("bucket", "at", (every, timezone))}
    ).to_native()
    return (
        pl.concat([buckets.select("since"), counted.lazy().select("since")])
        .unique()
        .sort("since")
        .with_columns(pl.col("since").shift(-1).alias("until"))
        .filter(pl.col("since") <= last)
        .join(counted.lazy(), on="since", how="left", maintain_order="left")
        .select("since", "until", pl.col("events", "actors").fill_null(0))
        .collect()
    )


def _lengths(every: str) -> tuple[timedelta, timedelta]:
    """Return about how long a bucket is, and a step that meets each, though clocks change by quarters of an hour."""
    amount, unit = int(every.rstrip("mohdw")), every.lstrip("0123456789")
    width = amount * _UNITS[unit]
    return width, min(width, timedelta(minutes=15)) if unit in ("m", "h") else timedelta(hours=12)
