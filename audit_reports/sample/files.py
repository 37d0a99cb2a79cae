"""How is a week of events written? As JSON Lines, plain or gzipped, as a JSON document or as CSV."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from audit_reports.sample.delivery import Line
from audit_reports.sample.world import Event

FILE_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "2026-W02": "2026-W02.jsonl",
        "2026-W03": "2026-W03.jsonl.gz",
        "2026-W04": "2026-W04.csv",
        "2026-W05": "2026-W05.jsonl.gz",
        "2026-W06": "2026-W06.json",
        "2026-W07": "2026-W07.jsonl",
        "2026-W08": "2026-W08.jsonl.gz",
        "2026-W09": "2026-W09.json",
        "2026-W10": "2026-W10.jsonl",
        "2026-W11": "2026-W11.jsonl.gz",
        "2026-W12": "2026-W12.jsonl",
        "2026-W13": "2026-W13.jsonl.gz",
    }
)
"""The file of each ISO week, in the order in which they arrive, each on the Monday after."""

CSV_COLUMNS = (
    *("id", "occurred_at", "category", "action"),
    *("actor.id", "actor.name", "actor.email", "actor.role", "actor.type"),
    *("resource.type", "resource.id", "resource.name", "changes", "source", "ip"),
    *("location.country", "location.region", "location.city", "workspace", "outcome", "user_agent"),
)

_OBJECT_WEEK = "2026-W09"
"""The week whose JSON document is an object with the list inside; the other one is the list itself."""


def write_week(folder: Path, week: str, lines: Sequence[Line]) -> Path:
    """Write a week's lines under its name and return the path; an existing file is replaced."""
    path = folder / FILE_NAMES[week]
    if path.suffix == ".csv":
        data = _csv([line.event for line in lines if line.event])
    elif path.suffix == ".json":
        data = b"[\n" + b",\n".join(line.text for line in lines) + b"\n]"
        data = b'{"events": ' + data + b"}\n" if week == _OBJECT_WEEK else data + b"\n"
    else:
        data = b"".join(line.text + b"\n" for line in lines)
    path.write_bytes(_gzipped(data) if path.suffix == ".gz" else data)
    return path


def _gzipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    # No name and no time in the header: the same bytes whenever and wherever they are written.
    with gzip.GzipFile(filename="", mode="wb", fileobj=buffer, mtime=0) as file:
        file.write(data)
    return buffer.getvalue()


def _csv(events: Sequence[Event]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(CSV_COLUMNS)
    writer.writerows([_cell(event, column) for column in CSV_COLUMNS] for event in events)
    return text.getvalue().encode()


def _cell(event: Event, column: str) -> str:
    """The value of a dotted column; empty where the event lacks it, and JSON text for `changes`."""
    outer, _, inner = column.partition(".")
    value = event.get(outer)
    if inner:
        value = (value or {}).get(inner)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return value or ""
