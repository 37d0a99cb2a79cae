"""Which files have landed before? Keeps, for each landing, the name, size, SHA-256 and feed of every file that it read."""

from __future__ import annotations

import hashlib
import io
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from audit_reports.commit import file_sha256
from audit_reports.feed import listed
from audit_reports.inputs import Found, Input, Unreadable, feed_name
from audit_reports.place import Place
from audit_reports.store import Store

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class LandedFile:
    """One file that a landing read: its name as given, its size in bytes, the SHA-256 of its bytes, and its feed."""

    file: str
    bytes: int
    sha256: str
    feed: str | None


def write_inputs(place: Place, files: Sequence[LandedFile], *, landing: int) -> dict[str, Any]:
    """Keep which files a landing read, and return what its journal entry says of them."""
    import polars as pl

    buffer = io.BytesIO()
    schema = {"file": pl.String, "bytes": pl.Int64, "sha256": pl.String, "feed": pl.String}
    pl.DataFrame([asdict(file) for file in files], schema=schema).write_parquet(buffer, compression="zstd")
    data = buffer.getvalue()
    path = f"inputs/{landing:08}-{uuid.uuid4().hex}.parquet"
    place.publish(path, data)
    digest = hashlib.sha256(data).hexdigest()
    return {"path": path, "bytes": len(data), "sha256": digest, "files": len(files)}


def landed_files(store: Store, sizes: Sequence[int] | None = None) -> pl.DataFrame:
    """Return the files that landings have read (file, bytes, sha256, feed, landing), in that order; of some sizes, or all."""
    import polars as pl

    schema = {"file": pl.String, "bytes": pl.Int64, "sha256": pl.String, "feed": pl.String, "landing": pl.Int64}
    found = [pl.DataFrame(schema=schema)]
    paths: dict[str, int] = {}
    for entry in store.journal.entries("landing"):
        number, inputs = entry.facts["landing"], entry.facts["inputs"]
        if isinstance(inputs, list):  # format 1 kept them in the entry
            found.append(pl.DataFrame([one | {"landing": number} for one in inputs], schema=schema))
        else:
            paths[store.place.location(inputs["path"])] = number
    if paths:
        where = "" if sizes is None else f"WHERE bytes IN ({', '.join(map(str, sizes))})"
        with store.connect() as connection:
            rows: pl.DataFrame = connection.sql(
                "SELECT file, bytes, sha256, feed, filename FROM "
                f"read_parquet({listed(paths)}, filename = true, hive_partitioning = false) {where}"
            ).pl()
        found.append(
            rows.with_columns(landing=pl.col("filename").replace_strict(paths, return_dtype=pl.Int64)).drop("filename")
        )
    together = pl.concat(found)
    return together if sizes is None else together.filter(pl.col("bytes").is_in(list(sizes)))


def part_known(store: Store, found: Found) -> tuple[tuple[tuple[str, int], ...], Found]:
    """Part files into those that have landed, by their bytes and feed, and the rest; only sizes that recur are hashed."""
    everything: list[Input | Unreadable] = [*found.inputs, *found.unreadable]
    sizes = {one.path: one.path.stat().st_size for one in everything}
    if not sizes:
        return (), found
    there = landed_files(store, sorted(set(sizes.values()))).unique(
        ["sha256", "feed"], keep="first", maintain_order=True
    )
    landed = {
        (sha256, feed): landing for sha256, feed, landing in there.select("sha256", "feed", "landing").iter_rows()
    }
    recurring = set(there["bytes"])
    known: list[tuple[str, int]] = []

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
