"""Backup: a copy that is a store itself, whole at any moment, verified file by file; a restore is the way back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

from audit_reports import AuditLog, FailureError, UsageError
from audit_reports.commit import Staged, commit
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.ingest.row_hashes import rows_hash
from audit_reports.journal import time_text
from audit_reports.maintenance.backup import Copied, backup, restore
from audit_reports.places.disk import Disk
from audit_reports.store import Store

NOW = datetime(2026, 3, 30, 6, tzinfo=UTC)
LATER = datetime(2026, 4, 1, 6, tzinfo=UTC)


def ingest(store: str | Path, name: str, *, day: int = 2) -> None:
    """Land one event, and one line that is none."""
    event = {"id": name, "occurred_at": f"2026-03-{day:02}T09:00:00Z", "category": "Members", "action": "Left"}
    path = Path(str(store) + ".inbox") if "://" not in str(store) else Path.cwd()
    path.mkdir(exist_ok=True)
    (path / f"{name}.jsonl").write_text(json.dumps(event) + f"\nno event {name}\n")
    land(store, [str(path / f"{name}.jsonl")], FEEDS, now=NOW)


def compact(store: Path, *, keep: Callable[[str], bool] = lambda name: True) -> None:
    """Write all events of a store's days into one file each, but those that are to go, and let the old files go."""
    import polars as pl

    opened = Store(store)
    with opened.writing() as table, opened.place.staging() as folder:
        staged = []
        old = opened.files(table)
        for day in sorted({file.day for file in old}):
            rows = pl.concat(pl.read_parquet(file.path, hive_partitioning=False) for file in old if file.day == day)
            rows = rows.filter([keep(name) for name in rows["event_id"]])
            if rows.height:
                rows.write_parquet(folder / f"{day}.parquet")
                first, last = rows["landing"].min(), rows["landing"].max()
                assert isinstance(first, int)
                assert isinstance(last, int)
                staged.append(Staged(folder / f"{day}.parquet", day, rows.height, first, last))
        facts = {
            "at": time_text(NOW),
            "rows_hash": rows_hash([one.path for one in staged]),
            "quarantine": {"removed": [], "files": []},
        }
        commit(opened, table, "erasure", facts, staged=staged, removed=old)
    for file in old:
        Path(file.path).unlink()


def state(store: str | Path) -> tuple[Any, ...]:
    """Return what a store answers: its events, quarantine, landings, and whether its journal is a chain."""
    log = AuditLog(store)
    rows = [tuple(row.values()) for row in log.polars().iter_rows(named=True)]
    return rows, log.quarantine().rows(), log.landings(), Store(store).journal.break_at()


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }


@pytest.fixture
def source(store: Path) -> Path:
    """Return a store with two landings."""
    ingest(store, "a")
    ingest(store, "b", day=5)
    return store


def test_a_backup_is_the_store_and_the_next_one_copies_only_what_is_new(source: Path, tmp_path: Path) -> None:
    before = files(source)
    first = backup(Store(source), tmp_path / "copy", now=NOW)
    assert files(tmp_path / "copy") == before
    assert first == Copied(len(before) - 1, sum(map(len, before.values())) - len(before["format.json"]), 0, 2, 2)
    assert state(tmp_path / "copy") == state(source)
    entry = Store(source).journal.entry(3)
    told = {"to": str(tmp_path / "copy"), "files": first.files, "bytes": first.bytes, "removed": 0}
    assert (entry.kind, entry.time, entry.facts) == ("backup", NOW, told | {"landing": 2, "entry": 2})
    ingest(source, "c")
    second = backup(Store(source), tmp_path / "copy", now=LATER)
    assert (second.files, second.landing, second.entry) == (6, 3, 4), (
        "events, inputs, quarantine, two entries of the journal, one of the log"
    )
    assert state(tmp_path / "copy") == state(source)
    assert backup(Store(source), tmp_path / "copy", now=LATER).files == 1, "the entry of the backup before"


@pytest.mark.slow
def test_a_backup_goes_to_s3_and_comes_back(source: Path, s3: str, tmp_path: Path, cli: Cli) -> None:
    ran = cli("store", "backup", f"{s3}/copy", "--store", source)
    assert (ran.code, ran.rows[0]["landing"], ran.rows[0]["entry"], ran.rows[0]["removed"]) == (0, 2, 2, 0)
    assert state(f"{s3}/copy") == state(source)
    ingest(source, "c")
    assert cli("store", "backup", f"{s3}/copy", "--store", source, "--format", "table").out == (
        f"backup: 6 files, {Store(source).journal.newest('backup').facts['bytes']:,} bytes, copied and verified; "  # type: ignore[union-attr]
        "0 removed; landing 3, journal entry 4\n"
    )
    back = cli("store", "restore", f"{s3}/copy", "--store", tmp_path / "back")
    assert (back.code, back.rows[0]["landing"], back.rows[0]["entry"]) == (0, 3, 4)
    assert state(tmp_path / "back") == state(source)
    ingest(tmp_path / "back", "d")
    assert AuditLog(tmp_path / "back").count() == 4


def test_a_restored_store_says_so_in_its_journal(source: Path, tmp_path: Path) -> None:
    backup(Store(source), tmp_path / "copy", now=NOW)
    copy = files(tmp_path / "copy")
    done = restore(tmp_path / "copy", tmp_path / "back", now=LATER)
    assert files(tmp_path / "copy") == copy, "the backup stays as it is"
    entry = Store(tmp_path / "back").journal.entry(3)
    told = {"from": str(tmp_path / "copy"), "files": done.files, "bytes": done.bytes, "landing": 2, "entry": 2}
    assert (entry.kind, entry.time, entry.facts) == ("restore", LATER, told)
    assert state(tmp_path / "back") == state(source)


# ---------------------------------------------------------------------------------------------- what left the store


def test_what_was_erased_leaves_the_backup_too(source: Path, tmp_path: Path) -> None:
    ingest(source, "someone")
    backup(Store(source), tmp_path / "copy", now=NOW)
    ingest(source, "c")
    compact(source, keep=lambda name: name != "someone")
    ingest(source, "d")
    gone = {name for name in files(tmp_path / "copy") if name.endswith(".parquet")} - set(files(source))
    done = backup(Store(source), tmp_path / "copy", now=LATER)
    assert done.removed == len(gone) == 3
    assert state(tmp_path / "copy") == state(source)
    assert AuditLog(tmp_path / "copy").polars()["event_id"].sort().to_list() == ["a", "b", "c", "d"]
    assert not gone & set(files(tmp_path / "copy"))


def test_what_the_backup_holds_for_others_stays(source: Path, tmp_path: Path) -> None:
    backup(Store(source), tmp_path / "copy", now=NOW)
    (tmp_path / "copy" / "events" / "readme.txt").write_text("mine")
    backup(Store(source), tmp_path / "copy", now=LATER)
    assert (tmp_path / "copy" / "events" / "readme.txt").read_text() == "mine"


# ------------------------------------------------------------------------------------------------------ broken off


class Failing(Disk):
    """A folder on a disk that is full after some files."""

    def __init__(self, root: Path, room: int) -> None:
        super().__init__(root)
        self.room = room

    def _take(self) -> None:
        self.room -= 1
        if self.room < 0:
            raise OSError(28, "No space left on device")

    def keep(self, local: Path, path: str) -> None:
        self._take()
        super().keep(local, path)

    def replace(self, path: str, data: bytes) -> None:
        self._take()
        super().replace(path, data)

    def publish(self, path: str, data: bytes) -> bool:
        self._take()
        return super().publish(path, data)

    def remove(self, path: str) -> None:
        self._take()
        super().remove(path)


def test_a_backup_broken_off_anywhere_is_the_older_state_or_the_new_one(source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    backup(Store(source), copy, now=NOW)
    older = state(copy)
    ingest(source, "c")
    compact(source, keep=lambda name: name != "a")
    ingest(source, "d")
    newer, room, seen = state(source), 0, []
    while True:
        try:
            backup(Store(source), Failing(copy, room), now=LATER)
            break
        except FailureError as error:
            assert "No space left on device" in str(error)
            now = state(copy)
            assert now in (older, newer), room
            seen.append(now == newer)
        room = 1  # each time a file more
    assert state(copy) == newer
    assert len(seen) > 10
    assert seen == sorted(seen)


def test_a_first_backup_or_restore_broken_off_anywhere_is_no_store_yet(source: Path, tmp_path: Path) -> None:
    tries = 0
    while True:
        try:
            backup(Store(source), Failing(tmp_path / "copy", 1), now=NOW)
            break
        except FailureError:
            tries += 1
            with pytest.raises(UsageError, match="no store at"):
                Store(tmp_path / "copy")
    assert tries >= 8
    while True:
        try:
            restore(tmp_path / "copy", Failing(tmp_path / "back", 1), now=NOW)
            break
        except FailureError:
            with pytest.raises(UsageError, match="no store at"):
                Store(tmp_path / "back")
    assert state(tmp_path / "back") == state(tmp_path / "copy") == state(source)
    assert [entry.kind for entry in Store(tmp_path / "back").journal.entries()] == ["landing", "landing", "restore"]


def test_a_landing_meanwhile_is_not_half_in_the_backup(source: Path, tmp_path: Path) -> None:
    """The state is fixed at the start: what lands while files are copied comes with the next backup."""

    class Busy(Disk):
        landed = False

        def keep(self, local: Path, path: str) -> None:
            super().keep(local, path)
            if not self.landed:
                self.landed = True
                ingest(source, "meanwhile")

    before = state(source)
    assert backup(Store(source), Busy(tmp_path / "copy"), now=NOW).landing == 2
    assert state(tmp_path / "copy") == before
    assert backup(Store(source), tmp_path / "copy", now=NOW).landing == 3
    assert state(tmp_path / "copy") == state(source)


# --------------------------------------------------------------------------------------------------------- damaged


@pytest.mark.parametrize("pattern", ["events/day=*/*.parquet", "inputs/*.parquet", "quarantine/*.parquet"])
def test_a_damaged_file_is_told_and_not_copied(pattern: str, source: Path, tmp_path: Path) -> None:
    damaged = sorted(source.glob(pattern))[0]
    data = damaged.read_bytes()
    damaged.write_bytes(data[:20] + bytes([data[20] ^ 1]) + data[21:])
    with pytest.raises(FailureError, match="is damaged: it is not what the journal says"):
        backup(Store(source), tmp_path / "copy", now=NOW)
    assert damaged.name not in {Path(name).name for name in files(tmp_path / "copy")}
    damaged.unlink()
    with pytest.raises(FailureError, match="is gone; nothing was copied"):
        backup(Store(source), tmp_path / "elsewhere", now=NOW)
    assert not (tmp_path / "elsewhere").exists()


def test_a_place_that_gives_back_other_bytes_is_told(source: Path, tmp_path: Path) -> None:
    class Rotten(Disk):
        def keep(self, local: Path, path: str) -> None:
            data = local.read_bytes()
            local.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
            super().keep(local, path)

    with pytest.raises(FailureError, match="with other bytes"):
        backup(Store(source), Rotten(tmp_path / "copy"), now=NOW)


def test_a_journal_that_is_no_chain_is_not_copied(source: Path, tmp_path: Path) -> None:
    entry = source / "journal" / "00000001.json"
    entry.write_text(entry.read_text().replace('"landed":1', '"landed":2'))
    with pytest.raises(FailureError, match="broken at entry 2; nothing was copied"):
        backup(Store(source), tmp_path / "copy", now=NOW)


# --------------------------------------------------------------------------------------------------------- mistakes


def test_a_place_with_other_things_is_left_alone(source: Path, tmp_path: Path, cli: Cli) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.png").write_text("x")
    other = tmp_path / "other"
    ingest(other, "a")
    backup(Store(source), tmp_path / "copy", now=NOW)
    ahead = tmp_path / "ahead"
    restore(tmp_path / "copy", ahead, now=NOW)
    before = {place: files(place) for place in (photos, other, ahead, source)}
    for words, expected in (
        (("backup", photos), "holds 'a.png'"),
        (("backup", other), "holds another store"),
        (("backup", ahead), "is no earlier part"),
        (("backup", source / "events"), "in one another"),
        (("backup", source), "in one another"),
        (("backup", tmp_path), "in one another"),
        (("restore", tmp_path / "copy"), "there is a store at"),
        (("restore", photos), "no store at"),
        (("backup",), "name the place: audit-reports store backup TO"),
        (("restore",), "name the place: audit-reports store restore FROM"),
        (("backup", "ftp://x/y"), "is not known"),
        (("backup", photos / "a.png" / "below"), "cannot write to"),
    ):
        ran = cli("store", *words, "--store", source)
        assert (ran.code, ran.out, ran.err.count("\n")) == (2, "", 1), (words, ran)
        assert expected in ran.err
    assert {place: files(place) for place in before} == before
