"""Does a landing know all that landed before it, from a few files, however many landings there were?"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from changed_store import ANA, NOW, event, fill, put

from audit_reports import AuditLog
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landed_files import landed_files
from audit_reports.ingest.landing import land
from audit_reports.ingest.staging import Reading
from audit_reports.maintenance.backup import backup, restore
from audit_reports.maintenance.compaction import compact
from audit_reports.maintenance.erasure import erase
from audit_reports.maintenance.replay import replay
from audit_reports.maintenance.retention import retain
from audit_reports.place import Place
from audit_reports.places import place_of
from audit_reports.store import Store

LATER = NOW + timedelta(hours=2)


class Counting:
    """A place that counts the files which are read from it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.reads: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.place, name)

    def read(self, path: str) -> bytes:
        self.reads.append(path)
        return self.place.read(path)


def known(store: Path) -> list[dict[str, Any]]:
    newest = Store(store).journal.newest("landing")
    assert newest is not None
    found: list[dict[str, Any]] = newest.facts["known"]
    return found


def told(store: Path) -> pl.DataFrame:
    """Return the files that the newest landing's lists and sums tell of."""
    paths = [one["path"] for one in known(store)]
    return pl.concat([pl.read_parquet(store / path) for path in paths]).sort("landing", "file")


def in_quarantine(store: Path) -> list[str]:
    return AuditLog(store).quarantine()["raw"].to_list()


@pytest.mark.slow
def test_lists_are_summed_up_as_they_grow_in_number(store: Path) -> None:
    shapes = []
    for number in range(1, 22):
        put(store, store.parent / "inbox", event(f"e{number}", "2026-03-02"))
        shapes.append([one["landings"] for one in known(store)])
    assert shapes[:5] == [[1], [1, 1], [1, 1, 1], [4], [4, 1]]
    assert shapes[15:] == [[16], [16, 1], [16, 1, 1], [16, 1, 1, 1], [16, 4], [16, 4, 1]]
    assert told(store).equals(landed_files(Store(store)).sort("landing", "file")), "and say what the lists say"


@pytest.mark.slow
def test_a_landing_reads_a_handful_of_entries_of_a_long_journal(store: Path, tmp_path: Path) -> None:
    fill(store, landings=5)
    few, many = Counting(place_of(store)), Counting(place_of(store))
    put(Store(few), tmp_path / "few", event("x", "2026-03-02"), "broken x")
    fill(store, landings=24)
    put(Store(many), tmp_path / "many", event("y", "2026-03-02"), "broken y")
    assert len(many.reads) == len(few.reads) <= 5


@pytest.mark.slow
def test_every_file_is_known_whatever_was_done_to_the_store(store: Path, tmp_path: Path) -> None:
    fill(store, landings=6, days=("2026-01-02", "2026-03-02"))
    inbox = sorted((store.parent / "inbox").iterdir())

    def all_known(where: Path) -> bool:
        again = land(where, [str(path) for path in inbox], FEEDS, now=LATER, feed="invent")
        return again.landing is None and [landing for _, landing in again.known] == [1, 2, 3, 4, 5, 6]

    assert all_known(store)
    compact(Store(store), now=NOW)
    assert all_known(store)
    put(store, store.parent / "more", event("m1", "2026-03-02"), f"{ANA} {{")
    compact(Store(store), now=LATER)
    assert all_known(store), "sums that were summed up are swept"
    retain(Store(store), older_than=timedelta(days=60), now=LATER)
    assert all_known(store)
    erase(Store(store), actor=ANA, reason="request 1", now=LATER)
    assert all_known(store)
    put(store, store.parent / "more", event("m2", "2026-03-02"))
    assert [one["landings"] for one in known(store)] == [7, 1], "made anew, for the quarantine is another"
    assert all_known(store)
    backup(Store(store), tmp_path / "copy", now=LATER)
    restore(tmp_path / "copy", tmp_path / "back", now=LATER)
    assert all_known(tmp_path / "back")


@pytest.mark.slow
def test_a_sum_stays_for_its_grace_and_is_swept(store: Path) -> None:
    fill(store, landings=15, days=("2026-03-02",))
    before = {str(path.relative_to(store)) for path in store.glob("inputs/*-sum-*")}
    assert len(before) == 3
    put(store, store.parent / "inbox", event("x", "2026-03-02"))
    compact(Store(store), now=NOW)
    assert len(list(store.glob("inputs/*-sum-*"))) == 4
    compact(Store(store), now=LATER)
    assert [one["path"] for one in known(store)] == [str(p.relative_to(store)) for p in store.glob("inputs/*-sum-*")]
    assert len(list(store.glob("inputs/*"))) == 17


@pytest.mark.parametrize("change", ["nothing", "compaction", "replay", "retention of days", "erasure of others"])
def test_a_line_in_quarantine_is_known_when_its_file_has_grown(change: str, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "grows.jsonl"
    text = '{"id": "ahead", "occurred_at": "2026-04-01T09:00:00Z", "category": "Members", "action": "Left"}\nbroken\n'
    file.write_text(text)
    assert land(store, [str(file)], FEEDS, now=NOW, feed="invent").quarantined == 2
    put(store, tmp_path / "inbox", event("old", "2026-01-01"), f"{ANA} {{")
    if change == "compaction":
        compact(Store(store), now=LATER)
    elif change == "replay":
        assert replay(Store(store), FEEDS, Reading(NOW + timedelta(days=3))).landed == 1
    elif change == "retention of days":
        retain(Store(store), older_than=timedelta(days=60), now=LATER)
    elif change == "erasure of others":
        assert erase(Store(store), actor=ANA, reason="request 1", now=LATER).quarantined == 1
    rows = sorted(in_quarantine(store))
    file.write_text(text + "broken too\n")
    grown = land(store, [str(file)], FEEDS, now=NOW + timedelta(days=3), feed="invent")
    ahead = 0 if change == "replay" else 1  # by now its day has come
    assert (grown.landed, grown.duplicates, grown.quarantined) == (ahead, 2 - ahead, 1)
    assert sorted(in_quarantine(store)) == sorted([*rows, "broken too"])


def test_a_line_that_left_the_quarantine_for_good_is_not_known(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "grows.jsonl"
    file.write_text(f"{ANA} {{\n")
    land(store, [str(file)], FEEDS, now=NOW, feed="invent")
    erase(Store(store), actor=ANA, reason="request 1", now=LATER)
    assert in_quarantine(store) == []
    file.write_text(f"{ANA} {{\nbroken\n")
    assert land(store, [str(file)], FEEDS, now=LATER, feed="invent").quarantined == 2
