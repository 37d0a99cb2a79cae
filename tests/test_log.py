"""The log: counts agree with an independent reading of the same events, and what was done can be proved afterwards.

The independent side reads the rows once and counts in plain Python, with `zoneinfo` for clocks and `hashlib` for hashes.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import shutil
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
import xxhash

from audit_reports import AuditLog, FailureError, UsageError
from audit_reports.activity import DIMENSIONS
from audit_reports.demo import World
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.journal import Entry, Journal
from audit_reports.sample import HOSTILE_TEXTS
from audit_reports.store import Store

MADRID = ZoneInfo("Europe/Madrid")
Row = dict[str, Any]


@pytest.fixture(scope="module")
def log(world: World) -> AuditLog:
    return AuditLog(world.store, timezone="Europe/Madrid")


@pytest.fixture(scope="module")
def rows(log: AuditLog) -> list[Row]:
    return log.polars().to_dicts()


@pytest.fixture
def copy(world: World, tmp_path: Path) -> Path:
    """Return a copy of the sample's store, to be damaged."""
    return Path(shutil.copytree(world.store, tmp_path / "copy"))


# ---------------------------------------------------------------------------------------------------------- counts


def network(row: Row) -> str | None:
    if row["ip"] is None:
        return None
    size = "/24" if ipaddress.ip_address(row["ip"]).version == 4 else "/48"
    return str(ipaddress.ip_network(row["ip"] + size, strict=False))


def location(row: Row) -> str | None:
    return ", ".join(part for part in (row["city"] or row["region"], row["country"]) if part) or None


def local(row: Row) -> datetime:
    moment: datetime = row["occurred_at"]
    return moment.astimezone(MADRID)


def plain(name: str) -> Callable[[Row], Any]:
    return lambda row: row[name]


COLUMNS = "actor actor_type category action event country city source resource resource_type feed workspace outcome"
READERS: dict[str, Callable[[Row], Any]] = {
    **{name: plain(name) for name in COLUMNS.split()},
    "role": plain("actor_role"),
    "network": network,
    "location": location,
    "week": lambda row: local(row).strftime("%G-W%V"),
    "day": lambda row: local(row).date(),
    "hour": lambda row: local(row).hour,
    "weekday": lambda row: local(row).isoweekday(),
}


def counted(rows: list[Row], *dimensions: str) -> list[tuple[Any, ...]]:
    """Count as the design says: most events first, then by the dimensions, null last."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        groups[tuple(READERS[name](row) for name in dimensions)].append(row)
    found = []
    for key, of in groups.items():
        moments = [row["occurred_at"] for row in of]
        actors = {row["actor"] for row in of} - {None}
        found.append((*key, len(of), len(actors), min(moments), max(moments)))
    size = len(dimensions)
    return sorted(
        found,
        key=lambda row: (-row[size], *((x is None, x.encode() if isinstance(x, str) else x or 0) for x in row[:size])),
    )


def test_every_dimension_has_a_reader_here() -> None:
    assert set(READERS) == set(DIMENSIONS)


@pytest.mark.parametrize(
    "dimensions",
    [*((name,) for name in DIMENSIONS), ("category", "action"), ("day", "network", "role")],
    ids=",".join,
)
def test_counts_by_a_dimension_are_those_made_independently(
    dimensions: tuple[str, ...], log: AuditLog, rows: list[Row]
) -> None:
    frame = log.by(*dimensions)
    assert frame.columns == [*dimensions, "events", "actors", "first_seen", "last_seen"]
    assert frame.rows() == counted(rows, *dimensions)
    assert frame["events"].sum() == len(rows) == log.count()
    assert frame.schema["first_seen"] == frame.schema["last_seen"] == pl.Datetime("us", "UTC")


def test_the_query_that_is_printed_gives_the_same_rows(log: AuditLog) -> None:
    view = log.filter(category="API Keys")
    for dimension in DIMENSIONS:
        printed = log.by_sql(dimension)
        assert str(log.uri) not in printed
        assert view.sql(printed).equals(view.by(dimension))


def test_local_dimensions_follow_the_clocks_over_the_change_to_summer_time(log: AuditLog, rows: list[Row]) -> None:
    """On 29 March 2026 in Madrid, 02:00 becomes 03:00: the day has 23 hours, from 23:00 UTC to 22:00 UTC."""
    start, end = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
    sunday = [row for row in rows if start <= row["occurred_at"] < end]
    assert sunday
    view = log.filter(since="2026-03-29", until="2026-03-30")
    for dimension in ("hour", "day", "week", "weekday"):
        assert view.by(dimension).rows() == counted(sunday, dimension)
    assert view.by("day", "weekday").rows()[0][:3] == (datetime(2026, 3, 29, tzinfo=UTC).date(), 7, len(sunday))
    assert 2 not in view.by("hour")["hour"].to_list()


def test_a_location_is_one_text(log: AuditLog) -> None:
    assert "Madrid, ES" in log.by("location")["location"].to_list()


def test_a_view_counts_what_it_lets_through(log: AuditLog, rows: list[Row]) -> None:
    view = log.filter(country="ES", search="ASSIST").filter(pl.col("occurred_at").dt.hour() >= 8)
    searched = [name for name, dtype in log.polars().schema.items() if dtype == pl.String and name != "raw"]
    ours = [
        row
        for row in rows
        if row["country"] == "ES"
        and row["occurred_at"].hour >= 8
        and any("assist" in (row[name] or "").lower() for name in searched)
    ]
    assert 0 < len(ours) < len(rows)
    assert view.by("actor", "network").rows() == counted(ours, "actor", "network")


def test_a_dimension_that_is_none_is_named_with_the_nearest(log: AuditLog) -> None:
    with pytest.raises(UsageError, match="unknown dimension 'catgory': did you mean 'category'"):
        log.by("catgory")
    with pytest.raises(UsageError, match="named twice"):
        log.by("actor", "actor")
    with pytest.raises(UsageError, match="name a dimension"):
        log.by()


# ------------------------------------------------------------------------------------------------- as of, and going on


@pytest.mark.parametrize("landing", [1, 3, 11, 12])
def test_as_of_a_landing_shows_the_store_as_it_was_then(landing: int, world: World, rows: list[Row]) -> None:
    then = AuditLog(world.store, as_of=landing, timezone="Europe/Madrid")
    ours = [row for row in rows if row["landing"] <= landing]
    assert then.count() == len(ours) == sum(one.landed for one in world.landings[:landing])
    assert then.by("actor").rows() == counted(ours, "actor")
    assert then.filter(country="ES").by("day").rows() == counted([r for r in ours if r["country"] == "ES"], "day")
    assert [one.landing for one in then.landings()] == list(range(1, landing + 1))
    assert then.quarantine().height == sum(one.quarantined for one in world.landings[:landing])


def test_sql_polars_and_lazy_go_on_from_a_view(log: AuditLog, rows: list[Row]) -> None:
    view = log.filter(category="API Keys")
    frame, lazy = view.polars(), view.lazy()
    assert isinstance(frame, pl.DataFrame)
    assert isinstance(lazy, pl.LazyFrame)
    assert lazy.collect().equals(frame)
    assert frame.height == sum(row["category"] == "API Keys" for row in rows) == view.count()
    assert frame["occurred_at"].is_sorted()
    assert view.newest(3).equals(frame.sort("occurred_at", descending=True, maintain_order=True).head(3))
    types = {"occurred_at": pl.Datetime("us", "UTC"), "landed_at": pl.Datetime("us", "UTC"), "landing": pl.Int64()}
    expected = {name: types.get(name, pl.Date() if name == "day" else pl.String()) for name in frame.columns}
    assert dict(frame.schema) == expected
    asked = view.sql("SELECT min(occurred_at) AS first, count(*) AS n FROM events WHERE action = 'Created'")
    assert asked.schema["first"] == pl.Datetime("us", "UTC")
    assert asked["n"].to_list() == [frame.filter(pl.col("action") == "Created").height]
    with pytest.raises(UsageError, match="DuckDB refuses the query"):
        view.sql("SELECT nothing FROM events")


# ------------------------------------------------------------------------------------------------- the notebook table


def test_the_notebook_shows_a_page_under_the_true_count(log: AuditLog) -> None:
    html = log._repr_html_()
    assert f"<b>{log.count():,} events</b>, showing 20 of {log.count():,}, the newest." in html
    assert html.count("<tr>") == 20 + 1
    heads = re.findall("<th>(.*?)</th>", html)
    assert heads == ["Actor", "Event", "Resource", "Source", "Location", "Date"]
    few = log.filter(event="API Key Deleted")
    assert f"<b>{few.count():,} events</b>. " in few._repr_html_()
    empty = log.filter(actor="nobody at all")._repr_html_()
    assert "<b>0 events</b>: the filter matches nothing" in empty


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_the_notebook_shows_hostile_names_as_text(text: str, log: AuditLog) -> None:
    view = log.filter(actor=text)
    assert view.count() > 0
    html = view._repr_html_()
    allowed = r"</?(style|table|thead|tbody|tr|th|td|b|br|small|div|span)( class='[a-z-]+'| title='[0-9: -]+ UTC')?>"
    assert re.sub(allowed, "", html).count("<") == 0
    assert all(c.isprintable() or c == "\n" for c in html)


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_the_notebook_shows_hostile_names_in_answers_as_text(text: str, log: AuditLog) -> None:
    for answer in (log.filter(actor=text).first_seen("actor", "event"), log.story(text)):
        html = answer._repr_html_()
        assert answer.height > 0
        assert not set(re.findall(r"<(\w+)", html)) - {
            "div",
            "style",
            "small",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
        }


# ------------------------------------------------------------------------------------------------------- the journal


def test_each_entry_holds_the_hash_of_the_one_before(world: World) -> None:
    files = sorted((world.store / "journal").glob("*.json"))
    assert [file.name for file in files] == [f"{number:08}.json" for number in range(1, 13)]
    previous = "0" * 64
    for number, file in enumerate(files, start=1):
        entry = json.loads(file.read_bytes())
        assert list(entry) == ["facts", "host", "kind", "number", "previous", "time", "user"]
        assert (entry["number"], entry["kind"], entry["previous"]) == (number, "landing", previous)
        previous = hashlib.sha256(file.read_bytes()).hexdigest()
    assert Store(world.store).journal.break_at() is None


def test_what_another_writer_adds_after_the_look_is_looked_at_too(tmp_path: Path) -> None:
    place = Store.create(tmp_path / "store").place
    ours, theirs = Journal(place), Journal(place)

    def claimed() -> Entry | None:
        found = ours.newest("claim")
        if found is None:  # and before it is told
            theirs.append("claim", {"run": "theirs"}, time=datetime(2026, 3, 2, tzinfo=UTC))
        return found

    stands = ours.append("claim", {"run": "ours"}, time=datetime(2026, 3, 2, tzinfo=UTC), unless=claimed)
    assert stands.facts == {"run": "theirs"}
    assert [entry.facts for entry in Journal(place).entries("claim")] == [{"run": "theirs"}]


@pytest.mark.parametrize("number", [1, 5, 11])
def test_one_altered_byte_of_an_entry_breaks_the_chain_behind_it(number: int, copy: Path) -> None:
    file = copy / "journal" / f"{number:08}.json"
    file.write_bytes(file.read_bytes().replace(b'"landed":1', b'"landed":2'))
    assert Store(copy).journal.break_at() == number + 1


def test_a_lost_entry_breaks_the_chain(copy: Path) -> None:
    (copy / "journal" / "00000004.json").unlink()
    assert Store(copy).journal.break_at() == 4
    (copy / "journal" / "00000005.json").write_bytes(b"{")
    with pytest.raises(FailureError, match="journal entry 5 cannot be read"):
        Store(copy).journal.break_at()


def test_a_landings_entry_proves_its_inputs_its_files_and_its_rows(world: World, rows: list[Row]) -> None:
    for entry, file in zip(Store(world.store).journal.entries(), world.sample.files, strict=True):
        facts = entry.facts
        listed = (world.store / facts["inputs"]["path"]).read_bytes()
        assert (facts["inputs"]["bytes"], facts["inputs"]["files"]) == (len(listed), 1)
        assert facts["inputs"]["sha256"] == hashlib.sha256(listed).hexdigest()
        (source,) = pl.read_parquet(listed).iter_rows(named=True)
        assert (source["file"], source["bytes"]) == (str(file), file.stat().st_size)
        assert source["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
        for one in [*facts["files"], *facts["quarantine"]]:
            data = (world.store / one["path"]).read_bytes()
            assert (one["bytes"], one["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
            assert one["rows"] == pl.read_parquet(world.store / one["path"]).height
        ours = [row for row in rows if row["landing"] == facts["landing"]]
        assert facts["landed"] == len(ours) == sum(one["rows"] for one in facts["files"])
        assert facts["rows_hash"] == rows_hash(ours)


def rows_hash(rows: list[Row]) -> str:
    """Sum the XXH3, with seed 1 and with seed 0, of each row's feed, id, microseconds since 1970 and raw event."""
    epoch, low, high = datetime(1970, 1, 1, tzinfo=UTC), 0, 0
    for row in rows:
        moment = (row["occurred_at"] - epoch) // timedelta(microseconds=1)
        text = "\x1f".join([row["feed"], row["event_id"], str(moment), row["raw"]]).encode()
        low += xxhash.xxh3_64_intdigest(text, seed=0)
        high += xxhash.xxh3_64_intdigest(text, seed=1)
    return f"{high:032x}{low:032x}"


def test_every_file_of_events_is_vouched_for_by_an_entry(world: World) -> None:
    vouched = {one["path"] for entry in Store(world.store).journal.entries() for one in entry.facts["files"]}
    there = {str(path.relative_to(world.store)) for path in world.store.glob("events/day=*/*.parquet")}
    assert there == vouched


def test_the_next_landing_restores_an_entry_that_a_crash_left_out(copy: Path, tmp_path: Path) -> None:
    newest = copy / "journal" / "00000012.json"
    before = json.loads(newest.read_bytes())
    newest.unlink()
    late = tmp_path / "late.jsonl"
    late.write_text('{"id": "late", "occurred_at": "2026-03-29T09:00:00Z", "category": "Members", "action": "Left"}\n')
    landing = land(Store(copy), [str(late)], FEEDS, now=datetime(2026, 3, 30, 7, tzinfo=UTC))
    assert (landing.landing, landing.landed) == (13, 1)
    restored = json.loads(newest.read_bytes())
    assert restored == before
    store = Store(copy)
    assert [entry.facts["landing"] for entry in store.journal.entries()] == list(range(1, 14))
    assert store.journal.break_at() is None
