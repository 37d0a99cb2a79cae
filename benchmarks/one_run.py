"""What is measured in a process of its own: `python one_run.py NAME ARGUMENT...`, which prints its seconds as JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

# The columns of the design, as a person would take them out of the feed's JSON.
_FIELDS = {
    "event_id": ("id",),
    "occurred_at": ("occurred_at",),
    "category": ("category",),
    "action": ("action",),
    "actor": ("actor.email", "actor.name", "actor.id"),
    "actor_id": ("actor.id",),
    "actor_role": ("actor.role",),
    "actor_type": ("actor.type",),
    "resource": ("resource.name", "resource.id"),
    "resource_type": ("resource.type",),
    "resource_id": ("resource.id",),
    "changes": ("changes",),
    "source": ("source",),
    "ip": ("ip",),
    "country": ("location.country",),
    "region": ("location.region",),
    "city": ("location.city",),
    "workspace": ("workspace",),
    "outcome": ("outcome",),
    "user_agent": ("user_agent",),
}
_PATHS = sorted({path for paths in _FIELDS.values() for path in paths})


def land(inbox: str, store: str) -> dict[str, object]:
    """Land the files of a folder in a new store by the library."""
    from datetime import UTC, datetime

    from audit_reports.feeds import FEEDS
    from audit_reports.landing import land
    from audit_reports.store import Store

    result = land(Store.create(store), [f"{inbox}/*.jsonl"], FEEDS, now=datetime(2026, 4, 1, tzinfo=UTC))
    return {"rows": result.landed}


def copy_list(inbox: str, folder: str, *settings: str) -> dict[str, object]:
    """Let DuckDB's own COPY write the same fields, taken out by one `json_extract_string` with a list of paths."""
    places = {path: f"f[{number}]" for number, path in enumerate(_PATHS, start=1)}
    listed = ", ".join(f"'$.{path}'" for path in _PATHS)
    return _copy(inbox, folder, f"json_extract_string(raw, [{listed}])", places, settings)


def copy_struct(inbox: str, folder: str, *settings: str) -> dict[str, object]:
    """The same, the fields taken out by `json_transform` into a struct."""
    shape = (
        '{"id": "VARCHAR", "occurred_at": "VARCHAR", "category": "VARCHAR", "action": "VARCHAR", "source": "VARCHAR", '
        '"actor": {"id": "VARCHAR", "name": "VARCHAR", "email": "VARCHAR", "role": "VARCHAR", "type": "VARCHAR"}, '
        '"resource": {"type": "VARCHAR", "id": "VARCHAR", "name": "VARCHAR"}, "changes": "JSON", "ip": "VARCHAR", '
        '"location": {"country": "VARCHAR", "region": "VARCHAR", "city": "VARCHAR"}, "workspace": "VARCHAR", '
        '"outcome": "VARCHAR", "user_agent": "VARCHAR"}'
    )
    return _copy(
        inbox, folder, f"json_transform(raw::JSON, '{shape}')", {path: f"f.{path}" for path in _PATHS}, settings
    )


def _copy(inbox: str, folder: str, taken: str, places: dict[str, str], settings: tuple[str, ...]) -> dict[str, object]:
    import duckdb

    columns = []
    for name, paths in _FIELDS.items():
        value = f"coalesce({', '.join(places[path] for path in paths)})" if len(paths) > 1 else places[paths[0]]
        columns.append(f"{value}::{'TIMESTAMPTZ' if name == 'occurred_at' else 'VARCHAR'} AS {name}")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for setting in settings:
            connection.execute(setting)
        row = connection.execute(
            f"COPY (SELECT *, (occurred_at AT TIME ZONE 'UTC')::DATE AS day FROM ("
            f"SELECT {', '.join(columns)}, raw FROM (SELECT raw, {taken} AS f FROM ("
            f"SELECT json::VARCHAR AS raw FROM read_ndjson_objects('{inbox}/*.jsonl'))))) "
            f"TO '{folder}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day))"
        ).fetchone()
    return {"rows": row[0] if row else 0}


def query(sql: str) -> dict[str, object]:
    """Run a query by DuckDB and print its rows as JSON Lines, as the program's command does."""
    import duckdb

    duckdb.execute("SET TimeZone = 'UTC'")
    duckdb.execute(f"COPY ({sql}) TO '/dev/stdout' (FORMAT json)")
    return {}


NAMES: dict[str, Callable[..., dict[str, object]]] = {
    "land": land,
    "copy_list": copy_list,
    "copy_struct": copy_struct,
    "query": query,
}


if __name__ == "__main__":
    start = time.perf_counter()
    facts = NAMES[sys.argv[1]](*sys.argv[2:])
    if facts:
        print(json.dumps({"seconds": time.perf_counter() - start, **facts}))
