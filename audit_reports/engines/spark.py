"""How does Spark run a view? It reads the same Parquet files, through a session of its own beside the user's.

That session (`newSession`) shares the user's cluster and nothing that one sets in SQL: here the timezone is UTC, and a file
that is gone or broken fails the query, whatever the user's own session says. Spark needs no Delta jar: which files are
the table's is known before it is asked.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl
from py4j.protocol import Py4JError
from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql.functions import expr

from audit_reports import network
from audit_reports.columns import COLUMNS, NAMES
from audit_reports.engine import EngineError, Native
from audit_reports.engines.spark_natives import filter_sql, identifier, literal
from audit_reports.errors import UsageError
from audit_reports.store import EVENTS, EventFile, Store

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_TYPES = {"VARCHAR": "STRING", "TIMESTAMPTZ": "TIMESTAMP", "BIGINT": "BIGINT", "DATE": "DATE"}
_SETTINGS: Mapping[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.ansi.enabled": "true",  # a sum that overflows fails, and does not begin again below zero
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.runSQLOnFiles": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
}
_ONLY_LOCAL = {"spark.sql.sources.parallelPartitionDiscovery.threshold": "1000000"}
"""On a disk a look at each file takes less than a task for each, with which Spark would begin."""


class SparkEngine:
    """Spark over a store's files, in a session of its own."""

    name = "Spark"
    errors: tuple[type[Exception], ...] = (PySparkException, Py4JError)

    def __init__(self, store: Store, session: SparkSession) -> None:
        """Take the cluster of a session; raises `UsageError` for one that has been stopped."""
        self._events = _uri(store.place.location(EVENTS))
        local = _ONLY_LOCAL if self._events.startswith("file:") else {}
        try:
            self.session = session.newSession()
            for name, value in {**_SETTINGS, **local}.items():
                self.session.conf.set(name, value)
        except (AttributeError, PySparkException, Py4JError) as error:  # a stopped session has lost what it would ask
            raise UsageError(f"the Spark session does not answer, it may have been stopped: {_said(error)}") from None
        self._read: dict[tuple[str, ...], DataFrame] = {}

    def scan(
        self, files: Sequence[EventFile], *, landing: int | None, columns: Collection[str] = NAMES
    ) -> nw.LazyFrame[Any]:
        """Return the events of some files, up to a landing; raises `EngineError` for a file that is not there."""
        paths = tuple(_uri(file.path) for file in files)
        if paths not in self._read:  # Spark looks for every file that it is told of
            with _failing():
                self._read[paths] = self._frame(paths)
        frame = self._read[paths]
        shown = frame if landing is None else frame.where(f"landing <= {landing}")
        return nw.from_native(shown.select(*(name for name in NAMES if name in columns)))

    def _frame(self, paths: tuple[str, ...]) -> DataFrame:
        if not paths:
            nothing = ", ".join(f"CAST(NULL AS {_TYPES[c.type]}) AS {c.name}" for c in COLUMNS)
            return self.session.sql(f"SELECT {nothing} WHERE false")
        reader = self.session.read.schema(", ".join(f"{c.name} {_TYPES[c.type]}" for c in COLUMNS))
        # The folders below `events` say the day; a path is meant as it stands, also where a folder is called `[a]`.
        return reader.option("basePath", self._events).option("__globPaths__", "false").parquet(*paths).select(*NAMES)

    def collect(self, frame: nw.LazyFrame[Any]) -> pl.DataFrame:
        """Run a frame and return its rows; they pass through the driver's memory."""
        return _rows(frame.to_native())

    def sql(self, frame: nw.LazyFrame[Any], query: str) -> pl.DataFrame:
        """Run a query, in Spark's SQL, over a frame, whose name in it is `events`."""
        native: DataFrame = frame.to_native()
        try:
            with _failing(but=AnalysisException):
                native.createOrReplaceTempView("events")
                # What begins with SELECT is one query to the end: whatever changes something is a syntax error in it.
                answer = self.session.sql(f"SELECT * FROM (\n{query.rstrip().rstrip(';')}\n)")
        except AnalysisException as error:
            raise UsageError(f"Spark refuses the query: {_said(error)}") from None
        return _rows(answer)

    def sql_text(self, frame: nw.LazyFrame[Any]) -> str:
        """Return Spark's logical plan, for Spark keeps no SQL of a frame."""
        return self._explained(frame, "extended").partition("== Physical Plan ==")[0].strip()

    def explain(self, frame: nw.LazyFrame[Any]) -> str:
        """Return Spark's physical plan, with the files' filters and columns in it."""
        return self._explained(frame, "formatted").strip()

    def _explained(self, frame: nw.LazyFrame[Any], mode: str) -> str:
        with _failing(), redirect_stdout(io.StringIO()) as printed:  # Spark hands its plans to nobody
            frame.to_native().explain(mode=mode)
        return printed.getvalue()


def with_native(frame: nw.LazyFrame[Any], columns: Mapping[str, Native]) -> nw.LazyFrame[Any]:
    """Return a frame with native columns added under some names."""
    native: DataFrame = frame.to_native()
    added = (f"{_expression(one)} AS {identifier(name)}" for name, one in columns.items())
    return nw.from_native(native.selectExpr("*", *added))


def distinct_counts(frame: nw.LazyFrame[Any], columns: Mapping[str, str]) -> nw.LazyFrame[Any]:
    """Return one row with the number of events and of the different values of some columns."""
    native: DataFrame = frame.to_native()
    counts = (f"count(DISTINCT {identifier(of)}) AS {identifier(name)}" for name, of in columns.items())
    return nw.from_native(native.selectExpr("count(*) AS events", *counts))


def joined(left: nw.LazyFrame[Any], right: nw.LazyFrame[Any], on: Sequence[str]) -> nw.LazyFrame[Any]:
    """Return the rows of a frame that have a match in another, with its other columns; a null matches a null."""
    ours: DataFrame = left.to_native()
    theirs: DataFrame = right.to_native()
    same = " AND ".join(f"ours.{identifier(key)} <=> theirs.{identifier(key)}" for key in on)
    others = [f"theirs.{identifier(name)}" for name in theirs.columns if name not in on]
    both = ours.alias("ours").join(theirs.alias("theirs"), expr(same))
    return nw.from_native(both.selectExpr("ours.*", *others))


def tallied(events: nw.LazyFrame[Any], keys: Sequence[str], before: nw.LazyFrame[Any] | None) -> nw.LazyFrame[Any]:
    """Return counts of events by some columns, with their first and last times, beside those of others."""
    names = [identifier(key) for key in keys]
    rows: DataFrame = events.to_native()
    counts = ["count(*) AS events"]
    if before is not None:  # the two are one where those before have no time: aggregates of the time pass them over
        others: DataFrame = before.to_native()
        rows = rows.selectExpr("occurred_at", *names).union(others.selectExpr("NULL AS occurred_at", *names))
        counts = ["count(occurred_at) AS events", "count(*) - count(occurred_at) AS before"]
    times = ["min(occurred_at) AS first_seen", "max(occurred_at) AS last_seen"]
    return nw.from_native(rows.groupBy(*names).agg(*map(expr, [*counts, *times])))


def _expression(native: Native) -> str:
    column = identifier(native.column)
    match native.function, native.arguments:
        case "in zone", (str(zone),):
            return f"convert_timezone('UTC', {literal(zone)}, CAST({column} AS TIMESTAMP_NTZ))"
        case "iso week", ():  # the year is that of the week's Thursday
            week = f"lpad(CAST(extract(WEEK FROM {column}) AS STRING), 2, '0')"
            return f"concat(lpad(CAST(extract(YEAROFWEEK FROM {column}) AS STRING), 4, '0'), '-W', {week})"
        case "weekday", ():
            return f"weekday({column}) + 1"
        case "microseconds", ():
            return f"unix_micros(CAST({column} AS TIMESTAMP))"
        case "bucket", (str(every), str(zone)):
            return _bucket(column, every, zone)
        case "network", ():
            return f"coalesce({_taken(network.V4, column)}, {_taken(network.V6, f'lower({column})')})"
        case "quarter hour", ():
            return f"timestamp_micros(unix_micros({column}) - pmod(unix_micros({column}), 900000000L))"
    return filter_sql(native)


def _bucket(column: str, every: str, zone: str) -> str:
    """Return the SQL of the UTC time at which a time's bucket of local clocks begins."""
    amount, unit = int(every.rstrip("mohdw")), every.lstrip("0123456789")
    clock = f"from_utc_timestamp({column}, {literal(zone)})"
    if unit == "m":  # by what the clock is past its start: where an hour comes twice, each is its own
        return f"timestamp_micros(unix_micros({column}) - pmod(unix_micros({clock}), {amount * 60_000_000}))"
    if unit == "h":  # it began with the clocks' change, where that is by half an hour
        past = f"pmod(unix_micros({clock}), {amount * 3_600_000_000})"
        begun, half = f"timestamp_micros(unix_micros({column}) - {past})", _bucket(column, "30m", zone)
        start = f"timestamp_micros(unix_micros({clock}) - {past})"
        return f"CASE WHEN from_utc_timestamp({begun}, {literal(zone)}) = {start} THEN {begun} ELSE {half} END"
    start = f"date_trunc('{ {'d': 'DAY', 'w': 'WEEK', 'mo': 'MONTH'}[unit] }', {clock})"
    return f"to_utc_timestamp({start}, {literal(zone)})"


def _taken(steps: network.Steps, value: str) -> str:
    """Return the SQL of steps of regular expressions on a value."""
    for pattern, replacement in steps:
        if replacement is None:
            value = f"nullif(regexp_extract({value}, {literal(pattern)}, 0), '')"
        else:
            groups = re.sub(r"\\(\d)", r"$\1", replacement)
            value = f"regexp_replace({value}, {literal(pattern)}, {literal(groups)})"
    return value


def _uri(location: str) -> str:
    """Return what Hadoop calls a path: its own file system may be another than this machine's."""
    if location.startswith("s3://"):
        return "s3a://" + location.removeprefix("s3://")
    return f"file://{Path(location).resolve()}"


def _rows(frame: DataFrame) -> pl.DataFrame:
    with _failing():
        rows = pl.from_arrow(frame.toArrow())
    assert isinstance(rows, pl.DataFrame)  # noqa: S101 - a table gives a frame, never a series
    return rows


@contextmanager
def _failing(*, but: type[Exception] | tuple[()] = ()) -> Iterator[None]:
    """Turn what Spark says, with the JVM's traceback, into one line; leave one kind of error as it is.

    PySpark logs such an error too, the traceback and what stands in events with it: not here.
    """
    loggers = [logging.getLogger(name) for name in ("SQLQueryContextLogger", "DataFrameQueryContextLogger")]
    were = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    except but:
        raise
    except (PySparkException, Py4JError) as error:
        raise EngineError(_said(error)) from error
    finally:
        for logger, disabled in zip(loggers, were, strict=True):
            logger.disabled = disabled


def _said(error: Exception) -> str:
    """Return the root of an error, without Java's names of classes, places and states."""
    text = re.sub(r"\AAn error occurred while calling .*\n:?", "", str(error))
    causes = re.findall(r"^Caused by: (.+)$", text, flags=re.MULTILINE)
    lines = [line.strip() for line in (causes[-1:] or text.splitlines()) if line.strip()] or [type(error).__name__]
    return re.sub(r"\A(?:[\w$]+\.)+[\w$]+: | SQLSTATE: .*| ?;$", "", lines[0])
