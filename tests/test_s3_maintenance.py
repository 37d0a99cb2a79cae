"""What is done to a store on a disk, is it done to one in S3? Compact, hold, retain, erase, replay, back up."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit_reports import AuditLog
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.ingest.staging import Reading
from audit_reports.maintenance.backup import backup, restore
from audit_reports.maintenance.compaction import compact
from audit_reports.maintenance.erasure import erase
from audit_reports.maintenance.holds import hold
from audit_reports.maintenance.replay import replay
from audit_reports.maintenance.retention import retain
from audit_reports.places.s3 import S3
from audit_reports.store import Store

NOW = datetime(2026, 3, 30, 6, tzinfo=UTC)
LATER = NOW + timedelta(hours=2)


def land_days(store: str, inbox: Path, landings: int) -> None:
    """Land so many files: an event by Ana on the 2nd, one by Ben on the 9th, and one that lies two days ahead of the clock."""
    inbox.mkdir()
    kind = {"category": "Members", "action": "Left"}
    for n in range(landings):
        events = [
            {"id": f"a{n}", "occurred_at": "2026-03-02T09:00:00Z", "actor": {"email": "ana@x.example"}, **kind},
            {"id": f"b{n}", "occurred_at": "2026-03-09T09:00:00Z", "actor": {"email": "ben@x.example"}, **kind},
            {"id": f"c{n}", "occurred_at": "2026-04-01T09:00:00Z", "actor": {"email": "ben@x.example"}, **kind},
        ]
        (inbox / f"{n}.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        land(store, [str(inbox / f"{n}.jsonl")], FEEDS, now=NOW)


def parquet(store: str) -> list[str]:
    return [kept.path for kept in S3(store).walk("events") if "/day=" in kept.path]


@pytest.mark.slow
def test_a_store_in_s3_is_maintained_as_one_on_a_disk(s3: str, tmp_path: Path) -> None:
    uri = f"{s3}/store"
    land_days(uri, tmp_path / "inbox", 3)
    before = [AuditLog(uri, as_of=n).polars() for n in (1, 2, 3)]
    done = compact(Store(uri), now=NOW)
    assert (done.files_before, done.files_after, done.events) == (6, 2, 6)
    assert all(AuditLog(uri, as_of=n).polars().equals(frame) for n, frame in enumerate(before, start=1))
    assert len(parquet(uri)) == 8
    assert compact(Store(uri), now=LATER).swept.files == 6
    assert len(parquet(uri)) == 2

    tried = replay(Store(uri), FEEDS, Reading(datetime(2026, 4, 2, tzinfo=UTC)))
    assert (tried.landing, tried.landed, tried.left) == (4, 3, 0)

    backup(Store(uri), f"{s3}/copy", now=LATER)
    hold(Store(uri), "2026-03-09..2026-03-10", reason="case 1", now=LATER)
    assert erase(Store(uri), actor="ben@x.example", reason="request 1", now=LATER).events == 3
    assert sorted(AuditLog(uri).polars()["event_id"]) == ["a0", "a1", "a2", "b0", "b1", "b2"]
    retained = retain(Store(uri), older_than=timedelta(days=10), now=LATER)
    assert [str(day.day) for day in retained.days if day.hold is None] == ["2026-03-02"]
    assert sorted(AuditLog(uri).polars()["event_id"]) == ["b0", "b1", "b2"]
    assert Store(uri).journal.break_at() is None

    assert backup(Store(uri), f"{s3}/copy", now=LATER).removed > 0
    restore(f"{s3}/copy", tmp_path / "back", now=LATER)
    assert AuditLog(tmp_path / "back").polars().equals(AuditLog(uri).polars())
