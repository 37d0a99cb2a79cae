"""What do findings rest on? A period and its past, told by actor for all checks at once, and the events behind each finding.

The past reaches back `LOOK_BACK_DAYS` from the period, and the baseline eight periods. Actors that events do not name are in
none of the tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw

from audit_reports.filter import Filter
from audit_reports.filters.twin import marked
from audit_reports.findings.finding import Shown
from audit_reports.past import Past
from audit_reports.trust import Trust

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.log import AuditLog
    from audit_reports.period import Period

KNOWN_DAYS = 14
"""How long somebody must be known before anything can be called new of them."""

MOST_IDS = 1000
"""How many events of a finding are named by their ids."""

MOMENT = timedelta(microseconds=1)
"""The least time between two events."""

BATCH_EVENTS = 200_000
"""How many events of some actors are read at once, for all findings about these."""

_SHOWN = tuple(field.name for field in fields(Shown))
_ORDER = ("occurred_at", "feed", "event_id")


@dataclass(frozen=True)
class Evidence:
    """A period with its past, as the log's filter lets it through, and how far its events can be trusted."""

    past: Past
    trust: Trust

    @property
    def log(self) -> AuditLog:
        """The log, filtered."""
        return self.past.log

    @property
    def period(self) -> Period:
        """The period."""
        return self.past.period

    @property
    def begins(self) -> datetime:
        """How far the past reaches back."""
        return self.past.begins

    @property
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

    # ------------------------------------------------------------------------------------------------ the events of findings

    def where(self, *, since: datetime, until: datetime, predicate: pl.Expr | None = None, **values: Any) -> Filter:
        """Return the filter of a finding's events, from the first to the last; the log's own filter holds beside it."""
        given = {name: value for name, value in values.items() if value is not None}
        predicates = [] if predicate is None else [predicate]
        return Filter.of(*predicates, timezone=self.log.timezone, since=since, until=until + MOMENT, **given)

    def events_of(self, chosen: Sequence[Filter]) -> list[tuple[int, list[Shown]]]:
        """Return for each filter of a finding how many events it gives, and the first thousand of them, oldest first.

        Findings about actors are answered together: their events are read once, and each filter runs over those.
        """
        found: dict[int, tuple[int, list[Shown]]] = {}
        for numbers in self._batches(chosen):
            if len(numbers) == 1:
                found[numbers[0]] = self._events_of(chosen[numbers[0]])
            else:
                found |= dict(zip(numbers, self._together([chosen[number] for number in numbers]), strict=True))
        return [found[number] for number in range(len(chosen))]

    def _batches(self, chosen: Sequence[Filter]) -> Iterator[list[int]]:
        """Yield the places of filters that are answered together; one without an actor, or with too many events, alone."""
        events = dict(self.actors.select("actor", "now").iter_rows())
        batch: list[int] = []
        names: set[str] = set()
        for number, one in sorted(enumerate(chosen), key=lambda pair: pair[1].named_values().get("actor", [])):
            theirs = set(one.named_values().get("actor", []))
            if not theirs or sum(events.get(name, 0) for name in theirs) > BATCH_EVENTS:
                yield [number]
                continue
            if sum(events.get(name, 0) for name in names | theirs) > BATCH_EVENTS:
                yield batch
                batch, names = [], set()
            batch.append(number)
            names |= theirs
        if batch:
            yield batch

    def _events_of(self, chosen: Filter) -> tuple[int, list[Shown]]:
        view = self.log.narrowed(chosen)
        found = self.collect(view.frame().select(*_SHOWN, "feed").sort(*_ORDER).head(MOST_IDS + 1))
        number = found.height if found.height <= MOST_IDS else view.count()
        return number, _shown(found)

    def _together(self, chosen: Sequence[Filter]) -> list[tuple[int, list[Shown]]]:
        spans = [one.span() for one in chosen]
        actors = sorted({name for one in chosen for name in one.named_values()["actor"]})
        since, until = min(one for one, _ in spans if one), max(one for _, one in spans if one)
        columns = sorted({"feed", *_SHOWN, *(name for one in chosen for name in one.columns())})
        view = self.log.filter(actor=actors, since=since, until=until)
        events = self.collect(view.frame().select(*columns))
        addresses = [address for address in events["ip"].unique() if address is not None and ":" in address]
        conditions = {str(number): one.condition for number, one in enumerate(chosen)}
        holds = marked(nw.from_native(events.lazy()), conditions, addresses=lambda: addresses).to_native().collect()
        rows = (events.filter(holds[name].fill_null(value=False)).sort(*_ORDER) for name in conditions)
        return [(one.height, _shown(one)) for one in rows]

    # ------------------------------------------------------------------------------------- what is told once for all checks

    @cached_property
    def places(self) -> pl.DataFrame:
        """Where actors were: actor, actor_type, country (null: unknown), events now and before, first and last times.

        `first_seen` is the first event of all, `first_now` the first of the period, `last_before` the last before it.
        """
        import polars as pl

        now = self.past.during(self.period)
        rows = self.past.places.filter(now | self.past.behind(self.period), pl.col("actor").is_not_null())
        return (
            rows.group_by("actor", "country")
            .agg(
                pl.col("actor_type").max(),
                pl.col("events").filter(now).sum().alias("now"),
                pl.col("events").sum(),
                pl.col("first_seen").min(),
                pl.col("first_seen").filter(now).min().alias("first_now"),
                pl.col("last_seen").filter(now).max().alias("last_now"),
                pl.col("last_seen").filter(~now).max().alias("last_before"),
            )
            .sort("actor", "country", nulls_last=True)
        )

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
    def history(self) -> dict[str, list[int]]:
        """How much each actor of the nine periods did in each, the newest first."""
        import polars as pl

        told = self.past.told(self.past.kinds.drop_nulls("actor"), "actor").filter(pl.col("history").list.sum() > 0)
        return {actor: counts[::-1] for actor, counts in told.sort("actor").select("actor", "history").iter_rows()}

    @cached_property
    def clock(self) -> pl.DataFrame:
        """When people are at work: actor, weekend, local hour, events now and of all nine periods, and the times of those now.

        Of humans and the vendors' staff alone.
        """
        import polars as pl

        now = self.past.during(self.period)
        return (
            self.past.clock.drop_nulls("actor")
            .group_by("actor", "weekend", "hour")
            .agg(
                pl.col("events").filter(now).sum().alias("now"),
                pl.col("events").sum(),
                pl.col("first_seen").filter(now).min().alias("first_now"),
                pl.col("last_seen").filter(now).max().alias("last_now"),
            )
            .sort("actor", "weekend", "hour")
        )

    @cached_property
    def sensitive(self) -> pl.DataFrame:
        """Who did what a reviewer should always see: actor, category, action, event, first times, events now and before."""
        import polars as pl

        now = self.past.during(self.period)
        return (
            self.past.kinds.filter("always", now | self.past.behind(self.period), pl.col("actor").is_not_null())
            .group_by("actor", "category", "action", "event")
            .agg(
                pl.col("events").filter(now).sum().alias("now"),
                pl.col("events").sum(),
                pl.col("first_seen").min(),
                pl.col("last_seen").max(),
            )
            .sort("actor", "first_seen", "event")
        )

    def pairs(
        self,
        categories: Sequence[str],
        *,
        since: datetime,
        actions: Sequence[str] | None = None,
        changing: str | None = None,
    ) -> pl.DataFrame:
        """Return events of some categories from a time on, in order, as far as pairs of them are told.

        With `actions` those alone, with `changing` only events whose changes name that field.
        """
        chosen = self.view(since).filter(nw.col("category").is_in(list(categories)))
        if actions is not None:
            chosen = chosen.filter(nw.col("action").is_in(list(actions)))
        if changing is not None:
            chosen = chosen.filter(nw.col("changes").str.contains(json.dumps(changing), literal=True))
        columns = (
            *(*_ORDER, "event", "category", "action", "actor", "outcome"),
            *("resource", "resource_id", "changes"),
        )
        return self.collect(chosen.select(*columns)).sort(*_ORDER)


def _shown(events: pl.DataFrame) -> list[Shown]:
    """Return the first thousand events as a finding shows them; times are UTC."""
    return [Shown(**row) for row in events.head(MOST_IDS).select(_SHOWN).iter_rows(named=True)]
