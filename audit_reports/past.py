"""What happened in a period, and in those before it? Three counts, one look at the events each, of which all else is made.

The baseline is the eight periods before. What is called new was not there in the `LOOK_BACK_DAYS` before a period, and that is
asked of each of the nine; so the counts are cut at every moment that one of these begins at, and sums of slices are exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw

from audit_reports.engine import LOCAL, Native, with_local_time, with_native
from audit_reports.quarters import SATURDAY, WORKING_HOURS

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.log import AuditLog
    from audit_reports.period import Period

LOOK_BACK_DAYS = 400
"""How far the past reaches that something is called new against."""

BASELINE = 8
"""How many periods before this one are its baseline."""

LEAST_COVERED = 3
"""Of fewer periods no median is told."""

HISTORY = "history"
"""The column that lists the events of the nine periods, oldest first."""

_TIME = nw.col("occurred_at")
_KIND = ("actor", "actor_type", "actor_role", "feed", "event", "category", "action", "outcome")
_PLACE = ("actor", "actor_type", "country", "region", "city")


def by_kind(events: nw.LazyFrame[Any], cuts: Sequence[datetime]) -> nw.LazyFrame[Any]:
    """Count events by who did what with what outcome, and by slice of time; no event gives no row, null is a value.

    A row has `actor`, `actor_type`, `actor_role`, `feed`, `event`, `category`, `action`, `outcome`, `slice`, `events`,
    `first_seen` and `last_seen` (UTC), in no order. `slice` n is the time from the nth of the `cuts` (newest first) to the
    one before it in the list; events older than all are of the last.
    """
    return _counted(_sliced(events, cuts), *_KIND)


def by_place(events: nw.LazyFrame[Any], cuts: Sequence[datetime]) -> nw.LazyFrame[Any]:
    """Count events by `actor`, `actor_type`, `country`, `region`, `city` and slice, as `by_kind` does."""
    return _counted(_sliced(events, cuts), *_PLACE)


def by_clock(events: nw.LazyFrame[Any], cuts: Sequence[datetime], *, timezone: str) -> nw.LazyFrame[Any]:
    """Count the events of people and of the vendors' staff by `actor`, `actor_type`, local `hour`, `weekend` and slice.

    `hour` is 0-23, `weekend` says whether it was Saturday or Sunday, as clocks in the timezone show; else as `by_kind`.
    """
    people = events.filter(nw.col("actor_type").is_in(["human", "support"]))
    local = with_native(with_local_time(people, timezone), {"weekday_shown": Native("weekday", LOCAL)}).with_columns(
        nw.col(LOCAL).dt.hour().cast(nw.Int64).alias("hour"), (nw.col("weekday_shown") >= SATURDAY).alias("weekend")
    )
    return _counted(_sliced(local, cuts), "actor", "actor_type", "hour", "weekend")


@dataclass(frozen=True)
class Past:
    """A log as its filter lets it through, a period, and which events a reviewer should always see."""

    log: AuditLog
    period: Period
    always: nw.Expr

    @cached_property
    def periods(self) -> tuple[Period, ...]:
        """The period and its baseline, newest first."""
        found = [self.period]
        while len(found) <= BASELINE:
            found.append(found[-1].before())
        return tuple(found)

    @cached_property
    def cuts(self) -> tuple[datetime, ...]:
        """When slices of time begin, newest first (UTC)."""
        starts = [one.since.astimezone(UTC) for one in self.periods]
        return tuple(sorted({*starts, *(start - _LOOK_BACK for start in starts)}, reverse=True))

    @property
    def begins(self) -> datetime:
        """How far the past of this period reaches back."""
        return self.period.since - _LOOK_BACK

    def view(self, since: datetime) -> AuditLog:
        """Return the view from a time until the period's end."""
        return self.log.filter(since=since, until=self.period.until)

    # --------------------------------------------------------------------------------- what is counted, once for everything

    @cached_property
    def kinds(self) -> pl.DataFrame:
        """The count `by_kind`, with `always`: whether a reviewer should always see such events."""
        counted = self.log.collect(by_kind(self.view(self.cuts[-1]).frame(), self.cuts))
        return nw.from_native(counted).with_columns(self.always.alias("always")).to_native()

    @cached_property
    def places(self) -> pl.DataFrame:
        """The count `by_place`."""
        return self.log.collect(by_place(self.view(self.cuts[-1]).frame(), self.cuts))

    @cached_property
    def clock(self) -> pl.DataFrame:
        """The count `by_clock`, of the period and its baseline."""
        frame = self.view(self.periods[-1].since).frame()
        return self.log.collect(by_clock(frame, self.cuts, timezone=self.period.timezone))

    @cached_property
    def began(self) -> datetime | None:
        """The time of the oldest event that the past reaches, whatever the filter; None where there is none."""
        if self.log.where.is_empty:
            oldest = self.kinds["first_seen"].min()
        else:
            whole = self.log.whole(timezone=self.log.timezone).filter(since=self.cuts[-1], until=self.period.until)
            oldest = self.log.collect(whole.frame().select(_TIME.min().alias("oldest")))["oldest"][0]
        return oldest if isinstance(oldest, datetime) else None

    # ------------------------------------------------------------------------------------------------------ reading the counts

    def during(self, period: Period) -> pl.Expr:
        """Return the condition that a row of a count is of a period."""
        return self._between(period.since, period.until)

    def behind(self, period: Period) -> pl.Expr:
        """Return the condition that a row of a count is of the days that a period looks back."""
        return self._between(period.since - _LOOK_BACK, period.since)

    @cached_property
    def covered(self) -> tuple[int, ...]:
        """Which periods of the baseline (1 is the one before) the log covers whole, or all but their first seventh."""
        began = self.began
        if began is None:
            return ()
        return tuple(
            number
            for number, one in enumerate(self.periods)
            if number and began <= one.since + (one.until - one.since) / 7
        )

    def usual(self, counts: Sequence[int | None]) -> float | None:
        """Return the median of a number over the baseline; None where the log covers fewer than three of its periods.

        `counts` has the number for this period and each before, newest first, None where it cannot be told.
        """
        from statistics import median

        known = [count for number in self.covered if (count := counts[number]) is not None]
        return float(median(known)) if len(known) >= LEAST_COVERED else None

    def told(self, rows: pl.DataFrame, *keys: str) -> pl.DataFrame:
        """Return the rows of a count, added up by some of its columns and told beside their past; no row gives none.

        A row has the keys, `events`, `before` (the period before), `change`, `usual` (the median of the baseline, as `usual`
        tells it), `state`, `history` (the events of the nine periods, oldest first), `first_seen` and `last_seen` (UTC, of
        this period, null without events in it). `state` is `new` (not in the days that the period looks back), `back`
        (there before, but not in the period before), `gone` (no event in this period), else null. Where the log has
        nothing behind the period nothing is new. Sorted by events, then by those before, most first, then by the keys.
        """
        import polars as pl

        counts = [f"count {number}" for number in range(len(self.periods))]
        now = self.during(self.period)
        summed = rows.group_by(*keys).agg(
            *(
                pl.col("events").filter(self.during(one)).sum().cast(pl.Int64).alias(name)
                for name, one in zip(counts, self.periods, strict=True)
            ),
            pl.col("events").filter(self.behind(self.period)).sum().alias("earlier"),
            pl.col("first_seen").filter(now).min(),
            pl.col("last_seen").filter(now).max(),
        )
        has_past = self.began is not None and self.began < self.period.since
        here, before = pl.col(counts[0]), pl.col(counts[1])
        state = (
            pl.when(here == 0)
            .then(pl.lit("gone"))
            .when(pl.lit(has_past) & (pl.col("earlier") == 0))
            .then(pl.lit("new"))
            .when(pl.lit(has_past) & (before == 0))
            .then(pl.lit("back"))
        )
        covered = [counts[number] for number in self.covered]
        usual = pl.concat_list(covered).list.median() if len(covered) >= LEAST_COVERED else pl.lit(None, pl.Float64)
        return summed.select(
            *keys,
            here.alias("events"),
            before.alias("before"),
            (here - before).alias("change"),
            usual.alias("usual"),
            state.alias("state"),
            pl.concat_list(counts[::-1]).alias(HISTORY),
            "first_seen",
            "last_seen",
        ).sort("events", "before", *keys, descending=[True, True, *[False] * len(keys)], nulls_last=True)

    def fresh(self, rows: pl.DataFrame, *keys: str) -> pl.DataFrame:
        """Return the combinations of some columns that have events in this period, and none in the days that it looks back."""
        import polars as pl

        sums = (pl.col("events").filter(one).sum() for one in (self.during(self.period), self.behind(self.period)))
        seen = rows.group_by(*keys).agg(*(one.alias(name) for one, name in zip(sums, ("now", "past"), strict=True)))
        return seen.filter(pl.col("now") > 0, pl.col("past") == 0).select(*keys).sort(*keys)

    def outside(self) -> pl.Expr:
        """Return the condition that a row of `clock` is of a weekend, or outside the hours at which people work."""
        import polars as pl

        start, end = WORKING_HOURS
        return pl.col("weekend") | ~pl.col("hour").is_between(start, end, closed="left")

    def _between(self, since: datetime, until: datetime) -> pl.Expr:
        import polars as pl

        return pl.col("slice").is_in([number for number, cut in enumerate(self.cuts) if since <= cut < until])


_LOOK_BACK = timedelta(days=LOOK_BACK_DAYS)


def _sliced(events: nw.LazyFrame[Any], cuts: Sequence[datetime]) -> nw.LazyFrame[Any]:
    """Return events with the number of their slice; the newest cut is asked first, for most events are new."""
    number = nw.lit(len(cuts) - 1)
    for place in range(len(cuts) - 2, -1, -1):
        number = nw.when(cuts[place] <= _TIME).then(nw.lit(place)).otherwise(number)
    return events.with_columns(number.cast(nw.Int64).alias("slice"))


def _counted(events: nw.LazyFrame[Any], *keys: str) -> nw.LazyFrame[Any]:
    return events.group_by(*keys, "slice").agg(
        nw.len().cast(nw.Int64).alias("events"), _TIME.min().alias("first_seen"), _TIME.max().alias("last_seen")
    )
