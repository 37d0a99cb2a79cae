"""Events in buckets of time: as clocks on the wall cut it, on every engine, and no quiet bucket left out."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

import narwhals as nw
import polars as pl
import pytest
from conftest import Frames, collected

from audit_reports import AuditLog, UsageError
from audit_reports.demo import World
from audit_reports.filter import Filter
from audit_reports.timeline import WIDTHS, timeline, with_quiet

MADRID = "Europe/Madrid"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def frame(moments: list[datetime]) -> pl.DataFrame:
    """Return events at some times, by ana and an unknown actor in turn."""
    actors = ["ana" if number % 2 == 0 else None for number in range(len(moments))]
    schema = {"occurred_at": pl.Datetime("us", "UTC"), "actor": pl.String()}
    return pl.DataFrame({"occurred_at": moments, "actor": actors}, schema=schema)


def counted(frames: Frames, moments: list[datetime], every: str, zone: str) -> pl.DataFrame:
    return with_quiet(
        collected(timeline(frames(frame(moments)), every=every, timezone=zone)), every=every, timezone=zone
    )


# each: width, timezone, times of events, and the buckets that are right: since, events, actors
TABLE = {
    "hours, a quiet one between": (
        "1h", MADRID,
        ["2026-03-02 09:00", "2026-03-02 09:59:59.999999", "2026-03-02 11:00"],
        [("2026-03-02 09:00", 2, 1), ("2026-03-02 10:00", 0, 0), ("2026-03-02 11:00", 1, 1)],
    ),
    "an hour that comes twice is two": (
        "1h", MADRID,
        ["2026-10-25 00:30", "2026-10-25 01:30"],
        [("2026-10-25 00:00", 1, 1), ("2026-10-25 01:00", 1, 0)],
    ),
    "a day of 23 hours, from midnight to midnight": (
        "1d", MADRID,
        ["2026-03-28 22:59", "2026-03-28 23:00", "2026-03-29 21:59", "2026-03-29 22:00"],
        [("2026-03-27 23:00", 1, 1), ("2026-03-28 23:00", 2, 1), ("2026-03-29 22:00", 1, 0)],
    ),
    "a midnight that comes twice begins one day": (
        "1d", "America/Havana",
        ["2026-11-01 03:59", "2026-11-01 04:00", "2026-11-01 05:30"],
        [("2026-10-31 04:00", 1, 1), ("2026-11-01 04:00", 2, 1)],
    ),
    "a midnight that clocks leap over": (
        "1d", "Asia/Beirut",
        ["2026-03-28 21:59", "2026-03-28 22:00", "2026-03-29 20:59"],
        [("2026-03-27 22:00", 1, 1), ("2026-03-28 22:00", 2, 1)],
    ),
    "hours half an hour off": (
        "1h", "Asia/Kolkata",
        ["2026-03-02 09:29", "2026-03-02 09:30"],
        [("2026-03-02 08:30", 1, 1), ("2026-03-02 09:30", 1, 0)],
    ),
    "clocks that change by half an hour": (
        "1h", "Australia/Lord_Howe",
        ["2026-04-04 14:50", "2026-04-04 15:10", "2026-04-04 15:40"],
        [("2026-04-04 14:00", 1, 1), ("2026-04-04 15:00", 1, 0), ("2026-04-04 15:30", 1, 1)],
    ),
    "weeks from Monday": (
        "1w", MADRID,
        ["2026-03-01 22:59", "2026-03-01 23:00", "2026-03-15 23:00"],
        [("2026-02-22 23:00", 1, 1), ("2026-03-01 23:00", 1, 0), ("2026-03-08 23:00", 0, 0), ("2026-03-15 23:00", 1, 1)],
    ),
    "months, over the change to summer time": (
        "1mo", MADRID,
        ["2026-02-10 00:00", "2026-03-31 22:00"],
        [("2026-01-31 23:00", 1, 1), ("2026-02-28 23:00", 0, 0), ("2026-03-31 22:00", 1, 0)],
    ),
    "before 1970": ("15m", "UTC", ["1969-12-31 23:50"], [("1969-12-31 23:45", 1, 1)]),
    "no event": ("1h", MADRID, [], []),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_buckets_are_those_of_the_clocks(name: str, frames: Frames) -> None:
    every, zone, moments, right = TABLE[name]
    rows = counted(frames, [at(one) for one in moments], every, zone)
    assert rows.select("since", "events", "actors").rows() == [(at(since), *counts) for since, *counts in right]
    assert rows["until"].to_list()[:-1] == rows["since"].to_list()[1:]


def test_the_last_bucket_ends_where_the_next_would_begin(frames: Frames) -> None:
    rows = counted(frames, [at("2026-03-29 12:00")], "1d", MADRID)
    assert rows.rows() == [(at("2026-03-28 23:00"), at("2026-03-29 22:00"), 1, 1)]
    time, count = pl.Datetime("us", "UTC"), pl.Int64()
    assert dict(rows.schema) == {"since": time, "until": time, "events": count, "actors": count}


def begins(moment: datetime, every: str, zone: str) -> datetime:
    """Return when a time's bucket begins, by `zoneinfo` alone."""
    clock = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if every.endswith(("m", "h")):
        width = timedelta(**{"minutes" if every.endswith("m") else "hours": int(every[:-1])})
        past = (clock - datetime(1900, 1, 1)) % width  # noqa: DTZ001 - clocks have no zone
        begun = moment - past
        there = begun.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        return begun if there == clock - past else begins(moment, "30m", zone)
    day = clock.date()
    day = {"1d": day, "1w": day - timedelta(days=day.weekday()), "1mo": day.replace(day=1)}[every]
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.few_on_spark(1)
@pytest.mark.parametrize("zone", [MADRID, "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kathmandu"])
def test_random_times_are_where_zoneinfo_puts_them(zone: str, frames: Frames) -> None:
    dice = random.Random(zone)
    changes = [at(f"2026-{one}") for one in ("03-08 07:00", "03-28 22:00", "04-04 15:00", "10-25 01:00", "11-01 05:00")]
    moments = [
        dice.choice(changes) + timedelta(minutes=5 * dice.randrange(-400, 400), microseconds=dice.choice([0, 1]))
        for _ in range(400)
    ]
    events = frames(frame(moments))
    told = [timeline(events, every=one, timezone=zone).with_columns(nw.lit(one).alias("every")) for one in WIDTHS]
    found = collected(nw.concat(told)).sort("since")  # one query, for on Spark each takes a second
    for every in WIDTHS:
        expected: dict[datetime, int] = {}
        for moment in sorted(moments):
            start = begins(moment, every, zone)
            expected[start] = expected.get(start, 0) + 1
        assert found.filter(every=every).select("since", "events").rows() == sorted(expected.items())


@pytest.mark.parametrize("zone", [MADRID, "America/Havana", "Asia/Beirut", "Australia/Lord_Howe"])
@pytest.mark.parametrize("every", WIDTHS)
def test_every_time_of_a_year_is_in_a_bucket_and_they_meet(every: str, zone: str) -> None:
    first, last = (
        (at("2026-10-20 11:07"), at("2026-11-03"))
        if every.endswith("m")
        else (at("2026-01-07 11:07"), at("2027-01-07"))
    )
    empty = pl.DataFrame(schema={"since": pl.Datetime("us", "UTC"), "events": pl.Int64(), "actors": pl.Int64()})
    rows = with_quiet(empty, every=every, timezone=zone, since=first, until=last)
    step = timedelta(minutes=int(every[:-1]) if every in WIDTHS[:3] else 15)  # no bucket is shorter
    starts = [begins(first + number * step, every, zone) for number in range(ceil((last - first) / step))]
    assert rows["since"].to_list() == sorted(set(starts))
    assert rows["until"].to_list()[:-1] == rows["since"].to_list()[1:]


# ------------------------------------------------------------------------------------------------ the view


@pytest.fixture(scope="module")
def log(world: World) -> AuditLog:
    return AuditLog(world.store, timezone=MADRID)


def test_a_view_shows_its_quiet_ends_too(log: AuditLog) -> None:
    days = log.filter(since="2026-01-01", until="2026-01-08").timeline("1d")
    assert days.height == 7
    assert days["events"].to_list()[:4] == [0, 0, 0, 0]
    assert days["since"][0] == at("2025-12-31 23:00")
    assert days["events"].sum() == log.filter(until="2026-01-08").count() > 0
    nothing = log.filter(since="2026-01-01", until="2026-01-03", country="VN").timeline("1d")
    assert nothing["events"].to_list() == [0, 0]
    assert log.filter(country="VN", since="2027-01-01").timeline("1d").height == 0


def test_the_sum_is_that_of_the_view(log: AuditLog) -> None:
    for every in WIDTHS:
        rows = log.timeline(every)
        assert rows["events"].sum() == log.count()
        assert rows["since"].is_sorted()
    by_day = {row[0]: row[1] for row in log.by("day").rows()}
    days = log.timeline("1d").filter(pl.col("events") > 0)
    local: list[date] = [since.astimezone(ZoneInfo(MADRID)).date() for since in days["since"]]
    assert dict(zip(local, days["events"], strict=True)) == by_day


def test_wrong_widths_and_endless_tables_are_refused(log: AuditLog) -> None:
    with pytest.raises(UsageError, match="unknown width '2d': Known: 10m"):
        log.timeline("2d")
    with pytest.raises(UsageError, match="more than 1,000,000 rows"):
        log.filter(since="1900-01-01").timeline("1m")


def test_a_filter_knows_the_times_between_which_it_lets_through() -> None:
    both = Filter.of(since="2026-03-02", until="2026-03-09", timezone="UTC")
    assert both.span() == (at("2026-03-02"), at("2026-03-09"))
    narrower = both.also(
        Filter.of(pl.col("occurred_at") > at("2026-03-04"), pl.col("occurred_at") <= at("2026-03-05"), timezone="UTC")
    )
    assert narrower.span() == (at("2026-03-04"), at("2026-03-05 00:00:00.000001"))
    assert Filter.of(country="ES", timezone="UTC").span() == (None, None)
