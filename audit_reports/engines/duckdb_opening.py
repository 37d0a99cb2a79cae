"""How is DuckDB opened for reading? So that a query reads the log's events, and nothing else on this machine or beyond.

No other file (of the store either), no network, no extension but the built-in ones, no variable of the caller's Python, no
setting that a query could change; what does not fit in memory goes to a folder that the user alone can read.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from audit_reports.errors import UsageError, quoted
from audit_reports.feed import listed, literal
from audit_reports.store import Store, connect

if TYPE_CHECKING:
    import duckdb

    from audit_reports.engine import Limits


def open_locked(store: Store, files: Sequence[str], limits: Limits) -> duckdb.DuckDBPyConnection:
    """Return a connection of its own that can read these files of a store; raises `UsageError` for a limit that DuckDB refuses.

    It must be the first thing that happens to the connection: a configuration that is locked stays so. A COPY or ATTACH
    could still write to these files, so whatever others wrote goes through `one_select`.
    """
    import duckdb

    connection = connect(
        allow_community_extensions="false",
        python_enable_replacements="false",
        python_scan_all_frames="false",
        temp_directory=str(spill_folder()),
    )
    store.place.serve(connection)
    try:
        if limits.memory is not None:
            connection.execute(f"SET memory_limit = {literal(limits.memory)}")
        if limits.threads is not None:
            connection.execute(f"SET threads = {int(limits.threads)}")
    except duckdb.Error as error:
        raise UsageError(f"DuckDB refuses {quoted(limits)[1:-1]}: {str(error).splitlines()[0]}") from None
    # A query looks at its files' footers several times, and no file of a store ever changes.
    connection.execute("SET parquet_metadata_cache = true")
    # By their names, and by the patterns that stand for those in a query where they have a `[`, `*` or `?`. DuckDB takes
    # 20 microseconds for each, so none is named twice.
    names = "[" + ", ".join(map(literal, files)) + "]"
    odd = [file for file in files if listed([file]) != f"[{literal(file)}]"]
    connection.execute(f"SET allowed_paths = {names} || {listed(odd)}")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def spill_folder() -> Path:
    """Return the folder for what does not fit in memory: one for all processes of a user, who alone can read it.

    DuckDB takes its files away when a connection ends, and those of a process that was killed when the next one needs
    room. Raises `UsageError` where somebody else was there first.
    """
    folder = Path(tempfile.gettempdir()) / f"audit-reports-{os.geteuid()}"
    try:
        folder.mkdir(mode=stat.S_IRWXU)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
            raise UsageError(
                f"{quoted(folder)} is no folder of yours alone, and what does not fit in memory must not go there: "
                "remove it, or set TMPDIR to another place"
            ) from None
    return folder


def one_select(query: str) -> str:
    """Return a query as DuckDB takes it only where it is one SELECT; for anything else, DuckDB refuses what is returned.

    VALUES, FROM, TABLE, DESCRIBE and SUMMARIZE read, and are forms of SELECT; so is a PIVOT that lists its values with IN.
    A WITH that writes (an INSERT or COPY in it) is a SELECT to DuckDB's parser too, but only at the top level, and this is below.
    """
    return f"FROM query({literal(query)})"
