"""What lies in quarantine? Keeps files of it at a store's place, and takes a person's lines out of one."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from audit_reports.errors import FailureError, quoted
from audit_reports.feed import listed, literal
from audit_reports.ingest.landed_before import LandedBefore
from audit_reports.ingest.quarantine import BASE64, Aside
from audit_reports.place import Place

if TYPE_CHECKING:
    import polars as pl


def take_out_known(before: LandedBefore, aside: Aside) -> int:
    """Take the rows that lie in quarantine already out of what a landing sets aside, and return how many they were.

    A row is known by its file, line and raw text, and a whole file that holds no event by its reason too: the same line comes
    again when its file has grown.
    """
    aside.flush()
    if not aside.parts:
        return 0
    connection = before.connection
    there = [before.store.place.location(path) for path in before.asides([path for path, _ in aside.parts])]
    if not there:
        return 0
    # two streams are not one that has grown
    same = "q.file <> '-' AND q.file = s.file AND q.line = s.line AND q.raw = s.raw AND (q.line > 0 OR q.reason = s.reason)"
    known = f"EXISTS (SELECT 1 FROM read_parquet({listed(there)}) s WHERE {same})"
    taken = 0
    for number, (path, rows) in enumerate(aside.parts):
        query = f"FROM read_parquet({listed([path])}, file_row_number = true) q WHERE"
        again = connection.execute(f"SELECT reason, count(*) {query} {known} GROUP BY reason").fetchall()
        if not again:
            continue
        left = path.with_name(f"{path.stem}-new.parquet")
        connection.execute(
            f"COPY (SELECT * EXCLUDE (file_row_number) {query} NOT {known} ORDER BY file_row_number) "
            f"TO {literal(str(left))} (FORMAT parquet, COMPRESSION zstd)"
        )
        gone = sum(count for _, count in again)
        aside.parts[number] = (left, rows - gone)
        aside.forget(dict(again))
        taken += gone
    aside.parts = [(path, rows) for path, rows in aside.parts if rows]
    return taken


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
