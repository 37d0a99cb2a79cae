"""How far is long work, as a terminal shows it? One line that is drawn again: work, share, bytes, events, rate, time left."""

from __future__ import annotations

from collections.abc import Callable
from typing import TextIO

from audit_reports.ingest.watching import Progress

_MEGABYTE = 1_000_000
_PAUSE_SECONDS = 0.1
_FIRST_SECONDS = 0.5


class ProgressLine:
    """One line of a terminal that is drawn again and again; `seconds` gives a clock that only goes forward."""

    def __init__(self, terminal: TextIO, seconds: Callable[[], float]) -> None:
        self.terminal = terminal
        self.seconds = seconds
        self.began = seconds()
        self.drawn: float | None = None
        self.work: str | None = None

    def __call__(self, progress: Progress) -> None:
        """Draw how far it is, at most ten times a second; what is done at once draws nothing."""
        now = self.seconds()
        if self.work not in (None, progress.work):
            self.began = now
        self.work = progress.work
        if now - (self.began + _FIRST_SECONDS if self.drawn is None else self.drawn + _PAUSE_SECONDS) < 0:
            return
        self.drawn = now
        self.terminal.write(f"\r{progress_text(progress, now - self.began)}\x1b[K")
        self.terminal.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self.drawn is not None:
            self.terminal.write("\r\x1b[K")
            self.terminal.flush()


def progress_text(progress: Progress, seconds: float) -> str:
    """Return how far work is after so many seconds, on one line; without a time left while nothing is done.

    >>> progress_text(Progress(250_000_000, 1_000_000_000, 580_000), 5.0)
    'landing: 25 %, 250 of 1,000 MB, about 580,000 events, 50 MB/s, 15 s left'
    """
    share = progress.bytes / progress.total if progress.total else 1.0
    text = (
        f"{progress.work}: {100 * share:.0f} %, {progress.bytes // _MEGABYTE:,} of {progress.total // _MEGABYTE:,} MB"
    )
    if progress.events is not None:
        text += f", about {progress.events:,} events"
    if not progress.bytes or seconds <= 0:
        return text
    left = seconds * (1 - share) / share if share else 0.0
    return f"{text}, {progress.bytes / seconds / _MEGABYTE:.0f} MB/s, {left:.0f} s left"
