"""When does Ctrl-C stop what DuckDB does? While it is at it, and not when it is nearly done."""

from __future__ import annotations

import time
from collections.abc import Callable

import duckdb
import pytest

from audit_reports.stopping import stoppable

HOURS = "SELECT count(*) FROM range(10_000_000) AS a, range(10_000_000) AS b WHERE hash(a.range, b.range) = 1"


def presses_ctrl_c_at_the(look: int) -> Callable[[], None]:
    looks = iter(range(1, look + 1))

    def meanwhile() -> None:
        if next(looks) == look:
            raise KeyboardInterrupt

    return meanwhile


@pytest.mark.parametrize("look", [1, 3])
def test_work_of_hours_ends_at_once_and_the_connection_goes_on(look: int) -> None:
    with duckdb.connect() as connection:
        with pytest.raises(KeyboardInterrupt):
            stoppable(connection, lambda: connection.execute(HOURS).fetchall(), meanwhile=presses_ctrl_c_at_the(look))
        assert stoppable(connection, lambda: connection.execute("SELECT 42").fetchall()) == [(42,)]


def test_work_that_asks_one_query_after_another_ends_too() -> None:
    with duckdb.connect() as connection:

        def work() -> None:
            time.sleep(0.5)  # nothing is asked of DuckDB when the first signal comes
            connection.execute(HOURS).fetchall()

        with pytest.raises(KeyboardInterrupt):
            stoppable(connection, work, meanwhile=presses_ctrl_c_at_the(1))


def test_an_error_of_the_work_is_raised_as_it_is() -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.CatalogException, match="nothing"):
        stoppable(connection, lambda: connection.execute("SELECT * FROM nothing"))
