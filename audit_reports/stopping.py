"""How does Ctrl-C stop what DuckDB does? At once: DuckDB itself looks for a signal when it is nearly done, and then loses it.

The work runs in the thread that asks for it: on few cores it takes a tenth less than in another one. A thread beside it hears
of a signal through a pipe that Python's own handler writes to, and interrupts the connection.
https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import duckdb

_LOOK_S = 0.2
_DONE = b"\0"  # the number of no signal
_MOST_BYTES = 512

T = TypeVar("T")


def stoppable(
    connection: duckdb.DuckDBPyConnection, work: Callable[[], T], *, meanwhile: Callable[[], None] | None = None
) -> T:
    """Return what some work of a connection gives; Ctrl-C interrupts the connection, and the work ends at once.

    Then `KeyboardInterrupt` is raised, as it is everywhere else: in the main thread, and where nobody handles the signal in
    another way. `meanwhile` is called now and then, in another thread; what it raises is raised when the work has ended.

    >>> import duckdb
    >>> with duckdb.connect() as connection:
    ...     stoppable(connection, lambda: connection.execute("SELECT 42").fetchall())
    [(42,)]
    """
    in_main = threading.current_thread() is threading.main_thread()
    hears = in_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not hears and meanwhile is None:
        return work()
    watch = _Watch(connection, meanwhile)
    if hears:  # from here on nothing is raised just anywhere, so that all is put back
        signal.signal(signal.SIGINT, watch.stop)
    try:
        watch.begin()
        if hears:
            watch.before = signal.set_wakeup_fd(watch.say, warn_on_full_buffer=False)
        try:
            result = work()
        finally:
            if hears:
                signal.set_wakeup_fd(watch.before)
            os.write(watch.say, _DONE)
            watch.join()
    except Exception:
        if watch.stopped:
            raise KeyboardInterrupt from None
        raise
    finally:
        if hears:
            signal.signal(signal.SIGINT, signal.default_int_handler)
    if watch.stopped:
        raise KeyboardInterrupt
    if watch.failed is not None:
        raise watch.failed
    return result


class _Watch(threading.Thread):
    """Waits beside some work for a signal, until it is told that the work is done."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, meanwhile: Callable[[], None] | None) -> None:
        super().__init__(daemon=True)
        self.connection = connection
        self.meanwhile = meanwhile
        self.stopped = False
        self.failed: BaseException | None = None
        self.before = -1
        """Who else was told of signals, and is told of them still."""
        self._hear = self.say = -1

    def begin(self) -> None:
        """Open the pipe, and wait at its end."""
        self._hear, self.say = os.pipe()
        os.set_blocking(self.say, False)
        self.start()

    def stop(self, *_: object) -> None:
        """Handle the signal: the work is to end."""
        self.stopped = True

    def run(self) -> None:
        """Look every moment, and at once where something is said."""
        said = b""
        while _DONE not in said:
            heard, _, _ = select.select([self._hear], [], [], _LOOK_S)
            said = os.read(self._hear, _MOST_BYTES) if heard else b""
            self.stopped = self.stopped or signal.SIGINT in said
            if signals := said.replace(_DONE, b""):
                with suppress(OSError):
                    os.write(self.before, signals)
            if self.stopped and _DONE not in said:
                self.connection.interrupt()  # again and again: between two queries of the work nobody hears it
            elif not heard and self.meanwhile is not None and self.failed is None:
                self._look(self.meanwhile)
        os.close(self._hear)
        os.close(self.say)

    def _look(self, meanwhile: Callable[[], None]) -> None:
        try:
            meanwhile()
        except BaseException as error:  # whatever it is, it is raised where the work was asked for
            self.failed = error
