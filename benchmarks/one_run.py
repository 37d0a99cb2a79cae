"""What is measured in a process of its own: `python one_run.py NAME ARGUMENT...`, which prints its seconds as JSON."""

from __future__ import annotations

import csv
import json
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from answers import answer, expected
from copy_forms import copy_list, copy_struct
from peers import PEERS

_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_LONG_BYTES = 50_000_000
_EVENT = {
    "id": "",
    "occurred_at": "2026-03-02T09:14:05.120Z",
    "category": "Members",
    "action": "Role Changed",
    "actor": {"id": "usr_17", "email": "ana@northwind.example", "role": "Admin", "type": "human"},
    "resource": {"type": "Member", "id": "usr_9", "name": "Ben Okoro"},
}


def land(inbox: str, store: str) -> dict[str, object]:
    """Land the files of a folder by the library, in a new store or in one that is there."""
    from audit_reports.feeds import FEEDS
    from audit_reports.ingest.landing import land
    from audit_reports.store import Store

    result = land(Store.create(store), [inbox], FEEDS, now=_NOW)
    return {"rows": result.landed, "quarantined": result.quarantined}


def compact(store: str) -> dict[str, object]:
    """Compact a store by the library; say how many files of events it had, and how many files and bytes it has now.

    The replaced files go at once, for the hand-written SQL reads all files of a day.
    """
    from audit_reports.maintenance import compaction
    from audit_reports.store import Store

    opened = Store(store)
    before = opened.files(opened.table())
    compaction.compact(opened, now=_NOW, grace=timedelta(0))
    after = opened.files(opened.table())
    return {"before": len(before), "after": len(after), "bytes": sum(file.bytes for file in after)}


def land_and_compact(inbox: str, store: str) -> dict[str, object]:
    """Land the files of a folder in a new store and compact it; say how long each took and how many files there were."""
    start = time.perf_counter()
    landed = land(inbox, store)
    between = time.perf_counter()
    compacted = compact(store)
    return {**landed, **compacted, "landing": between - start, "compacting": time.perf_counter() - between}


def events(folder: str, number: str, options: str = "{}") -> dict[str, object]:
    """Make events; here, so that the memory that it takes is not counted to what is measured later."""
    from make_events import make_events

    files = make_events(Path(folder), int(number), **json.loads(options))
    return {"files": len(files), "bytes": sum(file.stat().st_size for file in files)}


def small_files(folder: str, number: str) -> dict[str, object]:
    """Make so many files of two events, a thousand in a folder."""
    from make_events import make_events

    files, inbox = int(number), Path(folder)
    made = make_events(inbox.with_name("lines"), 2 * files, files=1)
    with made[0].open("rb") as lines:
        for at in range(files):
            path = inbox / f"{at // 1000:04}" / f"{at:07}.jsonl"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(next(lines) + next(lines))
    return {"bytes": made[0].stat().st_size}


def long_lines(folder: str, number: str) -> dict[str, object]:
    """Make a file of so many events of 50 MB, most of it a text that does not repeat."""
    file = _new(folder, "long.jsonl")
    with file.open("w", encoding="utf-8") as lines:
        for at in range(int(number)):
            payload = Random(at).randbytes(_LONG_BYTES // 2).hex()
            lines.write(json.dumps({**_EVENT, "id": f"evt_{at}", "payload": payload}) + "\n")
    return {"bytes": file.stat().st_size}


def bad_lines(folder: str, number: str) -> dict[str, object]:
    """Make a file of so many lines of which none can be read: events that were cut, each by another byte or two."""
    file = _new(folder, "bad.jsonl")
    with file.open("w", encoding="utf-8") as lines:
        for at in range(int(number)):
            text = json.dumps({**_EVENT, "id": f"evt_{at}"})
            lines.write(text[: -1 - at % 100] + "\n")
    return {"bytes": file.stat().st_size}


def document(folder: str, number: str) -> dict[str, object]:
    """Make one JSON document of so many events, in a list inside of an object."""
    from make_events import make_events

    file = _new(folder, "document.json")
    (lines,) = make_events(Path(folder).with_name("lines"), int(number), files=1)
    with lines.open(encoding="utf-8") as events, file.open("w", encoding="utf-8") as whole:
        whole.write('{"exported": {"by": "a vendor"}, "Records": [')
        for at, text in enumerate(events):
            whole.write(("," if at else "") + "\n" + text.rstrip())
        whole.write('\n], "more": false}\n')
    return {"bytes": file.stat().st_size}


def csv_rows(folder: str, number: str) -> dict[str, object]:
    """Make a CSV file of so many events, with dotted names."""
    from make_events import make_events

    file = _new(folder, "rows.csv")
    (lines,) = make_events(Path(folder).with_name("lines"), int(number), files=1)
    with lines.open(encoding="utf-8") as events, file.open("w", encoding="utf-8", newline="") as table:
        rows = csv.writer(table)
        for at, text in enumerate(events):
            flat = dict(_flat(json.loads(text)))
            if at == 0:
                rows.writerow(flat)
            rows.writerow(flat.values())
    return {"bytes": file.stat().st_size}


def _new(folder: str, name: str) -> Path:
    Path(folder).mkdir(parents=True)
    return Path(folder) / name


def _flat(event: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in event.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value


def review(store: str) -> dict[str, object]:
    """Make the review of the last of a store's nine weeks."""
    from reviews import last_week

    from audit_reports import AuditLog

    return {"findings": len(last_week(AuditLog(store)).findings)}


def packed(file: str, level: str) -> dict[str, object]:
    """Return the bytes of a file and those that zstd of some level makes of it."""
    import pyarrow as pa

    lines = Path(file).read_bytes()
    return {"bytes": len(lines), "packed": len(pa.Codec("zstd", int(level)).compress(lines, asbytes=True))}


def query(sql: str) -> None:
    """Run a query by DuckDB and print its rows as JSON Lines, as the program's command does."""
    import duckdb

    duckdb.execute("SET TimeZone = 'UTC'")
    duckdb.execute(f"COPY ({sql}) TO '/dev/stdout' (FORMAT json)")


NAMES: dict[str, Callable[..., dict[str, object] | None]] = {
    "land": land,
    "compact": compact,
    "land_and_compact": land_and_compact,
    "copy_list": copy_list,
    "copy_struct": copy_struct,
    "answer": answer,
    "expected": expected,
    "events": events,
    "packed": packed,
    "small_files": small_files,
    "long_lines": long_lines,
    "bad_lines": bad_lines,
    "csv_rows": csv_rows,
    "document": document,
    "review": review,
    "query": query,
    **{name: work for name, (_, work) in PEERS.items()},
}


if __name__ == "__main__":
    start = time.perf_counter()
    facts = NAMES[sys.argv[1]](*sys.argv[2:])
    if facts is not None:
        print(json.dumps({"seconds": time.perf_counter() - start, **facts}))
