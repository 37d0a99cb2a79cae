"""Which events are copies? Finds, among staged rows and those of their days, the events that are the same.

Two events are the same when feed, event_id and day agree and their raw JSON has the same value; with another value the
later one is quarantined. Nothing but the days concerned is read, and only hashes of keys where no copy is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.feed import literal
from audit_reports.ingest.quarantine import Quarantined
from audit_reports.store import scan_sql

if TYPE_CHECKING:
    import duckdb

_KEY = "feed, event_id, day"
CONFLICT = "the same event with another value"


def take_out_copies(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    stored: Callable[[Sequence[str]], Sequence[str]],
    locate: Callable[[Sequence[str]], list[Quarantined]],
    *,
    differ: bool,
) -> tuple[list[Quarantined], int]:
    """Rewrite the staged files without copies; return the rows for quarantine and how many duplicates were left out.

    `stored` gives the store's files of some days (ISO), `locate` the staged events of some ids with their place in the
    input, in the order of arrival. Where staged ids are known to `differ`, the store alone can hold their copies.
    """
    staged = [str(path) for path in folder.glob("*/day=*/*.parquet")]
    if not staged:
        return [], 0
    days = sorted({path.split("day=")[1].split("/")[0] for path in staged})
    there = stored(days)
    if differ and not there:
        return [], 0
    if not _candidates(connection, staged, there, differ=differ):
        return [], 0
    known = scan_sql(there) if there else f"SELECT * FROM ({scan_sql(staged)}) WHERE false"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE copied AS
        SELECT {_KEY}, raw, 'staged' AS place, count(*) AS rows FROM ({scan_sql(staged)})
        WHERE hash({_KEY}) IN (SELECT h FROM candidates) GROUP BY ALL
        UNION ALL SELECT DISTINCT {_KEY}, raw, 'stored', 1 FROM ({known}) WHERE hash({_KEY}) IN (SELECT h FROM candidates)"""
    )
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE keep AS
        SELECT {_KEY}, min(raw) AS raw, bool_or(place = 'stored') AS stored, count(DISTINCT raw) > 1 AS differs
        FROM copied GROUP BY {_KEY} HAVING bool_or(place = 'staged') AND (bool_or(place = 'stored') OR sum(rows) > 1)"""
    )
    conflicts = _conflicts(connection, locate)
    before, after = _rewrite(connection, staged)
    return conflicts, before - after - len(conflicts)


def _candidates(
    connection: duckdb.DuckDBPyConnection, staged: Sequence[str], there: Sequence[str], *, differ: bool
) -> int:
    """Keep the hashes of keys that occur twice, or occur in the store too; a chance collision costs time, never a row."""
    keys = f"SELECT hash({_KEY}) AS h FROM ({scan_sql(staged)})"
    twice = [] if differ else [f"SELECT h FROM ({keys}) GROUP BY h HAVING count(*) > 1"]
    also = [f"SELECT h FROM ({keys}) WHERE h IN (SELECT hash({_KEY}) FROM ({scan_sql(there)}))"] if there else []
    connection.execute(f"CREATE OR REPLACE TEMP TABLE candidates AS {' UNION '.join(twice + also)}")
    return int(connection.execute("SELECT count(*) FROM candidates").fetchall()[0][0])


def _conflicts(
    connection: duckdb.DuckDBPyConnection, locate: Callable[[Sequence[str]], list[Quarantined]]
) -> list[Quarantined]:
    """Return the staged events whose value is not that of the event kept, and set right which one is kept."""
    texts = connection.execute(
        f"SELECT feed, event_id, day::VARCHAR, c.raw, place, stored FROM copied c JOIN keep USING ({_KEY}) WHERE differs"
    ).fetchall()
    values: dict[tuple[str, str, str], set[str]] = {}
    stored_value: dict[tuple[str, str, str], str] = {}
    for feed, event_id, day, raw, place, _ in texts:
        value = same_value(raw)
        values.setdefault((feed, event_id, day), set()).add(value)
        if place == "stored":
            stored_value[(feed, event_id, day)] = value
    disputed = {key for key, found in values.items() if len(found) > 1}
    if not disputed:
        return []
    kept: dict[tuple[str, str, str], tuple[str, str | None]] = {
        key: (stored_value[key], None) for key in disputed if key in stored_value
    }
    conflicts: list[Quarantined] = []
    for event in locate(sorted({event_id for _, event_id, _ in disputed})):
        key = (event.feed or "", event.event_id or "", event.day or "")
        if key not in disputed:
            continue
        value, _ = kept.setdefault(key, (same_value(event.raw), event.raw))
        if same_value(event.raw) != value:
            conflicts.append(replace(event, reason=CONFLICT))
    for (feed, event_id, day), (_, text) in kept.items():
        if text is not None:
            connection.execute(
                "UPDATE keep SET raw = ? WHERE feed = ? AND event_id = ? AND day = ?::DATE", [text, feed, event_id, day]
            )
    return conflicts


def same_value(raw: str) -> str:
    """Return a text that two JSON texts share exactly when they have the same value.

    A text that Python does not read (one of an older store, or nested a thousand deep) has the value of nothing but itself.

    >>> same_value('{"a": 1, "b": "\\u00e9"}') == same_value('{"b":"é","a":1.0}')
    True
    >>> same_value('{"a": 1}') == same_value('{"a": "1"}')
    False
    """
    try:
        return repr(_comparable(json.loads(raw, parse_float=_EXACT.create_decimal, parse_int=_EXACT.create_decimal)))
    except (ValueError, ArithmeticError, RecursionError):
        return raw


_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _comparable(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_comparable(one) for one in value]
    return value.normalize(_EXACT) if isinstance(value, Decimal) else value


def _rewrite(connection: duckdb.DuckDBPyConnection, staged: Sequence[str]) -> tuple[int, int]:
    """Write the staged files that hold a copy again, without it; return the rows before and after."""
    touched = [day for (day,) in connection.execute("SELECT DISTINCT day::VARCHAR FROM keep ORDER BY 1").fetchall()]
    before = after = 0
    for day in touched:
        files = [path for path in staged if f"/day={day}/" in path]
        target = Path(files[0]).with_name("single.parquet")
        rows = scan_sql(files)
        before += int(connection.execute(f"SELECT count(*) FROM ({rows})").fetchall()[0][0])
        counted = connection.execute(
            f"""COPY (
            SELECT * EXCLUDE (day) FROM ({rows}) s WHERE NOT EXISTS (
                SELECT 1 FROM keep k WHERE k.feed = s.feed AND k.event_id = s.event_id AND k.day = s.day)
            UNION ALL BY NAME
            SELECT s.* EXCLUDE (day) FROM ({rows}) s JOIN keep k
                ON k.feed = s.feed AND k.event_id = s.event_id AND k.day = s.day AND k.raw = s.raw
            WHERE NOT k.stored QUALIFY row_number() OVER (PARTITION BY s.feed, s.event_id) = 1
            ) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)"""
        ).fetchall()
        kept = int(counted[0][0])
        after += kept
        for path in files:
            Path(path).unlink()
        if not kept:
            target.unlink()
    return before, after
