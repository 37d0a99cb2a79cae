"""How does DuckDB run a view? It reads the store's Parquet files, and runs the whole of a frame as one query.

What the files of a view are DuckDB looks up once: each further step of a relation is understood by the columns of the one
before. Rows come by way of arro3, which deltalake brings along: DuckDB's own way loads PyArrow and NumPy, a third of a
command's imports.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import duckdb
import narwhals as nw
import polars as pl
from arro3.core import Table

from audit_reports.columns import NAMES
from audit_reports.engine import EngineError, Limits, Native
from audit_reports.engines.duckdb_natives import native_sql, quoted_name
from audit_reports.engines.duckdb_opening import one_select, open_locked
from audit_reports.errors import UsageError
from audit_reports.stopping import stoppable
from audit_reports.store import EventFile, Store, connect, events_sql

if TYPE_CHECKING:
    from duckdb import Expression

_MADE_UP = re.compile(r"'(?:[^']|'')*'" r'|"(?:[^"]|"")*"' r'| AS "unnamed_relation_[0-9a-f]+"')
"""A text, a name, or the name that DuckDB gives to what has none; whoever looks for the last must pass over the first two."""
_FROM_STREAM = "C Data interface error: "


class DuckDBEngine:
    """DuckDB over a store's files, on a connection of its own."""

    name = "DuckDB"
    errors: tuple[type[Exception], ...] = (duckdb.Error,)

    def __init__(self, store: Store, files: Sequence[EventFile], limits: Limits) -> None:
        """Open a connection that can read these files of the store and no other; raises `UsageError` for wrong limits."""
        self.connection = open_locked(store, [file.path for file in files], limits)
        self._scans: dict[str, duckdb.DuckDBPyRelation] = {}

    def scan(
        self, files: Sequence[EventFile], *, landing: int | None, columns: Collection[str] = NAMES
    ) -> nw.LazyFrame[Any]:
        """Return the events of some files, up to a landing; to name few columns takes less of DuckDB's time to understand."""
        if landing is not None:
            columns = {*columns, "landing"}
        source = events_sql(files, columns)
        if landing is not None:
            source = f"SELECT * FROM ({source}) WHERE landing <= {landing}"
        if source not in self._scans:
            try:
                self._scans[source] = self.connection.sql(source)
            except duckdb.Error as error:
                raise EngineError(str(error)) from error
        return nw.from_native(self._scans[source])

    def collect(self, frame: nw.LazyFrame[Any]) -> pl.DataFrame:
        """Run a frame and return its rows."""
        relation: duckdb.DuckDBPyRelation = frame.to_native()
        try:
            return pl.DataFrame(stoppable(self.connection, lambda: Table.from_arrow(relation)))
        except Exception as error:  # arro3 knows no other kind; DuckDB's own words are in it
            raise EngineError(str(error).removeprefix(_FROM_STREAM)) from error

    def sql(self, frame: nw.LazyFrame[Any], query: str) -> pl.DataFrame:
        """Run one SELECT over a frame, whose name in it is `events`."""
        text = f"WITH events AS NOT MATERIALIZED ({self.sql_text(frame)})\n{one_select(query)}"
        try:
            rows: pl.DataFrame = stoppable(self.connection, lambda: self.connection.sql(text).pl())
        except duckdb.IOException as error:
            raise EngineError(str(error)) from error
        except duckdb.Error as error:
            self.collect(frame.select(nw.len()))  # raises where it is the files that DuckDB cannot read
            raise UsageError(f"DuckDB refuses the query: {str(error).splitlines()[0]}") from None
        except pl.exceptions.PolarsError as error:
            raise UsageError(f"Polars has no type for a column, so cast it: {str(error).splitlines()[0]}") from None
        return rows

    def sql_text(self, frame: nw.LazyFrame[Any]) -> str:
        """Return the query with the files in it."""
        return _text(frame)

    def explain(self, frame: nw.LazyFrame[Any]) -> str:
        """Return DuckDB's plan of the query."""
        relation: duckdb.DuckDBPyRelation = frame.to_native()
        try:
            return relation.explain()
        except duckdb.Error as error:
            raise EngineError(str(error)) from error


@contextmanager
def query_texts() -> Iterator[Callable[[Callable[[nw.LazyFrame[Any]], nw.LazyFrame[Any]]], str]]:
    """Give what says what a function from frame to frame asks of a table `events`, as SQL in which no file stands.

    DuckDB's names for the steps of a query are taken where that query is asked of a relation of its own: they get others.
    """
    with connect() as connection:
        connection.execute(f"CREATE TABLE events AS {events_sql([])}")
        events = connection.table("events")
        yield lambda make: re.sub(r'"__duckdb_s(\d+)"', r'"step_\1"', _text(make(nw.from_native(events))))


def with_native(frame: nw.LazyFrame[Any], columns: Mapping[str, Native]) -> nw.LazyFrame[Any]:
    """Return a frame with native columns added under some names."""
    relation: duckdb.DuckDBPyRelation = frame.to_native()
    added = [_expression(one).alias(name) for name, one in columns.items()]
    return nw.from_native(relation.select(duckdb.StarExpression(), *added))


def distinct_counts(frame: nw.LazyFrame[Any], columns: Mapping[str, str]) -> nw.LazyFrame[Any]:
    """Return one row with the number of events and of the different values of some columns."""
    relation: duckdb.DuckDBPyRelation = frame.to_native()
    counts = [f"count(DISTINCT {quoted_name(column)}) AS {quoted_name(name)}" for name, column in columns.items()]
    return nw.from_native(relation.aggregate(", ".join(["count(*) AS events", *counts])))


def joined(left: nw.LazyFrame[Any], right: nw.LazyFrame[Any], on: Sequence[str]) -> nw.LazyFrame[Any]:
    """Return the rows of a frame that have a match in another, with its other columns; a null matches a null."""
    ours: duckdb.DuckDBPyRelation = left.to_native()
    theirs: duckdb.DuckDBPyRelation = right.to_native()
    same = " AND ".join(f"ours.{quoted_name(key)} IS NOT DISTINCT FROM theirs.{quoted_name(key)}" for key in on)
    others = [f"theirs.{quoted_name(name)}" for name in theirs.columns if name not in on]
    both = ours.set_alias("ours").join(theirs.set_alias("theirs"), same)
    return nw.from_native(both.select(", ".join(["ours.*", *others])))


def tallied(events: nw.LazyFrame[Any], keys: Sequence[str], before: nw.LazyFrame[Any] | None) -> nw.LazyFrame[Any]:
    """Return counts of events by some columns, with their first and last times, beside those of others."""
    names = ", ".join(map(quoted_name, keys))
    rows: duckdb.DuckDBPyRelation = events.to_native()
    counts = "count(*) AS events"
    if before is not None:  # the two are one where those before have no time: aggregates of the time pass them over
        others: duckdb.DuckDBPyRelation = before.to_native()
        ours = rows if rows.columns == ["occurred_at", *keys] else rows.select(f"occurred_at, {names}")
        rows = ours.union(others.select(f"NULL AS occurred_at, {names}"))
        counts = "count(occurred_at) AS events, count(*) - count(occurred_at) AS before"
    times = "min(occurred_at) AS first_seen, max(occurred_at) AS last_seen"
    return nw.from_native(rows.aggregate(f"{names}, {counts}, {times}", names))


def _text(frame: nw.LazyFrame[Any]) -> str:
    """Return a frame's query, without the names that DuckDB gives to what has none, which are others each time."""
    query: str = frame.to_native().sql_query()
    return _MADE_UP.sub(lambda found: "" if found[0].startswith(" AS ") else found[0], query).strip()


def _expression(native: Native) -> Expression:
    return duckdb.SQLExpression(native_sql(native))
