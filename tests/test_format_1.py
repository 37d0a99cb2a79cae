"""Does a store that the first version of the program wrote live on? It is read, landed into, compacted, erased from, copied.

Format 1 had no `inputs/`: a landing's entry lists its inputs. A landing's number is its version of the table, for which neither
the journal nor the commit has a word of its own, and its hash of rows is another: 32 digits, a sum over the SHA-256 of rows.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from audit_reports import AuditLog
from audit_reports.columns import COLUMNS
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import Landing, land
from audit_reports.ingest.staging import Reading
from audit_reports.journal import canonical
from audit_reports.maintenance.backup import backup, restore
from audit_reports.maintenance.compaction import compact
from audit_reports.maintenance.erasure import erase
from audit_reports.maintenance.replay import replay
from audit_reports.maintenance.retention import retain
from audit_reports.store import Store

THEN, NOW = datetime(2026, 3, 10, 6, tzinfo=UTC), datetime(2026, 3, 30, 6, tzinfo=UTC)
ANA, BEN = "ana@northwind.example", "ben@northwind.example"
DELTA = {"VARCHAR": "string", "TIMESTAMPTZ": "timestamp", "BIGINT": "long", "DATE": "date"}
ROW = {
    **{column.name: pl.String() for column in COLUMNS if column.type == "VARCHAR"},
    **{column.name: pl.Datetime("us", "UTC") for column in COLUMNS if column.type == "TIMESTAMPTZ"},
    "landing": pl.Int64(),
}


def event(name: str, day: int, actor: str) -> dict[str, Any]:
    at = f"2026-03-{day:02}T09:00:00Z"
    return {"id": name, "occurred_at": at, "category": "Members", "action": "Left", "actor": {"email": actor}}


FILES: dict[str, list[Any]] = {
    "a.jsonl": [event("e1", 2, ANA), event("e2", 3, BEN), "broken"],
    "b.jsonl": [event("e3", 3, BEN)],
    "c.jsonl": [event("e4", 3, ANA)],
}


def text(lines: list[Any]) -> str:
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)


def kept(root: Path, path: str, frame: pl.DataFrame) -> dict[str, Any]:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    frame.write_parquet(root / path, compression="zstd")
    data = (root / path).read_bytes()
    return {"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(), "rows": frame.height}


def row(line: dict[str, Any], landing: int) -> dict[str, Any]:
    own = {
        "event_id": line["id"],
        "occurred_at": datetime.fromisoformat(line["occurred_at"]),
        "feed": "invent",
        "event": "Member Left",
        "category": "Members",
        "action": "Left",
        "actor": line["actor"]["email"],
        "raw": json.dumps(line),
    }
    return {**dict.fromkeys(ROW), **own, "landed_at": THEN, "landing": landing}


def old_hash(rows: pl.DataFrame) -> str:
    total = 0
    for feed, name, at, raw in rows.select("feed", "event_id", pl.col("occurred_at").dt.epoch("us"), "raw").iter_rows():
        total += int(hashlib.sha256(f"{feed}\x1f{name}\x1f{at}\x1f{raw}".encode()).hexdigest()[:16], 16)
    return f"{total:032x}"


def log_file(root: Path, version: int, *actions: dict[str, Any]) -> None:
    path = root / "events" / "_delta_log" / f"{version:020}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(action) for action in actions))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Return a store of format 1 in which each of the files is a landing, and the files beside it."""
    root = tmp_path / "old"
    fields = [{"name": c.name, "type": DELTA[c.type], "nullable": c.nullable, "metadata": {}} for c in COLUMNS]
    table = {
        "id": "cd585356-d8f6-4856-8f28-26890da99997",
        "name": "audit events",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps({"type": "struct", "fields": fields}),
        "partitionColumns": ["day"],
        "createdTime": 1773122400000,
        "configuration": {},
    }
    log_file(root, 0, {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": table})
    previous = "0" * 64
    for landing, (name, lines) in enumerate(FILES.items(), start=1):
        (tmp_path / name).write_text(text(lines))
        rows = pl.DataFrame([row(line, landing) for line in lines if isinstance(line, dict)], schema=ROW)
        files, adds = [], []
        for (day,), of_day in rows.group_by(pl.col("occurred_at").dt.date(), maintain_order=True):
            path = f"day={day}/{landing:08}-{'0' * 31}{landing}.parquet"
            files.append(kept(root, f"events/{path}", of_day))
            stats = {
                "numRecords": of_day.height,
                "minValues": {"landing": landing},
                "maxValues": {"landing": landing},
                "nullCount": {},
            }
            adds.append(
                {
                    "add": {
                        "path": path,
                        "partitionValues": {"day": str(day)},
                        "size": files[-1]["bytes"],
                        "modificationTime": 1773122400000,
                        "dataChange": True,
                        "stats": json.dumps(stats),
                    }
                }
            )
        aside = [
            {
                "file": str(tmp_path / name),
                "line": number,
                "reason": "not JSON",
                "feed": "invent",
                "raw": line,
                "landing": landing,
            }
            for number, line in enumerate(lines, start=1)
            if isinstance(line, str)
        ]
        quarantine = [kept(root, f"quarantine/{landing:08}-{'0' * 32}.parquet", pl.DataFrame(aside))] if aside else []
        data = (tmp_path / name).read_bytes()
        facts = {
            "landing": landing,
            "landed_at": "2026-03-10T06:00:00.000000Z",
            "read": len(lines),
            "landed": rows.height,
            "duplicates": 0,
            "quarantined": len(aside),
            "feeds": ["invent"],
            "inputs": [
                {
                    "file": str(tmp_path / name),
                    "bytes": len(data),
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "feed": "invent",
                }
            ],
            "rows_hash": old_hash(rows),
            "quarantine": quarantine,
            "files": files,
        }
        commit = {
            "timestamp": 1773122400000,
            "operation": "WRITE",
            "operationParameters": {"mode": "Append"},
            "audit_reports": canonical(facts),
        }
        log_file(root, landing, {"commitInfo": commit}, *adds, {"txn": {"appId": "landing", "version": landing}})
        entry = {
            "number": landing,
            "time": "2026-03-10T06:00:00.000000Z",
            "host": "h",
            "user": "u",
            "kind": "landing",
            "facts": facts,
            "previous": previous,
        }
        written = root / "journal" / f"{landing:08}.json"
        written.parent.mkdir(exist_ok=True)
        written.write_text(canonical(entry))
        previous = hashlib.sha256(written.read_bytes()).hexdigest()
    (root / "format.json").write_text('{"format": 1}')
    return root


def ids(store: Path, *, as_of: int | None = None) -> list[str]:
    return sorted(AuditLog(store, as_of=as_of).polars()["event_id"])


def landed(store: Path, *files: Path) -> Landing:
    return land(store, [str(file) for file in files], FEEDS, now=NOW, feed="invent")


def test_it_is_read_as_it_is(old: Path) -> None:
    assert ids(old) == ["e1", "e2", "e3", "e4"]
    assert ids(old, as_of=1) == ["e1", "e2"]
    assert AuditLog(old).quarantine()["raw"].to_list() == ["broken"]
    assert [(one.landing, one.read, one.landed, one.files) for one in Store(old).landings()] == [
        (1, 3, 2, 1),
        (2, 1, 1, 1),
        (3, 1, 1, 1),
    ]
    assert Store(old).journal.break_at() is None
    assert json.loads((old / "format.json").read_text()) == {"format": 1}, "reading changes nothing"


def test_it_knows_its_files_its_events_and_its_quarantine(old: Path, tmp_path: Path) -> None:
    again = landed(old, *(tmp_path / name for name in FILES))
    assert (again.landing, [landing for _, landing in again.known]) == (None, [1, 2, 3])
    (tmp_path / "a.jsonl").write_text(text([*FILES["a.jsonl"], event("e5", 3, BEN)]))
    grown = landed(old, tmp_path / "a.jsonl")
    assert (grown.landing, grown.read, grown.landed, grown.duplicates, grown.quarantined) == (4, 4, 1, 3, 0)
    assert json.loads((old / "format.json").read_text()) == {"format": 2}
    again = landed(old, *(tmp_path / name for name in FILES))
    assert [landing for _, landing in again.known] == [4, 2, 3]
    assert ids(old, as_of=3) == ["e1", "e2", "e3", "e4"]
    assert Store(old).journal.break_at() is None


def test_a_landing_that_it_did_not_journal_is_journaled_once(old: Path, tmp_path: Path) -> None:
    (old / "journal" / "00000003.json").unlink()
    (tmp_path / "d.jsonl").write_text(text([event("e6", 4, BEN)]))
    assert landed(old, tmp_path / "d.jsonl").landing == 4
    assert [one.landing for one in Store(old).landings()] == [1, 2, 3, 4]
    assert Store(old).journal.break_at() is None


def test_it_is_compacted_retained_erased_from_and_replayed(old: Path) -> None:
    before = [AuditLog(old, as_of=landing).polars() for landing in (1, 2, 3)]
    done = compact(Store(old), now=NOW)
    assert (done.files_before, done.files_after, done.events) == (3, 1, 3)
    assert all(AuditLog(old, as_of=n).polars().equals(frame) for n, frame in enumerate(before, start=1))
    assert replay(Store(old), FEEDS, Reading(NOW)).left == 1
    assert erase(Store(old), actor=ANA, reason="request 1", now=NOW).events == 2
    assert ids(old) == ["e2", "e3"]
    assert retain(Store(old), older_than=timedelta(days=20), now=NOW).quarantined == 0
    assert retain(Store(old), older_than=timedelta(days=10), now=NOW).quarantined == 1
    assert ids(old) == []
    assert Store(old).journal.break_at() is None


def test_it_is_backed_up_and_restored(old: Path, tmp_path: Path) -> None:
    copied = backup(Store(old), tmp_path / "copy", now=NOW)
    assert (copied.landing, copied.entry) == (3, 3)
    assert ids(tmp_path / "copy") == ids(old)
    restore(tmp_path / "copy", tmp_path / "back", now=NOW)
    assert AuditLog(tmp_path / "back").polars().equals(AuditLog(old).polars())
    assert landed(tmp_path / "back", tmp_path / "a.jsonl").known == ((str(tmp_path / "a.jsonl"), 1),)
