"""How do many small files become few? Merges the small ones of each day, proves that no row changed, and commits.

The merged files hold the same rows, sorted by actor and time, each with the landing that brought it: every answer stays,
as of any landing. Files of 64 MB and more are left as they are, and so is a day with one small file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from audit_reports.commit import ConflictError, Staged, commit
from audit_reports.errors import FailureError
from audit_reports.ingest.watching import Progress, Watcher, unwatched
from audit_reports.journal import time_text
from audit_reports.maintenance.landed_rows import (
    BATCH,
    Rows,
    at_work,
    by_whom,
    rows_by_landing,
    rows_facts,
    whole_files,
    write_day,
)
from audit_reports.maintenance.sweeping import GRACE, NOTHING_SWEPT, Swept, sweep
from audit_reports.store import EventFile, Store

if TYPE_CHECKING:
    import deltalake
    import duckdb

SMALL = 64 << 20
TARGET = 128 << 20
_TRIES = 5


@dataclass(frozen=True)
class Compacted:
    """What a compaction did: in the days `touched` (ISO), how many files of how many, with how many events; what it swept.

    All are zero where every day was in few files already.
    """

    touched: frozenset[str] = frozenset()
    files_before: int = 0
    files_after: int = 0
    events: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    swept: Swept = NOTHING_SWEPT

    @property
    def days(self) -> int:
        """In how many days."""
        return len(self.touched)


def compact(store: Store, *, now: datetime, grace: timedelta = GRACE, progress: Watcher | None = None) -> Compacted:
    """Merge the small files of each day, in commits of some hundred megabytes, and sweep what nobody reads any more.

    `now` (UTC) is the time of the entries; files that were replaced longer than `grace` ago are removed; `progress` is told how
    many bytes were merged. Raises `FailureError`, with the rest unchanged, for a damaged file, and where other writers come
    first again and again.
    """
    done, tries = Compacted(), 0
    while True:
        try:
            with store.writing() as table:
                groups = _groups(store.files(table))
                if not groups:
                    if done.days:
                        store.checkpoint(store.table())
                    return replace(done, swept=sweep(store, now=now, grace=grace))
                done = _merge(store, table, groups, done, now=now, progress=progress or unwatched)
        except ConflictError:
            tries += 1
            if tries == _TRIES:
                raise


def _groups(files: Sequence[EventFile]) -> list[list[EventFile]]:
    """Return which files to merge with which; empty where nothing is to be merged."""
    small = groupby((file for file in files if file.bytes < SMALL), key=lambda file: file.day)
    return [
        together
        for _, of_day in small
        for together in _together(sorted(of_day, key=lambda file: (file.first, file.name)))
    ]


def _batch(groups: Sequence[list[EventFile]]) -> list[list[EventFile]]:
    """Return the first of some groups, as much as one commit takes."""
    batch: list[list[EventFile]] = []
    size = 0
    for together in groups:
        if size >= BATCH:
            break
        batch.append(together)
        size += sum(file.bytes for file in together)
    return batch


def _together(files: Sequence[EventFile]) -> list[list[EventFile]]:
    found: list[list[EventFile]] = [[]]
    size = 0
    for file in files:
        if size + file.bytes > TARGET:
            found.append([])
            size = 0
        found[-1].append(file)
        size += file.bytes
    return [one for one in found if len(one) > 1]


def _merge(
    store: Store,
    table: deltalake.DeltaTable,
    groups: Sequence[list[EventFile]],
    done: Compacted,
    *,
    now: datetime,
    progress: Watcher,
) -> Compacted:
    """Merge as many of the groups as one commit takes, and return what is done by then."""
    batch = _batch(groups)
    size = done.bytes_before
    total = size + sum(file.bytes for files in groups for file in files)
    removed = [file for files in batch for file in files]
    journaled = whole_files(store, removed)
    staged: list[Staged] = []
    landings: dict[int, Rows] = {}
    with at_work(store) as (connection, folder):
        for number, files in enumerate(batch):
            one, rows = _merged(connection, files, folder / str(number))
            staged += one
            for landing, of_landing in rows.items():
                landings[landing] = of_landing + landings[landing] if landing in landings else of_landing
            size += sum(file.bytes for file in files)
            progress(Progress(size, total, work="compacting"))
        bytes_after = done.bytes_after + sum(one.path.stat().st_size for one in staged)
        facts = {"at": time_text(now), "by": by_whom(), "removed": journaled, **rows_facts(landings)}
        commit(store, table, "compaction", facts, staged=staged, removed=removed)
    return replace(
        done,
        touched=done.touched.union(file.day for file in removed),
        files_before=done.files_before + len(removed),
        files_after=done.files_after + len(staged),
        events=done.events + sum(one.rows for one in staged),
        bytes_before=size,
        bytes_after=bytes_after,
    )


def _merged(
    connection: duckdb.DuckDBPyConnection, files: Sequence[EventFile], folder: Path
) -> tuple[list[Staged], dict[int, Rows]]:
    """Write the rows of some files of a day as one, and return it with its rows by landing, which are those of before."""
    staged, after = write_day(connection, files, folder)
    before = rows_by_landing(connection, [file.path for file in files])
    if before != after or sum(one.rows for one in staged) != sum(file.rows for file in files):
        raise FailureError(f"the rows of {files[0].day} would not be the same after compaction; nothing was changed")
    return staged, after
