"""What does `store info` say? The whole store in one row, then each feed: its reach, its delay, its silence."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from conftest import Cli

from audit_reports import AuditLog
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.outputs.formats import table_text
from audit_reports.outputs.html import page
from audit_reports.period import Period
from audit_reports.reviews.review import make_review
from audit_reports.screens import feeds_table, store_tables, without_folder
from audit_reports.store_info import info


def day(folder: Path, name: str, *times: str) -> str:
    file = folder / f"{name}.jsonl"
    event = {"category": "Members", "action": "Left"}
    file.write_text("".join(json.dumps({"id": f"{name}{t}", "occurred_at": t, **event}) + "\n" for t in times))
    return str(file)


def test_each_feed_has_its_reach_its_delay_and_its_silence(store: Path, tmp_path: Path) -> None:
    land(
        store,
        [day(tmp_path, "a", "2026-03-01T10:00:00Z", "2026-03-02T23:00:00Z")],
        FEEDS,
        now=datetime(2026, 3, 3, 1, tzinfo=UTC),
    )
    land(
        store,
        [day(tmp_path, "b", "2026-03-05T20:00:00Z", "2026-03-01T01:00:00Z")],
        FEEDS,
        now=datetime(2026, 3, 6, 5, tzinfo=UTC),
    )
    land(store, [day(tmp_path, "c", "2026-03-07T22:00:00Z")], FEEDS, now=datetime(2026, 3, 8, 1, tzinfo=UTC))
    doors = tmp_path / "doors.jsonl"
    doors.write_text('{"occurred_at": "2026-03-04T12:00:00Z", "event": "door opened"}\n')
    land(store, [str(doors)], FEEDS, now=datetime(2026, 3, 8, 1, tzinfo=UTC), feed="generic")
    whole, other, feed = info(AuditLog(store), now=datetime(2026, 3, 11, 9, tzinfo=UTC)).iter_rows(named=True)
    assert (whole["feed"], whole["landing"], whole["events"], whole["read"]) == (None, 4, 6, 6)
    assert (other["feed"], other["days_without_events"], other["silent_days"]) == ("generic", 0, "")
    assert whole["first_event"] == feed["first_event"] == datetime(2026, 3, 1, 1, tzinfo=UTC)
    assert whole["last_event"] == feed["last_event"] == datetime(2026, 3, 7, 22, tzinfo=UTC)
    assert feed["feed"] == "invent"
    assert feed["usual_delay_s"] == 3 * 3600  # of 2, 9 and 3 hours
    assert feed["watermark"] == datetime(2026, 3, 7, 22, tzinfo=UTC)
    assert (feed["days_without_events"], feed["silent_days"]) == (3, "2026-03-03..2026-03-05, 2026-03-06")
    assert feed["oldest_event_days"] == 10


def test_the_watermark_of_a_single_landing_is_its_newest_event(store: Path, tmp_path: Path) -> None:
    now = datetime(2026, 11, 27, 14, 6, 58, 39930, UTC)
    doors = tmp_path / "doors.jsonl"
    doors.write_text('{"occurred_at": "2026-11-27T12:00:00Z", "event": "door opened"}\n')
    for path, feed in ((str(doors), "generic"), (day(tmp_path, "a", "2025-12-23T16:00:00Z"), "invent")):
        land(store, [path], FEEDS, now=now, feed=feed)
    told = info(AuditLog(store), now=now).select("watermark", "usual_delay_s").rows()[1:]
    assert told == [
        (datetime(2026, 11, 27, 12, tzinfo=UTC), 7_618.03993),
        (datetime(2025, 12, 23, 16, tzinfo=UTC), 29_282_818.03993),
    ]


def test_a_review_says_each_feeds_watermark_by_the_landings_of_its_weeks(store: Path, tmp_path: Path) -> None:
    for name, event, landed in (
        ("old", "2026-01-01T00:00:00Z", datetime(2026, 1, 9, tzinfo=UTC)),  # before the four weeks: it counts no more
        ("b", "2026-03-03T20:00:00Z", datetime(2026, 3, 4, 5, tzinfo=UTC)),
        ("c", "2026-03-05T22:00:00Z", datetime(2026, 3, 6, 1, tzinfo=UTC)),
        ("after", "2026-03-12T23:00:00Z", datetime(2026, 3, 13, 1, tzinfo=UTC)),
    ):
        land(store, [day(tmp_path, name, event)], FEEDS, now=landed)
    period = Period.parse("2026-W10", timezone="Europe/Madrid", now=datetime(2026, 3, 13, tzinfo=UTC))
    said = {}
    for as_of in (3, 4):
        review = make_review(AuditLog(store, as_of=as_of), period)
        (feed,) = review.trust.feeds
        said[as_of] = feed.watermark
        assert review.tables["trust"]["watermark"].to_list() == [None, feed.watermark]
    assert said == {
        3: datetime(2026, 3, 5, 19, tzinfo=UTC),  # of 9 and 3 hours
        4: datetime(2026, 3, 12, 22, tzinfo=UTC),  # of 9, 3 and 2 hours
    }
    assert ">Thu 12 Mar 23:00:00<" in page(review)


def test_a_late_event_has_its_own_day_and_its_own_landing(store: Path, tmp_path: Path) -> None:
    land(store, [day(tmp_path, "a", "2026-03-05T10:00:00Z")], FEEDS, now=datetime(2026, 3, 6, tzinfo=UTC))
    land(store, [day(tmp_path, "late", "2026-03-01T10:00:00Z")], FEEDS, now=datetime(2026, 3, 9, tzinfo=UTC))
    late = AuditLog(store).polars().row(0, named=True)
    assert (str(late["day"]), late["landing"], late["landed_at"]) == ("2026-03-01", 2, datetime(2026, 3, 9, tzinfo=UTC))


def test_a_feed_of_which_nothing_could_land_is_told(cli: Cli, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text('{"id": "1", "occurred_at": "never", "category": "Members", "action": "Left"}\n')
    assert cli("ingest", file, "--store", store).code == 0
    whole, feed = cli("store", "info", "--store", store).rows
    assert (whole["events"], whole["quarantined"], whole["first_event"]) == (0, 1, None)
    assert (feed["feed"], feed["events"], feed["quarantined"], feed["watermark"]) == ("invent", 0, 1, None)


def test_a_narrow_terminal_gets_the_feeds_in_two_tables(store: Path, tmp_path: Path) -> None:
    land(store, [day(tmp_path, "a", "2026-03-05T10:00:00Z")], FEEDS, now=datetime(2026, 3, 6, tzinfo=UTC))
    told = info(AuditLog(store), now=datetime(2026, 3, 11, 9, tzinfo=UTC))
    _, wide = store_tables(told, 200)
    _, reach, delay = store_tables(told, 80)
    assert pl.concat([reach, delay.drop("feed")], how="horizontal").equals(wide)
    assert wide.row(0) == (
        "invent",
        1,
        0,
        "2026-03-05 10:00Z",
        "2026-03-05 10:00Z",
        "2026-03-05 10:00Z",
        "14 h",
        0,
        "5 days",
    )
    assert max(len(line) for table in (reach, delay) for line in table_text(table).splitlines()) <= 80


def test_a_terminal_shows_quarantined_files_as_they_are_in_their_folder(cli: Cli, store: Path, tmp_path: Path) -> None:
    for name in ("b/one.jsonl", "b/c/two.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"broken {name}\n")
    good = day(tmp_path / "b", "good", "2026-03-05T10:00:00Z")
    assert cli("ingest", tmp_path / "b", good, "--feed", "invent", "--store", store).code == 0
    found, folder = without_folder(AuditLog(store).quarantine())
    assert (sorted(found["file"]), folder) == (["c/two.jsonl", "one.jsonl"], str(tmp_path / "b"))
    assert without_folder(found)[1] == ""


@pytest.mark.parametrize("width", [80, 120])
def test_a_terminal_shows_all_of_where_each_feed_is_exported(cli: Cli, width: int) -> None:
    table = feeds_table(pl.DataFrame(cli("feeds").rows), width)
    text = table_text(table, width)
    assert max(map(len, text.splitlines())) <= width
    told = " ".join(text.split())
    for feed in FEEDS.values():
        assert f"{feed.name} {feed.product} {feed.exported_from}" in told
    if width == 120:  # as where the screen's width is not known
        assert cli("feeds", "--format", "table").out.split() == text.split()


def test_a_check_shows_people_a_line_a_column(cli: Cli, tmp_path: Path) -> None:
    file = day(tmp_path, "a", "2026-03-05T10:00:00Z", "2026-03-06T10:00:00Z")
    ran = cli("feeds", "check", file, "--format", "table")
    lines = [line.split(maxsplit=2) for line in ran.out.splitlines()]
    assert ["occurred_at", "2", "2026-03-05T10:00:00.000000Z, 2026-03-06T10:00:00.000000Z"] in lines
    assert ["event", "2", "Member Left"] in lines
    assert ["country", "0", "-"] in lines
    assert "in the first 2 rows" in ran.err
