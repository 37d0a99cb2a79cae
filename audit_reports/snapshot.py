"""What do all views of one log share? The store, the landing that they see, the files that are read, and one connection."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from audit_reports.engine import Limits
from audit_reports.engines import engine_of
from audit_reports.errors import FailureError, UsageError, quoted, reason
from audit_reports.reads import ReadChain
from audit_reports.store import EventFile, Store

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class Snapshot:
    """A store as of one landing, opened for reading."""

    def __init__(self, store: Store, as_of: int | None, engine: SparkSession | None, limits: Limits) -> None:
        """Open the store as of a landing, else the latest; raises `UsageError` where there is no such landing."""
        table = store.caught_up()
        latest = table.transaction_version("landing") or 0
        self.version = table.version()
        self.retained_until = store.retained_until(table)
        if as_of is not None and not 1 <= as_of <= latest:
            raise UsageError(f"there is no landing {as_of} in {quoted(store.uri)}; the latest is {latest}")
        self.store = store
        self.latest = latest
        self.landing = latest if as_of is None else as_of
        self.files = [file for file in store.files(table) if file.first <= self.landing]
        self.engine = engine_of(store, self.files, engine, limits=limits)
        self.known: dict[str, set[str]] = {}
        self.reads = ReadChain(store.place)

    def between(self, first: date | None, last: date | None) -> list[EventFile]:
        """Return the files of the days from one to another, both among them; None is no bound."""
        low, high = (first.isoformat() if first else ""), (last.isoformat() if last else "9999")
        return [file for file in self.files if low <= file.day <= high]

    def failure(self, error: Exception) -> FailureError:
        """Return what to say of files that cannot be read: they may be gone because the store moved on meanwhile."""
        table = self.store.table()
        there = {file.name for file in self.store.files(table)}
        gone = isinstance(error, FileNotFoundError) or any(file.name not in there for file in self.files)
        if gone and table.version() != self.version:
            return FailureError(
                "the store was changed while it was read, by a compaction, retention or erasure; run the same again "
                "(in a notebook: open the log again)"
            )
        return FailureError(f"the store cannot be read: {reason(error)}")
