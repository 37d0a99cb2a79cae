"""Which rows do files of the table hold? Counts and hashes by landing, from files that are still what the journal says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.columns import NAMES
from audit_reports.commit import Staged
from audit_reports.errors import FailureError, quoted
from audit_reports.feed import literal
from audit_reports.ingest.row_hashes import TEXT, sums, total, written
from audit_reports.journal import whoami
from audit_reports.stopping import stoppable
from audit_reports.store import COMMITS, EVENTS, EventFile, Store, scan_sql

if TYPE_CHECKING:
    import duckdb

# What rewriting may hold in memory, and how many bytes of files go into one commit: bounds memory, disk and the time that
# landings wait for the lock.
_MEMORY = "1GB"
BATCH = 512 << 20

_BATCH_ROWS = 50_000


@dataclass(frozen=True)
class Rows:
    """How many rows there are, the sum of their hashes (see `row_hashes`), and a quick sum over all their columns."""

    rows: int
    hash: int
    cells: int

    def __add__(self, other: Rows) -> Rows:
        return Rows(self.rows + other.rows, self.hash + other.hash, self.cells + other.cells)

    def __sub__(self, other: Rows) -> Rows:
        return Rows(self.rows - other.rows, self.hash - other.hash, self.cells - other.cells)


def rows_by_landing(
    connection: duckdb.DuckDBPyConnection, files: Sequence[str], *, where: str = "true"
) -> dict[int, Rows]:
    """Return the rows of some files that meet an SQL condition, by landing, ascending; empty where there is none."""
    if not files:
        return {}
    import polars as pl

    query = f"SELECT landing, {TEXT} AS text, hash({', '.join(NAMES)}) AS cells FROM ({scan_sql(files)}) WHERE {where}"
    found: dict[int, Rows] = {}
    for batch in connection.sql(query).to_arrow_reader(_BATCH_ROWS):
        cells = pl.col("cells").cast(pl.Int128).sum()
        told = pl.DataFrame(batch).group_by("landing").agg(pl.len(), *sums(), cells)
        for landing, rows, low, high, quick in told.iter_rows():
            here = Rows(rows, total(low, high), quick)
            found[landing] = found[landing] + here if landing in found else here
    return dict(sorted(found.items()))


def write_day(
    connection: duckdb.DuckDBPyConnection, files: Sequence[EventFile], folder: Path, *, where: str = "true"
) -> tuple[list[Staged], dict[int, Rows]]:
    """Write the rows of files of a day that meet an SQL condition as one file in a folder, sorted by actor and time.

    Return it, if there is any row, and its rows by landing. Of the orders that were measured (benchmarks/README.md) this one
    is answered from soonest, and packs best.
    """
    paths, day = [file.path for file in files], files[0].day
    target = folder / f"day={day}" / "rows.parquet"
    target.parent.mkdir(parents=True)
    columns = ", ".join(name for name in NAMES if name != "day")
    copy = (
        f"COPY (SELECT {columns} FROM ({scan_sql(paths)}) WHERE {where} ORDER BY actor, occurred_at, feed, event_id) "
        f"TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"
    )
    stoppable(connection, lambda: connection.execute(copy))
    rows = rows_by_landing(connection, [str(target)])
    count = sum(one.rows for one in rows.values())
    return ([Staged(target, day, count, min(rows), max(rows))] if rows else []), rows


def rows_facts(landings: Mapping[int, Rows]) -> dict[str, Any]:
    """Return what a journal entry says of rows: `rows`, `rows_hash`, and both for each landing."""
    return {
        "rows": sum(one.rows for one in landings.values()),
        "rows_hash": written(sum(one.hash for one in landings.values())),
        "landings": {
            str(landing): {"rows": one.rows, "rows_hash": written(one.hash)} for landing, one in landings.items()
        },
    }


def whole_files(store: Store, files: Iterable[EventFile]) -> list[dict[str, Any]]:
    """Return what the journal says of files of the table (path, sha256, rows), once their bytes were compared with it.

    Raises `FailureError` for a file that is not what was journaled: rewriting it would hide that for ever.
    """
    journaled = {one["path"]: one for entry in store.journal.entries(*COMMITS) for one in entry.facts["files"]}
    found = []
    for file in files:
        path = f"{EVENTS}/{file.name}"
        try:
            with store.place.open(path) as data:
                sha256 = hashlib.file_digest(data, "sha256").hexdigest()  # type: ignore[arg-type]  # a stream of bytes
        except OSError as error:
            raise FailureError(
                f"{quoted(path)} cannot be read ({type(error).__name__}); nothing was changed"
            ) from error
        if path not in journaled or journaled[path]["sha256"] != sha256:
            raise FailureError(f"{quoted(path)} is not what the journal says was written; nothing was changed")
        found.append({"path": path, "sha256": sha256, "rows": file.rows})
    return found


@contextmanager
def at_work(store: Store) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """Give a connection with bounded memory and a folder for what is to be kept; what DuckDB cannot do raises `FailureError`."""
    import duckdb

    with store.place.staging() as folder, store.connect() as connection:
        connection.execute(f"SET memory_limit = '{_MEMORY}'")
        connection.execute("SET temp_directory = ?", [str(folder / "memory")])
        try:
            yield connection, folder
        except duckdb.Error as error:
            raise FailureError(f"DuckDB cannot rewrite the events: {str(error).splitlines()[0]}") from error


def by_whom() -> str:
    """Return who is at work, as a journal entry says it: user@host."""
    host, user = whoami()
    return f"{user}@{host}"
