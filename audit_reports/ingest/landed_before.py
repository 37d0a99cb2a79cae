"""Which files have landed before, and where do lines of theirs lie in quarantine? Known from a few files, however many landings.

A landing's entry in the journal names the files that tell it of all landings up to its own (`known`): lists of single
landings, and sums of four, sixteen, sixty-four ... of them. A landing adds its own list, and sums up four that hold equally
many. The lists of the landings stay the truth: where the newest entry has no sums (it is a replay, or of an older version), or
retention or an erasure changed the quarantine since, they are made anew from those and from the journal.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.commit import file_sha256
from audit_reports.feed import listed, literal
from audit_reports.ingest.inputs import Found, Input, Landed, Unreadable, feed_name
from audit_reports.ingest.landed_files import NAMES, landed_files
from audit_reports.journal import Entry
from audit_reports.store import Store

if TYPE_CHECKING:
    import duckdb

_TOGETHER = 4
_MADE_ANEW = "landed_before"


class LandedBefore:
    """What is known of the files that have landed in a store, asked on a connection that can read its files."""

    def __init__(self, store: Store, connection: duckdb.DuckDBPyConnection) -> None:
        self.store = store
        self.connection = connection
        newest, self._is_whole = _newest(store)
        self._landings = int(newest.facts["landing"]) if newest else 0
        self._known: list[dict[str, Any]] = list(newest.facts.get("known", ())) if newest else []
        if self._is_whole and self._known:
            self._rows = self._read(self._known)
        else:
            self._rows = self._made_anew()

    def landings(self, sizes: Iterable[int]) -> dict[tuple[int, str, str | None], int]:
        """Return the first landing of each file of some sizes, by its size, SHA-256 and feed."""
        found = self.connection.execute(
            f"SELECT bytes, sha256, feed, min(landing) FROM ({self._rows}) "
            f"WHERE bytes IN ({', '.join(map(str, sizes))}) GROUP BY ALL"
        ).fetchall()
        return {(size, sha256, feed): landing for size, sha256, feed, landing in found}

    def unchanged(self, feed: str | None) -> dict[tuple[str, int, int, str], int]:
        """Return the landing of each file that has landed from a feed (None: any), by its name and what its place says of it.

        A file for which all of it is the same is taken for the same without a look into it. One that no feed understood is not
        among them: a feed may know it by now.
        """
        ours = "feed IS NOT NULL" if feed is None else f"feed = {literal(feed)}"
        found = self.connection.execute(
            f"SELECT file, bytes, modified, version, min(landing) FROM ({self._rows}) "
            f"WHERE version IS NOT NULL AND {ours} GROUP BY ALL"
        ).fetchall()
        return {(file, size, modified, version): landing for file, size, modified, version, landing in found}

    def asides(self, parts: Iterable[Path]) -> list[str]:
        """Return the paths of the quarantine's files that hold lines of the same input files as `parts` on this machine do."""
        found = self.connection.execute(
            f"SELECT DISTINCT unnest(asides) AS path FROM ({self._rows}) "
            f"WHERE file IN (SELECT file FROM read_parquet({listed(parts)})) ORDER BY path"
        ).fetchall()
        return [path for (path,) in found]

    def named(self, text: str) -> int:
        """Return how many files have landed whose names hold a text."""
        found = self.connection.execute(
            f"SELECT count(DISTINCT file) FROM ({self._rows}) WHERE contains(file, {literal(text)})"
        ).fetchall()
        return int(found[0][0])

    def with_own(self, inputs: Mapping[str, Any], folder: Path) -> list[dict[str, Any]]:
        """Return what the next landing's entry says is known: what was, and its own list; sums are made in `folder`, and kept."""
        known = self._known
        if not self._is_whole and self._landings:
            known = [self._summed(self._rows, self._landings, folder)]
        parts = [[one] for one in (*known, {"path": inputs["path"], "sha256": inputs["sha256"], "landings": 1})]
        while len(last := parts[-_TOGETHER:]) == _TOGETHER and len({_count(part) for part in last}) == 1:
            parts[-_TOGETHER:] = [[one for part in last for one in part]]
        return [part[0] if len(part) == 1 else self._summed(self._read(part), _count(part), folder) for part in parts]

    def _summed(self, rows: str, landings: int, folder: Path) -> dict[str, Any]:
        path = f"inputs/{self._landings + 1:08}-sum-{uuid.uuid4().hex}.parquet"
        local = folder / Path(path).name
        self.connection.execute(
            f"COPY (SELECT * FROM ({rows}) ORDER BY bytes, landing) TO {literal(str(local))} (FORMAT parquet, COMPRESSION zstd)"
        )
        told = {"path": path, "sha256": file_sha256(local), "landings": landings}
        self.store.place.keep(local, path)
        return told

    def _read(self, files: Iterable[Mapping[str, Any]]) -> str:
        places = listed(self.store.place.location(one["path"]) for one in files)
        return f"SELECT {', '.join(NAMES)} FROM read_parquet({places}, hive_partitioning = false)"

    def _made_anew(self) -> str:
        import polars as pl
        from arro3.core import Table  # DuckDB's own way loads PyArrow and NumPy

        read = self.connection.sql(self._read(self._known)).pl() if self._known else landed_files(self.store)
        paths = {self.store.place.location(path): path for path in self.store.quarantine_files()}
        asides = []
        if paths:
            query = f"SELECT DISTINCT filename, file FROM read_parquet({listed(paths)}, filename = true)"
            asides = [(file, paths[name]) for name, file in self.connection.execute(query).fetchall()]
        lie = pl.DataFrame(asides, schema={"file": pl.String, "asides": pl.String}, orient="row").group_by("file").all()
        rows = read.drop("asides").join(lie, on="file", how="left").select(NAMES)
        self.connection.register(_MADE_ANEW, Table(rows))
        return f"SELECT * FROM {_MADE_ANEW}"


def _count(files: Iterable[Mapping[str, Any]]) -> int:
    return sum(one["landings"] for one in files)


def _newest(store: Store) -> tuple[Entry | None, bool]:
    """Return the entry of the newest landing, None where there is none, and whether what it knows is all there is to know."""
    is_whole = True
    for entry in store.journal.backwards():
        if entry.kind == "landing":
            return entry, is_whole and "known" in entry.facts
        if entry.kind in ("retention", "erasure") and entry.facts["quarantine"]["removed"]:
            is_whole = False
    return None, True


def input_files(entries: Iterable[Entry]) -> set[str]:
    """Return the files in `inputs/` that the landings among entries stand on: the list of each, and the sums of the last."""
    landings = [entry.facts for entry in entries if entry.kind == "landing"]
    found = {str(facts["inputs"]["path"]) for facts in landings if isinstance(facts["inputs"], dict)}
    return found | {str(one["path"]) for facts in landings[-1:] for one in facts.get("known", ())}


def part_known(before: LandedBefore, found: Found) -> tuple[tuple[tuple[str, int], ...], Found]:
    """Part files into those that have landed, by their bytes and feed, and the rest; only sizes that recur are hashed."""
    everything: list[Input | Unreadable] = [*found.inputs, *found.unreadable]
    sizes = [one.path.stat().st_size for one in everything]
    if not sizes:
        return tuple(found.known), found
    landed = before.landings(sorted(set(sizes)))
    recurring = {size for size, _, _ in landed}

    known: list[tuple[str, int]] = list(found.known)

    def there(one: Input | Unreadable, size: int) -> bool:
        if size not in recurring:
            return False
        landing = landed.get((size, file_sha256(one.path), feed_name(one)))
        if landing is not None:
            known.append((one.name, landing))
        return landing is not None

    fresh = Found(skipped=found.skipped, named=found.named, objects=found.objects)
    for one, size in zip(everything, sizes, strict=True):
        if not there(one, size):
            fresh.take(one)
    return tuple(known), fresh


def unchanged(store: Store, feed: str | None) -> Landed:
    """Return what `LandedBefore.unchanged` does, on a connection of its own."""
    with store.connect() as connection:
        return LandedBefore(store, connection).unchanged(feed)
