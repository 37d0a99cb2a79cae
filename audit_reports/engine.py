"""What runs a view? The contract that every file in `engines/` fulfils: events as a lazy frame, answers as Polars frames.

What Narwhals lacks (a time in another zone, for one) each engine computes natively: `with_native` finds it by the frame's
own kind, so that a function from lazy frame to lazy frame works on whatever engine the frame belongs to.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import narwhals as nw

from audit_reports.columns import NAMES

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.store import EventFile

NATIVES: Mapping[nw.Implementation, str] = {
    nw.Implementation.DUCKDB: "audit_reports.engines.duckdb",
    nw.Implementation.POLARS: "audit_reports.engines.polars",
    nw.Implementation.PYSPARK: "audit_reports.engines.spark",
}
"""Where the native columns of each kind of frame are made."""

LOCAL = "local_time"
"""The column that `with_local_time` adds."""


class EngineError(Exception):
    """An engine cannot read or run what it was given; the message is its own."""


@dataclass(frozen=True)
class Limits:
    """How much of a machine an engine may take: memory as DuckDB writes it ("4GB"), and threads; None is its own choice."""

    memory: str | None = None
    threads: int | None = None


@dataclass(frozen=True)
class Native:
    """A function of one column that Narwhals lacks, or computes wrongly on one engine; null gives null.

    `in zone` (timezone): a UTC time as clocks there show it. `iso week`: `2026-W10`. `weekday`: 1-7, Monday first.
    `microseconds`: of a time, since 1970 in UTC. `quarter hour`: when the quarter of an hour began that a UTC time is in.
    `bucket` (width, timezone): the UTC time at which that of a time began, as `timeline.py` says. `network`: of an address
    in text, as `network.py` says. `holds` (text, other columns): whether one of the columns holds the text, in any case; this one
    is never null, for a null column holds nothing. The text is in small letters; a column is put into them with `İ` as `i`
    and `ς` as `σ`, so that no letter depends on the one after it.

    Those of filters have the meaning that Polars has, and the arguments that `filters/twin_calls.py` gives them; where one is
    of two columns, the first argument is the other column's name.
    """

    function: str
    column: str
    arguments: tuple[str | int, ...] = ()


class Engine(Protocol):
    """What reads event files and runs frames over them."""

    name: str
    """What people call it."""

    errors: tuple[type[Exception], ...]
    """What it raises where it refuses an expression while a frame is put together."""

    def scan(
        self, files: Sequence[EventFile], *, landing: int | None, columns: Collection[str] = NAMES
    ) -> nw.LazyFrame[Any]:
        """Return the events of some files with some columns, up to a landing (None: all); no file gives no event.

        Raises `EngineError` for files that it looks into here and cannot read.
        """

    def collect(self, frame: nw.LazyFrame[Any]) -> pl.DataFrame:
        """Run a frame and return its rows, in its order; raises `EngineError`."""

    def sql(self, frame: nw.LazyFrame[Any], query: str) -> pl.DataFrame:
        """Run one SELECT over a frame, whose name in it is `events`; raises `UsageError` for what the engine refuses."""

    def sql_text(self, frame: nw.LazyFrame[Any]) -> str:
        """Return the query that `collect` runs, as text."""

    def explain(self, frame: nw.LazyFrame[Any]) -> str:
        """Return how the engine would run a frame, as text."""


def with_native(frame: nw.LazyFrame[Any], columns: Mapping[str, Native]) -> nw.LazyFrame[Any]:
    """Return a frame with native columns added under some names; with none it stays as it is."""
    if not columns:
        return frame
    module = import_module(NATIVES[frame.implementation])
    added: nw.LazyFrame[Any] = module.with_native(frame, columns)
    return added


def distinct_counts(frame: nw.LazyFrame[Any], columns: Mapping[str, str]) -> nw.LazyFrame[Any]:
    """Return one row: `events`, how many there are, and under each name how many different values a column has, null not one.

    Narwhals counts null as a value, and to look for it again takes a third of the time that counting takes.
    """
    counted: nw.LazyFrame[Any] = import_module(NATIVES[frame.implementation]).distinct_counts(frame, columns)
    return counted


def joined(left: nw.LazyFrame[Any], right: nw.LazyFrame[Any], *, on: Sequence[str]) -> nw.LazyFrame[Any]:
    """Return the rows of a frame that have a match in another, with its other columns; a null matches a null.

    Narwhals' join takes no null for another, and texts that stand for null keep an engine from its shorter ways.
    """
    found: nw.LazyFrame[Any] = import_module(NATIVES[left.implementation]).joined(left, right, on)
    return found


def tallied(
    events: nw.LazyFrame[Any], keys: Sequence[str], *, before: nw.LazyFrame[Any] | None = None
) -> nw.LazyFrame[Any]:
    """Return one row for each combination of some columns: the keys, `events`, `first_seen` and `last_seen`; null is a value.

    Other events that came `before` are counted beside them in the column of that name, after `events`, and in no other: a row
    that only these have has 0 events and no times. No event gives no row. Every count of events begins with this, and to put
    it together by Narwhals takes an engine twice the time.
    """
    counts: nw.LazyFrame[Any] = import_module(NATIVES[events.implementation]).tallied(events, keys, before)
    return counts


def with_local_time(frame: nw.LazyFrame[Any], timezone: str, *, of: str = "occurred_at") -> nw.LazyFrame[Any]:
    """Return a frame with the column `local_time`: what clocks in a timezone show at a UTC time, without a zone.

    >>> import polars as pl
    >>> from datetime import UTC, datetime
    >>> summer = nw.from_native(pl.LazyFrame({"occurred_at": [datetime(2026, 7, 1, 12, tzinfo=UTC)]}))
    >>> with_local_time(summer, "Europe/Madrid").collect()["local_time"].to_list()
    [datetime.datetime(2026, 7, 1, 14, 0)]
    """
    return with_native(frame, {LOCAL: Native("in zone", of, (timezone,))})
