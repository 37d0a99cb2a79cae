"""What does `store quarantine --replay` do? It lands what a mended feed understands now, and tells how many."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

from audit_reports import AuditLog
from audit_reports.feed import Feed
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.ingest.staging import Reading
from audit_reports.maintenance.replay import Replayed, replay
from audit_reports.store import Store

NOW, LATER = datetime(2026, 3, 30, tzinfo=UTC), datetime(2026, 4, 2, tzinfo=UTC)
BROKEN = Feed(
    name="door",
    product="Badge readers",
    exported_from="the controller",
    recognised_by=(("badge", "at"),),
    columns={"event_id": "$.n", "occurred_at": "$.time", "event": "'Door opened'", "actor": "$.badge"},
)
MENDED = replace(BROKEN, columns={**BROKEN.columns, "occurred_at": "$.at"})


def lines(*events: dict[str, Any] | str) -> str:
    return "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in events)


def door(n: int, at: str = "2026-03-02T09:00:00Z", **more: Any) -> dict[str, Any]:
    return {"n": n, "badge": "Ana", "at": at, **more}


def totals(store: Path) -> tuple[int, int, int, int]:
    landings = AuditLog(store).landings()
    return (
        sum(one.read for one in landings),
        sum(one.landed for one in landings),
        sum(one.duplicates for one in landings),
        sum(one.quarantined for one in landings),
    )


@pytest.fixture
def filled(store: Path, tmp_path: Path) -> Path:
    file = tmp_path / "doors.jsonl"
    file.write_text(lines(door(1), door(2), "broken", door(2), door(1, floor=3), door(3, at="soon")))
    landing = land(store, [str(file)], {**FEEDS, "door": BROKEN}, now=NOW, feed="door")
    assert (landing.read, landing.quarantined) == (6, 6)
    return store


def test_what_a_mended_feed_understands_lands_and_the_rest_stays(filled: Path) -> None:
    done = replay(Store(filled), {**FEEDS, "door": MENDED}, Reading(LATER))
    assert done == Replayed(2, 6, landed=2, duplicates=1, left=3)
    log = AuditLog(filled)
    assert [(row["event_id"], row["landing"], row["landed_at"]) for row in log.polars().iter_rows(named=True)] == [
        ("1", 2, LATER),
        ("2", 2, LATER),
    ]
    assert sorted(log.quarantine().select("line", "reason", "landing").iter_rows()) == [
        (3, "not JSON: Expecting value", 1),
        (5, "no time", 1),
        (6, "no time", 1),
    ]
    assert totals(filled) == (6, 2, 1, 3)
    assert AuditLog(filled, as_of=1).quarantine().height == 6


def test_a_second_replay_finds_nothing_new(filled: Path) -> None:
    replay(Store(filled), {**FEEDS, "door": MENDED}, Reading(LATER))
    assert replay(Store(filled), {**FEEDS, "door": MENDED}, Reading(LATER)) == Replayed(None, 3, 0, 0, 3)
    assert totals(filled) == (6, 2, 1, 3)


def test_a_feed_that_is_as_it_was_understands_no_more(filled: Path) -> None:
    before = AuditLog(filled).quarantine()
    assert replay(Store(filled), {**FEEDS, "door": BROKEN}, Reading(LATER)).landing is None
    assert AuditLog(filled).quarantine().equals(before)


def test_a_time_that_was_after_tomorrow_has_come(
    cli: Cli, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = {"id": "1", "occurred_at": "2026-04-01T09:00:00Z", "category": "Members", "action": "Left"}
    (tmp_path / "a.jsonl").write_text(lines(early, {**early, "occurred_at": "2026-04-01 09:00:00", "id": "2"}))
    land(store, [str(tmp_path / "a.jsonl")], FEEDS, now=NOW)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(LATER.timestamp())))
    ran = cli("store", "quarantine", "--replay", "--store", store)
    assert (ran.code, ran.rows) == (0, [{"landing": 2, "tried": 2, "landed": 1, "duplicates": 0, "left": 1}])
    ran = cli("store", "quarantine", "--replay", "--store", store, "--timezone", "Europe/Madrid")
    assert ran.rows == [{"landing": 3, "tried": 1, "landed": 1, "duplicates": 0, "left": 0}]
    assert [row["occurred_at"] for row in cli("events", "--store", store).rows] == [
        "2026-04-01T09:00:00.000000Z",
        "2026-04-01T07:00:00.000000Z",
    ]
    assert AuditLog(store).quarantine().height == 0


def test_what_no_feed_recognised_is_recognised_now(store: Path, tmp_path: Path) -> None:
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "doors.jsonl").write_text(lines(door(1), door(2)))
    land(store, [str(inbox)], FEEDS, now=NOW)
    assert AuditLog(store).quarantine()["reason"].to_list() == ["no feed recognises it"] * 2
    assert replay(Store(store), {**FEEDS, "door": MENDED}, Reading(LATER)).landed == 2
    assert totals(store) == (2, 2, 0, 0)


def test_another_value_of_an_event_that_has_landed_stays(store: Path, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines(door(1), door(1, floor=2)))
    land(store, [str(tmp_path / "a.jsonl")], {**FEEDS, "door": MENDED}, now=NOW)
    assert replay(Store(store), {**FEEDS, "door": MENDED}, Reading(LATER)) == Replayed(None, 1, 0, 0, 1)


def test_an_erased_name_is_in_no_file_that_a_replay_superseded(cli: Cli, filled: Path) -> None:
    replay(Store(filled), {**FEEDS, "door": MENDED}, Reading(LATER))
    assert cli("store", "retain", "--actor", "Ana", "--reason", "request 1", "--store", filled).code == 0
    assert AuditLog(filled).count() == 0
    assert all(b"Ana" not in path.read_bytes() for path in filled.rglob("*") if path.is_file())
    import polars as pl

    for path in (filled / "quarantine").iterdir():
        assert not pl.read_parquet(path)["raw"].str.contains("Ana").any()
