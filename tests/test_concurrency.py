"""What if all come at once? Four writers and a compactor, four readers: nothing twice, nothing lost, no half answer.

`make crowd` runs it for a minute; `--crowd-seconds` says how long.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from changed_store import Failing

from audit_reports import AuditLog, FailureError
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.places import place_of
from audit_reports.store import Store

WRITERS, READERS = 4, 4

WRITER = """
import json, sys, time
from datetime import UTC, datetime
from pathlib import Path
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land

KIND = {"category": "Members", "action": "Left"}
store, inbox, name, seconds = sys.argv[1], Path(sys.argv[2]), sys.argv[3], float(sys.argv[4])
end, number, books = time.monotonic() + seconds, 0, []
while time.monotonic() < end:
    number += 1
    file = inbox / f"{name}-{number:05}.jsonl"
    lines = []
    for n in range(20):
        event = {"id": f"{name}-{number}-{n}", "occurred_at": f"2026-03-{2 + n % 3:02}T10:00:00Z", **KIND}
        lines.append(json.dumps(event))
    lines += [lines[0], json.dumps({"id": "shared", "occurred_at": "2026-03-02T00:00:00Z", **KIND}), "broken"]
    file.write_text("\\n".join(lines) + "\\n")
    landing = land(store, [str(file)], FEEDS, now=datetime(2026, 3, 30, tzinfo=UTC))
    assert landing.read == landing.landed + landing.duplicates + landing.quarantined == 23, landing
    books.append([landing.landing, landing.landed, landing.duplicates, landing.quarantined])
print(json.dumps(books))
"""

COMPACTOR = """
import sys, time
from datetime import UTC, datetime, timedelta
from audit_reports.maintenance.compaction import compact
from audit_reports.store import Store

end, done = time.monotonic() + float(sys.argv[2]), 0
while time.monotonic() < end:
    compact(Store(sys.argv[1]), now=datetime(2026, 3, 31, tzinfo=UTC), grace=timedelta(hours=1))
    done += 1
print(done)
"""

READER = """
import sys, time
from audit_reports import AuditLog

end, asked, before = time.monotonic() + float(sys.argv[2]), 0, (0, 0)
while time.monotonic() < end:
    log = AuditLog(sys.argv[1])
    landed = sum(one.landed for one in log.landings())
    assert log.count() == landed, (log.landing, log.count(), landed)
    assert sum(log.by("day")["events"]) == landed
    assert log.quarantine().height == sum(one.quarantined for one in log.landings())
    now = (log.landing, landed)
    assert now >= before
    before = now
    asked += 1
print(asked)
"""


@pytest.fixture
def seconds(request: pytest.FixtureRequest) -> float:
    return float(request.config.getoption("--crowd-seconds"))


@pytest.mark.slow
def test_writers_a_compactor_and_readers_at_once(tmp_path: Path, seconds: float) -> None:
    store, inbox = tmp_path / "store", tmp_path / "inbox"
    inbox.mkdir()
    Store.create(store)
    programs: list[tuple[str, ...]] = [(WRITER, str(store), str(inbox), f"w{n}", str(seconds)) for n in range(WRITERS)]
    programs += [(COMPACTOR, str(store), str(seconds))]
    programs += [(READER, str(store), str(seconds)) for _ in range(READERS)]
    running = [
        subprocess.Popen([sys.executable, "-c", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for words in programs
    ]
    told = [process.communicate(timeout=seconds + 120) for process in running]
    assert not [err for process, (_, err) in zip(running, told, strict=True) if process.returncode], "\n".join(
        e for _, e in told
    )
    books = [landing for out, _ in told[:WRITERS] for landing in json.loads(out)]
    numbers = sorted(number for number, *_ in books)
    assert numbers == list(range(1, len(numbers) + 1)), "dense, and each landing once"
    assert all(int(out) > 0 for out, _ in told[WRITERS:])
    log = AuditLog(store)
    ids = log.polars()["event_id"].to_list()
    written = {
        json.loads(line)["id"] for file in inbox.iterdir() for line in file.read_text().splitlines() if line != "broken"
    }
    assert len(ids) == len(set(ids)) == sum(landed for _, landed, _, _ in books)
    assert set(ids) == written
    assert log.quarantine().height == len(books)
    assert Store(store).journal.break_at() is None
    for landing in (1, len(numbers) // 2 or 1):
        assert AuditLog(store, as_of=landing).count() == sum(
            landed for number, landed, _, _ in books if number <= landing
        )


# ------------------------------------------------------------- a reader between a commit and the entry that tells of it


@pytest.fixture
def between(tmp_path: Path) -> tuple[Path, Path, bytes]:
    """Return a store whose second landing is committed and not journaled yet, its entry's file and that file's bytes."""
    for number in (1, 2):
        file = tmp_path / f"{number}.jsonl"
        file.write_text(
            f'{{"id": "{number}", "occurred_at": "2026-03-02T10:00:00Z", "category": "Members", "action": "Left"}}\n'
        )
        land(Store.create(tmp_path / "store"), [str(file)], FEEDS, now=datetime(2026, 3, 30, tzinfo=UTC))
    entry = max((tmp_path / "store" / "journal").iterdir())
    told = entry.read_bytes()
    entry.unlink()
    return tmp_path / "store", entry, told


def test_a_reader_waits_for_the_entry_of_a_writer_that_is_at_it(between: tuple[Path, Path, bytes]) -> None:
    store, entry, told = between
    writer = threading.Timer(0.3, entry.write_bytes, [told])
    writer.start()
    log = AuditLog(store)
    writer.join()
    assert (log.landing, log.count(), sum(one.landed for one in log.landings())) == (2, 2, 2)
    assert entry.read_bytes() == told, "the writer's own, in its name"


@pytest.mark.slow
def test_a_reader_brings_the_entry_of_a_writer_that_died(between: tuple[Path, Path, bytes]) -> None:
    store, entry, told = between
    log = AuditLog(store)
    assert (log.landing, log.count(), sum(one.landed for one in log.landings())) == (2, 2, 2)
    assert json.loads(entry.read_bytes())["facts"] == json.loads(told)["facts"]
    assert Store(store).journal.break_at() is None


@pytest.mark.slow
def test_a_reader_that_cannot_bring_it_says_so_and_answers_nothing(between: tuple[Path, Path, bytes]) -> None:
    store, entry, _ = between
    with pytest.raises(FailureError, match=r"newest commit of .* is not in its journal, .*Permission denied\)"):
        AuditLog(Store(Failing(place_of(store), 0, PermissionError(13, "Permission denied"))))
    assert not entry.exists()
