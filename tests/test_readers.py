"""Does a review tell who read the audit data, who was refused, and when that is not known?"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit_reports import AuditLog
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.journal import whoami
from audit_reports.outputs.html import page
from audit_reports.outputs.mail import mail_body
from audit_reports.outputs.review_summary import cautions, readers_said
from audit_reports.period import Period
from audit_reports.reads import ReadChain, UnrecordedWarning, asked_for
from audit_reports.reviews.review import Review, make_review
from audit_reports.store import Store

LANDED = datetime(2026, 3, 9, 6, tzinfo=UTC)  # the Monday after the week that is reviewed
WEEK = Period.parse("2026-W10", timezone="UTC", now=LANDED)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    inbox = tmp_path / "inbox.jsonl"
    inbox.write_text('{"id": "1", "occurred_at": "2026-03-03T09:00:00Z", "category": "Members", "action": "Left"}\n')
    made = Store.create(tmp_path / "store")
    land(made, [str(inbox)], FEEDS, now=LANDED)
    return made


def read(store: Store, what: str, *, rows: int, at: str) -> None:
    facts = {"what": what, **asked_for("{}"), "landing": 1, "rows": rows}
    ReadChain(store.place).record(facts, time=datetime.fromisoformat(at))


def review(store: Store, period: Period = WEEK) -> Review:
    return make_review(AuditLog(store), period)


def test_reads_and_refusals_of_the_period_are_told_by_user_host_and_command(store: Store) -> None:
    host, user = whoami()
    read(store, "events", rows=9, at="2026-03-01T23:59:59Z")
    read(store, "by", rows=3, at="2026-03-02T00:00:00Z")
    read(store, "review weekly-2026-W09", rows=70, at="2026-03-02T06:00:00Z")
    read(store, "by", rows=4, at="2026-03-08T23:59:59Z")
    read(store, "by", rows=5, at="2026-03-09T00:00:00Z")
    at = datetime(2026, 3, 4, 7, tzinfo=UTC)
    facts = {"asked_for": "events", "by": "<i>eve@far"}
    store.journal.append("refused", facts, time=at)
    last = store.journal.append("claim", {"review": "weekly-2026-W10"}, time=LANDED)
    store.journal.append("refused", facts, time=at)  # told only after that entry, by a clock that goes wrong
    made = make_review(AuditLog(store), WEEK, journal_entry=last.number)
    columns = ["user", "host", "what", "reads", "rows", "refused"]
    assert made.tables["reads"].select(columns).rows() == [
        ("<i>eve", "far", "events", 0, 0, 1),
        (user, host, "by", 2, 7, 0),
        (user, host, "review", 1, 70, 0),
    ]
    assert made.tables["reads"]["last_seen"].to_list()[1] == datetime(2026, 3, 8, 23, 59, 59, tzinfo=UTC)
    assert readers_said(made).startswith("The audit data was read 3 times by 1 user in this week")
    assert "Refused to who is not among the readers: 1 attempt to read." in cautions(made)
    text = page(made)
    assert "&lt;i&gt;eve" in text
    assert text.index('id="readers"') < text.index('id="computed"')
    for name in ("mail.txt", "mail.html"):
        assert readers_said(made) in mail_body(made, name)


def test_nobody_is_another_thing_than_not_known(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    assert readers_said(review(store)) == "Nobody read the audit data in this week."

    def refused(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(store.place), "append", refused)
    with pytest.warns(UnrecordedWarning):
        made = review(store)
    assert made.tables["reads"].height == 0
    assert "is not known: this store cannot be written from here" in readers_said(made)
    assert any(line.startswith("Who read the audit data is not all known") for line in cautions(made))


def test_a_chain_that_was_changed_is_said_and_stops_no_review(store: Store) -> None:
    for hour in range(3):
        read(store, "by", rows=1, at=f"2026-03-03T0{hour}:00:00Z")
    (name,) = store.place.names(f"reads/{ReadChain(store.place).folder.partition('/')[2]}")
    path = f"{ReadChain(store.place).folder}/{name}"
    lines = store.place.read(path).splitlines()
    forged = json.loads(lines[0]) | {"user": "nobody"}
    store.place.replace(path, json.dumps(forged).encode() + b"\n" + b"\n".join(lines[1:]) + b"\n")
    made = review(store)
    assert "is broken at line 2: it was changed" in readers_said(made)
    assert made.figure("events").value == 1


def test_later_reads_change_nothing(store: Store) -> None:
    read(store, "by", rows=1, at="2026-03-03T00:00:00Z")
    before = page(review(store))
    read(store, "by", rows=1, at=(LANDED + timedelta(days=1)).isoformat())
    assert page(review(store)) == before


def test_a_week_that_is_not_over_is_told_up_to_the_journal_entry(store: Store) -> None:
    period = Period.parse("2026-W11", timezone="UTC", now=LANDED)
    read(store, "by", rows=1, at="2026-03-09T05:00:00Z")
    read(store, "by", rows=1, at="2026-03-09T07:00:00Z")
    made = review(store, period)
    assert readers_said(made) == (
        "The audit data was read 1 time by 1 user in this week, up to 2026-03-09 06:00 UTC, the time of journal entry 1."
    )
