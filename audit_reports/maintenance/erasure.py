"""How does one person's data leave a store? Rewrites the files that hold what they did without it, and journals how much went.

The journal never holds the name: it keeps its SHA-256, so that who knows the name can find the entry.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.commit import ConflictError, Staged, commit
from audit_reports.errors import FailureError, UsageError
from audit_reports.feed import listed, literal
from audit_reports.ingest.landed_before import LandedBefore
from audit_reports.ingest.quarantine_files import keep_quarantine, parted
from audit_reports.journal import time_text
from audit_reports.maintenance.holds import Hold, held, holds
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
from audit_reports.maintenance.retention import quarantine_facts
from audit_reports.maintenance.sweeping import NOTHING_SWEPT, Swept, sweep
from audit_reports.reads import forget
from audit_reports.store import EventFile, Store, scan_sql

if TYPE_CHECKING:
    import deltalake
    import duckdb

_TRIES = 5


@dataclass(frozen=True)
class Erased:
    """What an erasure removed: so many events of the days `touched` (ISO), from so many files, and so many lines of quarantine.

    `held` are the days under a hold with the person's events, which stayed; `quarantine_held` says that a hold kept the
    quarantine as it is. `reads` counts the reads that asked for the person, whose filters and queries were emptied.
    `mentioned` counts events that stay and name the person as resource, `file_names` the landed files whose names hold the
    person's. `entries` are the journal's.
    """

    events: int = 0
    touched: frozenset[str] = frozenset()
    files: int = 0
    quarantined: int = 0
    held: tuple[date, ...] = ()
    quarantine_held: bool = False
    reads: int = 0
    mentioned: int = 0
    file_names: int = 0
    entries: tuple[int, ...] = ()
    swept: Swept = NOTHING_SWEPT

    @property
    def days(self) -> int:
        """From how many days."""
        return len(self.touched)


@dataclass(frozen=True)
class _Theirs:
    """What there is of one person: the files with their events, those of days under a hold, and lines of quarantine."""

    condition: str
    files: list[EventFile]
    held: list[EventFile]
    quarantine: list[dict[str, Any]]


def erase(store: Store, *, actor: str, reason: str, now: datetime) -> Erased:
    """Remove the events whose `actor` or `actor_id` is this text, and the lines of quarantine that contain it.

    The filters and queries of reads that contain it are emptied.

    Other events of the same files stay as they are; the old files are gone from the disk at once. Days under a hold stay,
    and so does the quarantine while any hold stands. Raises `UsageError` without a name or a reason, and for a reason that
    holds the name; `FailureError` for a damaged file, and where a file cannot be removed: the same command again goes on.
    """
    if not actor.strip() or not reason.strip():
        raise UsageError("an erasure needs whose data and why: --actor NAME --reason TEXT")
    if actor.casefold() in reason.casefold():
        raise UsageError("the reason stays in the journal for ever, so it must not hold the name")
    done, tries = Erased(), 0
    while True:
        try:
            with store.writing() as table, at_work(store) as (connection, folder):
                standing = holds(store.journal)
                theirs = _theirs(store, table, connection, actor, standing)
                if theirs.files or theirs.quarantine:
                    done = _part(
                        store, table, connection, theirs, done, folder=folder, actor=actor, reason=reason, now=now
                    )
                    continue
                return replace(
                    done,
                    held=tuple(sorted({date.fromisoformat(file.day) for file in theirs.held})),
                    quarantine_held=bool(standing),
                    mentioned=_mentioned(connection, store.files(table), actor, theirs.condition),
                    file_names=LandedBefore(store, connection).named(actor),
                    reads=done.reads + forget(store.place, actor),
                    swept=sweep(store, now=now, at_once=True),
                )
        except ConflictError:
            tries += 1
            if tries == _TRIES:
                raise


def _theirs(
    store: Store,
    table: deltalake.DeltaTable,
    connection: duckdb.DuckDBPyConnection,
    actor: str,
    standing: Sequence[Hold],
) -> _Theirs:
    name = literal(actor)
    condition = f"(coalesce(actor = {name}, false) OR coalesce(actor_id = {name}, false))"
    files = {file.path: file for file in store.files(table)}
    found: list[EventFile] = []
    if files:
        rows = connection.execute(
            f"SELECT DISTINCT filename FROM read_parquet({listed(files)}, filename = true, hive_partitioning = false) "
            f"WHERE {condition} ORDER BY filename"
        ).fetchall()
        found = [files[path] for (path,) in rows]
    quarantine = (
        [] if standing else [one for one in store.quarantined(superseded=True) if parted(store.place, one, actor)[1]]
    )
    kept = [file for file in found if held(file.day, standing)]
    return _Theirs(condition, [file for file in found if file not in kept], kept, quarantine)


def _part(
    store: Store,
    table: deltalake.DeltaTable,
    connection: duckdb.DuckDBPyConnection,
    theirs: _Theirs,
    done: Erased,
    *,
    folder: Path,
    actor: str,
    reason: str,
    now: datetime,
) -> Erased:
    """Erase what one commit takes: some hundred megabytes of files, and all of the quarantine."""
    files: list[EventFile] = []
    for file in theirs.files:
        if sum(one.bytes for one in files) >= BATCH:
            break
        files.append(file)
    removed = whole_files(store, files)
    staged: list[Staged] = []
    landings: dict[int, Rows] = {}
    for number, file in enumerate(files):
        one, gone = _rewritten(connection, file, theirs.condition, folder / str(number))
        staged += one
        for landing, rows in gone.items():
            landings[landing] = landings[landing] + rows if landing in landings else rows
    lines = 0
    shorter: list[dict[str, Any]] = []
    for old in theirs.quarantine:
        rest, gone_lines = parted(store.place, old, actor)
        lines += gone_lines if old["until"] is None else 0  # a replay wrote the others again
        if rest.height:
            new = keep_quarantine(store.place, rest, landing=old["landing"])
            shorter.append({**new, **{name: old[name] for name in ("landing", "landed_at", "until")}})
    days = sorted({file.day for file in files})
    facts = {
        "at": time_text(now),
        "by": by_whom(),
        "reason": reason,
        "actor_sha256": hashlib.sha256(actor.encode()).hexdigest(),
        "days": days,
        "kept": sorted({file.day for file in theirs.held}),
        "removed": removed,
        "quarantine": quarantine_facts(theirs.quarantine, shorter, rows=lines),
        **rows_facts(landings),
    }
    commit(store, table, "erasure", facts, staged=staged, removed=files)
    newest = store.journal.newest("erasure")
    return replace(
        done,
        events=done.events + sum(rows.rows for rows in landings.values()),
        touched=done.touched.union(days),
        files=done.files + len(files),
        quarantined=done.quarantined + lines,
        entries=(*done.entries, *([newest.number] if newest else [])),
    )


def _rewritten(
    connection: duckdb.DuckDBPyConnection, file: EventFile, condition: str, folder: Path
) -> tuple[list[Staged], dict[int, Rows]]:
    """Write a file again without the rows that meet a condition; return it, if any row is left, and what went by landing."""
    staged, after = write_day(connection, [file], folder, where=f"NOT {condition}")
    before = rows_by_landing(connection, [file.path])
    gone = rows_by_landing(connection, [file.path], where=condition)
    none = Rows(0, 0, 0)
    if any(rows - gone.get(landing, none) != after.get(landing, none) for landing, rows in before.items()):
        raise FailureError(f"other rows of {file.day} would not be the same after the erasure; nothing was changed")
    return staged, gone


def _mentioned(connection: duckdb.DuckDBPyConnection, files: Sequence[EventFile], actor: str, condition: str) -> int:
    if not files:
        return 0
    name = literal(actor)
    found = connection.execute(
        f"SELECT count(*) FROM ({scan_sql([file.path for file in files])}) "
        f"WHERE (resource = {name} OR resource_id = {name}) AND NOT {condition}"
    ).fetchall()
    return int(found[0][0])
