"""How does Ctrl-C stop what DuckDB does? At once: DuckDB itself looks for a signal when it is nearly done, and then loses it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
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
            while not _is_done(doing):
                if meanwhile:
                    meanwhile()
        except KeyboardInterrupt:
            connection.interrupt()
            raise
        return doing.result()


def _is_done(doing: Future[T]) -> bool:
    try:
        doing.exception(timeout=_LOOK_S)
    except TimeoutError:
        return False
    return True
