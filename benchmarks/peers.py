"""How do others do it? The same fields of the same lines, taken out by Polars, ClickHouse, pandas and SQLite.

Each is a function of the folder with the JSON Lines and of a new folder for what it writes; each is run by `one_run.py`
in a process of its own. They write by day, and with zstd where they know it; only `polars_ndjson` cannot keep the line.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

from fields import FIELDS, PATHS, Tree, sql_type, tree

_CHUNK = 200_000  # lines that pandas takes at a time


def polars_ndjson(inbox: str, folder: str) -> dict[str, object]:
    """Polars' `scan_ndjson` with a schema, streamed into `sink_parquet` by day; the line is not kept, for the reader drops it."""
    import polars as pl

    events = pl.scan_ndjson(f"{inbox}/*.jsonl", schema=_polars_type(tree()).to_schema())
    _polars_sink(events, pl.col, [], folder)
    return {}


def polars_lines(inbox: str, folder: str) -> dict[str, object]:
    """Polars' `scan_lines`, each line decoded by the same schema and kept, streamed into `sink_parquet` by day."""
    import polars as pl

    decoded = pl.col("raw").str.json_decode(_polars_type(tree())).alias("f")
    events = pl.scan_lines(f"{inbox}/*.jsonl", name="raw").select("raw", decoded)
    _polars_sink(events, pl.col("f").struct.field, ["raw"], folder)
    return {}


def _polars_type(at: Tree) -> Any:
    import polars as pl

    return pl.Struct({name: _polars_type(inner) if inner else pl.String for name, inner in at.items()})


def _polars_sink(events: Any, field: Callable[[str], Any], kept: list[str], folder: str) -> None:
    import polars as pl

    def taken(path: str) -> Any:
        first, *rest = path.split(".")
        value = field(first)
        for name in rest:
            value = value.struct.field(name)
        return value

    columns = [pl.coalesce(map(taken, paths)).alias(name) for name, paths in FIELDS.items()]
    time = pl.col("occurred_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC")
    rows = events.select(*kept, *columns).with_columns(time).with_columns(day=pl.col("occurred_at").dt.date())
    by_day = pl.PartitionBy(folder, key="day", include_key=False)
    rows.sink_parquet(by_day, compression="zstd", maintain_order=False, mkdir=True)


def clickhouse(inbox: str, folder: str) -> dict[str, object]:
    """ClickHouse in this process: the line as it is, its fields by one `JSONExtract` into a tuple, Parquet by day."""
    import chdb

    columns = [
        f"coalesce({', '.join(f'f.{path}' for path in paths)}) AS {name}"
        for name, paths in FIELDS.items()
        if name != "occurred_at"
    ]
    shape = sql_type(tree(), "Tuple", "Nullable(String)")
    Path(folder).mkdir()
    chdb.query(
        f"INSERT INTO FUNCTION file('{Path(folder).resolve()}/day={{_partition_id}}/events.parquet', Parquet) PARTITION BY day "
        f"SELECT {', '.join(columns)}, parseDateTime64BestEffort(f.occurred_at, 6, 'UTC') AS occurred_at, raw, "
        f"toDate(occurred_at) AS day FROM (SELECT json AS raw, JSONExtract(json, '{shape}') AS f "
        f"FROM file('{Path(inbox).resolve()}/*.jsonl', JSONAsString)) "
        "SETTINGS output_format_parquet_compression_method = 'zstd'"
    )
    return {}


def pandas(inbox: str, folder: str) -> dict[str, object]:
    """Chunks of lines through pandas' `read_json` and `to_parquet`, the line beside them."""
    import pandas as pd

    for lines in _chunks(inbox):
        read = pd.read_json(io.StringIO("".join(lines)), lines=True, dtype=False, convert_dates=False)
        rows = pd.DataFrame({"raw": [line.rstrip("\n") for line in lines]})
        for name, (first, *others) in FIELDS.items():
            value = _pandas_field(read, first)
            for other in others:
                value = value.where(value.notna(), _pandas_field(read, other))
            rows[name] = value
        rows["occurred_at"] = pd.to_datetime(rows["occurred_at"], utc=True, format="ISO8601")
        rows["day"] = rows["occurred_at"].dt.strftime("%Y-%m-%d")
        rows.to_parquet(folder, partition_cols=["day"], compression="zstd", index=False)
    return {}


def _chunks(inbox: str) -> Iterator[list[str]]:
    for path in sorted(Path(inbox).glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            while lines := list(islice(file, _CHUNK)):
                yield lines


def _pandas_field(read: Any, path: str) -> Any:
    import pandas as pd

    first, _, rest = path.partition(".")
    if first not in read:
        return pd.Series(None, index=read.index, dtype="str")
    return read[first].str.get(rest) if rest else read[first]


def sqlite(inbox: str, folder: str) -> dict[str, object]:
    """A table in a SQLite file, one `executemany` whose statement takes the fields out; nothing is synced or packed."""
    import sqlite3

    taken = {path: f"json_extract(?1, '$.{path}')" for path in PATHS}
    columns = [f"coalesce({', '.join(taken[path] for path in paths)}, NULL)" for paths in FIELDS.values()]
    Path(folder).mkdir()
    connection = sqlite3.connect(Path(folder) / "events.sqlite")
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(f"CREATE TABLE events ({', '.join(FIELDS)}, raw, day)")
    connection.executemany(
        f"INSERT INTO events SELECT {', '.join(columns)}, ?1, substr({taken['occurred_at']}, 1, 10)",
        ((line.rstrip("\n"),) for lines in _chunks(inbox) for line in lines),
    )
    connection.commit()
    connection.close()
    return {}


PEERS: dict[str, tuple[str, Callable[[str, str], dict[str, object]]]] = {
    "Polars scan_ndjson, no raw": ("polars", polars_ndjson),
    "Polars scan_lines": ("polars", polars_lines),
    "ClickHouse (chdb)": ("chdb", clickhouse),
    "pandas": ("pandas", pandas),
    "SQLite": ("sqlite3", sqlite),
}
"""What a peer is called in the tables: the library that it needs and its function."""

WITHOUT_RAW = {"Polars scan_ndjson, no raw"}
SLOW = {"pandas", "SQLite"}
"""Those that take so long that fewer runs must do."""


def absent() -> dict[str, str]:
    """Return the peers whose library is not installed, with its name."""
    return {name: library for name, (library, _) in PEERS.items() if find_spec(library) is None}
