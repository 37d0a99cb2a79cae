"""How does Ctrl-C stop what DuckDB does? At once: DuckDB itself looks for a signal when it is nearly done, and then loses it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import duckdb

_LOOK_S = 0.2

T = TypeVar("T")


def stoppable(
    connection: duckdb.DuckDBPyConnection, work: Callable[[], T], *, meanwhile: Callable[[], None] | None = None
) -> T:
    """Return what some work of a connection gives, done in a thread while this one waits, where a signal reaches Python.

    A `KeyboardInterrupt` interrupts the connection, and is raised when the work has ended. `meanwhile` is called now and then.

    >>> import duckdb
    >>> with duckdb.connect() as connection:
    ...     stoppable(connection, lambda: connection.execute("SELECT 42").fetchall())
    [(42,)]
    """
    with ThreadPoolExecutor(1) as pool:
        doing = pool.submit(work)
        try:
            while not wait([doing], timeout=_LOOK_S).done:
                if meanwhile:
                    meanwhile()
        except KeyboardInterrupt:
            connection.interrupt()
            while not wait([doing], timeout=_LOOK_S).done:
                connection.interrupt()  # between two queries of the work nobody hears it
            raise
        return doing.result()
