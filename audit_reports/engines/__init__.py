"""Which engines are there? One file each: `duckdb` runs a store on one machine, `polars` serves frames of the user's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from audit_reports.engine import Engine
    from audit_reports.store import Store


def engine_of(store: Store) -> Engine:
    """Return the engine that runs views of a store."""
    from audit_reports.engines.duckdb import DuckDBEngine

    return DuckDBEngine(store)
