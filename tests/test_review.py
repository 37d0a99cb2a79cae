"""Reviews: the numbers of the sample's worst week, four kinds of nothing, and the same bytes as of the same landing."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from audit_reports import __version__
from audit_reports.demo import World
from audit_reports.errors import FailureError, UsageError
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.log import AuditLog
from audit_reports.outputs.mail import mail_body, wrapped
from audit_reports.outputs.output import LIBRARIES, OUTPUTS, write_review
from audit_reports.outputs.review_summary import cautions, headline, lead, summary_lines
from audit_reports.period import Period
from audit_reports.reviews.review import Review, make_review
from audit_reports.store import Store

MADRID = "Europe/Madrid"
NOW = datetime(2026, 4, 1, tzinfo=UTC)


def period(name: str, timezone: str = MADRID) -> Period:
    return Period.parse(name, timezone=timezone, now=NOW)


@pytest.fixture(scope="module")
def log(world: World) -> AuditLog:
    return AuditLog(world.store, timezone=MADRID)


@pytest.fixture(scope="module")
def worst(log: AuditLog) -> Review:
    return make_review(log, period("2026-W10"))


def test_every_table_adds_up_to_the_events_of_the_period(log: AuditLog, worst: Review) -> None:
    now = log.filter(since=worst.period.since, until=worst.period.until).count()
    before = log.filter(since=worst.before.since, until=worst.before.until).count()
    assert worst.figure("events").value == now == worst.trust.matched
    assert worst.figure("events").before == before
    for table in (worst.actors, worst.categories, worst.locations):
        assert (table["events"].sum(), table["before"].sum(), table["change"].sum()) == (now, before, now - before)
    assert worst.locations.filter(pl.col("location").is_null())["events"].sum() > 0
    assert worst.hours["events"].sum() == now
    assert worst.figure("always_shown").value == worst.always_shown.height


def test_tables_agree_with_the_summary_that_the_appendix_names(log: AuditLog, worst: Review) -> None:
    view = log.filter(since=worst.period.since, until=worst.period.until)
    said = worst.actors.filter(pl.col("events") > 0).select("actor", "events", "first_seen", "last_seen")
    assert_frame_equal(said, view.by("actor").select(said.columns), check_row_order=False)
    commands = {one.table: one.command for one in worst.provenance}
    assert commands["actors"] == (
        "audit-reports summary --by actor " + view.where.flags() + f" --timezone Europe/Madrid --as-of {worst.landing}"
    )
    for one in worst.provenance:
        assert one.landing == log.landing
        assert hashlib.sha256(one.filter_json.encode()).hexdigest() == one.filter_hash


def test_the_worst_night_is_in_what_stands_out(world: World, worst: Review) -> None:
    night = next(one for one in world.sample.truth if one.name == "worst_night")
    assert worst.figure("new_countries").names == ("VN",)
    assert any("Vietnam" in line for line in summary_lines(worst))
    shown = set(worst.always_shown["event_id"])
    assert len(shown & set(night.event_ids)) > 3
    assert worst.always_shown["occurred_at"].is_sorted()


def test_quiet_empty_not_collected_and_late_are_four_things(log: AuditLog, world: World) -> None:
    quiet = make_review(log, period("2025-06-02"))
    assert (quiet.trust.state, headline(quiet).split(":")[0]) == ("quiet", "Quiet")
    assert lead(quiet).endswith("None of its feeds has brought an event in the four weeks before either.")
    empty = make_review(log.filter(actor="nobody@northwind.example"), period("2026-W10"))
    assert (empty.trust.state, empty.trust.in_period > 0) == ("empty", True)
    assert "The filter matches none" in headline(empty)
    gap = make_review(log, period("2026-W08"))
    assert gap.trust.feeds[0].state == "not collected"
    assert lead(gap).endswith("The numbers are not whole: invent was not collected all the time.")
    assert any("Not collected: invent has no event from 2026-02-18" in line for line in cautions(gap))
    silent = make_review(log, period("2026-02-18", "UTC"))
    assert silent.trust.state == "not collected"
    late = next(one for one in world.sample.truth if one.name == "late_events")
    day = late.since.date()
    review = make_review(log, period(f"{day.isocalendar().year}-W{day.isocalendar().week:02}"))
    assert review.trust.feeds[0].late >= len(late.event_ids)
    assert any(line.startswith("Late:") for line in cautions(review))


def test_a_review_as_of_a_landing_never_changes(tmp_path: Path) -> None:
    store = Store.create(tmp_path / "store")
    written = []
    for week in range(3):
        first = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(weeks=week)
        events = [
            {"id": f"e{week}-{n}", "occurred_at": (first + timedelta(hours=n)).isoformat(), "category": "API Keys",
             "action": "Created", "actor": {"email": f"a{n % 3}@x.example"}, "location": {"country": "ES"}}
            for n in range(40)
        ]  # fmt: skip
        path = tmp_path / f"{week}.jsonl"
        path.write_text("\n".join(map(json.dumps, events)))
        land(store, [str(path)], FEEDS, now=first + timedelta(days=8))
        review = make_review(AuditLog(store.uri, as_of=1), period("2026-W10", "UTC"))
        files = write_review(
            review, tmp_path / f"out{week}", ["html", "mail", "xlsx", "csv", "json"], arguments={"a": 1}
        )
        written.append({file.relative_to(tmp_path / f"out{week}"): file.read_bytes() for file in files})
    assert written[0] == written[1] == written[2]


def test_run_json_proves_every_file(worst: Review, tmp_path: Path) -> None:
    pytest.importorskip("weasyprint", reason="WeasyPrint absent: the extra pdf is not installed", exc_type=ImportError)
    paths = write_review(worst, tmp_path / "a", OUTPUTS, arguments={"period": "2026-W10"})
    again = write_review(worst, tmp_path / "b", OUTPUTS, arguments={"period": "2026-W10"})
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    record = json.loads((tmp_path / "a" / "run.json").read_text())
    there = {path.relative_to(tmp_path / "a").as_posix() for path in (tmp_path / "a").rglob("*") if path.is_file()}
    assert set(record["files"]) == there - {"run.json"}
    for name, digest in record["files"].items():
        assert hashlib.sha256((tmp_path / "a" / name).read_bytes()).hexdigest() == digest
    assert record["arguments"] == {"period": "2026-W10"}
    assert record["versions"] == {"audit_reports": __version__, **{name: version(name) for name in LIBRARIES}}
    books = worst.trust.books
    assert record["counts"] == {
        "read": books.read, "landed": books.landed, "duplicates": books.duplicates, "quarantined": books.quarantined,
        "removed": books.removed, "in_period": worst.trust.in_period, "matched": worst.trust.matched,
    }  # fmt: skip
    assert books.read > books.landed > worst.trust.matched
    assert {name: (one["rows"], one["filter_sha256"]) for name, one in record["tables"].items()} == {
        name: (frame.height, sorted({one.filter_hash for one in worst.provenance if one.table == name}))
        for name, frame in worst.tables.items()
    }
    assert (tmp_path / "a" / "review.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("timezone", ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"])
def test_periods_that_begin_within_an_hour_of_utc_add_up(world: World, timezone: str) -> None:
    review = make_review(AuditLog(world.store, timezone=timezone), period("2026-W10", timezone))
    events = review.figure("events").value
    assert events == review.trust.in_period == sum(feed.events for feed in review.trust.feeds)
    assert events == review.hours["events"].sum() == review.actors["events"].sum()
    (feed,) = review.trust.feeds
    assert feed.first_seen is not None
    assert feed.last_seen is not None
    assert review.period.since <= feed.first_seen <= feed.last_seen < review.period.until


def test_tables_are_written_in_every_format(worst: Review, tmp_path: Path) -> None:
    write_review(worst, tmp_path, ["csv", "json", "parquet"], arguments={})
    for name, frame in worst.tables.items():
        assert_frame_equal(pl.read_parquet(tmp_path / "tables" / f"{name}.parquet"), frame)
        assert len(json.loads((tmp_path / "tables" / f"{name}.json").read_text())) == frame.height
        assert (tmp_path / "tables" / f"{name}.csv").read_text().startswith(",".join(frame.columns))


def test_mail_shows_hostile_names_as_text(log: AuditLog, tmp_path: Path) -> None:
    review = make_review(log, period("2026-W10"))
    write_review(review, tmp_path, ["mail"], arguments={})
    html, text = (tmp_path / "mail.html").read_text(), (tmp_path / "mail.txt").read_text()
    assert "<script" not in html
    assert "src=" not in html
    assert not {"\x1b", "\u202e", "\r"} & set(html + text)
    assert headline(review) in " ".join(text.split())


def test_a_mail_of_very_long_names_is_cut_and_counted(tmp_path: Path) -> None:
    long = [f"{n:02}" + chr(0x4E00 + n) * 10_000 for n in range(40)]
    events = [
        {"id": f"{n}", "occurred_at": f"2026-03-0{2 + n % 5}T03:{n:02}:00Z", "category": name, "action": name,
         "actor": {"name": name, "role": name}, "resource": {"name": name}, "location": {"city": name, "country": "ES"}}
        for n, name in enumerate(long)
    ]  # fmt: skip
    events += [event | {"id": f"k{n}", "category": "API Keys", "action": "Created"} for n, event in enumerate(events)]
    path = tmp_path / "long.jsonl"
    path.write_text("\n".join(map(json.dumps, events)))
    store = Store.create(tmp_path / "store")
    land(store, [str(path)], FEEDS, now=datetime(2026, 3, 9, tzinfo=UTC))
    review = make_review(AuditLog(store), period("2026-W10", "UTC"))
    html, text = mail_body(review, "mail.html"), mail_body(review, "mail.txt")
    assert max(len(body.encode()) for body in (html, text)) < 100_000
    told = text.partition("BY ACTOR\n")[2].partition("\n\n")[0].replace("\n  ", " ").splitlines()
    assert told[-1] == f"- and {len(long) - len(told) + 1} more"
    assert "… (9,802 characters more) …" in html
    assert all("… (9,602 characters more) …" in line for line in told[:-1])


def test_wrong_use_is_refused_before_anything_is_written(worst: Review, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'html'"):
        write_review(worst, tmp_path / "new", ["csv", "htm"], arguments={})
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file"):
        write_review(worst, tmp_path / "file", ["csv"], arguments={})
    with pytest.raises(FailureError, match="cannot make the folder"):
        write_review(worst, tmp_path / "file" / "below", ["csv"], arguments={})


def test_a_plain_mail_is_wrapped_at_spaces_alone(worst: Review) -> None:
    lines = mail_body(worst, "mail.txt").splitlines()
    assert max(map(len, lines)) <= 76
    assert [line for line in lines if line.startswith("  ")], "a sentence goes on below its own begin"
    link = "https://example.com/" + "a" * 80
    command = "    audit-reports events " + "--actor somebody " * 9
    assert wrapped(f"{command}\n- go to {link} or stay-at-home") == f"{command}\n- go to\n  {link}\n  or stay-at-home"
