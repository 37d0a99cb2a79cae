"""Which layout of a day's file answers fastest, and what does it cost to write? The same events written again in several ways."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb
from measure import Run, table, timed
from query_sql import duckdb_sql, questions

_TOLD = ("an actor's night", "text, newest 50", "network by actor", "rare actions")


@dataclass(frozen=True)
class Layout:
    """How the file of a day is written: in which order, with which of DuckDB's options for Parquet."""

    order: str = ""
    options: str = "COMPRESSION zstd"


LAYOUTS: Mapping[str, Layout] = {
    "as landed": Layout(),
    "by actor": Layout("actor, occurred_at"),
    "by event and actor": Layout("event, actor, occurred_at"),
    "row groups of 30,720": Layout(options="COMPRESSION zstd, ROW_GROUP_SIZE 30720"),
    "row groups of 491,520": Layout(options="COMPRESSION zstd, ROW_GROUP_SIZE 491520"),
    "zstd level 1": Layout(options="COMPRESSION zstd, COMPRESSION_LEVEL 1"),
    "zstd level 9": Layout(options="COMPRESSION zstd, COMPRESSION_LEVEL 9"),
    "snappy": Layout(options="COMPRESSION snappy"),
    "lz4": Layout(options="COMPRESSION lz4_raw"),
    "no dictionaries": Layout(options="COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 1"),
    "no Bloom filters": Layout(options="COMPRESSION zstd, WRITE_BLOOM_FILTER false"),
    "Parquet's version 2": Layout(options="COMPRESSION zstd, PARQUET_VERSION v2"),
}


def layout(store: Path, folder: Path, *, events: int, runs: int) -> None:
    """Write a store's events in each layout, ask the questions as hand-written SQL, and print what both took, beside the first.

    CPU seconds are told, of all threads; `as landed` is written again too, so that writing is compared with writing.
    """
    rows = []
    first: list[float] = []
    for name, chosen in LAYOUTS.items():
        shutil.rmtree(folder, ignore_errors=True)
        written = _written(store, folder, chosen)
        taken = _asked(folder, runs=runs)
        size = sum(file.stat().st_size for file in folder.rglob("*.parquet"))
        values = [written.cpu or 0, sum(taken.values()), *(taken[question] for question in _TOLD)]
        first = first or values
        cells = (f"{value:.2f} ({value / one:.2f})" for value, one in zip(values, first, strict=True))
        rows.append([name, f"{size / events:.1f}", *cells])
    shutil.rmtree(folder)
    heads = ("", "bytes an event", "writing", "twelve questions", *_TOLD)
    table("Layouts, CPU seconds and times the first", heads, rows)


def _written(store: Path, folder: Path, chosen: Layout) -> Run:
    days = sorted((store / "events").glob("day=*"))

    def work() -> None:
        with duckdb.connect() as connection:
            for day in days:
                into = folder / "events" / day.name
                into.mkdir(parents=True)
                order = f"ORDER BY {chosen.order}" if chosen.order else ""
                connection.execute(
                    f"COPY (SELECT * FROM read_parquet('{day}/*.parquet', hive_partitioning = false) {order}) "
                    f"TO '{into}/events.parquet' (FORMAT parquet, {chosen.options})"
                )

    return timed(work)


def _asked(store: Path, *, runs: int) -> dict[str, float]:
    """Return the CPU seconds of each question, the median of some runs after one that does not count."""
    found = {}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for question, sql in questions(duckdb_sql(str(store))).items():
            taken = [timed(lambda sql=sql: connection.sql(sql).pl()) for _ in range(1 + runs)]  # type: ignore[misc]
            found[question] = median(run.cpu or 0 for run in taken[1:])
    return found
