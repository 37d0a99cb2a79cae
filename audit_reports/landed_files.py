"""Which files have landed before? Keeps, for each landing, the name, size, SHA-256 and feed of every file that it read."""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audit_reports.commit import file_sha256
from audit_reports.feed import listed
from audit_reports.inputs import Found, Input, Unreadable, feed_name
from audit_reports.place import Place
from audit_reports.store import Store

if TYPE_CHECKING:
    import polars as pl


_COLUMNS = {"file": "String", "bytes": "Int64", "sha256": "String", "feed": "String", "modified": "Int64"}


@dataclass(frozen=True, slots=True)
class LandedFile:
    """One file that a landing read: its name as given, its size in bytes, the SHA-256 of its bytes, and its feed.

    `modified` is when it was last written, in nanoseconds since 1970.
    """

    file: str
    bytes: int
    sha256: str
    feed: str | None
    modified: int


def write_inputs(place: Place, files: Sequence[LandedFile], *, landing: int) -> dict[str, Any]:
    """Keep which files a landing read, and return what its journal entry says of them."""
    import polars as pl

    buffer = io.BytesIO()
    schema = {name: getattr(pl, kind) for name, kind in _COLUMNS.items()}
    columns = {name: [getattr(file, name) for file in files] for name in _COLUMNS}
    pl.DataFrame(columns, schema=schema).write_parquet(buffer, compression="zstd")
    data = buffer.getvalue()
    path = f"inputs/{landing:08}-{uuid.uuid4().hex}.parquet"
    place.publish(path, data)
    digest = hashlib.sha256(data).hexdigest()
    return {"path": path, "bytes": len(data), "sha256": digest, "files": len(files)}


def landed_files(store: Store, sizes: Sequence[int] | None = None) -> pl.DataFrame:
    """Return the files that landings have read (file, bytes, sha256, feed, modified, landing), in the order of landings.

    With `sizes`, those of some sizes. `modified` is null where format 1 did not keep it.
    """
    import polars as pl

    schema = {name: getattr(pl, kind) for name, kind in _COLUMNS.items()} | {"landing": pl.Int64}
    found = [pl.DataFrame(schema=schema)]
    paths: dict[str, int] = {}
    for entry in store.journal.entries("landing"):
        number, inputs = entry.facts["landing"], entry.facts["inputs"]
        if isinstance(inputs, list):  # format 1 kept them in the entry
            found.append(pl.DataFrame([one | {"landing": number, "modified": None} for one in inputs], schema=schema))
        else:
            paths[store.place.location(inputs["path"])] = number
    if paths:
        where = "" if sizes is None else f"WHERE bytes IN ({', '.join(map(str, sizes))})"
        with store.connect() as connection:
            rows: pl.DataFrame = connection.sql(
                f"SELECT {', '.join(_COLUMNS)}, filename FROM "
                f"read_parquet({listed(paths)}, filename = true, hive_partitioning = false) {where}"
            ).pl()
        found.append(
            rows.with_columns(landing=pl.col("filename").replace_strict(paths, return_dtype=pl.Int64)).drop("filename")
        )
    together = pl.concat(found)
    return together if sizes is None else together.filter(pl.col("bytes").is_in(list(sizes)))


def unchanged(store: Store, feed: str | None) -> dict[tuple[str, int, int], int]:
    """Return the landing of each file that has landed from a feed (None: any), by its name, size and time of writing.

    A file for which these three are the same is taken for the same without a look into it.
    """
    import polars as pl

    ours = pl.col("feed").is_not_null() if feed is None else pl.col("feed") == feed
    there = landed_files(store).filter(ours & pl.col("modified").is_not_null())
    return {(file, size, modified): landing for file, size, _, _, modified, landing in there.iter_rows()}


def part_known(store: Store, found: Found) -> tuple[tuple[tuple[str, int], ...], Found]:
    """Part files into those that have landed, by their bytes and feed, and the rest; only sizes that recur are hashed."""
    everything: list[Input | Unreadable] = [*found.inputs, *found.unreadable]
    sizes = {one.path: one.path.stat().st_size for one in everything}
    if not sizes:
        return tuple(found.known), found
    there = landed_files(store, sorted(set(sizes.values()))).unique(
        ["sha256", "feed"], keep="first", maintain_order=True
    )
    landed = {
        (sha256, feed): landing for sha256, feed, landing in there.select("sha256", "feed", "landing").iter_rows()
    }
    recurring = set(there["bytes"])

    known: list[tuple[str, int]] = list(found.known)

    def before(one: Input | Unreadable) -> bool:
        if sizes[one.path] not in recurring:
            return False
        landing = landed.get((file_sha256(one.path), feed_name(one)))
        if landing is not None:
            known.append((one.name, landing))
        return landing is not None

    fresh = Found(skipped=found.skipped, named=found.named)
    fresh.inputs = [one for one in found.inputs if not before(one)]
    fresh.unreadable = [one for one in found.unreadable if not before(one)]
    return tuple(known), fresh
