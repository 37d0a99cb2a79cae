"""How do files become staged rows? One COPY for some files at a time writes the rows that they will be, by day.

What DuckDB reads as it lies is read so; the rest, and whatever it gives up on, is spooled first. A row that cannot land gets no
day and is staged as the name of its file alone: those files are read again, for where such rows stand and why.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from audit_reports.columns import NAMES
from audit_reports.commit import Staged
from audit_reports.errors import FailureError, UsageError, quoted
from audit_reports.feed import Feed, listed, literal
from audit_reports.ingest.csv_records import Unfit
from audit_reports.ingest.geo import FUNCTION, Geo
from audit_reports.ingest.inputs import Input, Unreadable, feed_name, parquet_sql
from audit_reports.ingest.quarantine import Aside, Quarantined, located
from audit_reports.ingest.row_hashes import Seen, see
from audit_reports.ingest.rows import rows_sql
from audit_reports.ingest.spool import CLASSES, FlawedError, Spool, Spools, reading_sql
from audit_reports.ingest.strict import holds_loose
from audit_reports.ingest.watching import Progress, Watcher
from audit_reports.stopping import stoppable
from audit_reports.store import Store, utc

if TYPE_CHECKING:
    import duckdb

_MEMORY = "1400MB"  # DuckDB's share; Python, Polars and the allocator take the rest of two gigabytes
_FLUSH_ROWS = {CLASSES[0]: 20_000, CLASSES[1]: 200, CLASSES[2]: 2}
"""How many rows of a thread wait before they are written: bounds the memory of a landing, by the class of their length."""

_GROUP_FILES = 5_000
_GROUP_BYTES = 4 << 30
_EVENT_BYTES = 500  # about; how many events there are is known when a group of files has been read
_NO_DAY = "day=__HIVE_DEFAULT_PARTITION__"
_UNKNOWN = Feed("", "", "", (), {"occurred_at": "NULL", "event": "NULL"})


@dataclass(frozen=True)
class Reading:
    """How a landing reads: its time, the zone of times without one, who knows where addresses are, and who watches."""

    now: datetime
    zone: str | None = None
    geo: Geo | None = None
    progress: Watcher | None = None

    @property
    def latest(self) -> str:
        """The last believable time of an event, as SQL reads it."""
        return utc(self.now + timedelta(days=1))

    def judged(self, feed: Feed, events: str) -> str:
        """Return the query of a feed's judged rows, of the query of raw events."""
        place = FUNCTION if self.geo is not None else None
        return rows_sql(feed, events, latest=self.latest, zone=self.zone, geo=place)


@dataclass
class Work:
    """What one landing has at hand: its number, how it reads, its folder, and what it has set aside so far."""

    store: Store
    number: int
    reading: Reading
    folder: Path
    connection: duckdb.DuckDBPyConnection
    named: set[Path]
    aside: Aside
    sources: list[list[Input | Spool]] = field(default_factory=list)
    seen: dict[Path, Seen] = field(default_factory=dict)
    total: int = 0
    done: int = 0
    told: int = 0
    events: int = 0

    @property
    def ids_differ(self) -> bool:
        """Whether no staged event has the id of another of its day, as far as one look at each file can say."""
        days = {path.parent.name for path in self.seen}
        return len(days) == len(self.seen) and all(one.ids_differ for one in self.seen.values())

    def tell(self, more: float = 0) -> None:
        """Tell whoever watches that so many bytes are read beyond those that are done."""
        if self.reading.progress:
            self.told = max(self.told, self.done + int(more))  # DuckDB knows nothing any more of what is nearly done
            self.reading.progress(Progress(self.told, self.total, max(self.events, self.told // _EVENT_BYTES)))


def stage(work: Work, inputs: Sequence[Input]) -> tuple[int, list[Unreadable]]:
    """Write every row to the staging folder, by day, and return how many events were read and which files hold none.

    Raises `UsageError` where one of those was named, and `FailureError` where a file is gone or DuckDB fails.
    """
    import duckdb

    connection = work.connection
    connection.execute(f"SET memory_limit = '{_MEMORY}'")
    connection.execute(f"SET temp_directory = {literal(str(work.folder / 'temp'))}")
    connection.execute("SET preserve_insertion_order = false")
    if work.reading.progress:
        with suppress(
            duckdb.Error
        ):  # a notebook without ipywidgets knows no bar, and hears of whole groups of files alone
            connection.execute("SET enable_progress_bar_print = false")
            connection.execute("SET enable_progress_bar = true")  # which makes DuckDB count how far it is
    work.total = sum(one.size for one in inputs)
    read, unreadable = 0, list[Unreadable]()
    with Spools(work.folder, connection) as spools:
        for group in _groups([one for one in inputs if one.is_plain or one.shape == "parquet"]):
            try:
                read += _stage_group(work, group, CLASSES[0])
            except duckdb.Error as error:
                shutil.rmtree(work.folder / str(len(work.sources)), ignore_errors=True)
                if group[0].shape == "parquet":
                    unreadable += [_refused(work, one, "it is cut or damaged") for one in _damaged(work, group)]
                    whole = [one for one in group if one.path not in {bad.path for bad in unreadable}]
                    if len(whole) == len(group):
                        raise FailureError(
                            f"DuckDB cannot read {quoted(group[0].name)}: {_first_line(error)}"
                        ) from error
                    read += _stage_group(work, whole, CLASSES[0]) if whole else 0
                else:  # lines too long or too many at once: the spools know how long each is
                    fitting, unfit = _spool(work, spools, group)
                    unreadable, read = unreadable + unfit, read + fitting
        refused, unfit = _spool(work, spools, [one for one in inputs if not one.is_plain and one.shape != "parquet"])
        unreadable, read = unreadable + unfit, read + refused
        for spool in spools.finished():
            try:
                read += _stage_group(work, [spool], spool.longest)
            except duckdb.Error as error:
                raise FailureError(f"DuckDB cannot read {quoted(spool.like.name)}: {_first_line(error)}") from error
    connection.execute("SET preserve_insertion_order = true")
    return read, unreadable


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


def _groups(inputs: Sequence[Input]) -> Iterator[list[Input]]:
    """Yield the inputs in groups that one query reads: of the same feed, shape and place of the events, and not too large."""

    def key(one: Input) -> tuple[str, ...]:
        return (feed_name(one) or "", one.shape, one.elements)

    group: list[Input] = []
    size = 0
    for one in sorted(inputs, key=key):
        if group and (key(one) != key(group[0]) or len(group) >= _GROUP_FILES or size + one.size > _GROUP_BYTES):
            yield group
            group, size = [], 0
        group.append(one)
        size += one.size
    if group:
        yield group


def _spool(work: Work, spools: Spools, inputs: Sequence[Input]) -> tuple[int, list[Unreadable]]:
    """Spool files; return how many records of theirs are no events, now set aside, and which files hold none."""
    before = work.aside.rows
    unreadable = []

    def unfit(one: Input, record: Unfit) -> None:
        work.aside.add(Quarantined(one.name, record.line, record.reason, feed_name(one), record.text))

    for one in inputs:
        try:
            spools.add(one, unfit)
        except FlawedError as error:
            unreadable.append(_refused(work, one, str(error)))
        except FileNotFoundError as error:
            raise FailureError(changed(one.path)) from error
        work.done += one.size
        work.tell()
    return work.aside.rows - before, unreadable


def changed(path: Path | str) -> str:
    """Return the line for a file that is not what it was when the landing began."""
    return f"{quoted(path)} changed while it was read; nothing was landed, run the command again"


def _refused(work: Work, one: Input, why: str) -> Unreadable:
    if one.path in work.named:
        raise UsageError(f"{quoted(one.name)} holds no event: {why}; nothing was landed")
    return Unreadable(one.name, one.path, why)


def _damaged(work: Work, group: Sequence[Input]) -> Iterator[Input]:
    """Yield the Parquet files that DuckDB cannot read alone."""
    import duckdb

    for one in group:
        try:
            work.connection.execute(f"SELECT count(raw) FROM ({parquet_sql([one.path], one)})").fetchall()
        except duckdb.Error:
            yield one


def _judged(work: Work, like: Input, events: str) -> str:
    rows = work.reading.judged(like.feed or _UNKNOWN, events)
    if like.feed is not None:
        return rows
    return f"SELECT * REPLACE (CASE WHEN raw LIKE '{{%' THEN 'no feed recognises it' ELSE reason END AS reason) FROM ({rows})"


def _stage_group(work: Work, group: Sequence[Input | Spool], longest: int) -> int:
    """Stage some files in a folder of their own and return how many events they hold.

    Where something in them is JSON to DuckDB alone they are staged again, more exactly: few landings hold any.
    """
    folder = work.folder / str(len(work.sources))
    size = sum(one.size for one in group if isinstance(one, Input))
    staged = _copied(work, group, folder, longest, quick=True)
    seen = _seen(folder)
    if any(one.is_doubtful and holds_loose(path) for path, one in seen.items()):
        shutil.rmtree(folder)
        staged = _copied(work, group, folder, longest, quick=False)
        seen = _seen(folder)
    work.seen |= seen
    work.sources.append(list(group))
    work.done += size
    work.events += staged
    work.tell()
    return staged


def _seen(folder: Path) -> dict[Path, Seen]:
    """Return what is to be known of each file of rows that can land; there must be no such file of which it is not known."""
    return see([one for one in folder.glob("day=*/*.parquet") if one.parent.name != _NO_DAY])


def _copied(work: Work, group: Sequence[Input | Spool], folder: Path, longest: int, *, quick: bool) -> int:
    """Write the rows of some files into a folder, by day, and return how many there are."""
    folder.mkdir()
    like, events = reading_sql(group, longest, quick=quick)
    kept = ["CASE WHEN day IS NULL THEN file ELSE raw END AS raw" if name == "raw" else name for name in OWN]
    work.connection.execute(f"SET partitioned_write_flush_threshold = {_FLUSH_ROWS[longest]}")
    work.connection.execute("SET threads = 1" if longest == CLASSES[-1] else "RESET threads")
    size = sum(one.size for one in group if isinstance(one, Input))
    rows = f"SELECT {', '.join(kept)} FROM ({_judged(work, like, events)})"
    copy = copy_sql(rows, folder, work.number, work.reading.now)
    counted = stoppable(
        work.connection,
        lambda: work.connection.execute(copy).fetchone(),
        meanwhile=lambda: work.tell(max(work.connection.query_progress(), 0) / 100 * size),
    )
    work.connection.execute("RESET threads")
    return int(counted[0]) if counted else 0


def copy_sql(rows: str, folder: Path, number: int, now: datetime) -> str:
    """Return the statement that writes rows as a landing's files, by day, into a folder."""
    return (
        f"COPY (SELECT *, TIMESTAMPTZ {literal(utc(now))} AS landed_at, {number}::BIGINT AS landing FROM ({rows})) "
        f"TO {literal(str(folder))} "
        "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (day), WRITE_PARTITION_COLUMNS false, OVERWRITE_OR_IGNORE)"
    )


def staged_files(connection: duckdb.DuckDBPyConnection, folder: Path, number: int) -> list[Staged]:
    """Return the files that a landing has staged, in a stable order, with their rows from their footers."""
    paths = sorted(folder.glob("*/day=*/*.parquet"))
    if not paths:
        return []
    query = f"SELECT file_name, num_rows FROM parquet_file_metadata({listed(paths)})"
    rows = dict(connection.execute(query).fetchall())
    return [Staged(path, path.parent.name.removeprefix("day="), rows[str(path)], number, number) for path in paths]


OWN = [name for name in NAMES if name not in ("landed_at", "landing")]


def set_aside(work: Work) -> None:
    """Say where the rows that got no day stand and why, and drop them from the staging folder."""
    for number, group in enumerate(work.sources):
        folder = work.folder / str(number) / _NO_DAY
        if not folder.exists():
            continue
        rows = f"read_parquet({listed(sorted(folder.glob('*.parquet')))}, hive_partitioning = false)"
        flawed = {path for (path,) in work.connection.execute(f"SELECT DISTINCT raw FROM {rows}").fetchall()}
        shutil.rmtree(folder)
        some = [one for one in group if str(one.path) in flawed]
        work.aside.extend(located(work.connection, some, _judge(work), "reason IS NOT NULL"))


def _judge(work: Work) -> Callable[[Input, str], str]:
    return lambda like, events: _judged(work, like, events)


def _class(group: Sequence[Input | Spool]) -> int:
    return group[0].longest if isinstance(group[0], Spool) else CLASSES[0]


def events_with_ids(work: Work, ids: Sequence[str]) -> list[Quarantined]:
    """Return the events of some ids that could land, with their place."""
    condition = f"event_id IN ({', '.join(map(literal, ids))}) AND reason IS NULL"
    found: list[Quarantined] = []
    for group in work.sources:
        like, events = reading_sql(group, _class(group))
        some: Sequence[Input | Spool] = group
        if not isinstance(group[0], Spool):
            query = f"SELECT DISTINCT file FROM ({_judged(work, like, events)}) WHERE {condition}"
            files = {path for (path,) in work.connection.execute(query).fetchall()}
            some = [one for one in group if str(one.path) in files]
        found += located(work.connection, some, _judge(work), condition)
    return found
