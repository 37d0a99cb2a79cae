"""What happened? A log is a store opened for reading, as of one landing; a view is a log narrowed by a filter."""

from __future__ import annotations

import io
import ipaddress
from collections.abc import Iterable
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports import clock
from audit_reports.activity import by_sql, networks
from audit_reports.columns import ACTOR_TYPES, NAMES, OUTCOMES
from audit_reports.errors import FailureError, UsageError, nearest, quoted, reason
from audit_reports.feed import literal
from audit_reports.filter import CLOSED, FLAGS, Filter, check_values, checked_timezone
from audit_reports.store import EventFile, Landed, Store, events_sql

if TYPE_CHECKING:
    import duckdb
    import polars as pl

_ORDER = "ORDER BY occurred_at DESC, feed, event_id, landing"


class _Snapshot:
    """What all views of one log share: the store, the landing that they see, its files, and one connection."""

    def __init__(self, store: Store, as_of: int | None) -> None:
        table = store.table()
        latest = table.transaction_version("landing") or 0
        self.version = table.version()
        self.retained_until = store.retained_until(table)
        if as_of is not None and not 1 <= as_of <= latest:
            raise UsageError(f"there is no landing {as_of} in {quoted(store.uri)}; the latest is {latest}")
        self.store = store
        self.latest = latest
        self.landing = latest if as_of is None else as_of
        self.files = [file for file in store.files(table) if file.first <= self.landing]
        self.connection = store.connect()
        self.known: dict[str, set[str]] = {}

    def between(self, first: date | None, last: date | None) -> list[EventFile]:
        low, high = (first.isoformat() if first else ""), (last.isoformat() if last else "9999")
        return [file for file in self.files if low <= file.day <= high]

    def failure(self, error: Exception) -> FailureError:
        """Return what to say of files that cannot be read: they may be gone because the store moved on meanwhile."""
        table = self.store.table()
        there = {file.name for file in self.store.files(table)}
        gone = isinstance(error, FileNotFoundError) or any(file.name not in there for file in self.files)
        if gone and table.version() != self.version:
            return FailureError(
                "the store was changed while it was read, by a compaction, retention or erasure; run the same again "
                "(in a notebook: open the log again)"
            )
        return FailureError(f"the store cannot be read: {reason(error)}")


class AuditLog:
    """A log, or a view of it: the events that a filter lets through. Views are values; narrowing makes a new one.

    `log.filter(...)` narrows, `log.by("actor")` counts, `log.polars()`, `log.lazy()` and `log.sql("... from events")` go on
    from there. Times are UTC; `timezone` says how dates in filters and local dimensions (day, hour ...) are meant.
    """

    def __init__(self, store: str | Path | Store, *, as_of: int | None = None, timezone: str = "UTC") -> None:
        """Open the store as of a landing (else the latest); raises `UsageError` where there is no such store or landing."""
        checked_timezone(timezone)
        opened = store if isinstance(store, Store) else Store(store)
        self._snapshot = _Snapshot(opened, as_of)
        self.uri = opened.uri
        self.timezone = timezone
        self.landing = self._snapshot.landing
        self.where = Filter(timezone=timezone)

    def filter(
        self,
        *predicates: pl.Expr,
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
        check_values(chosen, self.known, vocabulary=vocabulary, names=_country_names)
        view = object.__new__(AuditLog)
        view._snapshot = self._snapshot
        view.uri = self.uri
        view.timezone = self.timezone
        view.landing = self.landing
        view.where = self.where.also(chosen)
        return view

    def relation(self) -> duckdb.DuckDBPyRelation:
        """Return the events as a DuckDB relation, filtered by DuckDB; what a failing disk cannot give raises on use."""
        return self._relation(self.where)

    def count(self) -> int:
        """Return how many events there are."""
        return int(self._fetch("SELECT count(*) AS events FROM events")["events"][0])

    def by(self, *dimensions: str) -> pl.DataFrame:
        """Return counts by some dimensions: the dimensions, `events`, `actors`, `first_seen`, `last_seen`, most first."""
        return self._fetch(self.by_sql(*dimensions), with_networks="network" in dimensions)

    def by_sql(self, *dimensions: str) -> str:
        """Return the SQL that `by` runs over `events`."""
        return by_sql(dimensions, timezone=self.timezone)

    def newest(self, limit: int | None = None) -> pl.DataFrame:
        """Return the events with every column, newest first, no more than `limit` of them."""
        return self._fetch(f"SELECT * FROM events {_ORDER}" + (f" LIMIT {int(limit)}" if limit is not None else ""))

    def polars(self) -> pl.DataFrame:
        """Return all events as a frame, every column, oldest first."""
        return self._fetch("SELECT * FROM events ORDER BY occurred_at, feed, event_id, landing")

    def lazy(self) -> pl.LazyFrame:
        """Return all events as a `pl.LazyFrame`, for what DuckDB cannot filter; the view's own filter still runs in DuckDB."""
        return self.polars().lazy()

    def sql(self, query: str) -> pl.DataFrame:
        """Run a query over this view, whose name in it is `events`; raises `UsageError` for SQL that DuckDB refuses."""
        import duckdb
        import polars as pl

        try:
            answer = self.relation().query("events", query)
            if answer is None:
                raise UsageError("the query gives no rows; it must be a SELECT")
            rows: pl.DataFrame = answer.pl()
        except duckdb.IOException as error:
            raise self._snapshot.failure(error) from error
        except duckdb.Error as error:
            raise UsageError(f"DuckDB refuses the query: {str(error).splitlines()[0]}") from None
        except pl.exceptions.PolarsError as error:
            raise UsageError(f"Polars has no type for a column, so cast it: {str(error).splitlines()[0]}") from None
        return rows

    def landings(self) -> list[Landed]:
        """Return what each landing up to this log's did, in order."""
        return self._snapshot.store.landings(as_of=self.landing)

    def quarantine(self) -> pl.DataFrame:
        """Return what could not be understood up to this landing, by landing, file and line: also reason, feed and raw."""
        import polars as pl

        from audit_reports.quarantine import frame

        store = self._snapshot.store
        try:
            files = [io.BytesIO(store.place.read(path)) for path in store.quarantine_files(as_of=self.landing)]
        except FileNotFoundError as error:
            raise self._snapshot.failure(error) from error
        rows = pl.concat([frame([], landing=0), *map(pl.read_parquet, files)])
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

    @cached_property
    def _addresses(self) -> list[str]:
        return self._distinct("ip")

    def _distinct(self, column: str) -> list[str]:
        """Return the values of a column in the whole log, whatever the filter; null is none."""
        import duckdb

        try:
            rows = self._relation(Filter()).select(column).distinct().fetchall()
        except duckdb.Error as error:
            raise FailureError(f"the store cannot be read: {reason(error)}") from error
        return [str(value) for (value,) in rows if value is not None]

    def _within(self, ranges: tuple[str, ...]) -> list[str]:
        wanted = [ipaddress.ip_network(one) for one in ranges]
        found = []
        for text in self._addresses:
            try:
                address = ipaddress.ip_address(text)
            except ValueError:
                continue
            if any(address in network for network in wanted):
                found.append(text)
        return found

    def _relation(self, chosen: Filter) -> duckdb.DuckDBPyRelation:
        return self._snapshot.connection.sql(self._view_sql(chosen))

    def _view_sql(self, chosen: Filter) -> str:
        """Return the query that gives the events which a filter lets through."""
        snapshot = self._snapshot
        source = events_sql(snapshot.between(*chosen.bounds()))
        if snapshot.landing < snapshot.latest:
            source = f"SELECT * FROM ({source}) WHERE landing <= {snapshot.landing}"
        if chosen.is_empty:
            return source
        import duckdb
        import narwhals as nw

        from audit_reports.filters.twin import as_narwhals, local_column

        added = {local_column(part): part for part in chosen.local_parts() if part.column != "day"}
        columns = "".join(
            f', {part.column} AT TIME ZONE {literal(part.timezone)} AS "{name}"' for name, part in added.items()
        )
        # Each step of a relation looks into its files again, so the filter is put together over an empty table of the same
        # columns; a name given with WITH goes before a table's, and brings the files in once.
        snapshot.connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS stored AS {events_sql([])}")
        empty = nw.from_native(snapshot.connection.sql(f"SELECT *{columns} FROM stored"))
        condition = as_narwhals(chosen.condition, addresses=self._within)
        try:
            filtered = empty.filter(condition).select(*NAMES).to_native()
        except duckdb.Error as error:  # no file is read here: it is the filter that DuckDB cannot run
            raise UsageError(f"DuckDB cannot run the filter: {str(error).splitlines()[0]}") from None
        return f"WITH stored AS ({source}) SELECT * FROM ({filtered.sql_query()})"

    def _fetch(self, query: str, *, with_networks: bool = False) -> pl.DataFrame:
        import duckdb

        connection = self._snapshot.connection
        view = self._view_sql(self.where)
        if with_networks:
            self._register_networks()
            view = f"SELECT * FROM ({view}) LEFT JOIN networks USING (ip)"
        try:
            # One statement: a relation of relations would look into the files once more for each step.
            rows: pl.DataFrame = connection.sql(f"WITH events AS ({view}) {query}").pl()
        except duckdb.Error as error:
            raise self._snapshot.failure(error) from error
        return rows

    def _register_networks(self) -> None:
        import polars as pl

        found = networks(self._addresses)
        table = pl.DataFrame(
            {"ip": list(found), "network": list(found.values())}, schema={"ip": pl.String, "network": pl.String}
        )
        self._snapshot.connection.register("networks", table)

    def __repr__(self) -> str:
        return f"AuditLog({self.uri!r}, landing {self.landing}): {self.where.sentence()}"

    def _repr_html_(self) -> str:
        from audit_reports.log_table import log_table

        return log_table(self.newest(20), total=self.count(), sentence=self.where.sentence(), now=clock.now())


def vocabulary(column: str) -> set[str]:
    """Return the values that are right although no event has them."""
    from audit_reports.catalogue import CATALOGUE
    from audit_reports.feeds import FEEDS

    match column:
        case "country":
            return set(_country_names())
        case "outcome":
            return set(OUTCOMES)
        case "actor_type":
            return set(ACTOR_TYPES)
        case "feed":
            return set(FEEDS)
        case "category" | "action" | "event":
            return {str(getattr(kind, column)) for kind in CATALOGUE}
    return set()


def _country_names() -> dict[str, str]:
    from audit_reports.countries import countries

    return {code: country.name for code, country in countries().items()}


def relative(moment: datetime, now: datetime) -> str:
    """Return how long ago a time was, as a person says it.

    >>> from datetime import UTC
    >>> relative(datetime(2026, 3, 2, 7, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC))
    '2 hours ago'
    """
    seconds = int((now - moment).total_seconds())
    ago = abs(seconds)
    for unit, size in (("year", 31_557_600), ("month", 2_629_800), ("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if ago >= size:
            number = ago // size
            words = f"{number} {unit}{'s' if number != 1 else ''}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return "just now"
