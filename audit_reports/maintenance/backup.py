"""How is a store copied to another place, and back? Only what is missing, each file verified, whole at any moment.

A backup is itself a store. What it gains goes there in an order in which a crash leaves the older state as it was: the
files that hold something, then the journal, then one file of the table's log that makes the new state true. A copy that is
begun has no `format.json` and is no store until all of it is there.
"""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports.commit import file_sha256
from audit_reports.errors import FailureError, UsageError, quoted, reason
from audit_reports.ingest.landed_before import input_files
from audit_reports.ingest.watching import Progress, Watcher, unwatched
from audit_reports.journal import Entry, Journal, path_of
from audit_reports.place import Kept, Place
from audit_reports.places import place_of
from audit_reports.reads import FOLDER, copy_chains
from audit_reports.store import COMMITS, EVENTS, FORMAT_FILE, Store, is_store

if TYPE_CHECKING:
    import deltalake

_LOG = f"{EVENTS}/_delta_log"
_NEWEST = f"{_LOG}/_last_checkpoint"
_VERSION = re.compile(rf"{_LOG}/(\d{{20}})\.")
_CHECKPOINT = re.compile(rf"{_LOG}/\d{{20}}\.checkpoint\.parquet")
_OF_A_WRITER = re.compile(rf"lock$|staging/|{FOLDER}/|{EVENTS}/probe-")
_OF_A_STATE = re.compile(rf"{EVENTS}/|inputs/|quarantine/|journal/\d+\.json$|{FORMAT_FILE}$")
_AT_ONCE = 8


@dataclass(frozen=True)
class Copied:
    """What a backup or restore did: files and bytes copied and verified, files that left the copy, and the state it now has.

    `landing` is the last landing of that state and `entry` its last journal entry; 0 where there is none.
    """

    files: int
    bytes: int
    removed: int
    landing: int
    entry: int


@dataclass(frozen=True)
class _State:
    """One state of a store: its table, last journal entry and landing, and its files by path.

    `holding` are those that hold something, `vouched` has the SHA-256 of all that landings ever wrote, `journal` of entries.
    """

    table: deltalake.DeltaTable
    entry: int
    landing: int
    there: Mapping[str, Kept]
    holding: set[str]
    vouched: Mapping[str, str]
    journal: Mapping[str, str]


def backup(store: Store, to: str | Path | Place, *, now: datetime, progress: Watcher | None = None) -> Copied:
    """Bring a backup up to a store's present state, made where there is none; landings may go on meanwhile.

    Each file that is copied is read back and compared with the SHA-256 that the journal has of it. What compaction,
    retention or erasure took out of the store leaves the backup too. The store's journal gains an entry. `progress` is told how
    many bytes were copied. Raises
    `UsageError` for a place that holds other things or the backup of another store, `FailureError` where a file is damaged.
    """
    target = place_of(to)
    _apart(store.place, target)
    store.repair(store.table())
    state = _state(store)
    _same_history(store, target, state)
    with _prepared(store, target) as folder:
        _same_history(store, target, state)  # another backup may have gone there while this one waited
        copied = _bring(_Copying(store, target, state, folder, progress or unwatched))
    facts = {"to": target.uri, "files": copied.files, "bytes": copied.bytes, "removed": copied.removed}
    store.journal.append("backup", facts | {"landing": copied.landing, "entry": copied.entry}, time=now)
    return copied


def restore(
    source: str | Path | Place, to: str | Path | Place, *, now: datetime, progress: Watcher | None = None
) -> Copied:
    """Make a store out of a backup, in a place that is empty or in which a restore was broken off.

    Its journal goes on from the backup's with an entry of its own. Raises as `backup` does, and `UsageError` where a store is.
    """
    backed_up = Store(source)
    target = place_of(to)
    _apart(backed_up.place, target)
    if is_store(target):
        raise UsageError(f"there is a store at {quoted(target.uri)} already; restore to another place with --store")

    def told(copied: Copied) -> None:
        journal = Journal(target)
        if journal.numbers()[-1:] <= [copied.entry]:
            facts = {"from": backed_up.uri, "files": copied.files, "bytes": copied.bytes}
            journal.append("restore", facts | {"landing": copied.landing, "entry": copied.entry}, time=now)

    state = _state(backed_up)
    _same_history(backed_up, target, state)
    with _prepared(backed_up, target) as folder:
        return _bring(_Copying(backed_up, target, state, folder, progress or unwatched), before_it_opens=told)


def _apart(one: Place, other: Place) -> None:
    here, there = (f"{Path(p.uri).resolve() if '://' not in p.uri else p.uri}/" for p in (one, other))
    if here.startswith(there) or there.startswith(here):
        raise UsageError(f"{quoted(other.uri)} and {quoted(one.uri)} are in one another; name a place apart")


@contextmanager
def _prepared(store: Store, target: Place) -> Iterator[Path]:
    """Hold the target's lock, made where it is absent, and give a folder for what is on its way there."""
    try:
        if not target.is_there():
            target.make()
        with target.writing(), target.staging() as folder:
            yield folder
    except OSError as error:
        if isinstance(error, PermissionError | NotADirectoryError | FileExistsError):
            raise UsageError(f"cannot write to {quoted(target.uri)}: {error.strerror}") from None
        raise FailureError(
            f"copying {quoted(store.uri)} to {quoted(target.uri)} broke off: {error.strerror or reason(error)}; "
            "what was copied stays, and the same command completes it"
        ) from error


def _state(store: Store) -> _State:
    """Return the store's present state: its table, and the journal as far as the table bears it out."""
    table = store.table()
    if (broken := store.journal.break_at()) is not None:
        raise FailureError(f"the journal of {quoted(store.uri)} is broken at entry {broken}; nothing was copied")
    entries: list[Entry] = []
    for entry in store.journal.entries():
        if entry.kind in COMMITS and int(entry.facts.get("version", entry.facts.get("landing", 0))) > table.version():
            break  # a landing of this very moment
        entries.append(entry)
    there = {kept.path: kept for kept in store.place.walk("") if not _OF_A_WRITER.match(kept.path)}
    last = entries[-1].number if entries else 0
    landing = int(table.transaction_version("landing") or 0)
    holding = {f"{EVENTS}/{file.name}" for file in store.files(table)}
    holding.update(str(one["path"]) for one in store.quarantined(as_of=landing, superseded=True))
    holding |= input_files(entries)
    if lost := sorted(holding - set(there)):
        raise FailureError(f"{quoted(lost[0])} of {quoted(store.uri)} is gone; nothing was copied")
    holding.update(path for path in there if not _OF_A_STATE.match(path))
    vouched = dict(_vouched([entry.facts for entry in entries]))
    journal = {path_of(entry.number): entry.sha256 for entry in entries}
    return _State(table, last, landing, there, holding, vouched, journal)


def _vouched(value: Any) -> Iterator[tuple[str, str]]:
    """Yield each file that facts name with its SHA-256, however deep."""
    if isinstance(value, Mapping):
        if isinstance(value.get("path"), str) and isinstance(value.get("sha256"), str):
            yield value["path"], value["sha256"]
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _vouched(inner)


def _same_history(store: Store, target: Place, state: _State) -> None:
    """Raise `UsageError` for a target that holds other things than an earlier state of this store, whole or begun."""
    journal = Journal(target)
    last = (journal.numbers() or [0])[-1]
    begun = not is_store(target)
    if begun:
        known = {*state.there, *state.vouched, *(path_of(number) for number in range(1, last + 1))}
        if foreign := [k.path for k in target.walk("") if k.path not in known and not _OF_A_WRITER.match(k.path)]:
            raise UsageError(
                f"{quoted(target.uri)} holds {quoted(foreign[0])}, which is not of {quoted(store.uri)}; name another place"
            )
    elif Store(target).table().metadata().id != state.table.metadata().id:
        raise UsageError(f"{quoted(target.uri)} holds another store than {quoted(store.uri)}; name another place")
    if begun and last == state.entry + 1 and journal.entry(last).kind == "restore":
        last -= 1  # a restore that was broken off at its last step
    if last > state.entry or (last and journal.entry(last).sha256 != store.journal.entry(last).sha256):
        raise UsageError(
            f"the journal at {quoted(target.uri)} is no earlier part of that of {quoted(store.uri)}: it is of another store, "
            "or of a later state; name another place"
        )


@dataclass
class _Copying:
    """A copy under way: from where, to where, through which folder, and what was done so far."""

    store: Store
    target: Place
    state: _State
    folder: Path
    progress: Watcher
    total: int = 0
    files: int = 0
    bytes: int = 0

    def bring(self, files: Sequence[Kept], *, at_once: int = _AT_ONCE) -> None:
        """Copy files, in their order where one goes at once."""
        with ThreadPoolExecutor(at_once) as pool:
            running = [pool.submit(self._one, kept) for kept in files]
            try:
                for kept, done in zip(files, running, strict=True):
                    done.result()
                    self.files += 1
                    self.bytes += kept.bytes
                    self.progress(Progress(self.bytes, max(self.total, self.bytes), work="copying"))
            finally:
                pool.shutdown(cancel_futures=True)

    def _one(self, kept: Kept) -> None:
        """Copy one file and read it back; the journal's SHA-256 of it, where there is one, holds against both."""
        local, back = self.folder / uuid.uuid4().hex, self.folder / uuid.uuid4().hex
        self.store.place.fetch(kept, local)
        digest = file_sha256(local)
        expected = self.state.vouched.get(kept.path) or self.state.journal.get(kept.path) or digest
        if digest != expected:
            raise FailureError(
                f"{quoted(kept.path)} of {quoted(self.store.uri)} is damaged: it is not what the journal says; "
                "the copy was broken off before it"
            )
        self.target.keep(local, kept.path)
        self.target.fetch(replace(kept, tag=""), back)
        if file_sha256(back) != expected:
            self.target.remove(kept.path)
            raise FailureError(f"{quoted(kept.path)} came back from {quoted(self.target.uri)} with other bytes")
        back.unlink()
        local.unlink(missing_ok=True)


def _bring(copying: _Copying, *, before_it_opens: Callable[[Copied], None] = lambda copied: None) -> Copied:
    """Bring the target up to the state, in the order that keeps it whole, and take away what has left the store."""
    store, target, state = copying.store, copying.target, copying.state
    new = not is_store(target)
    have = {kept.path: kept.bytes for kept in target.walk("")}
    one_by_one = _AT_ONCE if new else 1

    def missing(paths: Iterable[str]) -> list[Kept]:
        return [state.there[path] for path in sorted(paths) if have.get(path) != state.there[path].bytes]

    log = {path: kept for path, kept in state.there.items() if _version(path) <= state.table.version()}
    copying.total = sum(kept.bytes for kept in missing({*state.holding, *state.journal, *log}))
    copying.bring(missing(state.holding))
    copying.bring(missing(state.journal), at_once=one_by_one)
    behind = 0 if new else state.table.version() - Store(target).table().version()
    if behind > 1:
        # Many commits come true one after the other, and files of those in between may be gone: a checkpoint is one step.
        store.checkpoint(state.table)
        checkpoints = [kept for kept in store.place.walk(_LOG) if _CHECKPOINT.fullmatch(kept.path)]
        copying.bring([kept for kept in checkpoints if _version(kept.path) == state.table.version()], at_once=1)
    copying.bring(missing(log), at_once=one_by_one)
    _point_at_checkpoint(store.place, target, state.table.version())
    copied = Copied(copying.files, copying.bytes, 0, state.landing, state.entry)
    before_it_opens(copied)
    if _read(target, FORMAT_FILE) != (format_file := store.place.read(FORMAT_FILE)):
        target.replace(FORMAT_FILE, format_file)
    copy_chains(store.place, target)
    gone = sorted((set(have) & set(state.vouched)) - state.holding)
    for path in gone:
        target.remove(path)
    return replace(copied, removed=len(gone))


def _version(path: str) -> float:
    """Return which version of the table a file of its log is about; without end where it is none."""
    found = _VERSION.match(path)
    return int(found[1]) if found else math.inf


def _point_at_checkpoint(source: Place, target: Place, version: int) -> None:
    """Copy the word on the newest checkpoint, which only makes opening quicker, where it is about a state that is there."""
    newest, there = _read(source, _NEWEST), _read(target, _NEWEST)
    if newest and newest != there and int(json.loads(newest)["version"]) <= version:
        target.replace(_NEWEST, newest)


def _read(place: Place, path: str) -> bytes:
    try:
        return place.read(path)
    except FileNotFoundError:
        return b""
