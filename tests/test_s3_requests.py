"""How much is asked of S3? A landing, and a read, must not ask more the more of them there were."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from conftest import S3Server

from audit_reports import AuditLog
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.places.s3 import S3
from audit_reports.reads import ReadChain

NOW = datetime(2026, 3, 30, 6, tzinfo=UTC)


class FewAtATime(S3):
    """A place that lists two names at a time."""

    page = 2


@pytest.mark.slow
def test_a_landing_asks_no_more_of_a_long_store_than_of_a_short_one(
    s3: str, s3_server: S3Server, tmp_path: Path
) -> None:
    asked = asked_by_landings(30, s3, s3_server, tmp_path)
    assert_no_more(asked[10:20], asked[20:])  # behind the first checkpoint: one landing of ten writes one, too


@pytest.mark.large
def test_forty_landings_ask_hardly_more_for_the_lists_of_what_landed_before(
    s3: str, s3_server: S3Server, tmp_path: Path
) -> None:
    asked = asked_by_landings(44, s3, s3_server, tmp_path)
    assert_no_more(asked[12:24], asked[32:])
    every = list(map(len, asked))
    assert sum(every[32:]) <= 1.2 * sum(every[4:16]), every  # twelve know most kinds of lists


def assert_no_more(short: list[list[str]], long: list[list[str]]) -> None:
    """Assert that later landings ask no more than earlier ones, but for lists of what landed before: some, by the logarithm."""
    others = [[sum("/inputs/" not in one for one in asked) for asked in some] for some in (short, long)]
    assert max(others[1]) <= 1.2 * max(others[0]), others
    assert sum(others[1]) <= 1.2 * sum(others[0]), others
    lists = [sum("/inputs/" in one for one in asked) for asked in long]
    assert max(lists) <= 4 * 3 * len(_digits(30)), lists  # at most three lists of 1, 4, 16 ... landings are known


def asked_by_landings(landings: int, s3: str, s3_server: S3Server, folder: Path) -> list[list[str]]:
    """Return what each of so many landings of one event asks of S3."""
    asked = []
    for number in range(landings):
        day = date(2026, 1, 1) + timedelta(days=number)
        event = {"id": f"e{number}", "occurred_at": f"{day}T09:00:00Z", "category": "Members", "action": "Left"}
        (folder / f"{number}.jsonl").write_text(json.dumps(event), encoding="utf-8")
        before = len(s3_server.requests(s3))
        land(f"{s3}/store", [str(folder / f"{number}.jsonl")], FEEDS, now=NOW)
        asked.append(s3_server.requests(s3)[before:])
    return asked


def _digits(number: int) -> str:
    """Return a number to the base of four."""
    return (_digits(number // 4) if number > 3 else "") + str(number % 4)


@pytest.mark.slow
def test_what_event_files_are_is_asked_a_month_at_a_time(s3: str, s3_server: S3Server, tmp_path: Path) -> None:
    kind = {"category": "Members", "action": "Left"}
    for number in range(4):
        events = [{"id": f"{d}{number}", "occurred_at": f"{d}T09:00:00Z", **kind} for d in ("2026-02-27", "2026-03-02")]
        (tmp_path / f"{number}.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        land(f"{s3}/store", [str(tmp_path / f"{number}.jsonl")], FEEDS, now=NOW)
    before = len(s3_server.requests(s3))
    assert AuditLog(f"{s3}/store").by("day")["events"].to_list() == [4, 4]
    asked = s3_server.requests(s3)[before:]
    assert not [one for one in asked if one.startswith("HEAD")]
    assert len([one for one in asked if "prefix=store/events/day%3D2026-0" in one]) == 2
    assert len({one for one in asked if one.startswith("GET") and one.endswith(".parquet")}) == 8


def test_a_read_chain_is_listed_from_where_it_was_known(s3: str, s3_server: S3Server) -> None:
    chain, asked = ReadChain(FewAtATime(f"{s3}/store")), []
    for _ in range(9):
        before = len(s3_server.requests(s3))
        chain.record({"what": "count"}, time=NOW)
        chain.flush()
        asked.append(len(s3_server.requests(s3)) - before)
    assert len(set(asked[1:])) == 1, asked
