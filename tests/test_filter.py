"""Filters: one object runs, speaks and identifies itself, however it was written, and DuckDB answers as Polars does."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import narwhals as nw
import polars as pl
import pytest
from conftest import Cli, Frames, collected
from polars.testing import assert_frame_equal

from audit_reports import AuditLog, Filter, UsageError
from audit_reports.cli import parsed
from audit_reports.columns import SEARCHED
from audit_reports.demo import World
from audit_reports.engine import Native, with_native
from audit_reports.feeds import FEEDS
from audit_reports.filter import FLAGS
from audit_reports.filters.tree import Not
from audit_reports.filters.twin import filtered
from audit_reports.ingest.landing import land
from audit_reports.store import Store, connect

MADRID = ZoneInfo("Europe/Madrid")
NOW = datetime(2026, 3, 30, 6, tzinfo=UTC)
col = pl.col


def times(predicate: pl.Expr) -> Filter:
    return Filter.of(predicate, timezone="Europe/Madrid")


# ------------------------------------------------------------------------------- one table: written, spoken, canonical

MEMBERS = '{"left":{"column":"category"},"op":"==","right":"Members"}'
TWO = '{"left":{"column":"category"},"op":"in","values":["API Keys","Members"]}'
WEEK = (
    '{"of":[{"left":{"column":"occurred_at"},"op":"<","right":{"time":"2026-03-08T23:00:00.000000Z"}},'
    '{"left":{"column":"occurred_at"},"op":">=","right":{"time":"2026-03-01T23:00:00.000000Z"}}],"op":"and"}'
)
NETWORK = '{"networks":["203.0.113.0/24"],"op":"network"}'
NIGHT = '{"left":{"column":"occurred_at","part":"hour","timezone":"Europe/Madrid"},"op":"<","right":6}'

SAYINGS: list[tuple[Filter, str, str, str]] = [
    # the filter, its flags, its sentence, its canonical JSON
    (Filter.of(), "", "All events.", '{"of":[],"op":"and"}'),
    (Filter.of(col("category") == "Members"), "--category Members", 'Events whose category is "Members".', MEMBERS),
    (Filter.of(where="category = 'Members'"), "--category Members", 'Events whose category is "Members".', MEMBERS),
    (
        Filter.of(category=["Members", "API Keys", "Members"]),
        "--category 'API Keys' --category Members",
        'Events whose category is "API Keys" or "Members".',
        TWO,
    ),
    (
        Filter.of(since="2026-03-02", until="2026-03-09", timezone="Europe/Madrid"),
        "--to 2026-03-08T23:00:00.000000Z --from 2026-03-01T23:00:00.000000Z",
        "Events whose time is before 2026-03-09 00:00 and time is at or after 2026-03-02 00:00 (times in Europe/Madrid).",
        WEEK,
    ),
    (Filter.of(ip="203.0.113.7/24"), "--ip 203.0.113.0/24", "Events whose address is in 203.0.113.0/24.", NETWORK),
    (
        Filter.of(search="a'b"),
        "--search 'a'\"'\"'b'",
        'Events of which any text contains "a\'b", whatever the case.',
        '{"op":"search","text":"a\'b"}',
    ),
    (
        times(col("occurred_at").dt.convert_time_zone("Europe/Madrid").dt.hour() < 6),
        "",
        "Events whose hour of the time in Europe/Madrid is below 6.",
        NIGHT,
    ),
    (
        Filter.of(~(col("actor").is_null() | (col("ip") == "x"))),
        "",
        'Events of which it is not so that (actor is unknown or address is "x").',
        '{"of":{"of":[{"left":{"column":"actor"},"op":"null"},{"left":{"column":"ip"},"op":"==","right":"x"}],'
        '"op":"or"},"op":"not"}',
    ),
    (
        Filter.of(col("landed_at") > col("occurred_at")),
        "",
        "Events whose landing time is after the time.",
        '{"left":{"column":"landed_at"},"op":">","right":{"column":"occurred_at"}}',
    ),
]


@pytest.mark.parametrize(("written", "flags", "sentence", "canonical"), SAYINGS, ids=[row[2] for row in SAYINGS])
def test_a_filter_says_what_it_is(written: Filter, flags: str, sentence: str, canonical: str) -> None:
    assert written.sentence() == sentence
    assert written.as_json() == canonical
    assert Filter.from_json(canonical, timezone=written.timezone) == written
    assert sorted(written.flags().split(" --")) == sorted(flags.split(" --"))
    if flags:
        again = vars(parsed(["events", *shlex.split(flags)]))
        typed = {name: again[name] for name in (*FLAGS, "since", "until", "ip", "search")}
        assert Filter.of(**typed).hash == written.hash


IN = col("category").is_in
SAME: list[list[Filter]] = [
    [
        Filter.of(category=["Members", "API Keys"]),
        Filter.of(IN(["API Keys", "Members"])),
        Filter.of(IN(pl.Series(["Members", "API Keys", "API Keys"]))),
        Filter.of(IN(["Members", None, "API Keys"])),
        Filter.of(nw.col("category").is_in(["Members", "API Keys"])),
        Filter.of(where="category in ('Members', 'API Keys')"),
    ],
    [
        Filter.of(since="2026-03-02", until="2026-03-09", timezone="Europe/Madrid"),
        times((col("occurred_at") >= datetime(2026, 3, 2)) & (col("occurred_at") < datetime(2026, 3, 9))),  # noqa: DTZ001
        times(col("occurred_at").is_between(date(2026, 3, 2), date(2026, 3, 9), closed="left")),
        Filter.of(col("occurred_at") < datetime(2026, 3, 9, tzinfo=MADRID), since=datetime(2026, 3, 1, 23, tzinfo=UTC)),
        Filter.of(where="occurred_at >= '2026-03-02' and '2026-03-09' > occurred_at", timezone="Europe/Madrid"),
        Filter.of(last="7d", now=datetime(2026, 3, 8, 23, tzinfo=UTC)).also(
            Filter.of(since="2026-03-01T23:00:00Z", until="2026-03-09T00:00:00+01:00")
        ),
    ],
    [
        Filter.of(col("actor") != "ana"),
        Filter.of(~(col("actor") == "ana")),
        Filter.of(where="actor <> 'ana'"),
        Filter.of(where="not actor = 'ana'"),
        Filter.of(~~(pl.lit("ana") != col("actor"))),
        Filter.of(nw.col("actor") != "ana"),
        Filter.of(~(nw.col("actor") == "ana")),
    ],
    [
        Filter.of(category="Members", action="Left"),
        Filter.of(action="Left").also(Filter.of(category="Members")),
        Filter.of((col("action") == "Left") & (col("category") == "Members"), category="Members"),
        Filter.of(pl.all_horizontal(col("action") == "Left", col("category") == "Members")),
    ],
    [Filter.of(ip="203.0.113.9/24"), Filter.of(ip=["203.0.113.0/24", " 203.0.113.0/24 "])],
    [Filter.of(ip="2001:DB8::1"), Filter.of(ip="2001:db8:0::1/128")],
]


@pytest.mark.parametrize("filters", SAME, ids=[same[0].sentence() for same in SAME])
def test_the_same_filter_has_the_same_hash_however_it_was_written(filters: list[Filter]) -> None:
    assert {one.as_json() for one in filters} == {filters[0].as_json()}
    assert {one.hash for one in filters} == {filters[0].hash}
    assert len({same[0].hash for same in SAME}) == len(SAME)


# ------------------------------------------------------------------------------------- DuckDB answers as Polars does


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> AuditLog:
    """Return a small log with nulls in every column that may be null, over the change to summer time in Madrid."""
    folder = tmp_path_factory.mktemp("filter")
    names = ["ana", "Ana", "ANÁ", "ben", None, "a.z", "a\nz", "%", "_", "straße", "bot-7", ""]
    ips = ["203.0.113.7", "203.0.114.7", "2001:db8::1", "2001:db9::1", None, "AWS Internal"]
    lines = []
    for n in range(144):
        at = datetime(2026, 3, 28, 12, 59, 59, 999999, UTC) + timedelta(minutes=20 * n, microseconds=n % 2)
        event: dict[str, Any] = {"event_id": f"e{n}", "occurred_at": at.isoformat(), "event": f"kind {n % 5}"}
        event |= {"actor": names[n % 12], "resource": names[(n * 5) % 12], "ip": ips[n % 6]}
        event |= {"category": ["Members", "API Keys", None][n % 3], "country": ["ES", None][n % 2]}
        lines.append(json.dumps(event))
    for part in range(3):
        (folder / f"{part}.jsonl").write_text("\n".join(lines[part::3]))
        land(Store.create(folder / "store"), [str(folder / f"{part}.jsonl")], FEEDS, now=NOW)
    return AuditLog(folder / "store", timezone="Europe/Madrid")


AT, ACTOR = col("occurred_at"), col("actor")
LOCAL = AT.dt.convert_time_zone("Europe/Madrid")
EDGE, LATER = datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 3, 30, 0, 59, 59, 999999, UTC)

ALIKE: list[pl.Expr] = [
    ACTOR == "ana",
    ACTOR != "ana",
    ~(ACTOR == "ana"),
    pl.lit("ana") < ACTOR,
    ACTOR >= "a",
    (ACTOR == "ana") | (col("country") == "ES"),
    ~((ACTOR == "ana") | (col("country") == "ES")),
    ~((ACTOR == "ana") & (col("country") == "ES")),
    ACTOR.is_null(),
    ~ACTOR.is_null(),
    ACTOR.is_not_null() & col("category").is_null(),
    ACTOR.is_in(["ana", "ben", "nobody"]),
    ~ACTOR.is_in(["ana", "ben"]),
    col("landing").is_in([1, 3]),
    col("day").is_in([date(2026, 3, 29)]),
    AT.is_in([datetime(2026, 3, 28, 12, 59, 59, 999999, UTC)]),
    *(AT.is_between(EDGE, LATER, closed=closed) for closed in ("both", "left", "right", "none")),
    *(col("landing").is_between(1, 3, closed=closed) for closed in ("both", "left", "right", "none")),
    ~AT.is_between(EDGE, LATER),
    ACTOR.str.contains(".", literal=True),
    ACTOR.str.contains("%", literal=True),
    ~ACTOR.str.contains("a", literal=True),
    ACTOR.str.contains("^a.z$"),
    ACTOR.str.contains("(?i)^an[aá]$"),
    ACTOR.str.contains("^$"),
    ACTOR.str.contains("[0-9]"),
    ACTOR.str.contains("a|b"),
    ACTOR.str.starts_with("a"),
    ACTOR.str.starts_with("%"),
    ACTOR.str.ends_with("_"),
    ACTOR.str.starts_with(""),
    ACTOR.str.to_lowercase() == "ana",
    ACTOR.str.to_uppercase() == "ANÁ",
    ACTOR.str.len_chars() > 3,
    col("resource") == ACTOR,
    col("resource") != ACTOR,
    col("resource") < ACTOR,
    col("landed_at") > AT,
    *(getattr(AT.dt, part)() >= value for part, value in (("year", 2026), ("month", 3), ("day", 29), ("hour", 12))),
    *(getattr(AT.dt, part)() == value for part, value in (("minute", 59), ("second", 59), ("ordinal_day", 88))),
    AT.dt.microsecond() > 0,
    AT.dt.millisecond() == 999,
    AT.dt.weekday() == 7,
    AT.dt.date() == date(2026, 3, 29),
    col("day").dt.weekday() == 7,
    LOCAL.dt.hour() == 3,
    ~(LOCAL.dt.hour() < 22),
    LOCAL.dt.weekday() == 7,
    LOCAL.dt.date() == date(2026, 3, 29),
    LOCAL.dt.date().is_in([date(2026, 3, 28), date(2026, 3, 30)]),
    (LOCAL.dt.day() == 29) & (AT.dt.day() == 28),
    AT.dt.convert_time_zone("Asia/Kolkata").dt.minute() == 30,
    pl.lit(datetime(2026, 3, 28, tzinfo=UTC)) + pl.duration(days=1) <= AT,
    pl.any_horizontal(ACTOR.is_null(), col("ip").is_null()),
    pl.all_horizontal(ACTOR.is_null(), col("ip").is_null()),
    (ACTOR == "ana").alias("who"),
    pl.lit(value=True),
    # arithmetic, in the types that Polars gives it
    col("landing") + 1 > 2,
    col("landing") // 2 == 1,
    (col("landing") - 2) // 2 == -1,
    (col("landing") - 2) % 2 == 1,
    col("landing") // (col("landing") - 2) == 3,
    -col("landing") < -1,
    AT.dt.hour() * 60 + AT.dt.minute() > 100,  # one byte holds no more than 127, and begins anew
    AT.dt.hour().cast(pl.Int32) * 60 + AT.dt.minute() > 1000,
    AT.dt.hour() / 7 == 17 / 7,
    # texts
    ACTOR.str.contains(r"^\w+$"),
    ACTOR.str.contains(r"[^\w]"),
    ACTOR.str.contains(r"^\p{Lu}"),
    ACTOR.str.len_bytes() > ACTOR.str.len_chars(),
    ACTOR.str.slice(-2) == "na",
    ACTOR.str.head(-1) == "an",
    ACTOR.str.tail(1) == "a",
    ACTOR.str.replace("a", "e", literal=True) == "ena",
    ACTOR.str.replace("a", "e", n=2, literal=True) == "ene",
    ACTOR.str.replace_all(r"(a)(n?)", "$2$1") == "naa",
    ACTOR.str.strip_chars("a") == "n",
    ACTOR.str.strip_prefix("a") == "na",
    ACTOR.str.strip_suffix("a") == "an",
    (ACTOR + "/" + col("resource")).str.starts_with("ana/b"),
    pl.concat_str("actor", "resource", separator="/", ignore_nulls=True).str.len_chars() < 5,
    col("landing").cast(pl.String) == "2",
    ACTOR.str.slice(4).cast(pl.Int8, strict=False) == 7,
    # times
    *(getattr(LOCAL.dt, part)() >= value for part, value in (("week", 13), ("iso_year", 2026), ("quarter", 1))),
    LOCAL.dt.time() > time(12),
    AT.dt.timestamp("ms") % 1000 == 999,
    LOCAL.dt.truncate("1d") == datetime(2026, 3, 29, tzinfo=MADRID),
    LOCAL.dt.truncate("90m").dt.hour() == 3,
    AT.dt.truncate("2w") == datetime(2026, 3, 16, tzinfo=UTC),
    col("landed_at") - AT > timedelta(hours=20),
    (col("landed_at") - AT).dt.total_hours() == 20,
    AT + timedelta(hours=20) < col("landed_at"),
    # choices, and what null does
    pl.when(ACTOR == "ana").then(1).when(ACTOR.is_null()).then(2).otherwise(3) != 3,
    pl.coalesce("actor", "category", pl.lit("?")) == "?",
    ACTOR.fill_null("?") == "?",
    ACTOR.eq_missing("ana"),
    ~ACTOR.eq_missing(col("resource")),
    ACTOR.ne_missing(None),
    (ACTOR == "ana") ^ (col("country") == "ES"),
    (ACTOR == "ana") == (col("country") == "ES"),
    ACTOR.is_in(["ana", None]),
    ~ACTOR.is_in(["ana", None]),
    ~ACTOR.is_in(["ana", None], nulls_equal=True),
    ~ACTOR.is_in(["ana"], nulls_equal=True),
    col("category").is_in(pl.concat_list("actor", pl.lit("Members"))),
    ACTOR.is_between(pl.lit("a"), col("resource"), closed="none"),
    pl.max_horizontal("landing", AT.dt.hour()) > 3,
    (ACTOR == "ana") & pl.lit(value=False),
    (ACTOR == "ana") | pl.lit(None),
]


@pytest.mark.parametrize("predicate", ALIKE, ids=str)
def test_duckdb_gives_the_rows_that_polars_gives(predicate: pl.Expr, log: AuditLog) -> None:
    found, everything = log.filter(predicate).polars(), log.polars()
    assert found.equals(everything.filter(predicate))
    assert found.schema == everything.schema
    assert everything.height == 144


@pytest.mark.parametrize(
    ("condition", "same"),
    [
        ("occurred_at >= '2026-03-29'", datetime(2026, 3, 29, tzinfo=MADRID)),
        ("occurred_at >= '2026-03-29T03:30'", datetime(2026, 3, 29, 3, 30, tzinfo=MADRID)),
        ("occurred_at >= '2026-03-29 03:30:00+00:00'", datetime(2026, 3, 29, 3, 30, tzinfo=UTC)),
    ],
)
def test_text_compared_with_a_time_is_read_in_the_timezone(condition: str, same: datetime, log: AuditLog) -> None:
    expected = log.polars().filter(col("occurred_at") >= same.astimezone(UTC))
    assert 0 < expected.height < 144
    assert log.filter(where=condition).polars().equals(expected)
    assert log.filter(col("occurred_at") >= condition.split("'")[1]).polars().equals(expected)


@pytest.mark.parametrize(
    ("condition", "same"),
    [
        ("actor like 'a%'", ACTOR.str.starts_with("a")),
        ("actor not in ('ana', 'ben')", ~ACTOR.is_in(["ana", "ben"])),
        ("not (actor is null) and landing between 2 and 3", ACTOR.is_not_null() & (col("landing") >= 2)),
        ("lower(actor) = 'ana' or ip is null", (ACTOR.str.to_lowercase() == "ana") | col("ip").is_null()),
        ("extract(hour from occurred_at) = 3", AT.dt.hour() == 3),
        ("day = '2026-03-29'", col("day") == date(2026, 3, 29)),
        ("actor ilike 'AN_'", ACTOR.str.contains("(?is)^an.$")),
        ("coalesce(actor, '?') = '?'", ACTOR.is_null()),
        ("length(actor) > 3 and substr(actor, 2, 2) = 'ot'", ACTOR == "bot-7"),
        ("case when actor is null then 'none' else actor end = 'none'", ACTOR.is_null()),
        ("extract(week from occurred_at) = 13", AT.dt.week() == 13),
        ("extract(dow from occurred_at) = 0", AT.dt.weekday() == 7),
        ("occurred_at::date = '2026-03-29'", AT.dt.date() == date(2026, 3, 29)),
        ("landing % 2 = 1", col("landing") % 2 == 1),
        ("(landing - 4) // 2 = -1", col("landing") < 3),
        ("actor <> 'isodow(x) -> y && select now()' and actor = 'ana'", ACTOR == "ana"),
        ("extract(isodow from occurred_at) = 7", AT.dt.weekday() == 7),
        ("'ana' in (actor, resource)", (ACTOR == "ana") | (col("resource") == "ana")),
        ("actor is distinct from 'ana'", ACTOR.ne_missing("ana")),
        ("actor || '!' = 'ana!'", ACTOR == "ana"),
        ("try_cast(substr(actor, 5) as int) = 7", ACTOR == "bot-7"),
        ("1 = 1", pl.lit(value=True)),
    ],
)
def test_an_sql_condition_is_the_predicate_that_it_says(condition: str, same: pl.Expr, log: AuditLog) -> None:
    assert log.filter(where=condition).polars().equals(log.polars().filter(same))


@pytest.mark.parametrize(
    ("networks", "addresses"),
    [
        ("203.0.113.7", {"203.0.113.7"}),
        ("203.0.113.0/24", {"203.0.113.7"}),
        ("203.0.112.0/22", {"203.0.113.7", "203.0.114.7"}),
        ("2001:db8::/32", {"2001:db8::1"}),
        (["2001:0DB9:0::1", "203.0.114.0/31"], {"2001:db9::1"}),
        ("0.0.0.0/0", {"203.0.113.7", "203.0.114.7"}),
        ("::/0", {"2001:db8::1", "2001:db9::1"}),
        ("198.51.100.0/24", set()),
    ],
)
def test_a_network_holds_its_addresses(networks: Any, addresses: set[str], log: AuditLog) -> None:
    view = log.filter(ip=networks)
    assert set(view.polars()["ip"]) == addresses
    assert view.count() == 24 * len(addresses)


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("ANA", lambda row: "ana" in (row["actor"] or "").lower() or "ana" in (row["resource"] or "").lower()),
        ("%", lambda row: "%" in (row["actor"], row["resource"])),
        ("aws int", lambda row: row["ip"] == "AWS Internal"),
        ("occurred_at", lambda row: False),  # it stands in every raw event, and raw is not searched
    ],
)
def test_search_finds_text_in_any_column_but_raw(text: str, test: Callable[[Any], bool], log: AuditLog) -> None:
    expected = {row["event_id"] for row in log.polars().iter_rows(named=True) if test(row)}
    assert set(log.filter(search=text).polars()["event_id"]) == expected


@pytest.mark.few_on_spark(4)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("İstanbul", ["İstanbul Ofisi", "ISTANBUL", "istanbul"]),  # by its own letters too
        ("istanbul", ["İstanbul Ofisi", "ISTANBUL", "istanbul"]),
        ("istanbul ofisi", ["İstanbul Ofisi"]),
        ("ΟΔΟΣ", ["ΟΔΟΣ", "Οδος", "ΟΔΟΣΑΣ"]),  # a sigma is small in another way where a word ends
        ("οδος", ["ΟΔΟΣ", "Οδος", "ΟΔΟΣΑΣ"]),
        ("οδοσα", ["ΟΔΟΣΑΣ"]),
        ("STRAẞE", ["Straße"]),
        ("ÉTÉ 100%", ["Été 100%"]),
        ("été_", []),
    ],
)
def test_search_finds_letters_of_any_case_in_any_language(text: str, found: list[str], frames: Frames) -> None:
    names = ["İstanbul Ofisi", "ISTANBUL", "istanbul", "ΟΔΟΣ", "Οδος", "ΟΔΟΣΑΣ", "Straße", "Été 100%", None]
    nothing = dict.fromkeys(SEARCHED, pl.lit(None, pl.String))
    rows = pl.DataFrame({"actor": names}).with_columns(**{**nothing, "actor": pl.col("actor")})
    searched = Filter.of(search=text)
    assert sorted(collected(filtered(frames(rows), searched, addresses=list))["actor"]) == sorted(found)
    others = Filter(Not(searched.condition), "UTC")
    assert collected(filtered(frames(rows), others, addresses=list)).height == len(names) - len(found)


def test_search_knows_letters_that_are_newer_than_the_engine() -> None:
    with connect() as connection:
        for letter in ("\ua7cb", "\u1c89", "\U00010d50"):
            rows = pl.DataFrame({"actor": [letter, "x"]})
            frame = with_native(
                nw.from_native(connection.from_arrow(rows.to_arrow())),
                {"there": Native("holds", "actor", (rows["actor"].str.to_lowercase()[0],))},
            )
            assert collected(frame)["there"].to_list() == [True, False]


@pytest.mark.parametrize(
    "text",
    [
        'ana AS "unnamed_relation_0123abcd"',  # DuckDB's names for the steps of a query, which are taken out of it
        ' AS "unnamed_relation_0"',
        "it's AS \"unnamed_relation_0\" isn't it",
        '" AS "unnamed_relation_0"',
        "stored_1 WITH stored_2",
        '"__duckdb_s1"',
    ],
)
def test_a_text_that_looks_like_a_part_of_the_query_stays_a_text(text: str, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(
        "".join(
            json.dumps({"id": str(n), "occurred_at": "2026-03-02T09:00:00Z", "event": "E", "actor": actor}) + "\n"
            for n, actor in enumerate([text, "ana", "ana isn't it"])
        )
    )
    land(store, [str(file)], FEEDS, now=NOW, feed="generic")
    log = AuditLog(store)
    for view in (log.filter(actor=text), log.filter(ACTOR.str.contains(text, literal=True)), log.filter(search=text)):
        assert view.by("actor").select("actor", "events").rows() == [(text, 1)]
        assert view.filter(ACTOR.eq(text)).sql("SELECT actor FROM events").item() == text


def test_duckdb_puts_every_letter_there_is_into_the_case_that_polars_does() -> None:
    letters = [chr(code) for code in range(1, 0x110000) if not 0xD800 <= code < 0xE000]
    rows = pl.DataFrame({"letter": [*letters, "ΑΣ ΑΣΑ Σ aΣ.", "'Σ", "ΑΣΣ", "Α.Σ"]})
    strings = col("letter").str
    expected = rows.with_columns(lower=strings.to_lowercase(), upper=strings.to_uppercase())
    with connect() as connection:
        frame = nw.from_native(connection.from_arrow(rows.to_arrow()))
        found = with_native(frame, {function: Native(function, "letter") for function in ("lower", "upper")})
        assert_frame_equal(collected(found).sort("letter"), expected.sort("letter"))


SPOKEN: list[tuple[pl.Expr, str]] = [
    (ACTOR.str.slice(0, 3) == "ana", 'whose actor, 3 characters from character 1, is "ana"'),
    (ACTOR.str.replace_all("a", "b", literal=True) == "bnb", 'whose actor with each "a" replaced by "b" is "bnb"'),
    (col("landing") % 2 == 1, "whose rest of landing / 2 is 1"),
    (AT.dt.truncate("1d") == EDGE, "whose time at the start of its day is 2026-03-29 01:00 (times in UTC)"),
    (AT.dt.offset_by("-1w") == EDGE, "whose time moved by -7 days is 2026-03-29 01:00 (times in UTC)"),
    (AT.dt.offset_by("1mo") == EDGE, "whose time moved by 1 month is 2026-03-29 01:00 (times in UTC)"),
    (LOCAL.dt.week() == 13, "whose week of the time in Europe/Madrid is 13"),
    (col("landed_at") - AT > timedelta(hours=2), "whose landing time - time is above 2:00:00"),
    (pl.coalesce("actor", "resource") == "ana", 'whose first known of actor and resource is "ana"'),
    (ACTOR.eq_missing(col("resource")), "whose actor is the same as resource, or both are unknown"),
    ((ACTOR == "ana") ^ (col("ip") == "x"), 'of which either (actor is "ana") or (address is "x"), not both'),
    ((ACTOR == "ana") | pl.lit(None), 'of which unknown or actor is "ana"'),
    ((ACTOR == "ana") & pl.lit(value=False), "No events."),
]


@pytest.mark.parametrize(("predicate", "words"), SPOKEN, ids=[words for _, words in SPOKEN])
def test_every_function_of_a_filter_speaks(predicate: pl.Expr, words: str) -> None:
    assert Filter.of(predicate).sentence() == (words if words.startswith("No") else f"Events {words}.")


def test_narrowing_makes_a_new_view_and_leaves_the_old(log: AuditLog) -> None:
    before, sentence = log.count(), log.where.sentence()
    narrow = log.filter(ACTOR == "ana").filter(country="ES")
    assert 0 < narrow.count() < before
    assert narrow.polars().equals(log.filter(ACTOR == "ana", country="ES").polars())
    assert (log.count(), log.where.sentence()) == (before, sentence)


def test_last_counts_back_from_now(log: AuditLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(datetime(2026, 3, 30, tzinfo=UTC).timestamp())))
    bounds = (datetime(2026, 3, 29, 12, tzinfo=UTC) <= AT) & (datetime(2026, 3, 30, tzinfo=UTC) > AT)
    view = log.filter(last="12h")
    assert view.polars().equals(log.polars().filter(bounds))
    assert view.where.hash == Filter.of(since="2026-03-29T12:00Z", until="2026-03-30T00:00Z").hash


# ---------------------------------------------------------------------------------------------------------- refusals

REFUSED: list[tuple[pl.Expr | str, str]] = [
    (AT.max() > EDGE, "an aggregate"),
    (pl.len() > 1, "an aggregate"),
    (ACTOR.str.to_titlecase() == "x", "str.to_titlecase cannot"),
    (AT.dt.truncate("1mo2d") == EDGE, "1mo2d"),
    (LOCAL.dt.offset_by("1d") == EDGE, "offset_by in a zone"),
    (AT.dt.replace_time_zone("Europe/Madrid") == EDGE, "replace_time_zone"),
    (ACTOR.cast(pl.Int64) > 1, "strict=False"),
    (ACTOR.is_in(col("resource")), "is_in with another column"),
    (ACTOR.str.contains(col("resource")), "str.contains by another column"),
    (ACTOR.str.contains(r"\bana\b"), r"\b"),
    (ACTOR.str.contains(r"[a-z&&[^b]]"), "&& within [...]"),
    (ACTOR.str.contains(r"(?x)a"), "(?x)"),
    (ACTOR.str.contains(r"a{1001}"), "more than 1000 times"),
    (ACTOR.str.replace_all("(?<n>a)", "$n"), "$n"),
    (ACTOR.shift(1) == "x", "shift cannot"),
    (col("landing").rank() > 1, "rank cannot"),
    (col("landing").cum_sum(reverse=True) > 1, "cum_sum cannot"),
    (col("landing").pow(2) > 1, "pow cannot"),
    (col("landing").filter(col("landing") > 1) > 1, "filter cannot"),
    (col("landing").sort() > 1, "sort cannot"),
    (ACTOR.str.split(",").list.len() > 1, "list.length cannot"),
    (AT.dt.round("1h") == EDGE, "dt.round cannot"),
    (pl.struct("actor", "ip").is_null(), "as_struct cannot"),
    (ACTOR.map_elements(len, return_dtype=pl.Int64) > 1, "a Python function"),
    (pl.col("actor", "ip").is_null(), "several columns at once"),
    ("landing > (select 1)", "a subquery"),
    ("actor in (select 'ana')", "a subquery"),
    ("exists (select 1)", "a subquery"),
    ("actor in (select actor from events)", "a subquery"),
    ("max(landing) = 1", "an aggregate"),
    ("count(*) > 1", "an aggregate"),
    ("row_number() over () = 1", "an aggregate"),
]


@pytest.mark.parametrize(("written", "part"), REFUSED, ids=[part for _, part in REFUSED])
def test_what_has_no_twin_is_refused_by_name_with_the_way_on(written: Any, part: str, log: AuditLog) -> None:
    with pytest.raises(UsageError) as refusal:
        log.filter(where=written) if isinstance(written, str) else log.filter(written)
    assert part in str(refusal.value)
    assert "view.lazy()" in str(refusal.value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda log: log.filter(col("actr") == "x"), "unknown column 'actr': did you mean 'actor'?"),
        (lambda log: log.filter(actr="x"), "unknown filter 'actr': did you mean 'actor'?"),
        (lambda log: log.filter(category="Member"), "unknown category 'Member': did you mean 'Members'?"),
        (lambda log: log.filter(col("category") == "Memberz"), "did you mean 'Members'?"),
        (lambda log: log.filter(country="Spain"), "unknown country 'Spain': did you mean 'ES'?"),
        (lambda log: log.filter(outcome="failed"), "did you mean 'failure'?"),
        (lambda log: log.filter(ACTOR == 5), "actor is text, and '5' is none"),
        (lambda log: log.filter(col("landing") == ACTOR), "landing is number, actor is text"),
        (lambda log: log.filter(ACTOR.is_in([])), "is_in with no value"),
        (lambda log: log.filter(ACTOR.is_in([None])), "is_in with no value"),
        (lambda log: log.filter(pl.lit(None) == ACTOR), "is_null()"),
        (lambda log: log.filter("actor"), "SQL text is where=..."),
        (lambda log: log.filter(5), "a predicate is a Polars expression"),
        (lambda log: log.filter(ACTOR), "a condition is needed, and actor is text"),
        (lambda log: log.filter(ACTOR + 1 == "x"), "Polars refuses a part of the predicate"),
        (lambda log: log.filter(where="now() > occurred_at"), "now cannot be asked in a condition; use --last 7d"),
        (lambda log: log.filter(where="actr = 'ana'"), "unknown column 'actr': did you mean 'actor'?"),
        (lambda log: log.filter(where="lower(actr) = 'ana'"), "unknown column 'actr': did you mean 'actor'?"),
        (lambda log: log.filter(where="actor.email = 'x'"), "unknown column 'actor.email': did you mean 'actor'?"),
        (lambda log: log.filter(where="actor.id = 'x'"), "unknown column 'actor.id': did you mean 'actor_id'?"),
        (lambda log: log.filter(where="location.country = 'x'"), "did you mean 'country'?"),
        (lambda log: log.filter(where="events.actor = 'x'"), "did you mean 'actor'?"),
        (lambda log: log.filter(where="changes.role.before = 'x'"), "'changes.role.before': did you mean 'changes'?"),
        (lambda log: log.filter(ACTOR.struct.field("email") == "x"), "a column has no fields"),
        (
            lambda log: log.filter(where="isodow(occurred_at) < 6"),
            "write extract(isodow FROM occurred_at), 1 for Monday",
        ),
        (
            lambda log: log.filter(where="Weekday (day) = 7"),
            "there is no function Weekday in a condition; write extract(isodow",
        ),
        (lambda log: log.filter(where="isoyear(day) = 2026"), "write extract(isoyear FROM occurred_at)"),
        (lambda log: log.filter(where="date(occurred_at) = '2026-03-02'"), "in SQL occurred_at::date"),
        (lambda log: log.filter(where="raw ->> '$.id' = '1'"), "a field of JSON cannot be asked in a condition"),
        (lambda log: log.filter(where="actor = 'ana' && landing = 1"), "write AND"),
        (lambda log: log.filter(where='actor = "ana"'), "unknown column 'ana'"),
        (lambda log: log.filter(where="actor = Ana"), "a text stands in single quotes: 'Ana'"),
        (lambda log: log.filter(nw.col("actr") == "ana"), "unknown column 'actr': did you mean 'actor'?"),
        (lambda log: log.filter(where="category = 'Memberz'"), "did you mean 'Members'?"),
        (lambda log: Filter.from_json('{"op":"=="}'), "this is no filter's JSON"),
        (lambda log: Filter.from_json('{"op":"null","left":{"column":"actr"}}'), "did you mean 'actor'?"),
        (lambda log: log.filter(ACTOR.str.contains("[")), "no regular expression"),
        (lambda log: log.filter(ACTOR.dt.hour() == 1), "only a time has a part such as hour"),
        (lambda log: log.filter(since="2026-03-09", until="2026-03-02"), "is reversed"),
        (lambda log: log.filter(last="7d", since="2026-03-02"), "contradict"),
        (
            lambda log: log.filter(reduce(or_, [col("actor") == f"a{n}" for n in range(1000)])),
            "write pl.col('actor').is_in",
        ),
        (lambda log: AuditLog(log.uri, timezone="Europe/Madird"), "did you mean 'Europe/Madrid'?"),
    ],
)
def test_a_mistake_is_named_with_the_nearest(make: Callable[[AuditLog], Any], words: str, log: AuditLog) -> None:
    with pytest.raises(UsageError) as mistake:
        make(log)
    assert words in str(mistake.value)
    assert "\n" not in str(mistake.value)


@pytest.mark.slow
def test_a_list_of_a_thousand_conditions_runs(log: AuditLog) -> None:
    many = log.filter(pl.any_horizontal([(col("actor") == f"a{n}") & (pl.col("city") != "Oslo") for n in range(1000)]))
    assert many.count() == 0
    others = log.filter(pl.all_horizontal([col("actor") != f"a{n}" for n in range(1000)]))
    assert others.count() == log.filter(ACTOR.is_not_null()).count()


def test_an_unknown_actor_is_no_mistake_but_has_a_nearest(world: World, cli: Cli) -> None:
    ran = cli("events", "--store", world.store, "--actor", "ana@northwind.exampel")
    assert (ran.code, ran.out) == (0, "")
    assert ran.err.startswith("no actor 'ana@northwind.exampel': did you mean ")


def test_the_same_filter_gives_the_same_number_as_flags_and_as_a_predicate(world: World, cli: Cli) -> None:
    ran = cli("summary", "--store", world.store, "--by", "category", "--country", "ES", "--from", "2026-03-02")
    view = AuditLog(Path(world.store)).filter((col("country") == "ES") & (datetime(2026, 3, 2, tzinfo=UTC) <= AT))
    assert sum(row["events"] for row in ran.rows) == view.count() > 0


@pytest.mark.slow
def test_a_limit_gives_the_first_rows_and_tells_of_how_many(world: World, cli: Cli) -> None:
    for by in ("actor", "location", "category,outcome", "hour,network"):
        asked = ("summary", "--store", world.store, "--by", by)
        every = cli(*asked)
        assert (every.code, every.err) == (0, "")
        for limit in (0, 1, 3, len(every.rows) - 1):
            some = cli(*asked, "--limit", limit)
            assert some.rows == every.rows[:limit], (by, limit)
            assert some.err == f"showing {limit:,} of {len(every.rows):,} rows\n"
        for limit in (len(every.rows), 10_000):
            some = cli(*asked, "--limit", limit)
            assert (some.rows, some.err) == (every.rows, "")
