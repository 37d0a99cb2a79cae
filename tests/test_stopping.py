"""When does Ctrl-C stop what DuckDB does? While it is at it, and not when it is nearly done."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import pytest

from audit_reports.stopping import stoppable

HOURS = "SELECT count(*) FROM range(10_000_000) AS a, range(10_000_000) AS b WHERE hash(a.range, b.range) = 1"


@pytest.fixture(autouse=True)
def interrupted_as_a_command_is() -> Iterator[None]:
    """Let Ctrl-C mean here what it means in a command, whatever a worker of the tests does with it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def press_ctrl_c(after: float) -> threading.Timer:
    """Send this process the signal of Ctrl-C, some seconds from now."""
    timer = threading.Timer(after, os.kill, [os.getpid(), signal.SIGINT])
    timer.start()
    return timer


def hours(connection: duckdb.DuckDBPyConnection) -> Callable[[], object]:
    return lambda: connection.execute(HOURS).fetchall()


def left_open() -> set[str]:
    """Return what this process has open, and the threads that run in it."""
    return {*map(str, Path("/proc/self/fd").iterdir()), *(thread.name for thread in threading.enumerate())}


@pytest.mark.parametrize("after", [0.001, 0.3])
def test_work_of_hours_ends_at_once_and_the_connection_goes_on(after: float) -> None:
    with duckdb.connect() as connection:
        stoppable(connection, lambda: connection.execute("SELECT 42").fetchall())
        open_before = left_open()
        start = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c(after)
            stoppable(connection, hours(connection))
        assert time.monotonic() - start < after + 5
        assert stoppable(connection, lambda: connection.execute("SELECT 42").fetchall()) == [(42,)]
        assert left_open() <= open_before


def test_it_may_come_at_any_moment() -> None:
    with duckdb.connect() as connection:
        stoppable(connection, lambda: connection.execute("SELECT 42").fetchall())
        open_before = left_open()
        for number in range(20):
            with pytest.raises(KeyboardInterrupt):
                press_ctrl_c(number / 7_000)
                stoppable(connection, hours(connection), meanwhile=lambda: None)
                pytest.fail("the work had no end")
        assert left_open() <= open_before


def test_work_that_asks_one_query_after_another_ends_too() -> None:
    with duckdb.connect() as connection:

        def work() -> None:
            try:
                time.sleep(0.5)  # nothing is asked of DuckDB when the signal comes
            except KeyboardInterrupt:
                connection.execute(HOURS).fetchall()  # and this work does not let itself be stopped so easily

        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c(0.2)
            stoppable(connection, work)


def test_an_error_of_the_work_is_raised_as_it_is() -> None:
    with duckdb.connect() as connection, pytest.raises(duckdb.CatalogException, match="nothing"):
        stoppable(connection, lambda: connection.execute("SELECT * FROM nothing"))


def test_somebody_looks_now_and_then_and_what_goes_wrong_there_is_raised_at_the_end() -> None:
    looked: list[str] = []

    def look() -> None:
        looked.append(threading.current_thread().name)
        if len(looked) == 2:
            raise BrokenPipeError

    with duckdb.connect() as connection, pytest.raises(BrokenPipeError):
        stoppable(connection, lambda: time.sleep(1), meanwhile=look)
    assert len(looked) == 2


def test_whoever_was_told_of_signals_is_told_of_them_still() -> None:
    hears, says = socket.socketpair()
    says.setblocking(False)
    before = signal.set_wakeup_fd(says.fileno())
    try:
        with duckdb.connect() as connection, pytest.raises(KeyboardInterrupt):
            press_ctrl_c(0.3)
            stoppable(connection, hours(connection))
        assert hears.recv(8) == bytes([signal.SIGINT])
    finally:
        assert signal.set_wakeup_fd(before) == says.fileno()
        hears.close()
        says.close()


def test_another_handler_of_the_signal_stays_in_charge(tmp_path: Path) -> None:
    handled = tmp_path / "handled"
    signal.signal(signal.SIGINT, lambda *_: handled.touch())
    with duckdb.connect() as connection:
        press_ctrl_c(0.1)
        stoppable(connection, lambda: time.sleep(0.5))
    assert handled.exists()


def test_work_of_another_thread_is_done_there() -> None:
    def work() -> tuple[object, object]:
        with duckdb.connect() as connection:
            answer = stoppable(connection, lambda: connection.execute("SELECT 42").fetchall(), meanwhile=lambda: None)
        return answer, threading.current_thread()

    with ThreadPoolExecutor(1) as pool:
        answer, thread = pool.submit(work).result()
    assert answer == [(42,)]
    assert thread is not threading.main_thread()
