"""What do findings rest on? The period and the past behind it, in a few small tables that are counted once for all checks.

The past reaches back `LOOK_BACK_DAYS` from the period, and the baseline eight periods. Actors that events do not name are in
none of the tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw

from audit_reports.engine import LOCAL, Native, with_local_time, with_native
from audit_reports.figures import LOOK_BACK_DAYS
from audit_reports.filter import Filter
from audit_reports.finding import Shown
from audit_reports.trust import Trust

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.log import AuditLog
    from audit_reports.period import Period

BASELINE = 8
"""How many periods before this one are its baseline."""

KNOWN_DAYS = 14
"""How long somebody must be known before anything can be called new of them."""

MOST_IDS = 1000
"""How many events of a finding are named by their ids."""

MOMENT = timedelta(microseconds=1)
"""The least time between two events."""

_TIME = nw.col("occurred_at")


@dataclass(frozen=True)
class Evidence:
    """A log as its filter lets it through, the period, and what a reviewer should always see (`always_shown`)."""

    log: AuditLog
    period: Period
    always: nw.Expr
    trust: Trust

    @property
    def begins(self) -> datetime:
        """How far the past reaches back."""
        return self.period.since - timedelta(days=LOOK_BACK_DAYS)

    @cached_property
    def baseline(self) -> tuple[Period, ...]:
        """The periods of the baseline, the newest first."""
        found = [self.period.before()]
        while len(found) < BASELINE:
            found.append(found[-1].before())
        return tuple(found)

    @cached_property
    def known_since(self) -> datetime | None:
        """When the log's past begins, None where it has none."""
        days = self.places["first_seen"].min()
        return days if isinstance(days, datetime) else None

    def view(self, since: datetime, until: datetime | None = None) -> nw.LazyFrame[Any]:
        """Return the events between two times, whose actor is known."""
        events = self.log.filter(since=since, until=until or self.period.until).frame()
        return events.filter(~nw.col("actor").is_null())

    def now(self) -> nw.LazyFrame[Any]:
        """Return the events of the period whose actor is known."""
        return self.view(self.period.since)

    def collect(self, frame: nw.LazyFrame[Any]) -> pl.DataFrame:
        """Run a frame."""
        return self.log.collect(frame)

    def where(self, *, since: datetime, until: datetime, predicate: pl.Expr | None = None, **values: Any) -> Filter:
        """Return the filter of a finding's events, from the first to the last, within the log's own filter."""
        given = {name: value for name, value in values.items() if value is not None}
        predicates = [] if predicate is None else [predicate]
        own = Filter.of(*predicates, timezone=self.log.timezone, since=since, until=until + MOMENT, **given)
        return self.log.where.also(own)

    def events_of(self, chosen: Filter) -> tuple[int, list[Shown]]:
        """Return how many events a finding's filter gives, and the first thousand of them, oldest first."""
        view = self.log.narrowed(chosen)
        names = [field.name for field in fields(Shown)]
        found = self.collect(
            view.frame().select(*names, "feed").sort("occurred_at", "feed", "event_id").head(MOST_IDS + 1)
        )
        number = found.height if found.height <= MOST_IDS else view.unrecorded().count()
        return number, [Shown(**row) for row in found.head(MOST_IDS).select(names).iter_rows(named=True)]

    # ------------------------------------------------------------------------------------- what is counted once for all

    @cached_property
    def places(self) -> pl.DataFrame:
        """Where actors were: actor, actor_type, country (null: unknown), events now and before, first and last times.

        `first_seen` is the first event of all, `first_now` the first of the period, `last_before` the last before it.
        """
        now = self.period.since.astimezone(UTC) <= _TIME
        return self.collect(
            self.view(self.begins)
            .with_columns(now.alias("is_now"))
            .group_by("actor", "country")
            .agg(
                nw.col("actor_type").max().alias("actor_type"),
                nw.col("is_now").cast(nw.Int64).sum().cast(nw.Int64).alias("now"),
                nw.len().cast(nw.Int64).alias("events"),
                _TIME.min().alias("first_seen"),
                nw.when(nw.col("is_now")).then("occurred_at").min().alias("first_now"),
                nw.when(nw.col("is_now")).then("occurred_at").max().alias("last_now"),
                nw.when(~nw.col("is_now")).then("occurred_at").max().alias("last_before"),
            )
        ).sort("actor", "country", nulls_last=True)

    @cached_property
    def actors(self) -> pl.DataFrame:
        """What is known of each actor: actor_type, events now and before, first and last times, and the countries before."""
        import polars as pl

        return (
            self.places.group_by("actor")
            .agg(
                pl.col("actor_type").drop_nulls().first(),
                pl.col("now").sum(),
                (pl.col("events") - pl.col("now")).sum().alias("before"),
                pl.col("first_seen").min(),
                pl.col("first_now").min(),
                pl.col("last_now").max(),
                pl.col("last_before").max(),
                pl.col("country").filter(pl.col("events") > pl.col("now")).drop_nulls().sort().alias("countries"),
            )
            .sort("actor")
        )

    @cached_property
    def steps(self) -> pl.DataFrame:
        """How much actors did in each period: actor, actor_type, step (0 now, 1 the one before, up to 8) and events."""
        step = nw.lit(0)
        for number, period in enumerate(self.baseline, start=1):
            step = nw.when(period.until.astimezone(UTC) > _TIME).then(nw.lit(number)).otherwise(step)
        counted = self.view(self.baseline[-1].since).with_columns(step.cast(nw.Int64).alias("step"))
        return self.collect(
            counted.group_by("actor", "step").agg(
                nw.col("actor_type").max().alias("actor_type"), nw.len().cast(nw.Int64).alias("events")
            )
        ).sort("actor", "step")

    @cached_property
    def clock(self) -> pl.DataFrame:
        """When people are at work: actor, weekend, local hour, events now and before, and the times of those now.

        Of humans and the vendors' staff alone; over the baseline.
        """
        people = self.view(self.baseline[-1].since).filter(nw.col("actor_type").is_in(["human", "support"]))
        local = with_native(
            with_local_time(people, self.period.timezone), {"weekday_shown": Native("weekday", LOCAL)}
        ).with_columns(
            (self.period.since.astimezone(UTC) <= _TIME).alias("is_now"),
            nw.col(LOCAL).dt.hour().cast(nw.Int64).alias("hour"),
            (nw.col("weekday_shown") >= 6).alias("weekend"),  # noqa: PLR2004 - ISO: Saturday is 6
        )
        return self.collect(
            local.group_by("actor", "weekend", "hour").agg(
                nw.col("is_now").cast(nw.Int64).sum().cast(nw.Int64).alias("now"),
                nw.len().cast(nw.Int64).alias("events"),
                nw.when(nw.col("is_now")).then("occurred_at").min().alias("first_now"),
                nw.when(nw.col("is_now")).then("occurred_at").max().alias("last_now"),
            )
        ).sort("actor", "weekend", "hour")

    @cached_property
    def sensitive(self) -> pl.DataFrame:
        """Who did what a reviewer should always see: actor, category, action, event, first times, events now and before."""
        now = self.period.since.astimezone(UTC) <= _TIME
        events = self.log.filter(since=self.begins, until=self.period.until).frame().filter(self.always)
        return self.collect(
            events.filter(~nw.col("actor").is_null())
            .with_columns(now.alias("is_now"))
            .group_by("actor", "category", "action", "event")
            .agg(
                nw.col("is_now").cast(nw.Int64).sum().cast(nw.Int64).alias("now"),
                nw.len().cast(nw.Int64).alias("events"),
                _TIME.min().alias("first_seen"),
                _TIME.max().alias("last_seen"),
            )
        ).sort("actor", "first_seen", "event")

    def pairs(self, categories: Sequence[str], *, since: datetime) -> pl.DataFrame:
        """Return the events of some categories from a time on, in order, as far as pairs of them need to be told."""
        chosen = self.view(since).filter(nw.col("category").is_in(list(categories)))
        columns = (
            *("occurred_at", "feed", "event_id", "event", "category", "action", "actor", "actor_id", "outcome"),
            *("resource", "resource_id", "resource_type", "changes"),
        )
        return self.collect(chosen.select(*columns)).sort("occurred_at", "feed", "event_id")
