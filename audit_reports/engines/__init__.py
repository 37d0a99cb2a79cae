"""Which engines are there? One file each: `duckdb` runs a store on one machine, `spark` on many; `polars` serves frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audit_reports.errors import UsageError, quoted

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from audit_reports.engine import Engine, Limits
    from audit_reports.store import EventFile, Store


def engine_of(
    store: Store, files: Sequence[EventFile], engine: SparkSession | None = None, *, limits: Limits
) -> Engine:
    """Return the engine that runs views over files of a store: DuckDB, or the Spark of a session.

    `limits` are DuckDB's; a session has its own. Raises `UsageError` for what is no session.

    >>> engine_of(None, [], "spark", limits=None)
    Traceback (most recent call last):
    audit_reports.errors.UsageError: engine must be a Spark session, as SparkSession.builder.getOrCreate() gives it, not 'spark'
    """
    if engine is None:
        from audit_reports.engines.duckdb import DuckDBEngine

        return DuckDBEngine(store, files, limits)
    # No need of Spark to know that something is none of its sessions.
    kinds = {f"{kind.__module__}.{kind.__name__}" for kind in type(engine).__mro__}
    if "pyspark.sql.connect.session.SparkSession" in kinds:
        raise UsageError(
            "a session of Spark Connect cannot read the store's files; give one of the driver's own process"
        )
    if "pyspark.sql.session.SparkSession" not in kinds:
        raise UsageError(
            f"engine must be a Spark session, as SparkSession.builder.getOrCreate() gives it, not {quoted(engine)}"
        )
    from audit_reports.engines.spark import SparkEngine

    return SparkEngine(store, engine)
