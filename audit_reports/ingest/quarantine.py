"""What could not be understood? Finds where such lines stand and why, and keeps them, byte for byte, beside the events."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.commit import file_sha256
from audit_reports.ingest.inputs import Input, elements_sql, events_sql, feed_name, parquet_sql
from audit_reports.ingest.spool import Spool
from audit_reports.ingest.strict import flaw
from audit_reports.place import Place

if TYPE_CHECKING:
    import duckdb
    import polars as pl

_BATCH_LINES = 20_000
_BATCH_BYTES = 32 << 20
_PART_ROWS = 50_000
_PART_BYTES = 64 << 20

BASE64 = "base64:"
"""What stands before a quarantined line whose bytes are no UTF-8."""


@dataclass(frozen=True)
class Quarantined:
    """One line, element or file: `line` counts from 1, and is 0 for a whole file; `feed` is None where it is unknown.

    `event_id` and `day` (ISO) are those of an event that is well formed; None for all else.
    """

    file: str
    line: int
    reason: str
    feed: str | None
    raw: str
    event_id: str | None = None
    day: str | None = None


@dataclass
class Aside:
    """What a landing sets aside: kept in files of a folder as it comes, so that millions of rows need little memory."""

    folder: Path
    landing: int
    rows: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    firsts: dict[str, tuple[str, int]] = field(default_factory=dict)
    parts: list[tuple[Path, int]] = field(default_factory=list)
    _waiting: list[Quarantined] = field(default_factory=list)
    _bytes: int = 0

    def add(self, row: Quarantined) -> None:
        """Take one row."""
        self.rows += 1
        self.reasons[row.reason] = self.reasons.get(row.reason, 0) + 1
        self.firsts.setdefault(row.reason, (row.file, row.line))
        self._waiting.append(row)
        self._bytes += len(row.raw)
        if len(self._waiting) >= _PART_ROWS or self._bytes >= _PART_BYTES:
            self.flush()

    def extend(self, rows: Iterable[Quarantined]) -> None:
        """Take rows, in their order."""
        for row in rows:
            self.add(row)

    def forget(self, reasons: Mapping[str, int]) -> None:
        """Count so many rows of each reason less: they were taken out of the files."""
        for reason, rows in reasons.items():
            self.rows -= rows
            self.reasons[reason] -= rows
        self.reasons = {reason: rows for reason, rows in self.reasons.items() if rows}

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            path = self.folder / f"quarantine-{len(self.parts)}.parquet"
            frame(self._waiting, landing=self.landing).write_parquet(path, compression="zstd")
            self.parts.append((path, len(self._waiting)))
            self._waiting, self._bytes = [], 0


Judged = Callable[[Input, str], str]
"""What makes of an input (its feed counts) and a query of raw events the query of judged rows."""


def located(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[Input | Spool], judged: Judged, condition: str
) -> Iterator[Quarantined]:
    """Yield the rows of some files that meet an SQL condition, with their place, in the order of files and lines.

    Lines are read once more, some thousand at a time, with their numbers and bytes.
    """
    for one in sources:
        if isinstance(one, Input) and one.shape == "parquet":
            row = parquet_sql([one.path], replace(one, elements="$"), quick=True)
            as_it_is = f"SELECT line AS number, raw AS text FROM ({row})"
            rows = connection.execute(
                f"SELECT line, reason, raw, event_id, day::VARCHAR, text FROM ({judged(one, parquet_sql([one.path], one))}) "
                f"JOIN ({as_it_is}) ON number = line WHERE {condition} ORDER BY line"
            )
            while some := rows.fetchmany(_BATCH_LINES):
                for line, reason, raw, event_id, day, written in some:
                    text, why = (raw, reason or "") if raw is not None else _text(written.encode(), one)
                    yield Quarantined(one.name, line, why, feed_name(one), text, event_id, day)
    texts = [one for one in sources if isinstance(one, Spool) or one.shape != "parquet"]
    for _, group in groupby(texts, key=lambda one: (_like(one).shape, _like(one).elements)):
        yield from _located_lines(connection, list(group), judged, condition)


def _like(one: Input | Spool) -> Input:
    return one.like if isinstance(one, Spool) else one


def _located_lines(
    connection: duckdb.DuckDBPyConnection, sources: Sequence[Input | Spool], judged: Judged, condition: str
) -> Iterator[Quarantined]:
    like = _like(sources[0])
    has_lists = like.shape == "lines" and like.list_path and like.carried_path != "$"
    one_each = replace(like, elements=like.carried_path) if has_lists else like
    query = (
        f"SELECT line, reason, raw, event_id, day::VARCHAR FROM ({judged(one_each, events_sql(_TEXTS, one_each))}) "
        f"WHERE {condition} ORDER BY line, event_id"
    )
    for lines in _batches(sources):
        batch = _elements(connection, lines, like) if has_lists else lines
        for number, reason, raw, event_id, day in _asked(connection, batch, query):
            one, line, data = batch[number]
            text, why = (raw, reason or "") if raw is not None else _text(data, one_each)
            yield Quarantined(one.name, line, why, feed_name(one), text, event_id, day)


_Line = tuple[Input, int, bytes]
_TEXTS = "SELECT CASE WHEN json_valid(text) THEN text END AS text, '' AS file, line FROM lines_again"


def _asked(connection: duckdb.DuckDBPyConnection, batch: Sequence[_Line], query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query of `lines_again`, some lines numbered from 0."""
    import pyarrow as pa

    lines = [_decoded(data) for _, _, data in batch]
    table = pa.table({"text": pa.array(lines, pa.string()), "line": pa.array(range(len(lines)), pa.int64())})
    connection.register("lines_again", table)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.unregister("lines_again")


def _elements(connection: duckdb.DuckDBPyConnection, batch: Sequence[_Line], like: Input) -> list[_Line]:
    """Return the elements of the lists in some lines, each as a line of its own; and lines that are no JSON as they are."""
    found = _asked(connection, batch, f"SELECT line, text FROM ({elements_sql(_TEXTS, like)}) ORDER BY line")
    return [(*batch[number][:2], text.encode() if text is not None else batch[number][2]) for number, text in found]


def _batches(sources: Sequence[Input | Spool]) -> Iterator[list[_Line]]:
    """Yield the lines that are not blank as (file, line, bytes), some at a time."""
    batch: list[_Line] = []
    size = 0
    for source in sources:
        with source.path.open("rb") as file:
            for number, data in enumerate(file, start=1):
                if stripped := data.strip():
                    one, line = source.origin(number) if isinstance(source, Spool) else (source, number)
                    batch.append((one, line, stripped))
                    size += len(stripped)
                    if len(batch) >= _BATCH_LINES or size >= _BATCH_BYTES:
                        yield batch
                        batch, size = [], 0
    if batch:
        yield batch


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _text(data: bytes, like: Input) -> tuple[str, str]:
    """Return a line that gave no event as text, and why it gave none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return BASE64 + base64.b64encode(data).decode(), "bytes that are no UTF-8"
    if why := flaw(text):
        return text, f"not JSON: {why}"
    place = like.elements if like.shape == "lines" else like.carried_path
    if place != "$":
        name = place.removeprefix("$.").replace('"', "")
        return text, f"no {name[:-3]}" if name.endswith("[*]") else f"no event in {name}"
    return text, "not JSON that DuckDB reads"


def frame(rows: Sequence[Quarantined], *, landing: int) -> pl.DataFrame:
    """Return quarantined rows as a frame: file, line, reason, feed, raw, landing."""
    import polars as pl

    return pl.DataFrame(
        {
            "file": [row.file for row in rows],
            "line": [row.line for row in rows],
            "reason": [row.reason for row in rows],
            "feed": [row.feed for row in rows],
            "raw": [_storable(row.raw) for row in rows],
            "landing": [landing] * len(rows),
        },
        schema={
            "file": pl.String,
            "line": pl.Int64,
            "reason": pl.String,
            "feed": pl.String,
            "raw": pl.String,
            "landing": pl.Int64,
        },
    )


def _storable(text: str) -> str:
    """Return text, or base64 where it carries surrogates that stand for bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return BASE64 + base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()
    return text


def write_quarantine(place: Place, aside: Aside) -> tuple[list[dict[str, Any]], dict[str, tuple[str, ...]]]:
    """Keep a landing's quarantine; return what its journal entry says of it, a file each, none where there is no row.

    Also which of these files hold rows of an input, by the input's name.
    """
    import polars as pl

    aside.flush()
    told: list[dict[str, Any]] = []
    asides: dict[str, tuple[str, ...]] = {}
    for path, rows in aside.parts:
        name = f"quarantine/{aside.landing:08}-{uuid.uuid4().hex}.parquet"
        told.append({"path": name, "bytes": path.stat().st_size, "sha256": file_sha256(path), "rows": rows})
        for file in pl.read_parquet(path, columns=["file"], glob=False)["file"].unique():
            asides[file] = (*asides.get(file, ()), name)
        place.keep(path, name)
    return told, asides
