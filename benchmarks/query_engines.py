"""Who answers? Each engine opens a store's Parquet files in its own way, and gives for each question what asks it."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import query_polars
import query_sql
from questions import ALL, QUESTIONS, Span

from audit_reports.columns import COLUMNS, NAMES, TIMES

Asked = Mapping[str, Callable[[], Any]]
_SPARK_TYPES = {"VARCHAR": "STRING", "TIMESTAMPTZ": "TIMESTAMP"}
LIBRARY, HAND = "audit-reports", "hand-written SQL"


@dataclass(frozen=True)
class Engine:
    """One who answers: the library that it needs, what opens a store, and the most events that it is asked about."""

    needs: str
    opened: Callable[[str], Asked]
    most: int | None = None
    slow: bool = False


def library(store: str) -> Asked:
    """This toolkit, as its user calls it, with the log open."""
    from audit_reports import AuditLog

    log = AuditLog(store)
    return {name: partial(question, log) for name, question in QUESTIONS.items()}


def hand(store: str) -> Asked:
    """DuckDB with SQL written by hand."""
    connection = _duckdb()

    def asked(sql: str) -> Any:
        return connection.sql(sql).pl()

    return {name: partial(asked, sql) for name, sql in query_sql.questions(query_sql.duckdb_sql(store)).items()}


def polars(store: str) -> Asked:
    """Polars' own scan of the same folders, by its streaming engine."""
    import polars as pl

    def events(span: Span) -> pl.LazyFrame:
        return pl.scan_parquet(_folders(store, span), hive_schema={"day": pl.Date})

    def asked(question: Callable[[], pl.LazyFrame]) -> pl.DataFrame:
        return question().collect(engine="streaming")

    return {name: partial(asked, question) for name, question in query_polars.polars_questions(events).items()}


def bridge(store: str) -> Asked:
    """The same Polars expressions over DuckDB's own bridge, which hands Polars what DuckDB has read."""
    connection = _duckdb()
    events = query_sql.duckdb_sql(store).events

    def lazy(span: Span) -> Any:
        cursor = connection.cursor()  # two frames of one connection would wait for each other
        cursor.execute("SET TimeZone = 'UTC'")
        return cursor.sql(f"SELECT * {events(span)}").pl(lazy=True)

    def asked(question: Callable[[], Any]) -> Any:
        return question().collect()

    return {name: partial(asked, question) for name, question in query_polars.polars_questions(lazy).items()}


def clickhouse(store: str) -> Asked:
    """ClickHouse in this process."""
    import chdb

    def asked(sql: str) -> Any:
        return chdb.query(sql, "ArrowTable")

    questions = query_sql.questions(query_sql.clickhouse_sql(str(Path(store).resolve())))
    return {name: partial(asked, sql) for name, sql in questions.items()}


def pandas(store: str) -> Asked:
    """pandas, which reads the columns that a question needs of the days that it is about."""
    import pandas as pd
    import pyarrow.parquet as pq
    from query_pandas import pandas_questions

    def events(span: Span, columns: list[str]) -> Any:
        frames = []
        for file in _files(store, span):
            stored = [name for name in columns if name != "day"]
            frame = pq.ParquetFile(file).read(columns=stored).to_pandas()
            if "day" in columns:
                frame["day"] = date.fromisoformat(Path(file).parent.name.removeprefix("day="))
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)[columns]

    return pandas_questions(events)


def sqlite(store: str) -> Asked:
    """SQLite, with all columns in a table that has an index of days; filling it is no part of any answer."""
    with tempfile.TemporaryDirectory(dir=Path(store).parent, prefix="sqlite-") as folder:
        connection = sqlite3.connect(Path(folder) / "events.sqlite")
        connection.execute("CREATE TABLE opened (x)")  # the file has no name any more, and is gone when the process is
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(f"CREATE TABLE events ({', '.join(NAMES)})")
    texts = {name: f"strftime({name}, '%Y-%m-%d %H:%M:%S.%f')" for name in TIMES} | {"day": "day::VARCHAR"}
    columns = ", ".join(texts.get(name, name) for name in NAMES)
    places = ", ".join("?" for _ in NAMES)
    rows = _duckdb().execute(f"SELECT {columns} {query_sql.duckdb_sql(store).events(ALL)}")
    while chunk := rows.fetchmany(100_000):
        connection.executemany(f"INSERT INTO events VALUES ({places})", chunk)
    connection.execute("CREATE INDEX days ON events (day)")
    connection.commit()

    def asked(sql: str) -> Any:
        return connection.execute(sql).fetchall()

    return {name: partial(asked, sql) for name, sql in query_sql.questions(query_sql.sqlite_sql()).items()}


def spark(store: str) -> Asked:
    """Spark SQL on two cores of this machine, the files listed beforehand."""
    session = _spark_session()
    columns = ", ".join(f"{column.name} {_SPARK_TYPES.get(column.type, column.type)}" for column in COLUMNS)
    files = session.read.schema(columns).option("basePath", f"{store}/events").parquet(*_files(store, ALL))
    files.createOrReplaceTempView("events")

    def asked(sql: str) -> Any:
        return session.sql(sql).toArrow()

    return {name: partial(asked, sql) for name, sql in query_sql.questions(query_sql.spark_sql()).items()}


def library_on_spark(store: str) -> Asked:
    """This toolkit, with that Spark as its engine."""
    from audit_reports import AuditLog

    log = AuditLog(store, engine=_spark_session())
    return {name: partial(question, log) for name, question in QUESTIONS.items()}


ENGINES: Mapping[str, Engine] = {
    LIBRARY: Engine("duckdb", library),
    HAND: Engine("duckdb", hand),
    "Polars": Engine("polars", polars),
    "DuckDB's Polars bridge": Engine("polars", bridge, slow=True),
    "ClickHouse (chdb)": Engine("chdb", clickhouse),
    "pandas": Engine("pandas", pandas, most=5_000_000, slow=True),
    "SQLite": Engine("sqlite3", sqlite, most=5_000_000, slow=True),
    "Spark": Engine("pyspark", spark, slow=True),
    "audit-reports on Spark": Engine("pyspark", library_on_spark, slow=True),
}


def absent() -> dict[str, str]:
    """Return the engines whose library is not installed, with its name."""
    return {name: engine.needs for name, engine in ENGINES.items() if find_spec(engine.needs) is None}


def rows(answer: Any) -> list[tuple[Any, ...]]:
    """Return an answer's rows, a time and a day as text in UTC, whatever gave it: a list, or a frame of any kind."""
    if not isinstance(answer, list):
        import polars as pl

        frame = answer if isinstance(answer, pl.DataFrame) else _frame(answer)
        answer = frame.rows()
    return [tuple(_cell(value) for value in row) for row in answer]


def _frame(answer: Any) -> Any:
    import polars as pl

    return pl.from_pandas(answer) if hasattr(answer, "iloc") else pl.from_arrow(answer)


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S.%f}"
    return value.isoformat() if isinstance(value, date) else value


def _duckdb() -> Any:
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    return connection


def _folders(store: str, span: Span) -> list[str]:
    return [f"{store}/events/day={day}/*.parquet" for day in span.days]


def _files(store: str, span: Span) -> list[str]:
    return [str(file) for day in span.days for file in sorted(Path(store, "events", f"day={day}").glob("*.parquet"))]


def _spark_session() -> Any:
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "4g",
        "spark.log.level": "OFF",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",  # two hundred, as it comes, is for a cluster
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = SparkSession.builder.master("local[2]").appName("benchmarks")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
