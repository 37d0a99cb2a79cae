"""What did each landing read? Keeps, for each, the name, size, SHA-256 and feed of every file, and what its place says of it.

The lists are in `inputs/`, a Parquet file a landing, a row an input.
"""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from audit_reports.place import Place
from audit_reports.store import Store

if TYPE_CHECKING:
    import polars as pl

_COLUMNS = {
    "file": "String",
    "bytes": "Int64",
    "sha256": "String",
    "feed": "String",
    "modified": "Int64",
    "version": "String",
    "landing": "Int64",
}
NAMES = (*_COLUMNS, "asides")
_TOGETHER = 50_000  # a landing may have read a million files


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One file that a landing read: its name as given, its size in bytes, the SHA-256 of its bytes, and its feed.

    `modified` is when it was last written, in nanoseconds since 1970, and `version` what its place has for one: the ETag of an
    object in S3; on a disk the inode and the time of its last change. Older landings have null there. `asides` are the files
    of the quarantine in which lines of it lie.
    """

    file: str
    bytes: int
    sha256: str
    feed: str | None
    modified: int
    version: str
    asides: tuple[str, ...] = ()


def schema() -> dict[str, pl.DataType]:
    """Return the columns of the lists, with their types."""
    import polars as pl

    return {name: getattr(pl, kind)() for name, kind in _COLUMNS.items()} | {"asides": pl.List(pl.String())}


def write_inputs(place: Place, files: Iterable[LandedFile], *, landing: int) -> dict[str, Any]:
    """Keep which files a landing read, and return what its journal entry says of them."""
    import polars as pl

    rows = pl.DataFrame(schema={name: kind for name, kind in schema().items() if name != "landing"})
    waiting = iter(files)
    while some := list(islice(waiting, _TOGETHER)):
        columns = {name: [getattr(file, name) for file in some] for name in rows.columns}
        rows = pl.concat([rows, pl.DataFrame(columns, rows.schema)])
    buffer = io.BytesIO()
    rows.with_columns(landing=pl.lit(landing, pl.Int64)).select(NAMES).write_parquet(buffer, compression="zstd")
    data = buffer.getvalue()
    path = f"inputs/{landing:08}-{uuid.uuid4().hex}.parquet"
    place.publish(path, data)
    digest = hashlib.sha256(data).hexdigest()
    return {"path": path, "bytes": len(data), "sha256": digest, "files": rows.height}


def landed_files(store: Store) -> pl.DataFrame:
    """Return the files that landings have read, in the order of landings, from the journal and every landing's list."""
    import polars as pl

    def of(facts: Mapping[str, Any]) -> pl.DataFrame:
        inputs = facts["inputs"]
        if isinstance(inputs, list):  # format 1 kept them in the entry
            rows = pl.DataFrame(inputs, schema=["file", "bytes", "sha256", "feed"]) if inputs else pl.DataFrame()
        else:
            rows = pl.read_parquet(io.BytesIO(store.place.read(inputs["path"])))
        return rows.with_columns(landing=pl.lit(facts["landing"], pl.Int64)).cast(
            {name: kind for name, kind in schema().items() if name in rows.columns}
        )

    with ThreadPoolExecutor(store.place.at_once) as pool:
        found = list(pool.map(of, [entry.facts for entry in store.journal.entries("landing")]))
    return pl.concat([pl.DataFrame(schema=schema()), *found], how="diagonal")
