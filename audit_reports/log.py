"""What happened? A log is a store opened for reading, as of one landing; a view is a log narrowed by a filter."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable
from copy import copy
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import narwhals as nw

from audit_reports import clock
from audit_reports.activity import by, columns_of, combinations, distinct_values, rare
from audit_reports.activity_change import compare
from audit_reports.behaviour import first_seen, sessions, story
from audit_reports.columns import NAMES
from audit_reports.engine import EngineError, Limits
from audit_reports.errors import UsageError, nearest, quoted, reason
from audit_reports.filter import CLOSED, FLAGS, Filter, check_values, duration
from audit_reports.period import checked_timezone
from audit_reports.reads import asked_for, reads_frame
from audit_reports.snapshot import Snapshot
from audit_reports.store import Landed, Store
from audit_reports.timeline import timeline, with_quiet
from audit_reports.vocabulary import country_names, vocabulary

if TYPE_CHECKING:
    import polars as pl
    from pyspark.sql import SparkSession

    from audit_reports.scan import Scan

_ORDER = ("occurred_at", "feed", "event_id", "landing")


class AuditLog:
    """A log, or a view of it: the events that a filter lets through. Views are values; narrowing makes a new one.

    `log.filter(...)` narrows, `log.by("actor")` counts, `log.polars()`, `log.lazy()` and `log.sql("... from events")` go on
    from there. Times are UTC; `timezone` says how dates in filters and local dimensions (day, hour ...) are meant.

    >>> import tempfile
    >>> from datetime import UTC, datetime
    >>> from audit_reports.feeds import FEEDS
    >>> from audit_reports.ingest.landing import land
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store, file = Path(folder, "store"), Path(folder, "doors.jsonl")
    ...     _ = file.write_text('{"id": "1", "occurred_at": "2026-03-02T09:00:00Z", "event": "Enter", "actor": "ana"}')
    ...     _ = land(store, [str(file)], FEEDS, now=datetime(2026, 4, 1, tzinfo=UTC), feed="generic")
    ...     log = AuditLog(store)
    ...     log.filter(actor="ana").by("actor", "event")["events"].to_list(), log.filter(actor="ben").count()
    ([1], 0)
    """

    def __init__(
        self,
        store: str | Path | Store,
        *,
        as_of: int | None = None,
        timezone: str = "UTC",
        engine: SparkSession | None = None,
        memory_limit: str | None = None,
        threads: int | None = None,
    ) -> None:
        """Open the store as of a landing (else the latest); raises `UsageError` where there is no such store or landing.

        `engine`, a Spark session, runs all that is asked on Spark; without one it is DuckDB, on this machine,
        with no more memory ("4GB") and threads than said, else as much as it likes.
        """
        checked_timezone(timezone)
        opened = store if isinstance(store, Store) else Store(store)
        self._snapshot = Snapshot(opened, as_of, engine, Limits(memory_limit, threads))
        self.store, self.uri = opened, opened.uri
        self.timezone = timezone
        self.landing = self._snapshot.landing
        self._recorded = True
        self.where = Filter(timezone=timezone)

    def filter(
        self,
        *predicates: pl.Expr | nw.Expr,
        since: str | date | None = None,
        until: str | date | None = None,
        last: str | None = None,
        ip: str | Iterable[str] | None = None,
        search: str | None = None,
        where: str | None = None,
        **values: Any,
    ) -> AuditLog:
        """Return the view in which all predicates and keywords hold too; this one stays as it is.

        The keywords are those of the command line: `category`, `action`, `event`, `actor`, `actor_type`, `role`,
        `resource`, `resource_type`, `source`, `country`, `region`, `city`, `feed`, `workspace`, `outcome`, each one value
        or several. Raises `UsageError` as `Filter.of` does, and for a value that is known nowhere.
        """
        chosen = Filter.of(
            *predicates,
            timezone=self.timezone,
            now=clock.now() if last is not None else None,
            since=since,
            until=until,
            last=last,
            ip=ip if isinstance(ip, str) or ip is None else list(ip),
            search=search,
            where=where,
            **values,
        )
        return self.narrowed(chosen)

    def narrowed(self, chosen: Filter) -> AuditLog:
        """Return the view that a filter object lets through; raises `UsageError` for a value that is known nowhere."""
        check_values(chosen, self.known, vocabulary=vocabulary, names=country_names)
        return self._view(self.where.also(chosen), self.timezone)

    def whole(self, *, timezone: str) -> AuditLog:
        """Return the log without this view's filter, as of the same landing, with another timezone."""
        checked_timezone(timezone)
        return self._view(Filter(timezone=timezone), timezone)

    def _view(self, where: Filter, timezone: str) -> AuditLog:
        view = copy(self)
        view.timezone, view.where = timezone, where
        return view

    def frame(self) -> nw.LazyFrame[Any]:
        """Return the events as a Narwhals lazy frame, filtered by the engine: what every function of activity takes."""
        return self._filtered(self.where)

    def collect(self, frame: nw.LazyFrame[Any]) -> pl.DataFrame:
        """Run a lazy frame that was made of this view's `frame()`, and return its rows."""
        return self._told("frame", frame)

    def count(self) -> int:
        """Return how many events there are, 0 where there is none."""
        return int(self._told("count", self.frame().select(nw.len().alias("events")))["events"][0])

    def by(self, *dimensions: str, limit: int | None = None) -> pl.DataFrame:
        """Return counts by some dimensions, most first; no event gives no row, and an unknown value (null) is one like any other.

        A row has the dimensions, `events`, `actors`, `first_seen`, `last_seen` (UTC). With a `limit` these are the first so
        many rows, which takes much less than all where there are many. See `activity.by`.
        """
        return self._told("by", by(self._of(*dimensions), dimensions, timezone=self.timezone, limit=limit))

    def combinations(self, *dimensions: str) -> int:
        """Return how many rows `by` gives without a limit, 0 where there is no event."""
        rows = combinations(self._of(*dimensions), dimensions, timezone=self.timezone)
        return int(self._told("combinations", rows)["rows"][0])

    def by_sql(self, *dimensions: str) -> str:
        """Return the query that `by` asks of the view's `events`, as SQL in which no file stands."""
        from audit_reports.engines.duckdb import query_texts

        with query_texts() as text_of:
            return text_of(lambda events: by(events, dimensions, timezone=self.timezone))

    def timeline(self, every: str = "1h") -> pl.DataFrame:
        """Return counts by buckets of time, oldest first: `since`, `until` (UTC), `events`, `actors`; quiet ones have zeros.

        The rows go from the view's `since` to its `until`, else from the first event to the last: without either, no event
        gives no row. `every` is one of 1m, 5m, 10m, 15m, 30m, 1h, 1d, 1w and 1mo, cut as clocks in the view's timezone show
        it; an unknown actor is not counted. See `timeline.timeline`.
        """
        counted = self._told("timeline", timeline(self.frame(), every=every, timezone=self.timezone))
        since, until = self.where.span()
        return with_quiet(counted, every=every, timezone=self.timezone, since=since, until=until)

    def compare(self, other: AuditLog, *dimensions: str) -> pl.DataFrame:
        """Return counts by some dimensions beside those of another view; where neither has an event, there is no row.

        A row has `events`, `before`, `change` and `state`: `new` where only this view has events, `gone` where only the other
        has, null where both have. All columns and their order are those of `activity_change.compare`; null is a value like
        any other. Raises `UsageError` for a view of another log.
        """
        if other._snapshot is not self._snapshot:
            raise UsageError("two views can be compared where both are of one log: narrow it twice, log.filter(...)")
        rows = self._ran(compare(self._of(*dimensions), other._of(*dimensions), dimensions, timezone=self.timezone))
        for view in (self, other):
            view.record("compare", rows=rows.height)
        return rows

    def distinct(self, *dimensions: str) -> pl.DataFrame:
        """Return one row: `events`, and how many values each dimension has, null not one; no event gives zeros."""
        return self._told("distinct", distinct_values(self._of(*dimensions), dimensions, timezone=self.timezone))

    def rare(self, *dimensions: str) -> pl.DataFrame:
        """Return combinations, rarest first, null a value like any other; no event gives no row. See `activity.rare`."""
        return self._told("rare", rare(self._of(*dimensions), dimensions, timezone=self.timezone))

    def first_seen(self, *dimensions: str, since: str | date | None = None) -> pl.DataFrame:
        """Return when each combination was first in this view, newest first; one with an unknown value (null) is left out.

        With `since` (a date or time as `filter` takes it) only those that were not there before. No event gives no row.
        See `behaviour.first_seen`.
        """
        from audit_reports.filters.values import as_time

        moment = None if since is None else as_time(since, ZoneInfo(self.timezone))
        return self._told("first_seen", first_seen(self.frame(), dimensions, timezone=self.timezone, since=moment))

    def sessions(self, gap: str = "30m") -> pl.DataFrame:
        """Return each actor's sessions, which end after a `gap`; unknown actors have none. See `behaviour.sessions`."""
        return self._told("sessions", sessions(self.frame(), gap=duration(gap)))

    def story(self, actor: str) -> pl.DataFrame:
        """Return an actor's events in this view, oldest first, with what is new in them; without events there is no row.

        Beside each event `since_previous` (seconds, null for the first), `new_place` and `new_action` are told, judged by all
        that the log knows. See `behaviour.story`.
        """
        rows = self._ran(story(self.frame(), self._filtered(Filter()), actor))
        self._view(self.where.also(Filter.of(actor=actor)), self.timezone).record("story", rows=rows.height)
        return rows

    def newest(self, limit: int | None = None) -> pl.DataFrame:
        """Return the events, newest first, no more than `limit` of them; none gives the columns without a row."""
        events = self.frame().sort(*_ORDER, descending=[True, False, False, False])
        return self._told("newest", events if limit is None else events.head(limit))

    def polars(self) -> pl.DataFrame:
        """Return all events as a frame, oldest first; none gives the columns without a row."""
        return self._told("polars", self.frame().sort(*_ORDER))

    def lazy(self) -> pl.LazyFrame:
        """Return all events as a `pl.LazyFrame`, for what DuckDB cannot filter; the view's own filter still runs in DuckDB."""
        return self.polars().lazy()

    def sql(self, query: str) -> pl.DataFrame:
        """Run one SELECT over this view, whose name in it is `events`; raises `UsageError` for SQL that is refused."""
        try:
            rows = self._snapshot.engine.sql(self.frame(), query)
        except EngineError as error:
            raise self._snapshot.failure(error) from error
        self.record("sql", rows=rows.height, query=query)
        return rows

    def sql_text(self) -> str:
        """Return the query that gives this view's events."""
        return self._snapshot.engine.sql_text(self.frame())

    def explain(self) -> Scan:
        """Return which files and row groups are read for this view's events, with the engine's plan; print it."""
        from audit_reports.scan import scan_of

        snapshot = self._snapshot
        try:
            plan = snapshot.engine.explain(self.frame())
        except EngineError as error:
            raise snapshot.failure(error) from error
        files = snapshot.between(*self.where.bounds())
        return scan_of(snapshot.store, self.where, files, of=snapshot.files, plan=plan)

    def landings(self) -> list[Landed]:
        """Return what each landing up to this log's did, in order; none of a new store."""
        return self._snapshot.store.landings(as_of=self.landing)

    def removed(self) -> int:
        """Return how many events of these landings retention and erasures have removed since, 0 where none."""
        return self._snapshot.store.removed(as_of=self.landing)

    def quarantine(self) -> pl.DataFrame:
        """Return what could not be understood up to this landing, also `reason`, `feed` and `raw`; nothing gives no row."""
        import polars as pl

        from audit_reports.ingest.quarantine import frame

        store = self._snapshot.store
        try:
            files = [io.BytesIO(store.place.read(path)) for path in store.quarantine_files(as_of=self.landing)]
        except FileNotFoundError as error:
            raise self._snapshot.failure(error) from error
        rows = pl.concat([frame([], landing=0), *map(pl.read_parquet, files)])
        self.record("quarantine", rows=rows.height)
        return rows.sort("landing", "file", "line", maintain_order=True)

    def files(self) -> dict[str, int]:
        """Return the Parquet files that this log reads, with their sizes in bytes."""
        return {file.path: file.bytes for file in self._snapshot.files}

    def known(self, column: str) -> set[str]:
        """Return the values of a column that are no mistake: those of the vocabulary and those in the store."""
        if column not in self._snapshot.known:
            self._snapshot.known[column] = {*self._distinct(column), *vocabulary(column)}
        return self._snapshot.known[column]

    def hints(self) -> list[str]:
        """Return a line for each value of the filter that no event has, with the nearest, and one where retention took events."""
        lines = self._retained()
        for column, values in self.where.named_values().items():
            if column in CLOSED or column not in FLAGS.values():
                continue
            there = self.known(column)
            for value in values:
                if value not in there:
                    near = nearest(value, there)
                    lines.append(
                        f"no {column} {quoted(value)}" + (f": did you mean {quoted(near[0])}?" if near else "")
                    )
        return lines

    def _retained(self) -> list[str]:
        until, (first, _) = self._snapshot.retained_until, self.where.bounds()
        if until is None or (first is not None and first >= until):
            return []
        entry = self._snapshot.store.journal.newest("retention")
        number = f" (journal entry {entry.number})" if entry and entry.facts["removed"] else ""
        return [f"events before {until} (UTC) were removed by retention{number}, but for days under a hold"]

    def _distinct(self, column: str) -> list[str]:
        """Return the values of a column in the whole log, whatever the filter; null is none."""
        values = self._ran(self._filtered(Filter()).select(column).unique())[column]
        return [str(value) for value in values if value is not None]

    @cached_property
    def _sixes(self) -> list[str]:
        """Return the distinct addresses of the whole log that may be v6."""
        address = nw.col("ip")
        sixes = self._filtered(Filter()).filter(address.str.contains(":", literal=True)).select("ip").unique()
        return self._ran(sixes)["ip"].to_list()

    def unrecorded(self) -> AuditLog:
        """Return this view for what looks at events without showing them to anybody: its answers are not recorded as reads."""
        view = self._view(self.where, self.timezone)
        view._recorded = False
        return view

    def record(self, what: str, *, rows: int, query: str | None = None) -> None:
        """Say in the read chain of this host that somebody was given an answer of so many rows.

        A store that may only be read still answers; a warning says once that its reads are not recorded.
        """
        if self._recorded:
            asked = asked_for(self.where.as_json(), query)
            self._snapshot.reads.record(
                {"what": what, **asked, "landing": self.landing, "rows": rows}, time=clock.now()
            )

    def write_reads(self) -> bool:
        """Write the reads that are kept still, as they are for some seconds in S3; say whether all were recorded so far."""
        self._snapshot.reads.flush()
        return self._snapshot.reads.is_whole

    def reads(self) -> pl.DataFrame:
        """Return who has read the store, when, what and how much of it, oldest first; see `reads.reads_frame`."""
        self.write_reads()
        return reads_frame(self._snapshot.store)

    def _told(self, what: str, frame: nw.LazyFrame[Any]) -> pl.DataFrame:
        """Run a frame whose rows somebody is given, and record that."""
        rows = self._ran(frame)
        self.record(what, rows=rows.height)
        return rows

    def _ran(self, frame: nw.LazyFrame[Any]) -> pl.DataFrame:
        try:
            return self._snapshot.engine.collect(frame)
        except EngineError as error:
            raise self._snapshot.failure(error) from error

    def _of(self, *dimensions: str) -> nw.LazyFrame[Any]:
        """Return the frame with as many columns as counts by some dimensions need."""
        return self._filtered(self.where, columns_of(dimensions))

    def _filtered(self, chosen: Filter, columns: Collection[str] = NAMES) -> nw.LazyFrame[Any]:
        from audit_reports.filters.twin import filtered

        snapshot = self._snapshot
        landing = snapshot.landing if snapshot.landing < snapshot.latest else None
        try:
            files = snapshot.between(*chosen.bounds())
            events = snapshot.engine.scan(files, landing=landing, columns={*columns, *chosen.columns()})
        except EngineError as error:
            raise snapshot.failure(error) from error
        try:
            return filtered(events, chosen.within_days(), addresses=lambda: self._sixes)
        except snapshot.engine.errors as error:  # no file is read here: it is the filter that cannot run
            raise UsageError(f"{snapshot.engine.name} cannot run the filter: {reason(error)}") from None

    def __repr__(self) -> str:
        return f"AuditLog({self.uri!r}, landing {self.landing}): {self.where.sentence()}"

    def _repr_html_(self) -> str:
        from audit_reports.log_table import log_table

        shown = self.unrecorded()
        page, total = shown.newest(20), shown.count()
        self.record("table", rows=page.height)
        return log_table(page, total=total, sentence=self.where.sentence(), now=clock.now())
