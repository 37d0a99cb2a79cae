"""How is DuckDB opened for reading? So that a query reads the store's events, and nothing else on this machine or beyond.

No other path, no network, no extension but the built-in ones, no variable of the caller's Python, no setting that a query
could change; what does not fit in memory goes to a folder that the user alone can read, gone with the connection.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from typing import TYPE_CHECKING

from audit_reports.errors import UsageError, quoted
from audit_reports.feed import listed, literal
from audit_reports.store import EVENTS, Store, connect

if TYPE_CHECKING:
    import duckdb

    from audit_reports.engine import Limits


def open_locked(store: Store, limits: Limits) -> duckdb.DuckDBPyConnection:
    """Return a connection of its own that can read a store's events; raises `UsageError` for a limit that DuckDB refuses.

    It must be the first thing that happens to the connection: a configuration that is locked stays so.
    """
    import duckdb

    spill = tempfile.mkdtemp(prefix="audit-reports-spill-")  # 0700, the owner's alone
    connection = connect(
        allow_community_extensions="false",
        python_enable_replacements="false",
        python_scan_all_frames="false",
        temp_directory=spill,
    )
    weakref.finalize(connection, shutil.rmtree, spill, ignore_errors=True)
    store.place.serve(connection)
    try:
        if limits.memory is not None:
            connection.execute(f"SET memory_limit = {literal(limits.memory)}")
        if limits.threads is not None:
            connection.execute(f"SET threads = {int(limits.threads)}")
    except duckdb.Error as error:
        raise UsageError(f"DuckDB refuses {quoted(limits)[1:-1]}: {str(error).splitlines()[0]}") from None
    # Once as the folder's name, once as the pattern that stands for it in a query where it has a `[`, `*` or `?`.
    events = store.place.location(EVENTS)
    connection.execute(f"SET allowed_directories = [{literal(events)}] || {listed([events])}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def checked_select(query: str) -> str:
    """Return a query that is one SELECT; raises `UsageError` for anything else, and for what DuckDB cannot parse.

    Inside the allowed folder a COPY or ATTACH would still write. VALUES, FROM, TABLE, DESCRIBE and SUMMARIZE read, and are
    forms of SELECT; PIVOT is several statements to DuckDB, unless it stands inside one: `FROM (PIVOT events ON ...)`.
    """
    import duckdb

    try:
        statements = duckdb.extract_statements(query)
    except duckdb.Error as error:
        raise UsageError(f"DuckDB refuses the query: {str(error).splitlines()[0]}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UsageError("sql takes one SELECT and nothing else")
    return query
