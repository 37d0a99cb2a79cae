"""Does long work say how far it is? On a terminal, on one line; in a pipe not at all."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from changed_store import NOW, fill
from conftest import Cli
from test_s3 import lines, put

from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.ingest.progress import ProgressLine
from audit_reports.ingest.watching import Progress, Watcher
from audit_reports.maintenance.backup import backup, restore
from audit_reports.maintenance.compaction import compact
from audit_reports.store import Store

Work = Callable[[Path, Watcher], object]


def back_up(store: Path, told: Watcher) -> object:
    return backup(Store(store), store.with_name("copy"), now=NOW, progress=told)


def restored(store: Path, told: Watcher) -> object:
    backup(Store(store), store.with_name("copy"), now=NOW)
    return restore(store.with_name("copy"), store.with_name("back"), now=NOW, progress=told)


def compacted(store: Path, told: Watcher) -> object:
    return compact(Store(store), now=NOW + timedelta(hours=2), progress=told)


@pytest.mark.parametrize(("work", "named"), [(back_up, "copying"), (restored, "copying"), (compacted, "compacting")])
def test_work_tells_its_bytes_as_they_are_done_and_ends_with_all(work: Work, named: str, store: Path) -> None:
    fill(store)
    told: list[Progress] = []
    work(store, told.append)
    assert {one.work for one in told} == {named}
    assert [one.bytes for one in told] == sorted(one.bytes for one in told)
    assert {one.total for one in told} == {told[-1].bytes}
    assert len(told) > 1


def test_a_landing_tells_its_bytes_while_duckdb_reads(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit_reports.stopping._LOOK_S", 0.002)
    monkeypatch.setattr(
        "audit_reports.ingest.look._SMALL", 100_000
    )  # smaller files are put together first, and told of then
    for number in range(30):
        (tmp_path / f"{number}.jsonl").write_text(lines(*(f"{number}-{line}" for line in range(2_000))))
    told: list[Progress] = []
    land(store, [str(tmp_path / "*.jsonl")], FEEDS, now=NOW, progress=told.append)
    total = told[-1].total
    assert told[-1] == Progress(total, total, 60_000, work="landing")
    assert [one for one in told if 0 < one.bytes < total]
    assert [one.bytes for one in told] == sorted(one.bytes for one in told)


def test_downloads_tell_their_bytes_before_the_landing_does(s3: str, store: Path) -> None:
    put(f"{s3}/in/a.jsonl", lines("a"))
    put(f"{s3}/in/b.jsonl", lines("b", "c"))
    size = len(lines("a", "b", "c"))
    told: list[Progress] = []
    land(store, [f"{s3}/in/"], FEEDS, now=NOW, progress=told.append)
    assert told[1] == Progress(size, size, work="downloading")
    assert told[-1] == Progress(size, size, 3, work="landing")


@pytest.mark.parametrize(
    ("words", "named"),
    [("ingest a.jsonl", "landing"), ("store compact", "compacting"), ("store backup copy", "copying")],
)
def test_a_terminal_sees_how_far_it_is_until_it_is_done(
    words: str, named: str, store: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("a.jsonl").write_text(lines("a"))
    fill(store)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr("audit_reports.clock.seconds", count().__next__)  # what takes no time draws nothing
    ran = cli(*words.split(), "--store", store)
    assert ran.code == 0
    drawn = ran.err.rpartition("\r")[0].split("\r")
    assert drawn[-1].startswith(f"{named}: 100 %, 0 of 0 MB")
    assert all(line.endswith("\x1b[K") for line in drawn[1:])
    assert "\r" not in ran.out


@pytest.mark.parametrize("words", [["compact"], ["backup", "copy"]])
def test_a_pipe_sees_none_of_it(words: list[str], store: Path, cli: Cli) -> None:
    ran = cli("store", *words, "--store", fill(store))
    assert ran.code == 0
    assert "\r" not in ran.out + ran.err
    assert "%" not in ran.err


def test_the_line_times_each_piece_of_work_by_itself() -> None:
    terminal, times = io.StringIO(), iter([0.0, 100.0, 100.0, 102.0])
    line = ProgressLine(terminal, lambda: next(times))
    line(Progress(80_000_000, 80_000_000, work="downloading"))
    line(Progress(0, 100_000_000, 0))
    line(Progress(50_000_000, 100_000_000, 120_000))
    line.clear()
    assert terminal.getvalue().split("\x1b[K") == [
        "\rdownloading: 100 %, 80 of 80 MB, 1 MB/s, 0 s left",
        "\rlanding: 50 %, 50 of 100 MB, about 120,000 events, 25 MB/s, 2 s left",
        "\r",
        "",
    ]
