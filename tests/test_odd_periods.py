"""Reviews at the edges: weeks of 167 and 169 hours, week 53, odd zones, nobody, a hundred thousand, names without end."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.log import AuditLog
from audit_reports.outputs.output import write_review
from audit_reports.period import Period
from audit_reports.reviews.review import Review, make_review
from audit_reports.store import Store

NOW = datetime(2027, 6, 1, tzinfo=UTC)
FORMATS = ("html", "mail", "xlsx", "csv", "json", "parquet")


def event(number: int, at: datetime, actor: str | None = "ana@x.example", **more: Any) -> dict[str, Any]:
    who = {} if actor is None else {"actor": {"email": actor, "type": "human"}}
    said = {"id": f"e{number}", "occurred_at": at.isoformat(), "category": "Members", "action": "Invited"}
    return {**said, **who, **more}


def landed(folder: Path, events: Iterable[dict[str, Any]]) -> str:
    store = Store.create(folder / "store")
    inbox = folder / "events.jsonl"
    with inbox.open("w") as file:
        file.writelines(json.dumps(one) + "\n" for one in events)
    if inbox.stat().st_size:
        land(store, [str(inbox)], FEEDS, now=NOW)
    return store.uri


def reviewed(uri: str, name: str, timezone: str = "UTC") -> Review:
    return make_review(AuditLog(uri, timezone=timezone), Period.parse(name, timezone=timezone, now=NOW))


def check_sums(review: Review, events: int) -> None:
    """Hold every count of a review to the number of its events."""
    assert review.figure("events").value == review.trust.matched == review.hours["events"].sum() == events
    for table in (review.actors, review.categories, review.locations):
        assert table["events"].sum() == events
        assert table["history"].list.last().sum() == events
        assert table["before"].sum() == review.figure("events").before


@pytest.mark.parametrize(
    ("period", "timezone", "hours"),
    [
        ("2026-W13", "Europe/Madrid", 167),
        ("2026-W43", "Europe/Madrid", 169),
        ("2026-W14", "Australia/Lord_Howe", 168.5),
        ("2026-W53", "Europe/Madrid", 168),
        pytest.param("2026-W14", "Europe/Madrid", 168, marks=pytest.mark.slow),
        pytest.param("2027-W01", "America/St_Johns", 168, marks=pytest.mark.slow),
        pytest.param("2026-W20", "Asia/Kathmandu", 168, marks=pytest.mark.slow),
        pytest.param("2026-W20", "Pacific/Chatham", 168, marks=pytest.mark.slow),
    ],
)
def test_an_event_in_every_quarter_of_an_hour_is_counted_once(
    tmp_path: Path, period: str, timezone: str, hours: float
) -> None:
    week = Period.parse(period, timezone=timezone, now=NOW)
    quarters = int((week.until - week.since) / timedelta(minutes=15))
    # A day before, so that the period before has events, and a day after, which must not count.
    times = [week.since + timedelta(minutes=15 * number) for number in range(-96, quarters + 96)]
    review = reviewed(landed(tmp_path, (event(n, at) for n, at in enumerate(times))), period, timezone)
    check_sums(review, quarters)
    assert (review.period.hours, review.figure("events").before) == (hours, 96)
    days = review.hours.group_by("day").agg(pl.col("events").sum()).sort("day")
    assert days["day"].to_list() == list(week.days)
    assert review.hours.filter(pl.col("events") > 4).height == (1 if hours > 168 else 0)
    nights = review.actors["outside_hours"][0]
    clocks = [at.astimezone(ZoneInfo(timezone)) for at in times[96:-96]]
    assert nights == sum(at.weekday() >= 5 or not 7 <= at.hour < 20 for at in clocks)


def test_year_ends_meet_without_a_gap() -> None:
    names = ["2026-W52", "2026-W53", "2027-W01"]
    weeks = [Period.parse(name, timezone="Europe/Madrid", now=NOW) for name in names]
    assert [one.until for one in weeks[:-1]] == [one.since for one in weeks[1:]]
    assert [one.before().name for one in weeks[1:]] == names[:-1]


@pytest.mark.parametrize("number", [0, 1])
def test_an_empty_store_and_one_event_still_make_a_review(tmp_path: Path, number: int) -> None:
    at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    review = reviewed(landed(tmp_path, [event(0, at)] * number), "2026-W10")
    check_sums(review, number)
    assert review.trust.state == ("matched" if number else "quiet")
    write_review(review, tmp_path / "out", FORMATS, arguments={})
    page = (tmp_path / "out" / "review.html").read_text()
    assert ("ana@<wbr>x.example" in page) == bool(number)


@pytest.mark.parametrize(
    "name",
    [
        "a" * 10_000,
        "w " * 5_000,
        "\u0645\u062f\u064a\u0631@x.example",
        "\u202egnp.exe",
        "\u05d0\u05e0\u05d4 \u200f(admin)",
    ],
    ids=["long", "long with spaces", "Arabic", "direction override", "Hebrew with a mark"],
)
def test_names_without_end_or_from_right_to_left_break_nothing(tmp_path: Path, name: str) -> None:
    at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    events = [
        event(n, at - timedelta(weeks=n % 4), name, location={"country": "ES", "city": name}, resource={"name": name})
        for n in range(20)
    ]
    review = reviewed(landed(tmp_path, events), "2026-W10")
    check_sums(review, 5)
    write_review(review, tmp_path / "out", FORMATS, arguments={})
    assert pl.read_parquet(tmp_path / "out" / "tables" / "actors.parquet")["actor"].to_list() == [name]
    assert json.loads((tmp_path / "out" / "tables" / "actors.json").read_text())[0]["actor"] == name
    assert "\u202e" not in (tmp_path / "out" / "review.html").read_text()
    assert (tmp_path / "out" / "mail.html").stat().st_size < 100_000


@pytest.mark.parametrize("people", [10_000, pytest.param(100_000, marks=pytest.mark.large)])
def test_very_many_actors(tmp_path: Path, people: int) -> None:
    at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    events = (event(n, at + timedelta(milliseconds=n), f"person{n}@x.example") for n in range(people))
    review = reviewed(landed(tmp_path, events), "2026-W10")
    check_sums(review, people)
    assert review.figure("actors").value == review.actors.height == people
    write_review(review, tmp_path / "out", ("html", "mail", "csv"), arguments={})
    assert (tmp_path / "out" / "review.html").stat().st_size < 6_000_000
    assert (tmp_path / "out" / "mail.html").stat().st_size < 100_000
    assert (tmp_path / "out" / "tables" / "actors.csv").read_text().count("\n") == people + 1
