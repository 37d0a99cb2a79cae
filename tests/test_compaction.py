"""Compaction: many small files become few, the same rows, the same answers, as of every landing, whatever comes between."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from changed_store import NOW, Failing, Stopped, all_answers, answers, event, fill, in_table, on_disk, put
from conftest import ROOT, Cli

from audit_reports import AuditLog, FailureError
from audit_reports.ingest.row_hashes import rows_hash
from audit_reports.maintenance.compaction import Compacted, compact
from audit_reports.maintenance.landed_rows import write_day
from audit_reports.places import place_of
from audit_reports.store import Store

LATER = NOW + timedelta(hours=2)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store with five landings in each of two days: to be copied."""
    return fill(tmp_path_factory.mktemp("once") / "store")


@pytest.fixture
def filled(once: Path, store: Path) -> Path:
    """Return a copy of that store."""
    return shutil.copytree(once, store)


def books(done: Compacted) -> tuple[int, int, int, int]:
    return done.days, done.files_before, done.files_after, done.events


def test_few_files_hold_the_same_rows_and_give_the_same_answers_as_of_every_landing(filled: Path) -> None:
    before = all_answers(filled)
    rows = rows_hash([filled / name for name in in_table(filled)])
    assert len(in_table(filled)) == 10
    assert books(compact(Store(filled), now=NOW)) == (2, 10, 2, 20)
    assert len(in_table(filled)) == 2
    assert all_answers(filled) == before
    assert rows_hash([filled / name for name in in_table(filled)]) == rows


def test_a_second_compaction_finds_nothing_to_do_and_leaves_no_entry(filled: Path) -> None:
    compact(Store(filled), now=NOW)
    numbers = Store(filled).journal.numbers()
    assert books(compact(Store(filled), now=NOW)) == (0, 0, 0, 0)
    assert Store(filled).journal.numbers() == numbers


def test_a_day_in_one_file_is_left_alone(store: Path) -> None:
    put(store, store.parent / "inbox", event("one", "2026-03-02"), event("two", "2026-03-03"))
    before = in_table(store)
    assert books(compact(Store(store), now=NOW)) == (0, 0, 0, 0)
    assert in_table(store) == before


def test_big_files_are_left_and_small_ones_fill_a_file_up_to_its_size(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(
        store,
        store.parent / "inbox",
        *(event(f"{n * 7919:x}", "2026-03-02", source=f"{n * 104729:x}") for n in range(2000)),
    )
    big = in_table(store)
    fill(store, landings=3, days=["2026-03-02"])
    sizes = {name: (store / name).stat().st_size for name in in_table(store)}
    largest_small = max(size for name, size in sizes.items() if name not in big)
    assert sizes[big[0]] > largest_small * 2
    monkeypatch.setattr("audit_reports.maintenance.compaction.SMALL", largest_small + 1)
    monkeypatch.setattr("audit_reports.maintenance.compaction.TARGET", largest_small * 2)
    before = answers(store)
    assert compact(Store(store), now=NOW).files_before == 2
    assert big[0] in in_table(store)
    assert len(in_table(store)) == 3, "the big one, a merged one of two, and a small one beyond the size"
    assert answers(store) == before


def test_the_journal_says_what_was_merged_by_whom_and_that_no_row_changed(filled: Path) -> None:
    store = Store(filled)
    landed = {file["path"]: file for entry in store.journal.entries("landing") for file in entry.facts["files"]}
    hashes = [int(entry.facts["rows_hash"], 16) for entry in store.journal.entries("landing")]
    compact(store, now=NOW)
    (entry,) = store.journal.entries("compaction")
    removed = {file["path"]: file for file in entry.facts["removed"]}
    assert {path: (file["sha256"], file["rows"]) for path, file in removed.items()} == {
        path: (file["sha256"], file["rows"]) for path, file in landed.items()
    }
    assert entry.facts["rows"] == 20 == sum(file["rows"] for file in entry.facts["files"])
    assert int(entry.facts["rows_hash"], 16) == sum(hashes)
    by_landing = [int(one["rows_hash"], 16) for one in entry.facts["landings"].values()]
    assert by_landing == hashes, "each landing's rows keep the hash that its own entry says"
    assert entry.facts["by"] == f"{entry.user}@{entry.host}"
    assert store.journal.break_at() is None


def test_the_merged_rows_lie_in_the_order_of_time(filled: Path) -> None:
    compact(Store(filled), now=NOW)
    for name in in_table(filled):
        times = pl.read_parquet(filled / name)["occurred_at"]
        assert times.is_sorted()


def test_a_reader_from_before_is_answered_until_the_grace_is_over(filled: Path) -> None:
    reader = AuditLog(filled)
    before = reader.polars()
    compact(Store(filled), now=NOW)
    assert compact(Store(filled), now=NOW + timedelta(minutes=59)).swept.waiting == 10
    assert reader.polars().equals(before)
    assert compact(Store(filled), now=NOW + timedelta(minutes=60)).swept.files == 10
    assert on_disk(filled) == in_table(filled)
    with pytest.raises(FailureError, match=r"changed while it was read.*run the same again") as failure:
        reader.polars()
    assert "\n" not in str(failure.value)
    assert AuditLog(filled).polars().equals(before)


def test_the_grace_counts_from_the_compaction_and_not_from_the_landing(filled: Path) -> None:
    for name in in_table(filled):
        os.utime(filled / name, (0, 0))
    done = compact(Store(filled), now=NOW, grace=timedelta(minutes=1))
    assert (done.swept.files, done.swept.waiting) == (0, 10)


def test_what_a_crash_left_is_swept_when_it_is_old_and_nothing_else_is(filled: Path) -> None:
    left = [
        filled / "events" / "day=2026-03-02" / "00000009-left.parquet",
        filled / "quarantine" / "00000009-left.parquet",
        filled / "inputs" / "00000009-left.parquet",
        filled / "journal" / f".{'a' * 32}",
    ]
    for path in left:
        path.write_bytes(b"left")
    before = answers(filled)
    done = compact(Store(filled), now=NOW)
    assert done.swept.unknown == 4, "they are as old as this test, and may be a landing's at work"
    for path in left:
        os.utime(path, (0, 0))
    assert compact(Store(filled), now=NOW).swept.files == 4
    assert not any(path.exists() for path in left)
    assert answers(filled) == before
    assert put(filled, filled.parent / "inbox", event("more", "2026-03-02")) == 6


def test_a_damaged_file_is_named_and_nothing_is_changed(filled: Path) -> None:
    path = filled / in_table(filled)[3]
    data = pl.read_parquet(path)
    data.with_columns(actor=pl.lit("somebody else")).write_parquet(path)
    entries = Store(filled).journal.numbers()
    with pytest.raises(FailureError, match="is not what the journal says was written; nothing was changed"):
        compact(Store(filled), now=NOW)
    assert Store(filled).journal.numbers() == entries
    assert path.exists()


def test_rows_that_would_not_be_the_same_stop_it(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def losing(*words: Any, **named: Any) -> Any:
        return write_day(*words, where="event_id <> '2026-03-03-b2'", **named)

    before = all_answers(filled)
    monkeypatch.setattr("audit_reports.maintenance.compaction.write_day", losing)
    with pytest.raises(
        FailureError, match="the rows of 2026-03-03 would not be the same after compaction; nothing was"
    ):
        compact(Store(filled), now=NOW)
    assert (all_answers(filled), len(in_table(filled))) == (before, 10)


def test_what_a_dead_writer_had_staged_goes_with_the_next(filled: Path) -> None:
    (filled / "staging" / "dead").mkdir(parents=True)
    put(filled, filled.parent / "inbox", event("more", "2026-03-02"))
    assert list((filled / "staging").iterdir()) == []


def test_a_file_that_cannot_be_removed_is_named(filled: Path) -> None:
    compact(Store(filled), now=NOW)
    place = Failing(place_of(filled), 0, OSError(30, "Read-only file system"))
    with pytest.raises(FailureError, match="cannot be removed: Read-only file system"):
        compact(Store(place), now=LATER)


def test_the_work_is_done_in_parts_that_fit(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit_reports.maintenance.compaction.BATCH", 1)
    before = all_answers(filled)
    assert books(compact(Store(filled), now=NOW)) == (2, 10, 2, 20)
    assert len(list(Store(filled).journal.entries("compaction"))) == 2
    assert all_answers(filled) == before


@pytest.mark.slow
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("steps", range(5))
def test_killed_at_any_step_it_is_whole_and_the_same_command_completes_it(
    steps: int, after: bool, filled: Path
) -> None:
    before = answers(filled)
    with pytest.raises(Stopped):
        compact(Store(Failing(place_of(filled), steps, Stopped(), after=after)), now=NOW)
    assert answers(filled) == before
    compact(Store(filled), now=NOW)
    assert answers(filled) == before
    assert len(in_table(filled)) == 2
    assert Store(filled).journal.break_at() is None
    assert len(list(Store(filled).journal.entries("compaction"))) == 1
    compact(Store(filled), now=NOW + timedelta(days=99_999))
    assert on_disk(filled) == in_table(filled)


def test_the_checkpoint_and_all_that_came_before_it_give_the_same_store(filled: Path, tmp_path: Path) -> None:
    compact(Store(filled), now=NOW)
    assert list((filled / "events" / "_delta_log").glob("*.checkpoint.parquet"))
    copy = tmp_path / "copy"
    shutil.copytree(filled, copy)
    for path in (copy / "events" / "_delta_log").glob("*.json"):
        path.unlink()
    assert answers(copy) == answers(filled)


def test_landings_during_a_compaction_and_compactions_during_a_landing(filled: Path, tmp_path: Path) -> None:
    """Another process lands again and again while this one compacts and reads."""
    program = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from changed_store import event, put
for number in range(6):
    put(Path(sys.argv[1]), Path(sys.argv[2]), *(event(f"other-{number}-{n}", "2026-03-02") for n in range(3)))
"""
    words = [sys.executable, "-c", program, str(filled), str(tmp_path / "other"), str(ROOT), str(ROOT / "tests")]
    other = subprocess.Popen(words)
    compactions = 0
    while other.poll() is None:
        compactions += compact(Store(filled), now=NOW).days
        log = AuditLog(filled)
        assert log.count() == 20 + 3 * (log.landing - 5)
    assert other.returncode == 0
    compact(Store(filled), now=NOW)
    assert compactions > 1
    log = AuditLog(filled)
    names = log.polars()["event_id"]
    assert (log.count(), log.landing, names.n_unique()) == (38, 11, 38)
    assert Store(filled).journal.break_at() is None
    assert len(in_table(filled)) == 2


def test_the_command_says_what_it_did(filled: Path, cli: Cli) -> None:
    told = cli("store", "compact", "--store", filled, "--format", "table")
    assert told.code == 0
    assert told.out == "compacted: 10 files of 2 days became 2; 20 events, all as they were\n"
    assert told.err == "10 files that were replaced stay for readers until their grace is over\n"
    again = cli("store", "compact", "--store", filled, "--grace", "5m")
    assert json.loads(again.out) == {
        **dict.fromkeys(("days", "files_before", "files_after", "events", "bytes_before", "bytes_after"), 0),
        "swept": 0,
        "waiting": 10,
    }
