"""How does DuckDB alone do it? Its own `COPY` of the same fields of the same lines, the raw line kept, by day, zstd."""

from __future__ import annotations

import json

from fields import FIELDS, PATHS, tree


def copy_list(inbox: str, folder: str, *settings: str) -> dict[str, object]:
    """Take the fields out by one `json_extract_string` with a list of paths."""
    places = {path: f"f[{number}]" for number, path in enumerate(PATHS, start=1)}
    listed = ", ".join(f"'$.{path}'" for path in PATHS)
    return _copy(inbox, folder, f"json_extract_string(raw, [{listed}])", places, settings)


def copy_struct(inbox: str, folder: str, *settings: str) -> dict[str, object]:
    """Take the fields out by one `json_transform` into a struct."""
    shape = json.dumps(tree()).replace("null", '"VARCHAR"')
    taken = f"json_transform(raw::JSON, '{shape}')"
    return _copy(inbox, folder, taken, {path: f"f.{path}" for path in PATHS}, settings)


def _copy(inbox: str, folder: str, taken: str, places: dict[str, str], settings: tuple[str, ...]) -> dict[str, object]:
    import duckdb

    columns = []
    for name, paths in FIELDS.items():
        value = f"coalesce({', '.join(places[path] for path in paths)})" if len(paths) > 1 else places[paths[0]]
        columns.append(f"{value}::{'TIMESTAMPTZ' if name == 'occurred_at' else 'VARCHAR'} AS {name}")
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for setting in settings:
            connection.execute(setting)
        connection.execute(
            f"COPY (SELECT *, (occurred_at AT TIME ZONE 'UTC')::DATE AS day FROM ("
            f"SELECT {', '.join(columns)}, raw FROM (SELECT raw, {taken} AS f FROM ("
            f"SELECT json::VARCHAR AS raw FROM read_ndjson_objects('{inbox}/*.jsonl'))))) "
            f"TO '{folder}' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day))"
        )
    return {}
