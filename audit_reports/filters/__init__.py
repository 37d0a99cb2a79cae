"""How does a filter run, speak and identify itself? One small tree of conditions, and what is made of it.

`tree` holds the conditions, `reader` makes them from the `nodes` of Polars expressions, `twin` runs them through Narwhals in
DuckDB, `sentence` says them in English. `audit_reports.filter` is the door.
"""
