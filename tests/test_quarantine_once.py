"""Is a line in quarantine once? When its file has grown and lands again, the line is no new loss."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from audit_reports import AuditLog
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import Landing, land

NOW = datetime(2026, 3, 30, tzinfo=UTC)
GOOD = {"id": "1", "occurred_at": "2026-03-02T09:00:00Z", "category": "Members", "action": "Left"}
CONFLICT = {**GOOD, "action": "Joined"}


def books(landing: Landing) -> tuple[int, int, int, int]:
    return landing.read, landing.landed, landing.duplicates, landing.quarantined


def written(file: Path, *lines: str) -> str:
    file.write_text("".join(line + "\n" for line in lines))
    return str(file)


def test_a_grown_file_brings_its_bad_lines_once(store: Path, tmp_path: Path) -> None:
    file, lines = (
        tmp_path / "app.jsonl",
        [json.dumps(GOOD), "broken", json.dumps(CONFLICT), json.dumps({**GOOD, "id": ""})],
    )
    assert books(land(store, [written(file, *lines)], FEEDS, now=NOW)) == (4, 1, 0, 3)
    lines += [json.dumps({**GOOD, "id": "2"}), "broken too"]
    assert books(land(store, [written(file, *lines)], FEEDS, now=NOW)) == (6, 1, 4, 1)
    found = AuditLog(store).quarantine().sort("line")
    assert found["line"].to_list() == [2, 3, 4, 6]
    assert found["landing"].to_list() == [1, 1, 1, 2]
    assert AuditLog(store, as_of=1).quarantine().height == 3


def test_the_same_bytes_on_another_line_or_in_another_file_are_another_loss(store: Path, tmp_path: Path) -> None:
    assert (
        books(land(store, [written(tmp_path / "a.jsonl", json.dumps(GOOD), "broken", "broken")], FEEDS, now=NOW))[3]
        == 2
    )
    again = [written(tmp_path / "b.jsonl", json.dumps(GOOD), "broken", "broken")]
    assert books(land(store, again, FEEDS, now=NOW)) == (0, 0, 0, 0), (
        "the same bytes under another name are the same file"
    )
    other = [written(tmp_path / "c.jsonl", json.dumps({**GOOD, "id": "3"}), "broken")]
    assert books(land(store, other, FEEDS, now=NOW)) == (2, 1, 0, 1)


def test_a_line_is_known_by_its_file_its_place_and_its_text(store: Path, tmp_path: Path) -> None:
    first = written(tmp_path / "a.jsonl", json.dumps(GOOD), "broken a")
    changed = written(tmp_path / "b.jsonl", "broken b", json.dumps({**GOOD, "id": "2"}))
    assert books(land(store, [first, changed], FEEDS, now=NOW)) == (4, 2, 0, 2)
    written(tmp_path / "b.jsonl", "broken b", "broken a", "broken b", json.dumps({**GOOD, "id": "2"}))
    assert books(land(store, [changed], FEEDS, now=NOW)) == (4, 0, 2, 2)
    found = AuditLog(store).quarantine().filter(pl.col("landing") == 2)
    assert found.select("line", "raw").rows() == [(2, "broken a"), (3, "broken b")]


def test_a_file_without_events_is_one_loss_until_it_has_another_flaw(store: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    written(inbox / "good.jsonl", json.dumps(GOOD))
    (inbox / "bad.jsonl").write_bytes(b"")
    assert books(land(store, [str(inbox)], FEEDS, now=NOW)) == (2, 1, 0, 1)
    (inbox / "bad.jsonl").write_bytes(b"\n\n")
    assert books(land(store, [str(inbox)], FEEDS, now=NOW)) == (1, 0, 0, 1)
    (inbox / "bad.jsonl").write_bytes(b"\n\n\n")
    assert books(land(store, [str(inbox)], FEEDS, now=NOW)) == (1, 0, 1, 0)
