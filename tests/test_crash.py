"""A writer that dies: killed, interrupted or out of disk at any moment, it leaves all of its change or none, and can go again.

`make crash` kills 200 times; `--kills` says how often otherwise. The moments are drawn from a fixed seed.
"""

from __future__ import annotations

import errno
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from changed_store import NOW, Failing, answers, event, in_table, on_disk, put
from conftest import ROOT

from audit_reports import AuditLog
from audit_reports.cli import main
from audit_reports.ingest.row_hashes import rows_hash
from audit_reports.maintenance.compaction import compact
from audit_reports.places import place_of
from audit_reports.store import Store

_PROGRAM = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a run in the background inherits that it is passed over
import deltalake, duckdb, polars, polars_hash
from audit_reports.ingest import landing
from audit_reports.maintenance import compaction, retention
from audit_reports.cli import main
print("ready", flush=True)
sys.stdin.readline()
sys.exit(main(sys.argv[1:]))
"""
_FIRST = date(2026, 1, 1)
_KEPT_DAYS = 3
_EVENTS = 1500


def writer(words: list[str], *, limit: int | None = None) -> subprocess.Popen[bytes]:
    """Start a process that has loaded all it needs and waits for a line to run a command; no file may outgrow the limit."""

    def limited() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    child = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=limited,  # noqa: PLW1509 - no other thread of this process holds a lock here
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    return child


def finished(child: subprocess.Popen[bytes]) -> tuple[int, str]:
    """Let a writer run to its end; return its exit code and its words."""
    _, err = child.communicate(b"\n", timeout=120)
    return child.returncode, err.decode()


@dataclass
class Books:
    """What a store must hold, kept by counting alone: each event's day, and so many lines read, copies and broken lines."""

    store: Path
    inbox: Path
    chance: random.Random
    events: dict[str, date] = field(default_factory=dict)
    read: int = 0
    duplicates: int = 0
    broken: int = 0
    removed: int = 0
    round: int = 0

    def land(self) -> list[str]:
        """Write a file for the next landing, book it, and return the command that lands it."""
        self.round += 1
        days = [_FIRST + timedelta(days=self.round + n) for n in range(_KEPT_DAYS)]
        new = {f"{self.round}-{n}": self.chance.choice(days) for n in range(_EVENTS)}
        copies = self.chance.sample(sorted(self.events), min(len(self.events), 20))
        lines = [str(event(name, day)).replace("'", '"') for name, day in new.items()]
        lines += [str(event(name, self.events[name])).replace("'", '"') for name in copies]
        lines += [f"broken {n}" for n in range(3)]
        file = self.inbox / f"{self.round:04}.jsonl"
        file.write_text("\n".join(lines) + "\n")
        self.read += len(lines)
        self.duplicates += len(copies)
        self.broken += 3
        self.events |= new
        return ["ingest", str(file), "--feed", "invent", "--store", str(self.store)]

    def compact(self) -> list[str]:
        return ["store", "compact", "--store", str(self.store)]

    def retain(self, now: datetime) -> list[str]:
        """Book that the days before the last landing's go, and return the command that removes them."""
        until = _FIRST + timedelta(days=self.round + 1)
        gone = [name for name, day in self.events.items() if day < until]
        self.removed += len(gone)
        for name in gone:
            del self.events[name]
        return ["store", "retain", "--older-than", f"{(now.date() - until).days}d", "--store", str(self.store)]

    def check(self) -> None:
        """Compare a store with the books: every event once, every line accounted for, the journal's chain whole."""
        log, store = AuditLog(self.store), Store(self.store)
        found = log.polars()
        assert dict(found.select("event_id", "day").iter_rows()) == self.events
        assert found.height == len(self.events)
        landings = log.landings()
        assert [one.landing for one in landings] == list(range(1, log.landing + 1))
        assert sum(one.read for one in landings) == self.read
        assert sum(one.duplicates for one in landings) == self.duplicates
        assert sum(one.quarantined for one in landings) == self.broken
        assert sum(one.landed for one in landings) == found.height + self.removed
        assert all(one.read == one.landed + one.duplicates + one.quarantined for one in landings)
        assert store.journal.break_at() is None
        entries = list(store.journal.entries("landing", "retention"))
        hashes = [int(e.facts["rows_hash"], 16) * (1 if e.kind == "landing" else -1) for e in entries]
        assert sum(hashes) == int(rows_hash([self.store / name for name in in_table(self.store)]), 16)


def ids(store: Path) -> set[str]:
    names = AuditLog(store).polars()["event_id"]
    assert names.n_unique() == names.len()
    return set(names)


@pytest.mark.slow
def test_killed_at_any_moment_all_of_a_change_is_there_or_none(
    store: Path, tmp_path: Path, pytestconfig: pytest.Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(datetime(2027, 1, 1, tzinfo=UTC).timestamp())))
    now = datetime(2027, 1, 1, tzinfo=UTC)
    (tmp_path / "inbox").mkdir()
    books = Books(store, tmp_path / "inbox", random.Random(8))
    commands: list[Callable[[], list[str]]] = [books.land, books.compact, books.land, lambda: books.retain(now)]
    lasts: dict[str, float] = {}
    killed = number = 0
    while killed < pytestconfig.getoption("--kills"):
        before = set(books.events)
        words = commands[number % 4]()
        number += 1
        kind = " ".join(words[:2]) if words[0] == "store" else words[0]
        child = writer(words)
        assert child.stdin is not None
        began = time.monotonic()
        child.stdin.write(b"\n")
        child.stdin.flush()
        if kind in lasts:
            time.sleep(books.chance.uniform(0, lasts[kind]))
            child.send_signal(signal.SIGINT if number % 5 == 0 else signal.SIGKILL)
            child.communicate(timeout=60)
            killed += child.returncode != 0
            if (store / "format.json").exists():
                assert ids(store) in (before, set(books.events)), f"after kill {killed}, of {kind}"
            assert main(words) == 0
        else:  # the first of its kind says how long one lasts
            assert finished(child)[0] == 0
            lasts[kind] = time.monotonic() - began
        books.check()
    for days in (999, 1000):
        compact(Store(store), now=datetime.now(UTC) + timedelta(days=days))
    books.check()
    assert on_disk(store) == in_table(store), "and nothing of the dead is left"


def test_stopped_in_the_midst_of_reading_it_says_so_in_a_line_and_lands_nothing(store: Path, tmp_path: Path) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text("".join(f"{event(str(n), '2026-03-02')}\n".replace("'", '"') for n in range(200_000)))
    child = writer(["ingest", str(file), "--feed", "invent", "--store", str(store)])
    assert child.stdin is not None
    child.stdin.write(b"\n")
    child.stdin.flush()
    while child.poll() is None and not any(store.glob("staging/*/0/day=*")):
        time.sleep(0.005)  # DuckDB is at it
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (130, b"audit-reports: stopped; nothing half done was kept\n")
    assert not store.exists()


@pytest.mark.parametrize("limit", [2_000, *(pytest.param(one, marks=pytest.mark.slow) for one in (300, 5_000))])
@pytest.mark.parametrize("kind", ["ingest", "store compact"])
def test_a_full_disk_gives_one_line_and_changes_nothing(kind: str, limit: int, store: Path, tmp_path: Path) -> None:
    (tmp_path / "inbox").mkdir()
    books = Books(store, tmp_path / "inbox", random.Random(8))
    for _ in range(2):
        assert main(books.land()) == 0
    before = answers(store)
    words = books.land() if kind == "ingest" else books.compact()
    code, err = finished(writer(words, limit=limit))
    assert (code, err.count("\n")) == (1, 1), err
    assert err.startswith("audit-reports: ")
    assert answers(store) == before
    assert main(words) == 0
    books.check()


@pytest.mark.slow
@pytest.mark.parametrize("steps", range(5))
def test_a_disk_that_fills_between_the_steps_of_a_landing_loses_nothing(
    steps: int, store: Path, tmp_path: Path
) -> None:
    put(store, tmp_path / "inbox", event("first", "2026-03-02"))
    full = Store(Failing(place_of(store), steps, OSError(errno.ENOSPC, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        put(full, tmp_path / "more", event("second", "2026-03-02"), event("third", "2026-03-03"), "broken")
    assert ids(store) in ({"first"}, {"first", "second", "third"})
    (tmp_path / "more" / "0000.jsonl").unlink()
    put(store, tmp_path / "more", event("second", "2026-03-02"), event("third", "2026-03-03"), "broken")
    assert ids(store) == {"first", "second", "third"}
    landings = AuditLog(store).landings()
    assert [(one.landing, one.read) for one in landings] == [(1, 1), (2, 3)]
    assert AuditLog(store).quarantine()["raw"].to_list() == ["broken"]
    compact(Store(store), now=NOW)
    assert ids(store) == {"first", "second", "third"}
    assert Store(store).journal.break_at() is None
