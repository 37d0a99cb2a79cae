"""How do files enter a store? Stage, take out the copies, set aside what cannot be understood, commit once, journal.

The rows are staged as the Parquet files that they will be; most landings hold no copy, and then the staged files are
moved into the table as they are. Lines that cannot land are found by the fast pass as rows without a day, and a second
pass over their files alone says where they stand and why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.commit import ConflictError, Staged, commit, file_sha256
from audit_reports.config import Ingest
from audit_reports.errors import FailureError, UsageError, reason
from audit_reports.feed import Feed, listed
from audit_reports.ingest.copies import take_out_copies
from audit_reports.ingest.fetched import are_remote, fetched
from audit_reports.ingest.find import find, find_inboxes
from audit_reports.ingest.geo import Geo
from audit_reports.ingest.inputs import Found, Input, Landed, Unreadable, feed_name, version_of
from audit_reports.ingest.landed_before import LandedBefore, part_known, unchanged
from audit_reports.ingest.landed_files import LandedFile, write_inputs
from audit_reports.ingest.quarantine import Aside, Quarantined, write_quarantine
from audit_reports.ingest.quarantine_files import take_out_known
from audit_reports.ingest.row_hashes import rows_hash
from audit_reports.ingest.staging import Reading, Work, changed, events_with_ids, set_aside, stage, staged_files
from audit_reports.ingest.watching import Watcher
from audit_reports.journal import time_text
from audit_reports.places import place_of
from audit_reports.store import Store, is_store, new_or_open

if TYPE_CHECKING:
    import deltalake

_TRIES = 20  # writers that keep to the lock never meet; in S3 a lock can lapse


@dataclass(frozen=True)
class Landing:
    """What came of landing some files.

    `landing` is None where every file had landed before; `known` names those, with their landing. `read` = `landed` +
    `duplicates` + `quarantined`. `unreadable` are files that hold no event, each one quarantined row; `skipped` counts the
    files of a folder that were passed over by their ending, `odd` what was no file: pipes, devices, links in a circle.
    `reasons` counts what was set aside, and `firsts` has the file and line of the first for each reason. `unplaced` are the
    landed events whose country is not known, counted where a database of places was asked.
    """

    landing: int | None
    read: int = 0
    landed: int = 0
    duplicates: int = 0
    quarantined: int = 0
    known: tuple[tuple[str, int], ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    skipped: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    firsts: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    feeds: tuple[str, ...] = ()
    odd: int = 0
    unplaced: int | None = None


def land(
    store: Store | str | Path,
    paths: Sequence[str],
    feeds: Mapping[str, Feed],
    *,
    now: datetime,
    feed: str | None = None,
    names: Mapping[str, str] | None = None,
    zone: str | None = None,
    geo: Geo | None = None,
    progress: Watcher | None = None,
) -> Landing:
    """Land files, folders and globs, on this machine or in S3, in one atomic commit, and return the books.

    A store given by its path is made where there is none. A file with the same bytes and feed as one that has landed is
    left alone. `now` (UTC) becomes `landed_at`, and the day after it is the last believable time of an event; `names` says
    what people see instead of a path. `zone` (IANA) is that of times without one, where the feed does not define it; `geo`
    tells where an event's address is, where the event does not; `progress` is told how far downloads and reading are. Raises
    `UsageError`, with the store untouched, for a wrong path or feed and for a named file without events; `FailureError` where
    a file changes or goes while it is read.
    """
    if feed is not None and feed not in feeds:
        raise UsageError.unknown("feed", feed, feeds)
    landed = _landed(store, feed) if are_remote(paths) else {}
    with fetched(paths, names or {}, landed=landed, progress=progress) as here:
        found = find(here.paths, feeds, feed=feeds[feed] if feed else None, names=here.names)
        found.add(Found(known=here.known, objects=here.objects))
        return _land_found(store, found, Reading(now, zone, geo, progress))


def land_configured(
    store: Store | str | Path,
    entries: Sequence[Ingest],
    feeds: Mapping[str, Feed],
    *,
    now: datetime,
    zone: str | None = None,
    geo: Geo | None = None,
    progress: Watcher | None = None,
) -> Landing:
    """Land what is new at the paths of the configuration, each with its feed, in one atomic commit, and return the books.

    A pattern or folder that holds nothing is no mistake, for an inbox may be empty; a file that holds no event is one
    quarantined row, as in a folder. Raises `UsageError` for a feed that is not known.
    """
    found = Found()
    with ExitStack() as stack:
        for entry in entries:
            if entry.feed is not None and entry.feed not in feeds:
                raise UsageError.unknown("feed", entry.feed, feeds, "in [[ingest]]")
            landed = _landed(store, entry.feed)
            here = stack.enter_context(fetched(entry.paths, {}, landed=landed, may_be_absent=True, progress=progress))
            feed = feeds[entry.feed] if entry.feed else None
            found.add(find_inboxes(here.paths, feeds, feed=feed, landed=landed, names=here.names))
            found.add(Found(known=here.known, objects=here.objects))
        return _land_found(store, found, Reading(now, zone, geo, progress))


def _landed(store: Store | str | Path, feed: str | None) -> Landed:
    """Return what has landed from a feed (None: any), by what its place says of it; nothing where there is no store yet."""
    import duckdb

    if not is_store(place_of(store.place if isinstance(store, Store) else store)):
        return {}
    try:
        return unchanged(store if isinstance(store, Store) else Store(store), feed)
    except duckdb.Error as error:
        raise FailureError(f"what has landed before cannot be read: {reason(error)}; run the command again") from error


def _land_found(store: Store | str | Path, found: Found, reading: Reading) -> Landing:
    if isinstance(store, Store):
        return _into(store, found, reading)
    with new_or_open(store) as opened:
        return _into(opened, found, reading)


def _into(store: Store, found: Found, reading: Reading) -> Landing:
    """Land what was found; where another writer's commit comes first, the number and the copies are worked out again."""
    import duckdb

    try:
        for _ in range(_TRIES):
            with suppress(ConflictError):
                return _land_once(store, found, reading)
    except duckdb.Error as error:
        raise FailureError(f"nothing was landed: {reason(error)}") from error
    raise FailureError(f"other writers came first {_TRIES} times; nothing was landed, run the command again")


def _land_once(store: Store, found: Found, reading: Reading) -> Landing:
    with store.writing() as table, store.connect() as connection:
        before = LandedBefore(store, connection)
        known, fresh = part_known(before, found)
        if not fresh.inputs and not fresh.unreadable:
            return Landing(None, known=known, skipped=found.skipped, odd=found.odd)
        with store.place.staging() as folder:
            number = (table.transaction_version("landing") or 0) + 1
            if reading.geo is not None:
                reading.geo.serve(connection)
            work = Work(store, number, reading, folder, connection, found.named, Aside(folder, number))
            return replace(_land(work, table, fresh, before), known=known, skipped=found.skipped, odd=found.odd)


def _land(work: Work, table: deltalake.DeltaTable, found: Found, before: LandedBefore) -> Landing:
    everything: list[Input | Unreadable] = [*found.inputs, *found.unreadable]
    aside = work.aside
    states = [hash(_state(one.path)) for one in everything]  # no more than that, for there may be a million files
    with ThreadPoolExecutor(1) as pool:
        hashes = pool.submit(lambda: [file_sha256(one.path) for one in everything])
        read, unreadable = stage(work, found.inputs)
        for file in (*found.unreadable, *unreadable):
            aside.add(Quarantined(file.name, 0, file.reason, None, ""))
        read += len(found.unreadable) + len(unreadable)
        set_aside(work)
        conflicts, duplicates = take_out_copies(
            work.connection,
            work.folder,
            lambda days: [file.path for file in work.store.files(table, days=days)],
            lambda ids: _in_order(events_with_ids(work, ids), found.inputs),
            differ=work.ids_differ,
        )
        aside.extend(conflicts)
        duplicates += take_out_known(before, aside)
        try:
            sha256 = hashes.result()
        except FileNotFoundError as error:
            raise FailureError(changed(str(error.filename))) from error
    for one, state in zip(everything, states, strict=True):
        if state != hash(_state(one.path)):
            raise FailureError(changed(one.path))
    staged = staged_files(work.connection, work.folder, work.number)
    landed = sum(one.rows for one in staged)
    if read != landed + duplicates + aside.rows:
        raise FailureError(
            f"the books do not balance: {read} read, {landed} landed, {duplicates} duplicates, "
            f"{aside.rows} quarantined; nothing was landed"
        )
    quarantine, asides = write_quarantine(work.store.place, aside)

    def landed_files() -> Iterator[LandedFile]:
        for one, known, digest in zip(everything, states, sha256, strict=True):
            size, modified, version = state = _state(one.path)
            if hash(state) != known:  # what is written down is what was read
                raise FailureError(changed(one.path))
            placed = found.objects.get(str(one.path), (modified, version))
            yield LandedFile(one.name, size, digest, feed_name(one), *placed, asides=asides.get(one.name, ()))

    inputs = write_inputs(work.store.place, landed_files(), landing=work.number)
    feeds = tuple(sorted({one.feed.name for one in found.inputs if one.feed}))
    facts: dict[str, Any] = {
        "landing": work.number,
        "landed_at": time_text(work.reading.now),
        "read": read,
        "landed": landed,
        "duplicates": duplicates,
        "quarantined": aside.rows,
        "feeds": list(feeds),
        "inputs": inputs,
        "known": before.with_own(inputs, work.folder),
        "rows_hash": rows_hash([one.path for one in staged], work.seen),
        "quarantine": quarantine,
    }
    unplaced = _unplaced(work, staged) if work.reading.geo else None
    commit(work.store, table, "landing", facts, staged=staged)
    return Landing(
        work.number,
        read,
        landed,
        duplicates,
        aside.rows,
        unreadable=(*found.unreadable, *unreadable),
        reasons=aside.reasons,
        firsts=aside.firsts,
        feeds=feeds,
        unplaced=unplaced,
    )


def _unplaced(work: Work, staged: Sequence[Staged]) -> int:
    if not staged:
        return 0
    files = listed(one.path for one in staged)
    query = f"SELECT count(*) FROM read_parquet({files}, hive_partitioning = false) WHERE country IS NULL"
    return int(work.connection.execute(query).fetchall()[0][0])


def _in_order(rows: Sequence[Quarantined], inputs: Sequence[Input]) -> list[Quarantined]:
    """Return rows in the order in which they arrived: that of the files, and of their lines."""
    names = {row.file for row in rows}
    place = {one.name: index for index, one in enumerate(inputs) if one.name in names}
    return sorted(rows, key=lambda row: (place[row.file], row.line))


def _state(path: Path) -> tuple[int, int, str]:
    """Return what changes when a file is written or replaced, its size first; nothing like it where it is gone."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return -1, -1, ""
    return found.st_size, found.st_mtime_ns, version_of(found)
