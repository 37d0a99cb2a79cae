"""How do files enter a store? Stage, take out the copies, set aside what cannot be understood, commit once, journal.

The rows are staged as the Parquet files that they will be; most landings hold no copy, and then the staged files are
moved into the table as they are. Lines that cannot land are found by the fast pass as rows without a day, and a second
pass over their files alone says where they stand and why.
"""

from __future__ import annotations

import codecs
import shutil
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.columns import NAMES
from audit_reports.commit import ConflictError, Staged, commit, file_sha256, rows_hash
from audit_reports.copies import take_out_copies
from audit_reports.errors import FailureError, UsageError, quoted, reason
from audit_reports.feed import Feed, listed, literal
from audit_reports.fetched import fetched
from audit_reports.inputs import Found, Input, Unreadable, feed_name, find, flaw, source_sql
from audit_reports.journal import time_text
from audit_reports.landed_files import LandedFile, part_known, write_inputs
from audit_reports.packing import unpacked
from audit_reports.quarantine import Quarantined, located, write_quarantine
from audit_reports.rows import rows_sql
from audit_reports.spool import Spooled, spool_csv
from audit_reports.store import Store, new_or_open, utc

if TYPE_CHECKING:
    import deltalake
    import duckdb

# A partition's rows are written once so many are there: bounds the memory of a landing that spans many days.
_FLUSH_ROWS = 20_000
_TRIES = 20  # writers that keep to the lock never meet; in S3 a lock can lapse
_NO_DAY = "day=__HIVE_DEFAULT_PARTITION__"


@dataclass(frozen=True)
class Landing:
    """What came of landing some files.

    `landing` is None where every file had landed before; `known` names those, with their landing. `read` = `landed` +
    `duplicates` + `quarantined`. `unreadable` are files that hold no event, each one quarantined row; `skipped` counts the
    files of a folder that were passed over by their ending.
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
    feeds: tuple[str, ...] = ()


@dataclass
class _Work:
    """What one landing has at hand: its number and time, its folder, and what it has found so far."""

    store: Store
    number: int
    now: datetime
    folder: Path
    connection: duckdb.DuckDBPyConnection
    named: set[Path]
    quarantined: list[Quarantined] = field(default_factory=list)
    spooled: dict[str, Spooled] = field(default_factory=dict)

    @property
    def latest(self) -> str:
        return utc(self.now + timedelta(days=1))


def land(
    store: Store | str | Path,
    paths: Sequence[str],
    feeds: Mapping[str, Feed],
    *,
    now: datetime,
    feed: str | None = None,
    names: Mapping[str, str] | None = None,
) -> Landing:
    """Land files, folders and globs, on this machine or in S3, in one atomic commit, and return the books.

    A store given by its path is made where there is none. A file with the same bytes and feed as one that has landed is
    left alone. `now` (UTC) becomes `landed_at`, and the day after it is the last believable time of an event; `names` says
    what people see instead of a path. Raises `UsageError`, with the store untouched, for a wrong path or feed and for a
    named file without events; `FailureError` where the files change while they are read.
    """
    if feed is not None and feed not in feeds:
        raise UsageError.unknown("feed", feed, feeds)
    with fetched(paths, names or {}) as (local, shown):
        found = find(local, feeds, feed=feeds[feed] if feed else None, names=shown)
        if isinstance(store, Store):
            return _into(store, found, now=now)
        with new_or_open(store) as opened:
            return _into(opened, found, now=now)


def _into(store: Store, found: Found, *, now: datetime) -> Landing:
    """Land what was found; where another writer's commit comes first, the number and the copies are worked out again."""
    import duckdb

    try:
        for _ in range(_TRIES):
            with suppress(ConflictError):
                return _land_once(store, found, now=now)
    except duckdb.Error as error:
        raise FailureError(f"nothing was landed: {reason(error)}") from error
    raise FailureError(f"other writers came first {_TRIES} times; nothing was landed, run the command again")


def _land_once(store: Store, found: Found, *, now: datetime) -> Landing:
    with store.writing() as table:
        known, fresh = part_known(store, found)
        if not fresh.inputs and not fresh.unreadable:
            return Landing(None, known=known, skipped=found.skipped)
        with store.place.staging() as folder, store.connect() as connection:
            number = (table.transaction_version("landing") or 0) + 1
            work = _Work(store, number, now, folder, connection, found.named)
            return replace(_land(work, table, fresh), known=known, skipped=found.skipped)


def _land(work: _Work, table: deltalake.DeltaTable, found: Found) -> Landing:
    everything: list[Input | Unreadable] = [*found.inputs, *found.unreadable]
    before = {one.path: one.path.stat() for one in everything}
    with ThreadPoolExecutor(1) as pool:
        paths = [one.path for one in everything]
        hashes = pool.submit(lambda: {path: file_sha256(path) for path in paths})
        inputs = [_spooled(work, one) for one in found.inputs]
        read, unreadable = _stage(work, inputs)
        for file in (*found.unreadable, *unreadable):
            read += 1
            work.quarantined.append(Quarantined(file.name, 0, file.reason, None, ""))
        read += sum(len(spooled.unfit) for spooled in work.spooled.values())
        _set_aside(work, inputs, unreadable)
        broken = {file.path for file in unreadable}
        readable = [one for one in inputs if one.path not in broken]
        conflicts, duplicates = take_out_copies(
            work.connection,
            work.folder,
            lambda days: [file.path for file in work.store.files(table, days=days)],
            lambda ids: _located(work, readable, f"event_id IN ({', '.join(map(literal, ids))}) AND reason IS NULL"),
        )
        work.quarantined.extend(conflicts)
        sha256 = hashes.result()
    for path, stat in before.items():
        if (stat.st_size, stat.st_mtime_ns) != ((s := path.stat()).st_size, s.st_mtime_ns):
            raise FailureError(f"{quoted(path)} changed while it was read; nothing was landed, run the command again")
    staged = _staged(work)
    landed = sum(one.rows for one in staged)
    if read != landed + duplicates + len(work.quarantined):
        raise FailureError(
            f"the books do not balance: {read} read, {landed} landed, {duplicates} duplicates, "
            f"{len(work.quarantined)} quarantined; nothing was landed"
        )
    files = [LandedFile(one.name, before[one.path].st_size, sha256[one.path], feed_name(one)) for one in everything]
    feeds = tuple(sorted({one.feed.name for one in inputs if one.feed}))
    facts: dict[str, Any] = {
        "landing": work.number,
        "landed_at": time_text(work.now),
        "read": read,
        "landed": landed,
        "duplicates": duplicates,
        "quarantined": len(work.quarantined),
        "feeds": list(feeds),
        "inputs": write_inputs(work.store.place, files, landing=work.number),
        "rows_hash": rows_hash([one.path for one in staged]),
        "quarantine": write_quarantine(work.store.place, work.quarantined, landing=work.number),
    }
    commit(work.store, table, "landing", facts, staged=staged)
    reasons: dict[str, int] = {}
    for row in work.quarantined:
        reasons[row.reason] = reasons.get(row.reason, 0) + 1
    return Landing(
        work.number,
        read,
        landed,
        duplicates,
        len(work.quarantined),
        unreadable=(*found.unreadable, *unreadable),
        reasons=reasons,
        feeds=feeds,
    )


def _staged(work: _Work) -> list[Staged]:
    """Return the Parquet files that the landing has staged, in a stable order, with their rows from their footers."""
    paths = sorted(work.folder.glob("*/day=*/*.parquet"))
    if not paths:
        return []
    counted = work.connection.execute(
        f"SELECT file_name, num_rows FROM parquet_file_metadata({listed(paths)})"
    ).fetchall()
    rows = dict(counted)
    return [
        Staged(path, path.parent.name.removeprefix("day="), rows[str(path)], work.number, work.number) for path in paths
    ]


def _spooled(work: _Work, one: Input) -> Input:
    """Return the input as DuckDB can read it: CSV becomes JSON Lines, and lines lose their byte order mark."""
    target = work.folder / f"spool-{uuid.uuid4().hex}.jsonl"
    if one.shape == "csv":
        spooled = spool_csv(one.path, one.name, target)
        work.spooled[str(target)] = spooled
        for line, reason, text in spooled.unfit:
            work.quarantined.append(Quarantined(one.name, line, reason, feed_name(one), text))
        return replace(one, path=target, shape="lines", packing="none")
    if one.shape == "lines":
        with unpacked(one.path) as file:
            if file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8:
                with target.open("wb") as out:
                    shutil.copyfileobj(file, out)
                return replace(one, path=target, packing="none")
    return one


def _groups(inputs: Sequence[Input]) -> list[list[Input]]:
    """Return the inputs in groups that one query reads: the same feed, shape, packing and place of the events."""

    def key(one: Input) -> tuple[str, ...]:
        return (feed_name(one) or "", one.shape, one.packing, one.elements)

    return [list(group) for _, group in groupby(sorted(inputs, key=key), key=key)]


_UNKNOWN = Feed("", "", "", (), {"occurred_at": "NULL", "event": "NULL"})


def _judged(work: _Work, group: Sequence[Input], *, numbered: bool) -> str:
    rows = rows_sql(group[0].feed or _UNKNOWN, source_sql(group, numbered=numbered), latest=work.latest)
    if group[0].feed is not None:
        return rows
    return f"SELECT * REPLACE (CASE WHEN raw LIKE '{{%' THEN 'no feed recognises it' ELSE reason END AS reason) FROM ({rows})"


def _stage(work: _Work, inputs: Sequence[Input]) -> tuple[int, list[Unreadable]]:
    """Write every row to the staging folder, by day, and return how many were read and which files could not be."""
    import duckdb

    work.connection.execute("SET preserve_insertion_order = false")
    work.connection.execute(f"SET partitioned_write_flush_threshold = {_FLUSH_ROWS}")
    read = 0
    unreadable: list[Unreadable] = []
    for index, group in enumerate(_groups(inputs)):
        try:
            read += _stage_group(work, group, work.folder / str(index))
        except duckdb.Error as error:
            flaws = [(one, why) for one in group if (why := flaw(one))]
            if not flaws:
                raise FailureError(
                    f"DuckDB cannot read {quoted(group[0].name)}: {str(error).splitlines()[0]}"
                ) from error
            if named := [(one, why) for one, why in flaws if one.path in work.named]:
                one, why = named[0]
                raise UsageError(f"{quoted(one.name)} holds no event: {why}; nothing was landed") from error
            unreadable += [Unreadable(one.name, one.path, why) for one, why in flaws]
            shutil.rmtree(work.folder / str(index), ignore_errors=True)
            rest = [one for one in group if one not in [bad for bad, _ in flaws]]
            if rest:
                read += _stage_group(work, rest, work.folder / str(index))
    work.connection.execute("SET preserve_insertion_order = true")
    return read, unreadable


def _stage_group(work: _Work, group: Sequence[Input], folder: Path) -> int:
    names = ", ".join(name for name in NAMES if name not in ("landed_at", "landing"))
    folder.mkdir()
    counted = work.connection.execute(
        f"COPY (SELECT {names}, TIMESTAMPTZ {literal(utc(work.now))} AS landed_at, {work.number}::BIGINT AS landing "
        f"FROM ({_judged(work, group, numbered=False)})) TO {literal(str(folder))} "
        "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), WRITE_PARTITION_COLUMNS false, OVERWRITE_OR_IGNORE)"
    ).fetchone()
    return int(counted[0]) if counted else 0


def _set_aside(work: _Work, inputs: Sequence[Input], unreadable: Sequence[Unreadable]) -> None:
    """Say where the rows that got no day stand and why, and drop them from the staging folder."""
    folders = list(work.folder.glob(f"*/{_NO_DAY}"))
    flawed = {int(folder.parent.name) for folder in folders}
    bad = [one.path for one in unreadable]
    for index, group in enumerate(_groups(inputs)):
        if index in flawed:
            work.quarantined.extend(_located(work, [one for one in group if one.path not in bad], "reason IS NOT NULL"))
    for folder in folders:
        shutil.rmtree(folder)


def _located(work: _Work, inputs: Sequence[Input], condition: str) -> list[Quarantined]:
    """Return the rows that meet a condition with their place, in the order of the inputs and of their lines."""
    found: list[Quarantined] = []
    for group in _groups(inputs):
        found += located(
            work.connection, group, lambda part: _judged(work, part, numbered=True), condition, spooled=work.spooled
        )
    place = {one.name: index for index, one in enumerate(inputs)}
    return sorted(found, key=lambda row: (place[row.file], row.line))
