"""How does somebody ask the same in SQL, who knows how the files lie? Written by hand, for DuckDB, ClickHouse, SQLite and Spark.

The text is DuckDB's, as fast as it could be made: only the columns and the day folders that are needed, and where a whole
day is meant no condition on the time. What others spell differently is in their `Dialect`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from questions import ACTOR, ALL, BEFORE, DISTINCT, EVENING, LAST, MORNING, NETWORK, NIGHT, SHOWN, TEXT, TOP, Span

from audit_reports.columns import NAMES
from audit_reports.columns import TEXT as TEXTS

SEARCHED = [name for name in TEXTS if name != "raw"]


@dataclass(frozen=True)
class Dialect:
    """How an engine spells things: where a span's events are, a time, and expressions over the columns of an event."""

    events: Callable[[Span], str]
    """The events of some days, as `FROM ... WHERE ...`, to which `AND ...` may be added."""

    moment: Callable[[datetime], str]
    slot: str
    """Hours since the Monday before, from 0 to 167."""

    first_id: str
    """The id of a group's first event."""

    in_network: str
    found: Callable[[str], str]
    """Whether a column contains the text, in whatever case."""

    whole: str = "BIGINT"
    divided: str = "//"
    once: str = ""
    """What makes a name of a WITH be worked out once."""


def questions(d: Dialect) -> dict[str, str]:
    """Return the SQL of each question in a dialect."""
    span = "min(occurred_at) AS first_seen, max(occurred_at) AS last_seen"
    counts = f"count(*) AS events, count(DISTINCT actor) AS actors, {span}"
    of_actor = f"count(*) AS events, CAST(actor IS NOT NULL AS {d.whole}) AS actors, {span}"
    # To count for each actor first, and then the actors, is faster than to count distinct ones where there are few groups.
    pairs = "actor, count(*) AS n, min(occurred_at) AS earliest, max(occurred_at) AS latest"
    seen = "min(earliest) AS first_seen, max(latest) AS last_seen"
    of_pairs = f"CAST(sum(n) AS {d.whole}) AS events, count(actor) AS actors, {seen}"
    place = "coalesce(city, region)"
    return {
        "week by actor": f"SELECT actor, {of_actor} {d.events(LAST)} GROUP BY actor ORDER BY events DESC, actor NULLS LAST",
        "week by category and action": f"""
            SELECT category, action, {counts} {d.events(LAST)} GROUP BY category, action
            ORDER BY events DESC, category NULLS LAST, action NULLS LAST""",
        "week by location": f"""
            SELECT CASE WHEN place IS NULL THEN country WHEN country IS NULL THEN place ELSE place || ', ' || country END
                AS location, events, actors, first_seen, last_seen
            FROM (SELECT place, country, {of_pairs} FROM (SELECT {place} AS place, country, {pairs} {d.events(LAST)}
                GROUP BY {place}, country, actor) AS pairs GROUP BY place, country) AS places
            ORDER BY events DESC, location NULLS LAST""",
        "hours by weekdays": f"""
            SELECT CAST(slot {d.divided} 24 + 1 AS {d.whole}) AS weekday, CAST(slot % 24 AS {d.whole}) AS hour,
                events, actors, first_seen, last_seen
            FROM (SELECT slot, {of_pairs} FROM (SELECT {d.slot} AS slot, {pairs} {d.events(ALL)}
                GROUP BY {d.slot}, actor) AS pairs GROUP BY slot) AS slots
            ORDER BY events DESC, weekday, hour""",
        "new places of an actor": f"""
            SELECT actor, country, {span}, {d.first_id} AS first_event_id, count(*) AS events
            {d.events(LAST)} AND actor IS NOT NULL AND country IS NOT NULL AND (actor, country) NOT IN
                (SELECT DISTINCT actor, country {d.events(Span(ALL.since, LAST.since))}
                    AND actor IS NOT NULL AND country IS NOT NULL)
            GROUP BY actor, country ORDER BY first_seen DESC, actor, country""",
        "an actor's night": f"""
            SELECT {", ".join(NAMES)} {d.events(NIGHT)} AND actor = '{ACTOR}'
            AND occurred_at >= {d.moment(EVENING)} AND occurred_at < {d.moment(MORNING)}
            ORDER BY occurred_at, feed, event_id, landing""",
        "text, newest 50": f"""
            SELECT {", ".join(NAMES)} {d.events(LAST)} AND ({" OR ".join(map(d.found, SEARCHED))})
            ORDER BY occurred_at DESC, feed, event_id, landing LIMIT {SHOWN}""",
        "network by actor": f"""
            SELECT actor, {of_actor} {d.events(ALL)} AND {d.in_network} GROUP BY actor
            ORDER BY events DESC, actor NULLS LAST""",
        "rare actions": f"""
            SELECT actor, event, events, CAST(events AS DOUBLE) / sum(events) OVER (PARTITION BY actor) AS share,
                count(actor) OVER (PARTITION BY event) AS shared_by
            FROM (SELECT actor, event, count(*) AS events {d.events(ALL)} GROUP BY actor, event) AS counted
            ORDER BY events, shared_by, share, actor NULLS LAST, event""",
        # To count the actors of every resource would take most of the time: those of the first twenty will do.
        "top 20 resources": f"""
            WITH most AS {d.once} (SELECT resource, count(*) AS events, {span} {d.events(ALL)} GROUP BY resource
                ORDER BY events DESC, resource NULLS LAST LIMIT {TOP})
            SELECT most.resource AS resource, max(most.events) AS events, count(DISTINCT theirs.actor) AS actors,
                max(most.first_seen) AS first_seen, max(most.last_seen) AS last_seen
            FROM (SELECT resource, actor {d.events(ALL)}) AS theirs
            JOIN most ON theirs.resource IS NOT DISTINCT FROM most.resource
            GROUP BY most.resource ORDER BY events DESC, resource NULLS LAST""",
        "two weeks compared": f"""
            SELECT actor, events, before, events - before AS change,
                CASE WHEN before = 0 THEN 'new' WHEN events = 0 THEN 'gone' END AS state,
                CASE WHEN events > 0 THEN CAST(actor IS NOT NULL AS {d.whole}) END AS actors, first_seen, last_seen
            FROM (SELECT actor, CAST(sum(n) AS {d.whole}) AS events, CAST(sum(m) AS {d.whole}) AS before, {seen}
                FROM (SELECT {pairs}, 0 AS m {d.events(LAST)} GROUP BY actor UNION ALL
                    SELECT actor, 0, NULL, NULL, count(*) {d.events(BEFORE)} GROUP BY actor) AS weeks GROUP BY actor) AS counted
            ORDER BY events DESC, before DESC, actor NULLS LAST""",
        "distinct counts": f"""
            SELECT count(*) AS events, {", ".join(f"count(DISTINCT {name})" for name in DISTINCT)}
            {d.events(ALL)}""",
    }


def _prefixes() -> list[str]:
    """Return how the addresses of the network begin, one text for each /24."""
    return [
        str(one.network_address).rpartition(".")[0] + "."
        for one in ipaddress.ip_network(NETWORK).subnets(new_prefix=24)
    ]


def _begins() -> str:
    """Return the condition that an address is one of the network, by its text: the column holds addresses alone."""
    return "(" + " OR ".join(f"ip LIKE '{prefix}%'" for prefix in _prefixes()) + ")"


def _moment(moment: datetime) -> str:
    return f"TIMESTAMPTZ '{moment:%Y-%m-%d %H:%M:%S}+00'"


def duckdb_sql(store: str) -> Dialect:
    """Return DuckDB's dialect: the folders of the days by name, over the Parquet files of a store."""

    def events(span: Span) -> str:
        listed = ", ".join(f"'{store}/events/day={day}/*.parquet'" for day in span.days)
        files = f"'{store}/events/day=*/*.parquet'" if span == ALL else f"[{listed}]"
        return f"FROM read_parquet({files}, hive_partitioning = true, hive_types = {{'day': DATE}}) WHERE true"

    return Dialect(
        events=events,
        moment=_moment,
        slot="(epoch_us(occurred_at) // 3600000000 + 72) % 168",
        first_id="arg_min(event_id, (occurred_at, event_id))",
        in_network=_begins(),
        found=lambda column: f"{column} ILIKE '%{TEXT}%'",
        once="MATERIALIZED",
    )


def clickhouse_sql(store: str) -> Dialect:
    """Return ClickHouse's dialect over the same files."""

    def events(span: Span) -> str:
        days = "day=*" if span == ALL else f"day={{{','.join(span.days)}}}"
        return f"FROM file('{store}/events/{days}/*.parquet', Parquet) WHERE true"

    return Dialect(
        events=events,
        moment=lambda moment: f"toDateTime64('{moment:%Y-%m-%d %H:%M:%S}', 6, 'UTC')",
        slot="modulo(intDiv(toUnixTimestamp(occurred_at), 3600) + 72, 168)",
        first_id="argMin(event_id, (occurred_at, event_id))",
        in_network=f"isIPAddressInRange(coalesce(ip, '::'), '{NETWORK}')",
        found=lambda column: f"positionCaseInsensitive({column}, '{TEXT}') > 0",
        whole="Int64",
        divided="DIV",
    )


def sqlite_sql() -> Dialect:
    """Return SQLite's dialect, over a table `events` whose times are text of the same length."""
    return Dialect(
        events=lambda span: f"FROM events WHERE day >= '{span.since}' AND day < '{span.until}'",
        moment=lambda moment: f"'{moment:%Y-%m-%d %H:%M:%S}.000000'",
        slot="(strftime('%s', occurred_at) / 3600 + 72) % 168",
        first_id="substr(min(occurred_at || event_id), 27)",
        in_network=_begins(),
        found=lambda column: f"{column} LIKE '%{TEXT}%'",
        divided="/",
    )


def spark_sql() -> Dialect:
    """Return Spark's dialect, over a view `events` of the partitioned files."""

    def day(of: date) -> str:
        return f"DATE '{of}'"

    return Dialect(
        events=lambda span: f"FROM events WHERE day >= {day(span.since)} AND day < {day(span.until)}",
        moment=lambda moment: f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S}'",
        slot="(unix_seconds(occurred_at) DIV 3600 + 72) % 168",
        first_id="min_by(event_id, struct(occurred_at, event_id))",
        in_network=_begins(),
        found=lambda column: f"contains(lower({column}), '{TEXT.lower()}')",
        divided="DIV",
    )
