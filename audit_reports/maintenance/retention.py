"""What is old enough to go? Removes whole UTC days of events, never one under a hold, and leaves in the journal what went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any

from audit_reports.commit import ConflictError, commit
from audit_reports.errors import UsageError
from audit_reports.journal import time_text
from audit_reports.maintenance.holds import Hold, held, holds
from audit_reports.maintenance.landed_rows import at_work, by_whom, rows_by_landing, rows_facts, whole_files
from audit_reports.maintenance.sweeping import NOTHING_SWEPT, Swept, sweep
from audit_reports.store import EventFile, Store

if TYPE_CHECKING:
    import deltalake

_TRIES = 5


@dataclass(frozen=True)
class OldDay:
    """A UTC day that is old enough to go, with its events, files and bytes; `hold` is what keeps it, None where it goes."""

    day: date
    events: int
    files: int
    bytes: int
    hold: Hold | None


@dataclass(frozen=True)
class Retained:
    """What retention removes: the days before `until` (UTC) that no hold keeps, and so many lines of quarantine.

    `entry` is the journal entry that says so, None where nothing was removed, or only asked about. Nothing of the
    quarantine goes while any hold stands, for nobody can say which days its lines belong to.
    """

    until: date
    days: tuple[OldDay, ...]
    quarantined: int
    entry: int | None = None
    swept: Swept = NOTHING_SWEPT

    @property
    def going(self) -> tuple[OldDay, ...]:
        """The days that no hold keeps."""
        return tuple(one for one in self.days if one.hold is None)


def retain(
    store: Store, *, older_than: timedelta, now: datetime, reason: str | None = None, dry_run: bool = False
) -> Retained:
    """Remove every UTC day that lies wholly before `now` less `older_than`, and the quarantine of landings before it.

    What goes is gone from the disk at once, and so is what compactions have left of it; a reader at work on it must ask again.
    With `dry_run` nothing is changed. Raises `UsageError` for a length that is no whole number of days or reaches before
    the calendar, `FailureError` for a damaged file, and where a file cannot be removed: the same command again goes on.
    """
    if older_than % timedelta(days=1) or older_than <= timedelta(0):
        raise UsageError("retention counts in whole days: write --older-than 400d, or 57w")
    try:
        until = (now.astimezone(UTC) - older_than).date()
    except OverflowError:
        raise UsageError("the calendar does not reach back so far; write --older-than 400d, or 57w") from None
    if dry_run:
        return _old(store, store.table(), until)[0]
    for tried in range(_TRIES):
        try:
            return _retained(store, until, now=now, reason=reason)
        except ConflictError:
            if tried == _TRIES - 1:
                raise
    raise AssertionError("the last try returns or raises")


def _old(
    store: Store, table: deltalake.DeltaTable, until: date
) -> tuple[Retained, list[EventFile], list[dict[str, Any]]]:
    """Return what there is to remove, in days, and as files of the table and of the quarantine."""
    standing = holds(store.journal)
    days: list[OldDay] = []
    files: list[EventFile] = []
    for day, group in groupby(store.files(table), key=lambda file: file.day):
        of_day = list(group)
        if day < until.isoformat():
            rows, size, hold = sum(f.rows for f in of_day), sum(f.bytes for f in of_day), held(day, standing)
            days.append(OldDay(date.fromisoformat(day), rows, len(of_day), size, hold))
            files += of_day if hold is None else []
    begin = datetime(until.year, until.month, until.day, tzinfo=UTC)
    quarantine = [
        one
        for one in store.quarantined(superseded=True)
        if not standing and datetime.fromisoformat(one["landed_at"]) < begin
    ]
    return (
        Retained(until, tuple(days), sum(one["rows"] for one in quarantine if one["until"] is None)),
        files,
        quarantine,
    )


def _retained(store: Store, until: date, *, now: datetime, reason: str | None) -> Retained:
    with store.writing() as table, at_work(store) as (connection, _):
        old, files, quarantine = _old(store, table, until)
        entry = None
        if files or quarantine:
            facts = {
                "at": time_text(now),
                "by": by_whom(),
                "reason": reason,
                "until": str(until),
                "days": [str(one.day) for one in old.going],
                "kept": [str(one.day) for one in old.days if one.hold is not None],
                "removed": whole_files(store, files),
                "quarantine": quarantine_facts(quarantine, [], rows=old.quarantined),
                **rows_facts(rows_by_landing(connection, [file.path for file in files])),
            }
            commit(store, table, "retention", facts, removed=files)
            newest = store.journal.newest("retention")
            entry = newest.number if newest else None
        swept = sweep(store, now=now, at_once=True)
        return Retained(until, old.days, old.quarantined, entry, swept)


def quarantine_facts(
    removed: Sequence[dict[str, Any]], files: Sequence[dict[str, Any]], *, rows: int
) -> dict[str, Any]:
    """Return what a journal entry says of the quarantine: files let go of, those in their place, and how many lines went."""
    told = [{name: one[name] for name in ("path", "sha256", "rows", "landing")} for one in removed]
    return {"removed": told, "files": list(files), "rows": rows}
