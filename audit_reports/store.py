"""What is a store? A folder with the landed events (a Delta table by day), the quarantine and the journal.

STORE/format.json   the version of this layout
STORE/events/       the Delta table, partitioned by `day`; its log holds the one truth of what has landed
STORE/quarantine/   one Parquet file a landing that had lines which could not be understood
STORE/journal/      what was done to the store, hash-chained
STORE/staging/      what a landing is writing; of no meaning to anybody else
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.columns import COLUMNS
from audit_reports.errors import FailureError, UsageError, quoted
from audit_reports.feed import listed, literal
from audit_reports.journal import Entry, Journal, publish, sync, sync_folder

if TYPE_CHECKING:
    import deltalake
    import duckdb

FORMAT = 1
_DELTA_TYPES = {"VARCHAR": "string", "TIMESTAMPTZ": "timestamp", "BIGINT": "long", "DATE": "date"}


@dataclass(frozen=True)
class EventFile:
    """One Parquet file of the table: its path, its day (ISO) and its rows."""

    path: str
    day: str
    rows: int


@dataclass(frozen=True)
class Landed:
    """What one landing did, as its journal entry says; `at` is UTC, `entry` the entry's number."""

    landing: int
    at: datetime
    read: int
    landed: int
    duplicates: int
    quarantined: int
    feeds: tuple[str, ...]
    files: int
    entry: int


class Store:
    """A store on disk. Opening reads only; `create` makes one where there is none."""

    def __init__(self, root: str | Path) -> None:
        """Open the store in a folder; raises `UsageError` where there is none, or one of a newer version."""
        self.root = _folder(root)
        self.events = self.root / "events"
        self.journal = Journal(self.root / "journal")
        try:
            version = json.loads((self.root / "format.json").read_text())["format"]
        except (FileNotFoundError, NotADirectoryError):
            known = "there is no such folder" if not self.root.exists() else "that folder is not one"
            raise UsageError(f"no store at {quoted(self.root)}: {known}; `audit-reports ingest` makes one") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FailureError(f"the store at {quoted(self.root)} cannot be read ({type(error).__name__})") from error
        if version > FORMAT:
            raise UsageError(
                f"the store at {quoted(self.root)} has format {version}, this program knows up to {FORMAT}: update the program"
            )

    @classmethod
    def create(cls, root: str | Path) -> Store:
        """Open the store in a folder, made first where the folder is absent or empty, readable by its owner alone.

        Raises `UsageError` for a folder that holds other things or that cannot be written.
        """
        from deltalake import DeltaTable, Field, Schema
        from deltalake.schema import PrimitiveType

        path = _folder(root)
        if (path / "format.json").exists():
            return cls(path)
        try:
            if path.exists() and (
                not path.is_dir() or {p.name for p in path.iterdir()} - {"events", "journal", "lock"}
            ):
                raise UsageError(f"{quoted(root)} is not a store and not empty; name another folder with --store")
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            with _locked(path):
                if not (path / "format.json").exists():
                    fields = [Field(c.name, PrimitiveType(_DELTA_TYPES[c.type]), nullable=c.nullable) for c in COLUMNS]
                    DeltaTable.create(
                        str(path / "events"), Schema(fields), mode="ignore", partition_by=["day"], name="audit events"
                    )
                    for folder in ("journal", "quarantine", "staging"):
                        (path / folder).mkdir(exist_ok=True)
                    sync_tree(path / "events" / "_delta_log")
                    publish(path / "format.json", json.dumps({"format": FORMAT}).encode())
        except OSError as error:
            raise UsageError(
                f"cannot make a store at {quoted(root)}: {error.strerror or type(error).__name__}"
            ) from None
        return cls(path)

    def table(self) -> deltalake.DeltaTable:
        """Return the events' Delta table as it stands now; raises `FailureError` where it cannot be read."""
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        try:
            return DeltaTable(str(self.events))
        except DeltaError as error:
            raise FailureError(
                f"the events of {quoted(self.root)} cannot be read: {str(error).splitlines()[0]}"
            ) from error

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the store's lock: one writer at a time on this machine. Raises `UsageError` where it cannot be written."""
        try:
            with _locked(self.root):
                yield
        except PermissionError as error:
            raise UsageError(f"cannot write to the store at {quoted(self.root)}: {error.strerror}") from None

    def repair(self, table: deltalake.DeltaTable) -> None:
        """Bring the journal up to what the table's log says has landed: a landing may have died between the two."""
        journaled = max((landed.landing for landed in self.landings()), default=0)
        latest = table.transaction_version("landing") or 0
        if latest <= journaled:
            return
        for commit in sorted(table.history(), key=lambda commit: int(commit["version"])):
            facts = json.loads(commit["audit_reports"]) if "audit_reports" in commit else {}
            if facts.get("landing", 0) > journaled:
                self.journal_landing(facts)

    def journal_landing(self, facts: Mapping[str, Any]) -> Entry:
        """Journal a landing once: where another process has already done so, its entry is returned."""
        time = datetime.fromisoformat(facts["landed_at"])
        return self.journal.append(
            "landing", facts, time=time, unless=lambda entry: int(entry.facts["landing"]) >= int(facts["landing"])
        )

    def landings(self, *, as_of: int | None = None) -> list[Landed]:
        """Return what each landing did, in order; empty for a new store."""
        found = []
        for entry in self.journal.entries():
            facts = entry.facts
            if entry.kind == "landing" and (as_of is None or facts["landing"] <= as_of):
                found.append(
                    Landed(
                        facts["landing"],
                        datetime.fromisoformat(facts["landed_at"]),
                        facts["read"],
                        facts["landed"],
                        facts["duplicates"],
                        facts["quarantined"],
                        tuple(facts["feeds"]),
                        len(facts["inputs"]),
                        entry.number,
                    )
                )
        return found

    def files(self, table: deltalake.DeltaTable, *, days: Sequence[str] | None = None) -> list[EventFile]:
        """Return the files of the table, by day and path; with `days` (ISO) only theirs."""
        import polars as pl

        actions = pl.DataFrame(table.get_add_actions(flatten=True)).select("path", "partition.day", "num_records")
        wanted = None if days is None else set(days)
        found = [EventFile(str(self.events / path), str(day), rows) for path, day, rows in actions.iter_rows()]
        return sorted((f for f in found if wanted is None or f.day in wanted), key=lambda f: (f.day, f.path))

    def quarantine_files(self, *, as_of: int | None = None) -> list[str]:
        """Return the quarantine's files that a landing vouches for, in the order of landings."""
        return [
            str(self.root / file["path"])
            for entry in self.journal.entries()
            if entry.kind == "landing" and (as_of is None or entry.facts["landing"] <= as_of)
            for file in entry.facts["quarantine"]
        ]


def _folder(root: str | Path) -> Path:
    if "://" in str(root):
        raise UsageError(f"{quoted(root)}: a store is a folder on this machine; S3 is not supported by this version")
    return Path(root)


@contextmanager
def new_or_open(root: str | Path) -> Iterator[Store]:
    """Open a store, made where there is none; one that was made is taken away again where the first use of it fails."""
    path = _folder(root)
    existed, there = path.exists(), (path / "format.json").exists()
    try:
        yield Store.create(path)
    except BaseException:
        if not there and (path / "format.json").exists() and not Journal(path / "journal").numbers():
            shutil.rmtree(path)
            if existed:
                path.mkdir(mode=0o700)
        raise


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    with (root / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def connect(*, timezone: str = "UTC") -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection of its own with the timezone pinned; it downloads nothing."""
    import duckdb

    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    connection.execute(f"SET TimeZone = {literal(timezone)}")
    # In a notebook without ipywidgets the bar is off, and setting it to that again is refused.
    if connection.execute("SELECT current_setting('enable_progress_bar')").fetchall() != [(False,)]:
        connection.execute("SET enable_progress_bar = false")
    return connection


def events_sql(files: Sequence[EventFile]) -> str:
    """Return the query that reads event files with every column of the design, typed, also where there is no file."""
    if not files:
        return "SELECT " + ", ".join(f"NULL::{c.type} AS {c.name}" for c in COLUMNS) + " WHERE false"
    names = ", ".join(c.name for c in COLUMNS)
    return f"SELECT {names} FROM ({scan_sql([file.path for file in files])})"


def scan_sql(files: Sequence[str]) -> str:
    """Return the query that reads event files, at least one, with the `day` that their folder says.

    A folder above the store may be called `feed=x` too, and must not become a column: then the day is worked out.
    """
    if "=" in str(Path(files[0]).parent.parent):
        day = "(occurred_at AT TIME ZONE 'UTC')::DATE AS day"
        return f"SELECT *, {day} FROM read_parquet({listed(files)}, hive_partitioning = false)"
    return f"SELECT * FROM read_parquet({listed(files)}, hive_partitioning = true, hive_types = {{'day': DATE}})"


def sync_tree(folder: Path) -> None:
    """Force every file below a folder, and the folders' names, to the disk."""
    for current, _, names in os.walk(folder):
        for name in names:
            with (Path(current) / name).open("rb") as file:
                sync(file.fileno())
        sync_folder(Path(current))


def utc(moment: datetime) -> str:
    """Return a time as SQL reads it, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
