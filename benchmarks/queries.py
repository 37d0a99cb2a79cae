"""How long does a summary take beside the same question as SQL, written by hand over the same Parquet files?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
from measure import Measured, command, in_turn, timed

from audit_reports import AuditLog

SINCE, UNTIL = "2026-03-09", "2026-03-16"
LIBRARY, HAND = "audit-reports", "hand-written SQL"
_COUNTS = (
    "count(*) AS events, count(DISTINCT actor) AS actors, min(occurred_at) AS first_seen, max(occurred_at) AS last_seen"
)


def _hand(store: Path, dimensions: str, where: str = "true") -> str:
    return (
        f"SELECT {dimensions}, {_COUNTS} FROM read_parquet('{store}/events/day=*/*.parquet', hive_partitioning = true, "
        f"hive_types = {{'day': DATE}}) WHERE {where} GROUP BY ALL ORDER BY events DESC, {dimensions}"
    )


def _week() -> str:
    inside = f"occurred_at >= TIMESTAMPTZ '{SINCE} 00:00:00Z' AND occurred_at < TIMESTAMPTZ '{UNTIL} 00:00:00Z'"
    return f"day BETWEEN DATE '{SINCE}' AND DATE '{UNTIL}' AND {inside}"


def in_process(store: Path, *, runs: int) -> dict[str, Measured]:
    """Measure questions in this process, with the store open and the files in the page cache."""
    log = AuditLog(store)
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    week = _hand(store, "actor, category", _week())
    everything = _hand(store, "category")
    opened: Callable[[], object] = lambda: AuditLog(store).filter(since=SINCE, until=UNTIL).by("actor", "category")  # noqa: E731
    questions: dict[str, tuple[Callable[[], object], str]] = {
        "One week by actor and category": (
            lambda: log.filter(since=SINCE, until=UNTIL).by("actor", "category"),
            week,
        ),
        "The same, opening the store each time": (opened, week),
        "All four weeks by category": (lambda: log.by("category"), everything),
    }
    found = {}
    for title, (asked, sql) in questions.items():
        same(asked, connection, sql)
        found[title] = in_turn(
            runs,
            {
                LIBRARY: lambda asked=asked: timed(asked),  # type: ignore[misc]
                HAND: lambda sql=sql: timed(lambda: connection.sql(sql).pl()),  # type: ignore[misc]
            },
            warm=1,
        )
    return found


def same(asked: Callable[[], object], connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Stop where the two answers differ: then there is nothing to compare."""
    if not connection.sql(sql).pl().equals(asked()):  # type: ignore[arg-type]
        raise SystemExit("benchmark: the library and the hand-written SQL answer differently")


def whole_process(store: Path, *, runs: int) -> Measured:
    """Measure the week's question from the shell: start, answer, end."""
    words = ("summary", "--store", str(store), "--by", "actor,category", "--from", SINCE, "--to", UNTIL)
    return in_turn(
        runs,
        {
            LIBRARY: lambda: command("-m", "audit_reports", *words, "--format", "jsonl"),
            HAND: lambda: command(
                str(Path(__file__).with_name("one_run.py")), "query", _hand(store, "actor, category", _week())
            ),
        },
        warm=1,
    )
