"""What is a store? A place with the landed events (a Delta table by day), the quarantine and the journal.

STORE/format.json   the version of this layout
STORE/events/       the Delta table, partitioned by `day`; its log holds the one truth of what has landed
STORE/inputs/       one Parquet file a landing: which files it read, with their SHA-256; and sums of those
STORE/quarantine/   one Parquet file a landing that had lines which could not be understood
STORE/journal/      what was done to the store, hash-chained
STORE/staging/      what a landing is writing (on a disk); of no meaning to anybody else
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.columns import COLUMNS, NAMES
from audit_reports.errors import AuditReportsError, FailureError, UsageError, quoted, reason
from audit_reports.feed import listed, literal
from audit_reports.journal import Entry, Journal
from audit_reports.place import Place
from audit_reports.places import place_of

if TYPE_CHECKING:
    import deltalake
    import duckdb

FORMAT = 2
EVENTS = "events"
COMMITS = ("landing", "compaction", "retention", "erasure")
"""The kinds of journal entries that stand for a commit of the table."""

FORMAT_FILE = "format.json"
_TURNS, _TURN = 100, 0.03  # seconds: a living writer takes one or two turns, on a busy machine or in S3 some more
_DELTA_TYPES = {"VARCHAR": "string", "TIMESTAMPTZ": "timestamp", "BIGINT": "long", "DATE": "date"}


@dataclass(frozen=True)
class EventFile:
    """One Parquet file of the table: its path for DuckDB and its name in the table, its day (ISO), its rows and bytes.

    `first` and `last` are the least and greatest landing of its rows.
    """

    path: str
    name: str
    day: str
    rows: int
    bytes: int
    first: int
    last: int


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
    """A store at its place. Opening reads only; `create` makes one where there is none."""

    def __init__(self, where: str | Path | Place) -> None:
        """Open the store at a place; raises `UsageError` where there is none, or one of a newer version."""
        self.place = place_of(where)
        self.journal = Journal(self.place)
        self.uri = self.place.uri
        try:
            self.format = int(json.loads(self.place.read(FORMAT_FILE))["format"])
        except (FileNotFoundError, NotADirectoryError):
            known = "there is no such folder" if not self.place.is_there() else "that folder is not one"
            raise UsageError(f"no store at {quoted(self.uri)}: {known}; `audit-reports ingest` makes one") from None
        except AuditReportsError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FailureError(f"the store at {quoted(self.uri)} cannot be read ({type(error).__name__})") from error
        if self.format > FORMAT:
            raise UsageError(
                f"the store at {quoted(self.uri)} has format {self.format}, this program knows up to {FORMAT}: "
                "update the program"
            )

    @classmethod
    def create(cls, where: str | Path | Place) -> Store:
        """Open the store at a place, made first where the place is absent or empty, readable by its owner alone.

        Raises `UsageError` for a place that holds other things or that cannot be written.
        """
        place = place_of(where)
        if is_store(place):
            return cls(place)
        occupied = f"{quoted(place.uri)} is not a store and not empty; name another folder with --store"
        if place.is_there() and set(place.names("")) - {"events", "journal", "lock"}:
            raise UsageError(occupied)
        try:
            place.make()
            with place.writing():
                if not is_store(place):
                    _make_table(place)
                    place.settle(f"{EVENTS}/_delta_log")
                    place.publish(FORMAT_FILE, json.dumps({"format": FORMAT}).encode())
        except FileExistsError:
            raise UsageError(occupied) from None
        except OSError as error:
            raise UsageError(
                f"cannot make a store at {quoted(place.uri)}: {error.strerror or type(error).__name__}"
            ) from None
        return cls(place)

    def table(self) -> deltalake.DeltaTable:
        """Return the events' Delta table as it stands now; raises `FailureError` where it cannot be read."""
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError

        try:
            return DeltaTable(self.place.location(EVENTS), storage_options=_options(self.place))
        except (DeltaError, OSError) as error:
            raise FailureError(f"the events of {quoted(self.uri)} cannot be read: {reason(error)}") from error

    def caught_up(self) -> deltalake.DeltaTable:
        """Return the events' table for readers, once the journal tells of all that is in it: books and events say the same.

        A writer's entry follows its commit by a moment, for which is waited; where the writer died in it, its entry is
        brought here. Raises `FailureError` where the table cannot be read, or that entry not be written.
        """
        table = self.table()
        for _ in range(_TURNS):
            if not self._unjournaled(table):
                return table
            time.sleep(_TURN)
        try:
            self.repair(table)
        except OSError as error:
            raise FailureError(
                f"the newest commit of {quoted(self.uri)} is not in its journal, for its writer died, and it cannot be "
                f"written here ({reason(error)}); any command that writes to the store brings it"
            ) from error
        return table

    def checkpoint(self, table: deltalake.DeltaTable) -> None:
        """Write a table's whole state into its log as one file, so that readers need not go through every commit.

        Raises `FailureError` where it cannot be written; the table is right without it.
        """
        from deltalake.exceptions import DeltaError

        try:
            table.create_checkpoint()
        except (DeltaError, OSError) as error:
            raise FailureError(f"the log of {quoted(self.uri)} could not be summed up: {reason(error)}") from error
        self.settle(table.version())

    def settle(self, version: int) -> None:
        """Force to the disk what the table's log has of a version and of those after it; those before were, when journaled."""
        self.place.settle(f"{EVENTS}/_delta_log", after=f"{version:020}")

    @contextmanager
    def writing(self) -> Iterator[deltalake.DeltaTable]:
        """Hold the store's lock, one writer at a time, and give the table as it then stands, the journal brought up to it.

        Raises `UsageError` where the store cannot be written.
        """
        try:
            with self.place.writing():
                if self.format < FORMAT:
                    self.place.replace(FORMAT_FILE, json.dumps({"format": FORMAT}).encode())
                table = self.table()
                self.repair(table)
                yield table
        except PermissionError as error:
            raise UsageError(f"cannot write to the store at {quoted(self.uri)}: {error.strerror}") from None

    def repair(self, table: deltalake.DeltaTable) -> None:
        """Bring the journal up to what the table's log says was done: a writer may have died between the two."""
        for commit in self._unjournaled(table):
            self.settle(int(commit["version"]))
            self.journal_commit(json.loads(commit["audit_reports"]), version=int(commit["version"]))

    def _unjournaled(self, table: deltalake.DeltaTable) -> list[dict[str, Any]]:
        """Return the commits that have no journal entry yet, in order; those of other programs have nothing to say."""
        journaled = self._journaled()
        if table.version() <= journaled:
            return []
        told = [one for one in table.history() if "audit_reports" in one and int(one["version"]) > journaled]
        return sorted(told, key=lambda commit: int(commit["version"]))

    def _journaled(self) -> int:
        """Return the last version of the table that the journal knows; in format 1 a landing's number was its version."""
        newest = self.journal.newest(*COMMITS)
        return 0 if newest is None else int(newest.facts.get("version", newest.facts.get("landing", 0)))

    def journal_commit(self, told: Mapping[str, Any], *, version: int) -> None:
        """Journal what a commit says of itself, once: where another process has already done so, nothing is added."""
        facts = {name: value for name, value in told.items() if name != "kind"} | {"version": version}
        at = datetime.fromisoformat(facts.get("landed_at") or facts["at"])

        def there() -> Entry | None:
            return self.journal.newest(*COMMITS) if self._journaled() >= version else None

        self.journal.append(told.get("kind", "landing"), facts, time=at, unless=there)

    def landings(self, *, as_of: int | None = None) -> list[Landed]:
        """Return what each landing did, in order; empty for a new store."""
        found = []
        for entry in self.journal.entries("landing"):
            facts = entry.facts
            if as_of is None or facts["landing"] <= as_of:
                found.append(
                    Landed(
                        facts["landing"],
                        datetime.fromisoformat(facts["landed_at"]),
                        facts["read"],
                        facts["landed"],
                        facts["duplicates"],
                        facts["quarantined"],
                        tuple(facts["feeds"]),
                        input_count(facts),
                        entry.number,
                    )
                )
        return found

    def removed(self, *, as_of: int | None = None) -> int:
        """Return how many events retention and erasures have removed of the landings up to one."""
        return sum(
            int(of_landing["rows"])
            for entry in self.journal.entries("retention", "erasure")
            for landing, of_landing in entry.facts["landings"].items()
            if as_of is None or int(landing) <= as_of
        )

    def files(self, table: deltalake.DeltaTable, *, days: Collection[str] | None = None) -> list[EventFile]:
        """Return the files of the table, by day and path; with `days` (ISO) only theirs."""
        import polars as pl

        actions = pl.DataFrame(table.get_add_actions(flatten=True))
        for bound in ("min.landing", "max.landing"):
            if bound not in actions.columns:
                actions = actions.with_columns(pl.lit(None, pl.Int64).alias(bound))
        if days is not None:
            actions = actions.filter(pl.col("partition.day").cast(pl.String).is_in(list(days)))
        columns = ("path", "partition.day", "num_records", "size_bytes", "min.landing", "max.landing")
        found = [
            EventFile(self.place.location(f"{EVENTS}/{path}"), path, str(day), rows, size, first or 0, last or 0)
            for path, day, rows, size, first, last in actions.select(columns).iter_rows()
        ]
        return sorted(found, key=lambda file: (file.day, file.name))

    def quarantine_files(self, *, as_of: int | None = None) -> list[str]:
        """Return the quarantine's files that the journal vouches for, as paths of the place, in the order of landings."""
        return [str(file["path"]) for file in self.quarantined(as_of=as_of)]

    def quarantined(self, *, as_of: int | None = None, superseded: bool = False) -> list[dict[str, Any]]:
        """Return what the journal says of the quarantine's files that stand: path, sha256, rows, landing, landed_at, until.

        Retention and erasure remove files of landings, and may put shorter ones in their place. A replay supersedes files
        from its own landing on (`until`); with `superseded` those are returned too.
        """
        found: dict[str, dict[str, Any]] = {}
        for entry in self.journal.entries("landing", "retention", "erasure"):
            facts = entry.facts
            if entry.kind == "landing":
                for path in facts.get("replayed", ()):
                    if path in found:
                        found[path]["until"] = facts["landing"]
                of_landing = {"landing": facts["landing"], "landed_at": facts["landed_at"], "until": None}
                found |= {file["path"]: {**file, **of_landing} for file in facts["quarantine"]}
            else:
                for file in facts["quarantine"]["removed"]:
                    found.pop(file["path"], None)
                found |= {file["path"]: {"until": None, **file} for file in facts["quarantine"]["files"]}

        def stands(file: Mapping[str, Any]) -> bool:
            if as_of is None:
                return superseded or file["until"] is None
            return file["landing"] <= as_of and (superseded or file["until"] is None or file["until"] > as_of)

        return sorted(filter(stands, found.values()), key=lambda file: int(file["landing"]))

    def retained_until(self, table: deltalake.DeltaTable) -> date | None:
        """Return the UTC day before which retention has removed the events (but those under a hold), None where it has not."""
        ordinal = table.transaction_version("retention")
        return None if ordinal is None else date.fromordinal(ordinal)

    def connect(self, *, timezone: str = "UTC") -> duckdb.DuckDBPyConnection:
        """Return a DuckDB connection of its own that can read the store's files."""
        connection = connect(timezone=timezone)
        self.place.serve(connection)
        return connection


def input_count(facts: Mapping[str, Any]) -> int:
    """Return how many files a landing read, from its facts; format 1 listed them there."""
    inputs = facts["inputs"]
    return len(inputs) if isinstance(inputs, list) else int(inputs["files"])


def is_store(place: Place) -> bool:
    """Say whether there is a store at a place, of whatever version."""
    try:
        return bool(place.read(FORMAT_FILE))
    except (FileNotFoundError, NotADirectoryError):
        return False


def _options(place: Place) -> dict[str, str] | None:
    return dict(place.delta_options) if place.delta_options is not None else None


def _make_table(place: Place) -> None:
    from deltalake import DeltaTable, Field, Schema
    from deltalake.schema import PrimitiveType

    fields = [Field(c.name, PrimitiveType(_DELTA_TYPES[c.type]), nullable=c.nullable) for c in COLUMNS]
    DeltaTable.create(
        place.location(EVENTS),
        Schema(fields),
        mode="ignore",
        partition_by=["day"],
        name="audit events",
        # Each commit since the last checkpoint is a file to read: where that is a long way off, let them be few.
        configuration={"delta.checkpointInterval": "10"} if place.at_once > 1 else None,
        storage_options=_options(place),
    )


@contextmanager
def new_or_open(where: str | Path | Place) -> Iterator[Store]:
    """Open a store, made where there is none; one that was made is taken away again where the first use of it fails."""
    place = place_of(where)
    existed, there = place.is_there(), is_store(place)
    try:
        yield Store.create(place)
    except BaseException:
        if not there and is_store(place):
            with place.writing():  # another writer may have landed in it meanwhile
                if not Journal(place).numbers() and not Store(place).table().version():
                    place.discard()
                    if existed:
                        place.make()
        raise


def connect(*, timezone: str = "UTC", **settings: str) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB connection of its own with the timezone pinned and settings of DuckDB's; it downloads nothing."""
    import duckdb

    nothing = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
    connection = duckdb.connect(config={**nothing, **settings})
    connection.execute(f"SET TimeZone = {literal(timezone)}")
    # In a notebook without ipywidgets the bar is off, and setting it to that again is refused.
    if connection.execute("SELECT current_setting('enable_progress_bar')").fetchall() != [(False,)]:
        connection.execute("SET enable_progress_bar = false")
    return connection


def events_sql(files: Sequence[EventFile], columns: Collection[str] = NAMES) -> str:
    """Return the query that reads some columns of event files, typed and in the design's order, also where there is no file."""
    read = [column for column in COLUMNS if column.name in columns]
    if not files:
        return "SELECT " + ", ".join(f"NULL::{c.type} AS {c.name}" for c in read) + " WHERE false"
    names = ", ".join(c.name for c in read)
    if "day" not in columns:  # which is in no file: DuckDB need not look for it in the paths
        return f"SELECT {names} FROM read_parquet({listed([file.path for file in files])}, hive_partitioning = false)"
    return f"SELECT {names} FROM ({scan_sql([file.path for file in files])})"


def scan_sql(files: Sequence[str]) -> str:
    """Return the query that reads event files, at least one, with the `day` that their folder says.

    A folder above the store may be called `feed=x` too, and must not become a column: then the day is worked out.
    """
    if "=" in str(Path(files[0]).parent.parent):
        day = "(occurred_at AT TIME ZONE 'UTC')::DATE AS day"
        return f"SELECT *, {day} FROM read_parquet({listed(files)}, hive_partitioning = false)"
    return f"SELECT * FROM read_parquet({listed(files)}, hive_partitioning = true, hive_types = {{'day': DATE}})"


def utc(moment: datetime) -> str:
    """Return a time as SQL reads it, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
