"""Which rows are these, in whatever order and files they lie? A hash that is a sum over rows.

A row's text is feed, event_id, occurred_at in microseconds since 1970 and raw, joined by U+001F: what the event is and the
evidence. The hash holds two sums of its 64-bit XXH3, with seed 1 and with seed 0, each as 32 hex digits. Being sums, hashes
of parts add up to that of the whole. It shows that no row was lost or changed by mistake; against somebody who means to
deceive stand the SHA-256 of the files and the chain of the journal. Landings of a store of format 1 have another hash, of 32
digits: the sum of the first 64 bits of each row's SHA-256.

XXH3: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from audit_reports.ingest.strict import is_doubtful

if TYPE_CHECKING:
    import polars as pl

TEXT = "concat_ws(chr(31), feed, event_id, epoch_us(occurred_at), raw)"
"""A row's text, for DuckDB."""

_HALF = 128


def sums() -> list[pl.Expr]:
    """Return the expressions of the two sums over a column `text` of rows' texts."""
    import polars as pl
    import polars_hash as plh

    return [plh.col("text").nchash.xxh3_64(seed=seed).cast(pl.Int128).sum().alias(f"seed {seed}") for seed in (0, 1)]


def total(low: int, high: int) -> int:
    """Return two sums as the one number that hashes are added and subtracted as."""
    return low + (high << _HALF)


def written(number: int) -> str:
    """Return such a number as the hash that is written; that of no row is 64 zeros.

    >>> written(total(1, 2))
    '0000000000000000000000000000000200000000000000000000000000000001'
    """
    return f"{number:064x}"


@dataclass(frozen=True)
class Seen:
    """What was seen of a file: the sum of its rows' hashes, whether a raw text in it may be no JSON (see `strict`), and
    whether it has no event id twice; where it says that it has, two ids may only have the same 64-bit hash."""

    hash: int
    is_doubtful: bool
    ids_differ: bool


def rows_hash(files: Sequence[Path], seen: Mapping[Path, Seen] | None = None) -> str:
    """Return the hash of the rows of some Parquet files; those that were `seen` are not read again."""
    known = seen or {}
    found = {**known, **see([path for path in files if path not in known])}
    return written(sum(found[path].hash for path in files))


def see(files: Sequence[Path]) -> dict[Path, Seen]:
    """Read Parquet files of events once, for all that is to be known of each."""
    import polars as pl

    text = pl.concat_str("feed", "event_id", pl.col("occurred_at").dt.epoch("us"), "raw", separator="\x1f")
    both = sums()

    def of_file(path: Path) -> Seen:
        rows = pl.scan_parquet(path, glob=False, hive_partitioning=False)
        rows = rows.select(text.alias("text"), is_doubtful(pl.col("raw")).alias("doubtful"), pl.col("event_id").hash())
        differ = pl.col("event_id").n_unique() == pl.len()
        low, high, doubtful, ids_differ = rows.select(*both, pl.col("doubtful").any(), differ).collect().row(0)
        return Seen(total(low, high), doubtful, ids_differ)

    with ThreadPoolExecutor(2) as pool:  # Polars hashes one file by one thread
        return dict(zip(files, pool.map(of_file, files), strict=True))
