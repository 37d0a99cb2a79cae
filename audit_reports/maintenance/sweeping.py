"""What lies in a store that is no part of it any more? Finds it, and removes it when nobody can still be reading it.

There are three kinds: files that a compaction has replaced, which stay for a grace period, for readers that opened the store
before; files that retention or an erasure let go of, which must go; and what a crash left, which the journal never knew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

from audit_reports.errors import FailureError, quoted
from audit_reports.ingest.landed_before import input_files
from audit_reports.place import Kept
from audit_reports.store import EVENTS, Store

GRACE = timedelta(hours=1)
"""How long a replaced file stays unless said otherwise, and how old what a crash left must be at least."""


@dataclass(frozen=True)
class Swept:
    """What a sweep removed, in files and bytes; `waiting` are replaced files, and `unknown` what a crash left, that stay yet."""

    files: int = 0
    bytes: int = 0
    waiting: int = 0
    unknown: int = 0


NOTHING_SWEPT = Swept()


def sweep(store: Store, *, now: datetime, grace: timedelta = GRACE, at_once: bool = False) -> Swept:
    """Remove what is no part of the store any more; the caller holds the lock. `at_once` ends every grace of replaced files.

    What a crash left goes when it is an hour old, or the grace where that is longer: on S3 a writer that lost its lock
    may be about to commit it. Raises `FailureError` where a file cannot be removed; the next sweep goes on.
    """
    parts = {f"{EVENTS}/{file.name}" for file in store.files(store.table())}
    parts |= {str(one["path"]) for one in store.quarantined(superseded=True)}
    parts |= input_files(store.journal.entries("landing"))
    replaced, removed = _let_go(store)
    files = size = waiting = unknown = 0
    for file in _there(store):
        if file.path in parts:
            continue
        if file.path in replaced:
            goes = at_once or replaced[file.path] + grace <= now
            waiting += not goes
        else:
            goes = file.path in removed or _written(file) + max(grace, GRACE) <= now
            unknown += not goes
        if goes:
            try:
                store.place.remove(file.path)
            except OSError as error:
                raise FailureError(
                    f"{quoted(file.path)} cannot be removed: {error.strerror or type(error).__name__}; "
                    "the same command again goes on"
                ) from error
            files, size = files + 1, size + file.bytes
    return Swept(files, size, waiting, unknown)


def _there(store: Store) -> Iterator[Kept]:
    for folder in (EVENTS, "quarantine", "inputs"):
        yield from (one for one in list(store.place.walk(folder)) if not one.path.startswith(f"{EVENTS}/_delta_log/"))
    yield from list(store.place.unfinished())


def _let_go(store: Store) -> tuple[dict[str, datetime], set[str]]:
    """Return which files compactions, and landings' newer sums, have replaced, and when, and which were removed for good."""
    replaced: dict[str, datetime] = {}
    removed: set[str] = set()
    for entry in store.journal.entries("landing", "compaction", "retention", "erasure"):
        if entry.kind == "landing":
            replaced |= {one["path"]: entry.time for one in entry.facts.get("known", ())}  # the last that still knew it
        elif entry.kind == "compaction":
            replaced |= {one["path"]: entry.time for one in entry.facts["removed"]}
        else:
            removed |= {one["path"] for one in chain(entry.facts["removed"], entry.facts["quarantine"]["removed"])}
    return replaced, removed


def _written(file: Kept) -> datetime:
    return datetime.fromtimestamp(file.modified, UTC)
