"""What could not be understood? Finds where such lines stand and why, and keeps them, byte for byte, beside the events."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from audit_reports.errors import FailureError, quoted
from audit_reports.inputs import Input
from audit_reports.packing import unpacked
from audit_reports.place import Place
from audit_reports.spool import Spooled

if TYPE_CHECKING:
    import duckdb
    import polars as pl

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


def located(
    connection: duckdb.DuckDBPyConnection,
    group: Sequence[Input],
    judged: Callable[[Sequence[Input]], str],
    condition: str,
    *,
    spooled: Mapping[str, Spooled],
) -> list[Quarantined]:
    """Return the rows of some inputs that meet an SQL condition, with their place, in the order of the inputs.

    For line formats each file with such a row is read again: DuckDB counts the lines that are not blank, and the file
    itself gives the line's number and bytes.
    """
    names = {str(one.path): one for one in group}
    query = "SELECT file, line, coalesce(reason, ''), raw, event_id, day::VARCHAR FROM ({}) WHERE " + condition
    found: list[Quarantined] = []
    if group[0].shape != "lines":
        rows = connection.execute(query.format(judged(group)) + " ORDER BY file, line").fetchall()
        for file, line, reason, raw, event_id, day in rows:
            one = names[file]
            found.append(Quarantined(one.name, line, reason, _feed(one), raw or "", event_id, day))
        return found
    files = connection.execute(
        f"SELECT DISTINCT file FROM ({judged(group)}) WHERE {condition} ORDER BY file"
    ).fetchall()
    for (file,) in files:
        one = names[file]
        rows = connection.execute(query.format(judged([one])) + " ORDER BY line").fetchall()
        by_ordinal: dict[int, list[Any]] = {}  # a line may hold several events
        for _, ordinal, *rest in rows:
            by_ordinal.setdefault(ordinal, []).append(rest)
        for ordinal, line, data in _lines(one, by_ordinal):
            for reason, raw, event_id, day in by_ordinal[ordinal]:
                text, why = _text(data) if raw is None else (raw, reason)
                if file in spooled:
                    line = spooled[file].lines[ordinal - 1]  # noqa: PLW2901 - the CSV's own line
                found.append(Quarantined(one.name, line, why, _feed(one), text, event_id, day))
    return found


def _feed(one: Input) -> str | None:
    return one.feed.name if one.feed else None


def _lines(one: Input, wanted: Mapping[int, Any]) -> list[tuple[int, int, bytes]]:
    """Return the wanted lines of a file as (count among the lines that are not blank, line number, bytes)."""
    found: list[tuple[int, int, bytes]] = []
    ordinal = 0
    with unpacked(one.path) as file:
        for line, data in enumerate(file, start=1):
            stripped = data.strip()
            if stripped:
                ordinal += 1
                if ordinal in wanted:
                    found.append((ordinal, line, stripped))
    if len(found) != len(wanted):
        raise FailureError(f"the lines of {quoted(one.name)} cannot be counted; nothing was landed")
    return found


def _text(data: bytes) -> tuple[str, str]:
    """Return a line that is no JSON as text, and why it is none."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return BASE64 + base64.b64encode(data).decode(), "bytes that are no UTF-8"
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        return text, f"not JSON: {getattr(error, 'msg', type(error).__name__)}"
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


def write_quarantine(place: Place, rows: Sequence[Quarantined], *, landing: int) -> list[dict[str, Any]]:
    """Write a landing's quarantine and return what its journal entry says of it; no file where there is no row."""
    if not rows:
        return []
    return [keep_quarantine(place, frame(rows, landing=landing), landing=landing)]


def keep_quarantine(place: Place, rows: pl.DataFrame, *, landing: int) -> dict[str, Any]:
    """Keep a frame as a file of a landing's quarantine, and return what a journal entry says of it."""
    buffer = io.BytesIO()
    rows.write_parquet(buffer, compression="zstd")
    data = buffer.getvalue()
    path = f"quarantine/{landing:08}-{uuid.uuid4().hex}.parquet"
    place.publish(path, data)
    return {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "rows": rows.height}


def parted(place: Place, file: Mapping[str, Any], name: str) -> tuple[pl.DataFrame, int]:
    """Return the lines of a quarantine file that do not contain a name, and how many do, in whatever way they write it.

    `file` is what the journal says of it. Raises `FailureError` where it is not what was journaled.
    """
    import polars as pl

    data = place.read(file["path"])
    if hashlib.sha256(data).hexdigest() != file["sha256"]:
        raise FailureError(f"{quoted(file['path'])} is not what the journal says was written; nothing was changed")
    rows = pl.read_parquet(io.BytesIO(data))
    rest = rows.filter(pl.Series([not _contains(raw, name) for raw in rows["raw"]], dtype=pl.Boolean))
    return rest, rows.height - rest.height


def _contains(raw: str, name: str) -> bool:
    texts = [raw]
    if raw.startswith(BASE64):
        data = base64.b64decode(raw.removeprefix(BASE64))
        texts = [data.decode("utf-8", "replace"), data.decode("latin-1")]
    written = {name, json.dumps(name)[1:-1], json.dumps(name, ensure_ascii=False)[1:-1]}
    for text in list(texts):
        try:
            texts.append(json.dumps(json.loads(text), ensure_ascii=False))
        except (ValueError, RecursionError):
            continue  # it is no JSON: that is why it is here
    return any(one in text for text in texts for one in written)
