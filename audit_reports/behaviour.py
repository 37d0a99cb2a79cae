"""What does somebody do, and what of it for the first time? Firsts, sessions, and one actor's story, frame to frame."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import narwhals as nw

from audit_reports.activity import distinct, with_dimensions
from audit_reports.engine import Native, with_native
from audit_reports.errors import UsageError

IN_ORDER = ("occurred_at", "feed", "event_id")
"""What events are put in order by: no two have all three in common."""

_MICROSECONDS = {"microseconds": Native("microseconds", "occurred_at")}
_SECOND = 1_000_000

_TOLD = (
    "occurred_at", "since_previous", "event", "resource", "resource_type", "changes", "source", "ip", "country", "city",
    "outcome", "new_place", "new_action", "feed", "event_id",
)  # fmt: skip


def first_seen(
    events: nw.LazyFrame[Any], dimensions: Sequence[str], *, timezone: str, since: datetime | None = None
) -> nw.LazyFrame[Any]:
    """Return when each combination of some dimensions was first there; one with an unknown value (null) is none, and left out.

    A row has the dimensions, `first_seen` and `last_seen` (UTC), `first_event_id` (of events at the same time, the
    first id) and `events`; sorted by `first_seen`, newest first, then by the dimensions. No event gives no row.
    First means first among these events: ask the whole log, with `since` for what was there for the first time then or
    later, which takes much less. Local dimensions are those of the timezone. Raises `UsageError` as `by` does.

    >>> import polars as pl
    >>> from datetime import UTC, datetime
    >>> moments = [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 3, 4)]
    >>> events = {"occurred_at": moments, "feed": "door", "event_id": ["a", "b", "c"], "country": ["ES", None, "ES"]}
    >>> found = first_seen(nw.from_native(pl.LazyFrame(events)), ["country"], timezone="UTC")
    >>> found.select("country", "first_event_id", "events").collect().rows()
    [('ES', 'a', 2)]
    """
    keys = list(dimensions)

    def known(among: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        told = with_dimensions(among, keys, timezone=timezone).filter(*(~nw.col(name).is_null() for name in keys))
        return told.select(*keys, nw.col("occurred_at").alias("at"), nw.col("event_id").alias("id"))

    later, before = _parted(since)
    late = known(events if since is None else events.filter(later))
    counted = late.group_by(*keys).agg(
        nw.col("at").min().alias("first_seen"), nw.col("at").max().alias("last_seen"), nw.len().alias("events")
    )
    if since is not None:
        early = known(events.filter(before)).group_by(*keys).agg(nw.len().alias("before"))
        counted = counted.join(early, on=keys, how="anti")
    found = (
        late.join(counted, left_on=[*keys, "at"], right_on=[*keys, "first_seen"], how="inner")
        .group_by(*keys)
        .agg(
            nw.col("at").min().alias("first_seen"),
            nw.col("last_seen").max(),
            nw.col("id").min().alias("first_event_id"),
            nw.col("events").max().cast(nw.Int64),
        )
    )
    return found.sort("first_seen", *keys, descending=[True, *[False] * len(keys)])


def _parted(since: datetime | None) -> tuple[nw.Expr, nw.Expr]:
    """Return the conditions on an event of being since then, and before; by whole UTC days, for which no time need be read."""
    if since is None:
        return nw.lit(True), nw.lit(False)
    since = since.astimezone(UTC)
    day, at = nw.col("day"), nw.col("occurred_at")
    if since.time() == time():
        return day >= since.date(), day < since.date()
    return (day >= since.date()) & (at >= since), (day <= since.date()) & (at < since)


def sessions(events: nw.LazyFrame[Any], *, gap: timedelta) -> nw.LazyFrame[Any]:
    """Return each actor's events in sessions, which end where nothing follows for longer than `gap`; unknown actors have none.

    An event that follows after exactly `gap` is of the same session. A row has `actor`, `since` and `until` (UTC, of the
    first and the last event), `seconds` between them (whole, rounded down; 0 for one event), `events`, `ips` and `countries`
    (distinct, unknown ones not counted), and `first_event_id` (of events at the same time, the first id); sorted by
    `since`, then by actor. No event gives no row. Raises `UsageError` for a gap of nothing.

    >>> import polars as pl
    >>> from datetime import UTC, datetime
    >>> moments = [datetime(2026, 3, 2, 9, minute, tzinfo=UTC) for minute in (0, 30, 59)]
    >>> events = {"occurred_at": moments, "feed": "door", "event_id": ["a", "b", "c"], "actor": "ana", "ip": None, "country": "E"}
    >>> found = sessions(nw.from_native(pl.LazyFrame(events)), gap=timedelta(minutes=30))
    >>> found.select("actor", "seconds", "events", "ips", "countries", "first_event_id").collect().rows()
    [('ana', 3540, 3, 0, 1, 'a')]
    """
    width = gap // timedelta(microseconds=1)
    if width <= 0:
        raise UsageError("sessions need a gap that is longer than nothing, as 30m")
    at = nw.col("microseconds")
    # What an actor does in one part of the clock as wide as the gap is of one session, so that only parts are put in order.
    known = (
        with_native(events.filter(~nw.col("actor").is_null()), _MICROSECONDS)
        .select("actor", "ip", "country", "event_id", "occurred_at", "microseconds")
        .with_columns((at // width).cast(nw.Int64).alias("part"))
    )
    parts = known.group_by("actor", "part").agg(at.min().alias("first"), at.max().alias("last"))
    before = nw.col("last").shift(1).over("actor", order_by="part")
    begins = before.is_null() | (nw.col("first") - before > width)
    numbered = (
        parts.with_columns(begins.cast(nw.Int64).alias("session"))
        .with_columns(nw.col("session").cum_sum().over("actor", order_by="part"))
        .with_columns(nw.col("first").min().over("actor", "session").alias("begin"))
        .select("actor", "part", "session", "begin")
    )
    found = (
        known.join(numbered, on=["actor", "part"], how="inner")
        .group_by("actor", "session")
        .agg(
            nw.col("occurred_at").min().alias("since"),
            nw.col("occurred_at").max().alias("until"),
            ((at.max() - at.min()) // _SECOND).cast(nw.Int64).alias("seconds"),
            nw.len().cast(nw.Int64).alias("events"),
            distinct(nw.col("ip")).alias("ips"),
            distinct(nw.col("country")).alias("countries"),
            nw.when(at == nw.col("begin")).then("event_id").min().alias("first_event_id"),
        )
    )
    return found.sort("since", "actor").select(
        "actor", "since", "until", "seconds", "events", "ips", "countries", "first_event_id"
    )


def story(events: nw.LazyFrame[Any], history: nw.LazyFrame[Any], actor: str) -> nw.LazyFrame[Any]:
    """Return one actor's events in their order, with what is new in them; an actor without events gives no row.

    `history` is the whole log, and holds `events` too: an event is judged by all that the actor did before it there,
    whatever `events` leaves out. `since_previous` is how many seconds the actor did nothing before it (whole, rounded
    down), null for the very first; `new_place` says that the actor was never seen in that city (else region) and country
    before, false where the event says none; `new_action` that the actor never did that `event` before. Times are UTC.

    >>> import polars as pl
    >>> from datetime import UTC, datetime
    >>> texts = ("resource", "resource_type", "changes", "source", "ip", "outcome", "region")
    >>> moments = [datetime(2026, 3, day, tzinfo=UTC) for day in (2, 3, 4)]
    >>> who = {"feed": "door", "event_id": ["a", "b", "c"], "actor": "ana", "event": "Enter"}
    >>> where = {"city": ["Madrid", "Hanoi", None], "country": ["ES", "VN", None]}
    >>> log = pl.LazyFrame({"occurred_at": moments} | who | where | dict.fromkeys(texts))
    >>> told = story(nw.from_native(log.tail(2)), nw.from_native(log), "ana")
    >>> told.select("event_id", "since_previous", "new_place", "new_action").collect().rows()
    [('b', 86400, True, False), ('c', 86400, False, False)]
    """
    theirs = nw.col("actor") == actor
    time = nw.col("occurred_at")
    before = nw.col("microseconds").shift(1).over("actor", order_by=IN_ORDER)

    def first(*of: str) -> nw.Expr:
        return time.shift(1).over(*of, order_by=IN_ORDER).is_null()

    judged = (
        with_native(with_dimensions(history.filter(theirs), ["location"], timezone="UTC"), _MICROSECONDS)
        .select(*IN_ORDER, "actor", "event", "location", "microseconds")
        .with_columns(
            ((nw.col("microseconds") - before) // _SECOND).cast(nw.Int64).alias("since_previous"),
            (first("location") & ~nw.col("location").is_null()).alias("new_place"),
            first("event").alias("new_action"),
        )
        .select(*IN_ORDER, "since_previous", "new_place", "new_action")
    )
    return events.filter(theirs).join(judged, on=list(IN_ORDER), how="left").select(*_TOLD).sort(*IN_ORDER)
