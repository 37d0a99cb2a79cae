"""Spark: a store read by two executor processes gives, cell by cell, what DuckDB gives on one machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from audit_reports import AuditLog, FailureError, UsageError
from audit_reports.activity import DIMENSIONS
from audit_reports.demo import World
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.period import Period
from audit_reports.reviews.review import Review, make_review
from audit_reports.store_info import info

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TIMEZONE = "Europe/Madrid"
Both = tuple[AuditLog, AuditLog]
Question = Callable[[AuditLog], pl.DataFrame]

EDGES = [
    ("2026-12-31T23:30:00Z", "ana", "203.0.113.7", "success"),  # a week and a day that two years share
    ("2027-01-01T12:00:00Z", "ana", "2001:db8:1:2::3", "failure"),
    ("2027-01-03T22:59:59.999999Z", None, None, None),  # a Sunday, the last of its week in Madrid
    ("2026-03-29T00:59:59Z", "ben", "AWS Internal", None),  # the clocks go forward
    ("2026-03-29T01:00:00Z", "ben", "198.51.100.4", None),
    ("2026-10-25T00:30:00Z", "=cmd|'/c calc'!A1", None, None),  # the clocks go back: 02:30 twice
    ("2026-10-25T01:30:00Z", "a\\b'c`d\"e", None, None),
]


@pytest.fixture(scope="module")
def both(world: World, spark: SparkSession) -> Both:
    """Return the sample's log on DuckDB and on Spark."""
    return AuditLog(world.store, timezone=TIMEZONE), AuditLog(world.store, timezone=TIMEZONE, engine=spark)


@pytest.fixture(scope="module")
def edges(tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Both:
    """Return a log of the ends of days, weeks and years, in folders whose names mean something to Hadoop."""
    folder = tmp_path_factory.mktemp("edges") / "feed=x" / "a [b] {c}*"
    folder.mkdir(parents=True)
    file = folder / "edges.jsonl"
    keys = ("occurred_at", "actor", "ip", "outcome")
    rows = [dict(zip(keys, edge, strict=True)) | {"id": f"e{n}", "event": "E"} for n, edge in enumerate(EDGES)]
    pl.DataFrame(rows).write_ndjson(file)
    land(folder / "store", [str(file)], FEEDS, now=datetime(2027, 2, 1, tzinfo=UTC), feed="generic")
    return tuple(AuditLog(folder / "store", timezone=TIMEZONE, engine=engine) for engine in (None, spark))  # type: ignore[return-value] # two


def assert_same(both: Both, ask: Question) -> None:
    """Assert that a question has the same answer on both engines: order, types and every cell."""
    on_duckdb, on_spark = (ask(log) for log in both)
    assert_frame_equal(on_duckdb, on_spark)


def test_two_executors_run_it(spark: SparkSession, both: Both) -> None:
    assert spark.sparkContext._jsc.sc().getExecutorMemoryStatus().size() == 3  # and the driver
    assert both[1].count() == both[0].count() > 0


@pytest.mark.parametrize(
    "dimensions",
    [
        ("actor", "network", "outcome"),
        ("week", "weekday", "role"),
        ("day", "hour", "category", "action"),
        ("country", "city", "location"),
        ("event", "source", "actor_type"),
        ("resource", "resource_type", "feed", "workspace"),
    ],
    ids="-".join,
)
def test_counts_by_every_dimension(both: Both, dimensions: tuple[str, ...]) -> None:
    assert_same(both, lambda log: log.by(*dimensions))


def test_every_dimension_is_counted_here() -> None:
    mark = next(one for one in test_counts_by_every_dimension.pytestmark if one.name == "parametrize")  # type: ignore[attr-defined] # pytest sets it
    assert {name for names in mark.args[1] for name in names} == set(DIMENSIONS)


def test_edges_of_the_calendar(edges: Both) -> None:
    assert_same(edges, lambda log: log.by("week", "weekday", "day", "hour", "actor", "network"))
    counted = edges[1].by("week", "weekday")
    assert {"2026-W53", "2026-W13", "2026-W43"} == set(counted["week"])
    assert set(counted["weekday"]) == {5, 7}


def test_events_themselves(both: Both, edges: Both) -> None:
    assert_same(both, lambda log: log.newest(500))
    assert_same(edges, lambda log: log.polars())
    assert edges[1].polars()["actor"].to_list()[:2] == ["ben", "ben"]


def test_views(both: Both, edges: Both) -> None:
    assert_same(both, lambda log: log.filter(pl.col("occurred_at").dt.hour() < 5, country="VN").by("actor"))
    assert_same(both, lambda log: log.filter(since="2026-03-02", until="2026-03-09", search="backup").polars())
    assert_same(both, lambda log: log.filter(since="2030-01-01").by("actor"))
    assert_same(edges, lambda log: log.filter(actor=EDGES[-1][1]).polars())


def test_as_of_a_landing(world: World, both: Both, spark: SparkSession) -> None:
    earlier = tuple(AuditLog(world.store, as_of=3, engine=engine) for engine in (None, spark))
    assert_same(earlier, lambda log: log.by("feed"))  # type: ignore[arg-type] # two
    assert earlier[1].count() < both[1].count()


ASKED: dict[str, Question] = {
    "timeline by hours": lambda log: log.timeline("1h"),
    "timeline by days": lambda log: log.timeline("1d"),
    "timeline by weeks": lambda log: log.timeline("1w"),
    "compare": lambda log: log.filter(since="2026-03-02").compare(log.filter(until="2026-03-02"), "actor", "network"),
    "by, so many": lambda log: log.by("resource", "outcome", limit=5),
    "combinations": lambda log: pl.DataFrame({"rows": [log.combinations("actor", "network", "day")]}),
    "distinct": lambda log: log.distinct("actor", "country", "network", "hour"),
    "rare": lambda log: log.rare("actor", "event"),
    "first seen since": lambda log: log.first_seen("actor", "country", since="2026-03-02"),
    "first seen": lambda log: log.first_seen("actor", "country", "weekday"),
    "sessions": lambda log: log.sessions("30m"),
    "story": lambda log: log.filter(since="2026-03-04").story("paul.richter@northwind.example"),
}


@pytest.mark.parametrize("question", ASKED)
def test_whatever_is_asked_of_a_view(question: str, both: Both, edges: Both) -> None:
    for logs in (both, edges):
        assert_same(logs, ASKED[question])


def test_the_whole_review(both: Both) -> None:
    period = Period.parse("2026-W10", timezone=TIMEZONE, now=datetime(2026, 4, 1, tzinfo=UTC))
    on_duckdb, on_spark = (make_review(log, period) for log in both)
    assert on_duckdb.figure("events").value
    for field in fields(Review):
        one, other = getattr(on_duckdb, field.name), getattr(on_spark, field.name)
        if field.name == "readers":
            one, other = one.table, other.table
        if isinstance(one, pl.DataFrame):
            assert_frame_equal(one, other)
        else:
            assert one == other, field.name


def test_what_is_in_a_store(both: Both, edges: Both) -> None:
    for logs in (both, edges):
        assert_same(logs, lambda log: info(log, now=datetime(2027, 3, 1, tzinfo=UTC)))


def test_sql_is_one_query(both: Both) -> None:
    query = (
        "WITH failed AS (SELECT * FROM events WHERE outcome = 'failure') SELECT actor FROM failed ORDER BY event_id; "
    )
    assert_same(both, lambda log: log.sql(query))


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("DROP VIEW events", "near 'events'"),
        ("SELECT 1; SELECT 2", "near ';'"),
        ("INSERT INTO events SELECT * FROM events", "near 'events'"),
        ("SELECT nope FROM events", "`nope` cannot be resolved"),
        ("SELECT * FROM parquet.`/etc`", "`/etc` cannot be found"),
    ],
)
def test_what_spark_refuses_is_one_line(both: Both, query: str, said: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError) as error:
        both[1].sql(query)
    assert str(error.value).startswith("Spark refuses the query: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert capfd.readouterr() == ("", "")


def test_a_query_can_be_explained(both: Both) -> None:
    view = both[1].filter(country="VN")
    assert "Logical Plan" in view.sql_text()
    assert "Physical Plan" not in view.sql_text()


def test_a_file_that_is_gone_fails_the_query(world: World, tmp_path: Path, spark: SparkSession) -> None:
    store = Path(shutil.copytree(world.store, tmp_path / "store"))
    before, after = AuditLog(store, engine=spark), AuditLog(store, engine=spark)
    assert before.count()
    Path(next(iter(before.files()))).unlink()
    for log in (before, after):  # who has looked at the files, and who has not yet
        with pytest.raises(FailureError, match=r"the store cannot be read: [^\n]*does not exist[^\n]*$"):
            log.by("actor")


def test_the_users_own_session_stays_as_it_was(both: Both, spark: SparkSession) -> None:
    assert both[1].count()
    assert spark.conf.get("spark.sql.session.timeZone") == "America/New_York"
    assert not spark.catalog.tableExists("events")


@pytest.mark.parametrize("engine", ["spark", 2, pl])
def test_an_engine_is_a_session(world: World, engine: object) -> None:
    with pytest.raises(UsageError, match="engine must be a Spark session"):
        AuditLog(world.store, engine=engine)  # type: ignore[arg-type] # what is wrong


def test_a_session_of_spark_connect_is_refused(world: World) -> None:
    class Remote:
        """Stands for one, for which a server would have to be started."""

    Remote.__module__, Remote.__name__ = "pyspark.sql.connect.session", "SparkSession"
    with pytest.raises(UsageError, match="Spark Connect"):
        AuditLog(world.store, engine=Remote())  # type: ignore[arg-type] # what is wrong
