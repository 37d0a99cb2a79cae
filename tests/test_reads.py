"""Who looked at the audit log? Each answer leaves a line in the chain of its host, whole, in order, and at hardly any cost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import chdir
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

from audit_reports import AuditLog, FailureError, UsageError
from audit_reports.demo import World
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.maintenance.backup import backup, restore
from audit_reports.period import Period
from audit_reports.place import Place
from audit_reports.places import place_of
from audit_reports.places.disk import Disk
from audit_reports.places.s3 import S3
from audit_reports.reads import ReadChain, UnrecordedWarning, asked_for, chains, position, reads_frame
from audit_reports.reviews.review import make_review
from audit_reports.store import Store

NOW = datetime(2026, 3, 30, 6, tzinfo=UTC)


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Path:
    """Return a store of its own that nobody has read."""
    folder = tmp_path / "store"
    shutil.copytree(world.store, folder, ignore=shutil.ignore_patterns("reads"))
    return folder


def told(store: Path) -> list[tuple[str, int]]:
    return list(AuditLog(store).reads().select("what", "rows").iter_rows())


ANSWERS: list[tuple[str, Callable[[AuditLog], Any], int]] = [
    ("count", lambda view: view.count(), 1),
    ("by", lambda view: view.by("actor"), 3),
    ("newest", lambda view: view.newest(5), 5),
    ("polars", lambda view: view.polars(), 40),
    ("polars", lambda view: view.lazy().collect(), 40),
    ("sql", lambda view: view.sql("SELECT actor FROM events"), 40),
    ("frame", lambda view: view.collect(view.frame().select("actor").head(7)), 7),
    ("sessions", lambda view: view.sessions("1h"), 4),
    ("timeline", lambda view: view.timeline("1d"), 1),
    ("rare", lambda view: view.rare("actor", "event"), 15),
    ("first_seen", lambda view: view.first_seen("actor"), 3),
    ("quarantine", lambda view: view.quarantine(), 10),
    ("table", lambda view: view._repr_html_(), 20),
]


@pytest.mark.parametrize(("what", "ask", "rows"), ANSWERS, ids=[what for what, *_ in ANSWERS])
def test_an_answer_is_one_read(what: str, ask: Callable[[AuditLog], Any], rows: int, copy: Path) -> None:
    view = AuditLog(copy).filter(country="VN")
    ask(view)
    read = view.reads().row(0, named=True)
    assert view.reads().height == 1
    assert (read["what"], read["filter"], read["filter_hash"]) == (what, view.where.as_json(), view.where.hash)
    assert (read["landing"], read["rows"]) == (12, rows)
    assert read["user"] and read["host"]


def test_what_a_story_and_a_comparison_look_at_is_recorded_whole(copy: Path) -> None:
    view = AuditLog(copy).filter(country="VN")
    view.story("backup-sync")
    before = view.filter(until="2026-03-04T02:00:00Z")
    view.compare(before, "actor")
    asked = [view.filter(actor="backup-sync"), view, before]
    found = view.reads().select("what", "filter", "rows").rows()
    assert found == [
        (what, of.where.as_json(), rows)
        for what, of, rows in zip(("story", "compare", "compare"), asked, (9, 3, 3), strict=True)
    ]


def test_sql_is_recorded_with_its_query(copy: Path) -> None:
    view = AuditLog(copy).filter(country="VN")
    query = "SELECT raw FROM events WHERE actor = 'O''Hara'"
    view.sql(query)
    assert view.reads().select("what", "query", "filter").rows() == [("sql", query, view.where.as_json())]


def test_a_review_is_one_read_and_what_it_looks_up_is_none(copy: Path) -> None:
    log = AuditLog(copy)
    make_review(log, Period.parse("2026-W10", timezone="Europe/Madrid", now=NOW))
    assert told(copy) == [("review activity-2026-W10", 1979)]
    log.filter(actor="marta.vidla@northwind.example").hints()
    log.unrecorded().count()
    assert len(told(copy)) == 1


def test_commands_are_read_and_listed(copy: Path, cli: Cli) -> None:
    cli("events", "--store", copy, "--limit", "2")
    cli("summary", "--store", copy, "--by", "feed")
    cli("store", "info", "--store", copy)
    rows = cli("store", "journal", "--reads", "--store", copy).rows
    assert [(row["what"], row["rows"]) for row in rows] == [("newest", 2), ("by", 1), ("info", 0)]


# --------------------------------------------------------------------------------------------------------- the chain


def lines(store: Path) -> list[bytes]:
    (folder,) = (store / "reads").iterdir()
    return (folder / "00000001.jsonl").read_bytes().splitlines(keepends=True)


def change(store: Path, data: bytes) -> None:
    (folder,) = (store / "reads").iterdir()
    (folder / "00000001.jsonl").write_bytes(data)


def test_each_line_has_the_hash_of_the_one_before(copy: Path) -> None:
    log = AuditLog(copy)
    for _ in range(5):
        log.count()
    (chain,) = chains(log._snapshot.store.place)
    assert (chain.break_at, chain.torn) == (None, 0)
    assert [read["number"] for read in chain.reads] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("harm", "break_at"),
    [
        (lambda of: [of[0], of[1].replace(b'"rows":1', b'"rows":0'), *of[2:]], 3),
        (lambda of: [of[0], of[1].replace(b'"filter":"', b'"filter":" '), *of[2:]], 2),
        (lambda of: [of[0], *of[2:]], 2),
        (lambda of: of[1:], 1),
        (lambda of: [of[1], of[0], *of[2:]], 1),
    ],
    ids=["altered", "filter altered", "taken out", "first taken out", "moved"],
)
def test_a_chain_that_was_changed_is_found(
    harm: Callable[[list[bytes]], list[bytes]], break_at: int, copy: Path
) -> None:
    log = AuditLog(copy)
    for _ in range(4):
        log.count()
    change(copy, b"".join(harm(lines(copy))))
    (chain,) = chains(Disk(copy))
    assert chain.break_at == break_at
    with pytest.raises(FailureError, match=f"is broken at line {break_at}"):
        log.reads()


def test_a_line_that_a_power_cut_tore_is_told_apart_and_goes_on(copy: Path) -> None:
    log = AuditLog(copy)
    log.count()
    log.count()
    change(copy, b"".join(lines(copy))[:-30])
    log.count()
    (chain,) = chains(Disk(copy))
    assert (chain.break_at, chain.torn, [read["number"] for read in chain.reads]) == (None, 1, [1, 3])
    with pytest.warns(UnrecordedWarning, match="has lines that cannot be read, as a power cut leaves them: 1"):
        assert log.reads().height == 2


def without_the_last(store: Path) -> None:
    change(store, b"".join(lines(store)[:-1]))


def with_another_last(store: Path) -> None:
    *others, last = lines(store)
    change(store, b"".join([*others, last.replace(b"table", b"count")]))


def without_any(store: Path) -> None:
    shutil.rmtree(store / "reads")


@pytest.mark.parametrize("harm", [without_the_last, with_another_last, without_any])
def test_what_is_taken_off_the_end_was_seen_by_the_journal(harm: Callable[[Path], None], copy: Path, cli: Cli) -> None:
    log = AuditLog(copy)
    log.count()
    cli("review", "--period", "2026-W10", "--store", copy)
    log.count()
    assert log.reads()["what"].to_list() == ["count", "review activity-2026-W10", "count"]
    change(copy, b"".join(lines(copy)[:-1]))
    assert log.reads().height == 2, "nobody has seen the last yet"
    log._repr_html_()
    make_entry(copy)
    assert log.reads().height == 3
    harm(copy)
    with pytest.raises(FailureError, match=r"have less than journal entry 1[34] saw"):
        AuditLog(copy).reads()
    assert AuditLog(copy).count() == 21_528


def make_entry(store: Path) -> None:
    """Journal how far the chains are, as a review's entry does."""
    Store(store).journal.append("review", {"reads": position(Disk(store))}, time=NOW)


READER = """
import sys
from audit_reports import AuditLog
log = AuditLog(sys.argv[1])
for number in range(int(sys.argv[2])):
    log.record(sys.argv[3], rows=number)
print("done", flush=True)
sys.stdin.read()
"""


def test_processes_on_one_host_share_a_chain_and_a_kill_loses_nothing(copy: Path) -> None:
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READER, str(copy), "50", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ,
        )
        for name in ("one", "two", "three")
    ]
    for reader in readers:
        assert reader.stdout and reader.stdout.readline() == b"done\n"
        os.kill(reader.pid, signal.SIGKILL)
        reader.communicate()
    (chain,) = chains(Disk(copy))
    assert (chain.break_at, chain.torn, len(chain.reads)) == (None, 0, 150)
    for name in ("one", "two", "three"):
        assert [read["rows"] for read in chain.reads if read["what"] == name] == list(range(50))


def test_hostile_filters_are_inert_and_long_ones_are_whole(copy: Path, cli: Cli) -> None:
    log = AuditLog(copy)
    names = ["\x1b[31m\n<script>", "a" * 100_000, "=HYPERLINK(1)"]
    for name in names:
        log.filter(actor=name).count()
    (chain,) = chains(Disk(copy))
    assert (chain.break_at, len(lines(copy))) == (None, 3)
    assert [json.loads(read["filter"])["right"] for read in chain.reads] == names
    shown = cli("store", "journal", "--reads", "--store", copy, "--format", "table").out
    assert "\x1b" not in shown


def test_a_cut_gives_the_same_reads_later(copy: Path) -> None:
    log = AuditLog(copy)
    log.count()
    cut = position(Disk(copy))
    before = reads_frame(Store(copy))
    log.count()
    assert reads_frame(Store(copy), until=cut).equals(before)
    assert reads_frame(Store(copy), until={}).height == 0


def test_only_the_owner_reads_what_was_read(copy: Path) -> None:
    AuditLog(copy).count()
    (folder,) = (copy / "reads").iterdir()
    assert (folder / "00000001.jsonl").stat().st_mode & 0o777 == 0o600


HOSTILE_NAME = "o'hara \"\\\u2028<b>@northwind.example"


def test_an_erasure_empties_what_asked_for_a_person_and_the_chain_holds(copy: Path, tmp_path: Path, cli: Cli) -> None:
    log = AuditLog(copy)
    log.count()
    log.filter(actor=HOSTILE_NAME).count()
    log.sql(f"SELECT * FROM events WHERE actor = '{HOSTILE_NAME.replace(chr(39), chr(39) * 2)}'")
    log.filter(country="VN").count()
    make_entry(copy)
    backup(Store(copy), str(tmp_path / "backup"), now=NOW)
    before, at = log.reads(), position(Disk(copy))
    ran = cli("store", "retain", "--actor", HOSTILE_NAME, "--reason", "request 17", "--store", copy, "--format", "json")
    assert "2 reads asked for it: what they asked for is emptied" in ran.err
    backup(Store(copy), str(tmp_path / "backup"), now=NOW)
    for store in (copy, tmp_path / "backup"):
        after = AuditLog(store).reads()
        assert after.drop("filter", "query").equals(before.drop("filter", "query"))
        assert after["filter"].is_null().to_list() == [False, True, False, False]
        assert after["query"].is_null().all()
        texts = b"".join(path.read_bytes() for path in store.rglob("*.jsonl"))
        assert b"hara" not in texts
    assert position(Disk(copy)) == at
    log.count()
    assert log.reads().height == 5


# ------------------------------------------------------------------------------------------- where nothing can be written


def test_a_store_that_may_only_be_read_answers_with_one_warning(
    copy: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Disk, "append", refused)
    log = AuditLog(copy)
    with pytest.warns(UnrecordedWarning, match="Permission denied.*reads of it are not recorded"):
        assert log.count() == 21_528
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert log.count() == 21_528
    ran = cli("summary", "--by", "feed", "--store", copy)
    assert (ran.code, ran.rows[0]["events"]) == (0, 21_528)
    assert ran.err.startswith("audit-reports: warning: the store at ")
    assert ran.err.count("\n") == 1


# ---------------------------------------------------------------------------------------------------- copies, and S3


def test_a_backup_has_the_reads_of_its_origin_beside_its_own(copy: Path, tmp_path: Path) -> None:
    AuditLog(copy).count()
    backup(Store(copy), str(tmp_path / "backup"), now=NOW)
    assert told(tmp_path / "backup") == [("count", 1)]
    AuditLog(tmp_path / "backup").by("feed")
    AuditLog(copy).by("country")
    backup(Store(copy), str(tmp_path / "backup"), now=NOW)
    assert sorted(told(tmp_path / "backup")) == [("by", 1), ("by", 8), ("count", 1)]
    with chdir(tmp_path):
        backup(Store("store"), "backup", now=NOW)
    assert len(told(tmp_path / "backup")) == 3, "a chain is the same whatever its store is called"
    restore(tmp_path / "backup", str(tmp_path / "restored"), now=NOW)
    assert sorted(told(tmp_path / "restored")) == [("by", 1), ("by", 8), ("count", 1)]


def test_in_s3_reads_are_kept_for_a_while_and_written_together(s3: str) -> None:
    place: Place = place_of(f"{s3}/store")
    chain = ReadChain(place)
    for number in range(3):
        chain.record({"what": "x", **asked_for("{}"), "landing": 1, "rows": number}, time=NOW)
    assert place.names("reads") == []
    chain.flush()
    chain.record({"what": "y", **asked_for("{}"), "landing": 1, "rows": 3}, time=NOW)
    del chain  # what is left is written at the end
    (found,) = chains(place)
    assert (found.break_at, [read["rows"] for read in found.reads]) == (None, [0, 1, 2, 3])
    assert len(place.names(f"reads/{place.names('reads')[0]}")) == 2


def test_two_processes_in_s3_make_one_chain(s3: str) -> None:
    place = place_of(f"{s3}/store")
    both = ReadChain(place), ReadChain(place_of(f"{s3}/store"))
    for number in range(130):
        both[number % 2].record({"what": "x", **asked_for("{}"), "landing": 1, "rows": number}, time=NOW)
    for one in both:
        one.flush()
    (found,) = chains(place)
    assert (found.break_at, len(found.reads)) == (None, 130)


def test_in_s3_what_is_kept_is_written_when_its_time_is_over(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit_reports.reads._KEPT_S", 0.05)
    place, written = place_of(f"{s3}/store"), threading.Event()

    class Watched(S3):
        def publish(self, path: str, data: bytes) -> bool:
            done = super().publish(path, data)
            written.set()
            return done

    chain = ReadChain(Watched(f"{s3}/store"))
    chain.record({"what": "x", **asked_for("{}"), "landing": 1, "rows": 1}, time=NOW)
    assert written.wait(30)
    (found,) = chains(place)
    assert len(found.reads) == 1


def test_keys_that_may_only_read_are_told_once_and_asked_once(s3: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refused(self: S3, path: str, data: bytes) -> bool:
        asked.append(path)
        raise UsageError("S3 refuses these keys")

    monkeypatch.setattr(S3, "publish", refused)
    chain = ReadChain(place_of(f"{s3}/store"))
    facts = {"what": "x", **asked_for("{}"), "landing": 1, "rows": 1}
    with pytest.warns(UnrecordedWarning, match="S3 refuses these keys.*reads of it are not recorded") as warned:
        for _ in range(200):
            chain.record(facts, time=NOW)
        chain.flush()
    assert (len(warned), len(asked)) == (1, 1)


@pytest.mark.slow
def test_in_s3_a_process_writes_its_reads_when_it_ends(s3: str, tmp_path: Path) -> None:
    event = tmp_path / "event.jsonl"
    event.write_text('{"id": "e", "occurred_at": "2026-03-02T09:00:00Z", "category": "Members", "action": "Left"}\n')
    land(f"{s3}/store", [str(event)], FEEDS, now=NOW)
    by_name = {"AWS_ENDPOINT_URL": os.environ["AWS_ENDPOINT_URL"].replace("127.0.0.1", "localhost")}
    program = "import sys; from audit_reports import AuditLog; AuditLog(sys.argv[1]).count()"
    for words in (["-c", program, f"{s3}/store"], ["-m", "audit_reports", "events", "--store", f"{s3}/store"]):
        ran = subprocess.run(
            [sys.executable, *words], capture_output=True, text=True, check=False, env=os.environ | by_name
        )
        assert (ran.returncode, ran.stderr) == (0, "")
    (found,) = chains(place_of(f"{s3}/store"))
    assert [read["what"] for read in found.reads] == ["count", "newest"]
