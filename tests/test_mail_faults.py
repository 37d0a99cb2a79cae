"""A mail server that fails at every verb, runs that are killed, two at once: every review reaches everybody, and once.

`make faults` makes 200 faults; `--faults` says how many otherwise. They are drawn from a fixed seed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from faulty_mail_server import FOR_GOOD
from mail_server import PASSWORD, USER

from audit_reports.delivery.history import histories
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.store import Store

_PROGRAM = """
import sys
import deltalake, duckdb, jinja2, narwhals, plotly, polars
from audit_reports import commands, review_commands
from audit_reports.cli import main
from audit_reports.delivery import smtp
smtp.TIMEOUT_S = 1  # the server stalls longer
review_commands.time.sleep = lambda seconds: None  # and the back-off of minutes is left out
print("ready", flush=True)
sys.stdin.readline()
sys.exit(main(["run"]))
"""
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
READERS = ("ana@example.com", "ben@example.com", "eva@example.com")
STEP = timedelta(hours=8)


@dataclass
class Post:
    """A running faulty server, and its books."""

    folder: Path

    @property
    def lines(self) -> list[dict[str, Any]]:
        books = self.folder / "books.jsonl"
        return [json.loads(line) for line in books.read_text().splitlines()] if books.exists() else []

    @property
    def faults(self) -> list[str]:
        return [line["fault"] for line in self.lines if "fault" in line]

    @property
    def kept(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if "kept" in line]


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    folder = tmp_path / "post"
    folder.mkdir()
    words = [sys.executable, str(ROOT / "tests" / "faulty_mail_server.py"), str(folder), "8"]
    log = (tmp_path / "server.log").open("w")
    child = subprocess.Popen(words, env=os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT}/tests"}, stderr=log)
    began = time.monotonic()
    while not (folder / "port").exists():
        assert child.poll() is None, (tmp_path / "server.log").read_text()
        assert time.monotonic() - began < 30
        time.sleep(0.05)
    yield Post(folder)
    child.kill()
    child.wait()
    log.close()


@pytest.fixture
def home(tmp_path: Path, post: Post) -> Path:
    """A folder with a store of an event a day, and a configuration that mails a review of each day."""
    days = [date(2026, 2, 27) + timedelta(days=n) for n in range(120)]
    inbox = tmp_path / "inbox.jsonl"
    events = [
        {"id": str(n), "occurred_at": f"{day}T09:00:00Z", "category": "Assistants", "action": "Updated"}
        for n, day in enumerate(days)
    ]
    inbox.write_text("".join(json.dumps(event) + "\n" for event in events))
    store = Store.create(tmp_path / "store")
    land(store, [str(inbox)], FEEDS, now=FIRST + timedelta(days=400))
    (tmp_path / "audit-reports.toml").write_text(f"""
store = "store"
[mail]
host = "127.0.0.1"
port = {(post.folder / "port").read_text()}
ca_file = "{post.folder / "ca.pem"}"
sender = "Audit reviews <audit@example.com>"
owner = "owner@example.com"
[[review]]
name = "daily"
period = "day"
catch_up = 3
recipients = {json.dumps(READERS)}
""")
    return tmp_path


def waiting_run(home: Path, now: datetime) -> subprocess.Popen[bytes]:
    """Start a process that has loaded all it needs, and waits for a line to run."""
    child = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        cwd=home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "SOURCE_DATE_EPOCH": str(int(now.timestamp())),
            "AUDIT_REPORTS_SMTP_USER": USER,
            "AUDIT_REPORTS_SMTP_PASSWORD": PASSWORD,
        },
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    return child


def go(*children: subprocess.Popen[bytes], kill_after: float | None = None) -> list[str]:
    """Let runs go at one time, killed after some seconds where asked; return their words."""
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.flush()
    if kill_after is not None:
        time.sleep(kill_after)
        children[0].send_signal(signal.SIGKILL)
    said = []
    for child in children:
        _, err = child.communicate(timeout=180)
        assert child.returncode in (0, 1, -signal.SIGKILL), err.decode()
        assert b"Traceback" not in err, err.decode()
        said.append(err.decode())
    return said


@pytest.mark.slow
def test_every_review_reaches_everybody_once_whatever_fails(
    home: Path, post: Post, pytestconfig: pytest.Config
) -> None:
    chance = random.Random(5)
    now = FIRST + timedelta(hours=6)
    killed = rounds = 0
    while len(post.faults) + killed < pytestconfig.getoption("--faults"):
        rounds += 1
        kill = chance.uniform(0.05, 3.0) if rounds % 4 == 2 else None
        children = [waiting_run(home, now) for _ in range(2 if rounds % 3 == 0 else 1)]
        go(*children, kill_after=kill)
        killed += children[0].returncode == -signal.SIGKILL
        now += STEP
    (post.folder / "well").touch()
    for _ in range(3):  # the first takes over from whoever was killed, the next has nothing left to do
        now += timedelta(hours=1)
        (said,) = go(waiting_run(home, now))
    assert said.endswith("no review is due\n")
    check_books(Store(home / "store"), post, killed=killed, days=rounds // 3)
    sys.stdout.write(f"{rounds} rounds, {killed} runs killed, faults: {sorted(Counter(post.faults).items())}\n")


def check_books(store: Store, post: Post, *, killed: int, days: int) -> None:
    """Hold the journal's receipts to the server's own books."""
    assert store.journal.break_at() is None
    known = {review: history for review, history in histories(store.journal).items() if history.made}
    assert len(known) >= days, "each day's review was made"
    identities = {history.made[0].facts["message_id"]: review for review, history in known.items()}
    assert len(identities) == len(known)
    mails = [line for line in post.kept if line["to"] != ["owner@example.com"]]
    assert {line["id"] for line in mails} <= set(identities), "one Message-ID for each review, and no other"
    got: Counter[tuple[str, str]] = Counter((identities[line["id"]], to) for line in mails for to in line["to"])
    bytes_of = {(line["id"], line["sha256"]) for line in mails}
    assert len(bytes_of) == len({identity for identity, _ in bytes_of}), "the same bytes each time"
    numbers = {f"250 kept as {line['kept']}": line["id"] for line in mails}
    refused = Counter(line["refused"] for line in post.lines if "refused" in line)
    denials: Counter[str] = Counter()
    for review, history in known.items():
        (made,) = history.made
        assert history.waiting(made) == (), "the outbox is empty"
        taken = {to for entry in history.mailed(made) for to in entry.facts["accepted"]}
        denied = history.refused(made)
        assert taken | set(denied) == set(READERS)
        assert set(denied.values()) <= set(FOR_GOOD)
        denials.update(denied.keys())
        assert all(got[review, to] for to in taken), "whoever was taken has it"
        for entry in history.mailed(made):
            if entry.facts["accepted"]:
                assert numbers[entry.facts["answer"]] == made.facts["message_id"]
    assert all(number <= refused[to] for to, number in denials.items()), (
        "nobody was called refused without the server's word"
    )
    lost = sum(fault.split(": ")[1] in ("lose the answer", "stall with the answer") for fault in post.faults)
    again = sum(1 for line in mails) - len({(line["id"], tuple(line["to"])) for line in mails})
    assert again <= lost + killed, "twice only where an answer was lost"
