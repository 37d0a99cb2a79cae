"""How does CSV become JSON Lines? Each record becomes one object, dotted names nested, so that a feed reads both alike."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from audit_reports.errors import UsageError
from audit_reports.packing import unpacked


@dataclass(frozen=True)
class Record:
    """One CSV record: the line on which it ends, and its cells."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class Spooled:
    """A CSV file as JSON Lines: the new file, the CSV line of each of its lines, and the records that fit no header."""

    path: Path
    lines: list[int]
    unfit: list[tuple[int, str, str]]


def records(text: IO[str]) -> Iterator[Record]:
    """Yield the records of a CSV text (RFC 4180), blank lines left out."""
    csv.field_size_limit(1 << 30)
    reader = csv.reader(text)
    for cells in reader:
        if cells:
            yield Record(reader.line_num, cells)


def nested(header: Sequence[str], cells: Sequence[str]) -> dict[str, Any]:
    """Return one record as an object: dotted names nested, empty cells absent, `changes` read as the JSON that it holds.

    >>> nested(["id", "actor.email", "ip"], ["1", "a@x", ""])
    {'id': '1', 'actor': {'email': 'a@x'}}
    """
    event: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=True):
        if cell == "":
            continue
        *parents, last = name.split(".")
        at = event
        for parent in parents:
            inner = at.setdefault(parent, {})
            if not isinstance(inner, dict):
                inner = at[parent] = {"": inner}
            at = inner
        at[last] = _changes(cell) if name == "changes" else cell
    return event


def _changes(cell: str) -> Any:
    try:
        return json.loads(cell)
    except ValueError:
        return cell


def spool_csv(source: Path, name: str, target: Path) -> Spooled:
    """Write a CSV file as JSON Lines to `target`.

    A record with more or fewer cells than the header, or with bytes that are no UTF-8, is kept apart with its line and
    reason. Raises `UsageError` for a header that names a column twice.
    """
    lines: list[int] = []
    unfit: list[tuple[int, str, str]] = []
    try:
        with (
            unpacked(source) as packed,
            io.TextIOWrapper(packed, encoding="utf-8-sig", errors="surrogateescape", newline="") as text,
            target.open("w", encoding="utf-8") as out,
        ):
            found = records(text)
            header = next(found, Record(0, [])).cells
            if len(set(header)) != len(header):
                raise UsageError(f"{name!r}: the header names a column twice")
            for record in found:
                if reason := _unfit(record, header):
                    buffer = io.StringIO()
                    csv.writer(buffer, lineterminator="").writerow(record.cells)
                    unfit.append((record.line, reason, buffer.getvalue()))
                    continue
                out.write(json.dumps(nested(header, record.cells), ensure_ascii=False) + "\n")
                lines.append(record.line)
    except csv.Error as error:
        raise UsageError(f"{name!r} is not CSV: {error}") from None
    return Spooled(target, lines, unfit)


def _unfit(record: Record, header: Sequence[str]) -> str | None:
    if any("\udc80" <= c <= "\udcff" for cell in record.cells for c in cell):
        return "bytes that are no UTF-8"
    if len(record.cells) != len(header):
        return f"a record of {len(record.cells)} cells under a header of {len(header)}"
    return None
