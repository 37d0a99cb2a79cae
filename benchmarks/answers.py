"""Did everybody write the same? Asks for the counts of what somebody wrote, and of the lines themselves by another reader."""

from __future__ import annotations

from pathlib import Path

from fields import FIELDS, sql_type, tree

# A time is text in SQLite and so is compared by its day alone.
_TEXTS = [name for name in FIELDS if name != "occurred_at"]


def _sql(source: str) -> str:
    """Return the question: for each category its events and ids, and of each column its values and their length."""
    columns = ", ".join(f"count({name}), sum(length({name})), min({name}), max({name})" for name in _TEXTS)
    return (
        "SELECT category, count(*), count(DISTINCT event_id), CAST(min(day) AS VARCHAR), CAST(max(day) AS VARCHAR), "
        f"{columns} FROM {source} GROUP BY category ORDER BY category"
    )


def answer(folder: str, raw: str = "raw") -> dict[str, object]:
    """Return the counts of what was written to a folder, and the characters of its lines; with raw "" they were not kept."""
    lengths = "SELECT sum(length(raw)) FROM "
    database = Path(folder) / "events.sqlite"
    if database.exists():
        import sqlite3

        connection = sqlite3.connect(database)
        (size,) = connection.execute(f"{lengths} events").fetchone()
        return {"counts": connection.execute(_sql("events")).fetchall(), "raw": size}

    import duckdb

    files = f"read_parquet('{folder}/**/day=*/*.parquet', hive_partitioning = true, hive_types = {{'day': DATE}})"
    with duckdb.connect() as connected:
        size = connected.sql(f"{lengths} {files}").fetchall()[0][0] if raw else None
        return {"counts": connected.sql(_sql(files)).fetchall(), "raw": size and int(size)}


def expected(inbox: str) -> dict[str, object]:
    """Return the counts of the lines themselves, read by DuckDB's `read_json`, and the characters of their lines."""
    import duckdb

    types = ", ".join(
        f"{name}: '{sql_type(inner, 'STRUCT', 'VARCHAR') if inner else 'VARCHAR'}'" for name, inner in tree().items()
    )
    columns = ", ".join(f"coalesce({', '.join(paths)}) AS {name}" for name, paths in FIELDS.items())
    lines = f"read_json('{inbox}/*.jsonl', format = 'newline_delimited', columns = {{{types}}})"
    with duckdb.connect() as connected:
        rows = f"(SELECT {columns}, occurred_at[1:10] AS day FROM {lines})"
        counts = connected.sql(_sql(rows)).fetchall()
    files = list(Path(inbox).glob("*.jsonl"))
    events = sum(row[1] for row in counts)
    return {"counts": counts, "raw": sum(file.stat().st_size for file in files) - events}
