"""Who looked at the audit log? The read chains of a store: one for each host, a line for each answer that somebody was given.

STORE/reads/HOST/00000001.jsonl holds lines of canonical JSON with `number`, `time`, `host`, `user`, `what` (the command or
method), `filter`, `filter_hash`, `landing`, `rows`, for SQL `query` and `query_hash`, and `previous`, the hash of the line
before (64 zeros for the first). A line's hash is the SHA-256 of what it says without `filter` and `query`, for which their own
SHA-256 vouch: an erasure can empty them where they name a person, and the chain holds.

On a disk the file grows under a lock of its own, without waiting for the disk: a record outlives its process, killed or not,
and a line that a power cut tore stays where it is, under the hash of the next. In S3, where nothing grows, a process keeps its
records for ten seconds at most, and writes them as the next file then, and when it ends.

What was taken off the end of a chain, or a whole chain, nothing in the chains themselves shows: so the journal's entry of each
review says how far they had come.
"""

from __future__ import annotations

import hashlib
import json
import threading
import warnings
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from audit_reports.errors import FailureError, UsageError, quoted, reason
from audit_reports.journal import Journal, canonical, time_text, whoami
from audit_reports.place import Place

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.store import Store

FOLDER, COPIED = "reads", "reads-copied"
"""Where a store's own chains are, and those of the stores that it is a copy of, a folder for each."""

_FIRST = "0" * 64
_KEPT_S = 10.0
_KEPT_READS = 64
_NOTHING = {"reads": 0}
_AS_IT_LIES = f"what is left lies in {FOLDER}/ and {COPIED}/ as JSON Lines"
_END = b"\n"
_TEXTS = ("filter", "query")


class UnrecordedWarning(UserWarning):
    """A store was read, and its read chain does not say so."""


def asked_for(filter: str, query: str | None = None) -> dict[str, Any]:
    """Return a filter (canonical JSON), and a query where there is one, as a record holds them."""
    texts = {"filter": filter} if query is None else {"filter": filter, "query": query}
    return texts | {f"{name}_hash": _sha256(text) for name, text in texts.items()}


class ReadChain:
    """The read chain of this host in one store, to which this process adds; where it cannot, one warning says so."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.host, self.user = whoami()
        self.folder = f"{FOLDER}/{quote(self.host, safe='').replace('.', '%2E', self.host.startswith('.'))}"
        self._once = _Once(place.uri)
        self._kept = None if place.grows else _Kept(place, self.folder, self._once)
        if self._kept:
            weakref.finalize(self, self._kept.write)

    def record(self, facts: Mapping[str, Any], *, time: datetime) -> None:
        """Add a line that says what was read."""
        told = {"time": time_text(time), "host": self.host, "user": self.user, **facts}
        if self._kept:
            self._kept.add(told)
            return
        with self._once.warned():
            self.place.append(f"{self.folder}/{1:08}.jsonl", lambda tail: _line(told, tail))

    @property
    def is_whole(self) -> bool:
        """Whether the store took every line of this process so far."""
        return not self._once.said

    def flush(self) -> None:
        """Write what is kept; nothing kept writes nothing."""
        if self._kept:
            self._kept.write()


class _Once:
    """Warns of the first read that a store did not take, and of no other."""

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self.said = False

    @contextmanager
    def warned(self) -> Iterator[None]:
        try:
            yield
        except (OSError, FailureError, UsageError) as error:  # the last is S3's refusal
            if not self.said:
                self.said = True
                said = (
                    f"the store at {quoted(self.uri)} cannot be written ({reason(error)}): reads of it are not recorded"
                )
                warnings.warn(said, UnrecordedWarning, stacklevel=1)


class _Kept:
    """Records on their way to S3, written as one file when there are enough, when they are old enough, and at the end.

    Keys that may only read are not asked again; whatever else fails is tried again, with the records after it.
    """

    def __init__(self, place: Place, folder: str, once: _Once) -> None:
        self.place = place
        self.folder = folder
        self.once = once
        self._told: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._clock: threading.Timer | None = None
        self._refused = False
        self._last = ""  # the name of the newest file that is known

    def add(self, told: dict[str, Any]) -> None:
        with self._lock:
            if self._refused:
                return
            self._told.append(told)
            many = len(self._told) % _KEPT_READS == 0
            if self._clock is None:
                self._clock = threading.Timer(_KEPT_S, self.write)
                self._clock.daemon = True
                self._clock.start()
        if many:
            self.write()

    def write(self) -> None:
        """Write what is kept as the next file of the chain; where another process took its name, as the one after."""
        with self._lock, self.once.warned():
            if self._clock:
                self._clock.cancel()
                self._clock = None
            try:
                while self._told and not self._published():
                    pass
            except UsageError:
                self._refused = True
                self._told.clear()
                raise

    def _published(self) -> bool:
        self._last = max([self._last, *self.place.names(self.folder, after=self._last)])
        tail = self.place.read(f"{self.folder}/{self._last}").splitlines() if self._last else []
        begun = len(tail)
        for told in self._told:
            tail.append(_line(told, tail))
        number = int(self._last.partition(".")[0] or 0) + 1
        if done := self.place.publish(f"{self.folder}/{number:08}.jsonl", b"\n".join(tail[begun:]) + b"\n"):
            self._told.clear()
        return done


def _line(told: Mapping[str, Any], tail: Sequence[bytes]) -> bytes:
    """Return the line that follows the last lines of a chain, none for its first; a torn one has no number of its own."""
    known = next(
        ((number, behind) for behind, line in enumerate(reversed(tail)) if (number := _number(line))), (0, len(tail))
    )
    previous = _hash(tail[-1]) if tail else _FIRST
    return canonical({**told, "number": sum(known) + 1, "previous": previous}).encode()


def _read(line: bytes) -> dict[str, Any] | None:
    """Return what a line says, None for one that a power cut tore."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and {"number", "previous"} <= found.keys() else None


def _number(line: bytes) -> int:
    return int(read["number"]) if (read := _read(line)) else 0


def _hash(line: bytes) -> str:
    """Return the hash that the next line has of this one."""
    read = _read(line)
    said = line if read is None else canonical({k: v for k, v in read.items() if k not in _TEXTS}).encode()
    return hashlib.sha256(said).hexdigest()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Chain:
    """One host's chain in its folder, as it lies there: its reads, and the line (from 1) that does not follow, None if all do.

    `id` is the SHA-256 of its first line, the same wherever it is copied to; `hashes` are those of the lines of its reads.
    `torn` counts lines that a power cut left half written; they are no break, for the next line has their hash.
    """

    folder: str
    id: str
    reads: tuple[Mapping[str, Any], ...] = field(repr=False)
    hashes: tuple[str, ...] = field(repr=False)
    break_at: int | None
    torn: int


def chains(place: Place) -> Iterator[Chain]:
    """Yield the chain of every host that has read a store, in the order of their names; none for a store never read."""
    folders = [f"{FOLDER}/{host}" for host in place.names(FOLDER)]
    folders += [f"{COPIED}/{one}/{host}" for one in place.names(COPIED) for host in place.names(f"{COPIED}/{one}")]
    yield from (_chain(place, folder) for folder in folders)


def _chain(place: Place, folder: str) -> Chain:
    reads: list[Mapping[str, Any]] = []
    hashes: list[str] = []
    broken: int | None = None
    torn, previous, first = 0, _FIRST, ""
    files = (place.read(f"{folder}/{name}") for name in place.names(folder))
    lines = [line for data in files for line in data.split(b"\n") if line]
    for number, line in enumerate(lines, start=1):
        sha256 = _hash(line)
        first = first or sha256
        if (read := _read(line)) is None:
            torn += 1
        else:
            texts = {name: read[name] for name in _TEXTS if read.get(name) is not None}
            follows = read["previous"] == previous
            vouched = all(read.get(f"{name}_hash") == _sha256(text) for name, text in texts.items())
            reads.append(read)
            hashes.append(sha256)
            broken = broken or (None if follows and vouched else number)
        previous = sha256
    return Chain(folder, first, tuple(reads), tuple(hashes), broken, torn)


def copy_chains(source: Place, target: Place) -> None:
    """Copy a store's own chains beside those of its copy, each in a folder of its own; what is half written is not copied yet."""
    for host in source.names(FOLDER):
        folder = ""
        for name in source.names(f"{FOLDER}/{host}"):
            whole, end, _ = source.read(f"{FOLDER}/{host}/{name}").rpartition(_END)
            folder = folder or f"{COPIED}/{_hash(whole.partition(_END)[0])[:16]}/{host}"
            if end and (name not in target.names(folder) or target.read(f"{folder}/{name}") != whole + end):
                target.replace(f"{folder}/{name}", whole + end)


def forget(place: Place, name: str) -> int:
    """Empty the filters and queries of reads that hold a name; return how many reads. The chains hold as they did."""
    within = json.dumps(name, ensure_ascii=False)[1:-1]
    emptied = 0

    def without(line: bytes) -> bytes:
        nonlocal emptied
        read = _read(line)
        gone = [
            text
            for text in _TEXTS
            if read and any(one in (read.get(text) or "") for one in (name, within, name.replace("'", "''")))
        ]
        if read is None or not gone:
            return line
        emptied += 1
        return canonical(read | dict.fromkeys(gone)).encode().ljust(len(line))

    for chain in chains(place):
        for file in place.names(chain.folder):
            place.amend(f"{chain.folder}/{file}", lambda data: _END.join(map(without, data.split(_END))))
    return emptied


def reads_frame(store: Store, *, until: Mapping[str, Mapping[str, Any]] | None = None) -> pl.DataFrame:
    """Return who read a store, oldest first: time (UTC), host, user, what, rows, landing, filter (JSON), filter_hash, query.

    `query` is that of `sql`, null elsewhere; it and the filter are null where an erasure emptied them.
    `until` cuts each chain where it stood at a `position`, and leaves out chains that it does not name. Raises `FailureError`
    where a chain was changed or cut short: what it says is then not to be believed; a line that a power cut tore is told
    by a warning.
    """
    import polars as pl

    there = list(chains(store.place))
    for chain in there:
        if chain.break_at is not None:
            raise FailureError(
                f"the read chain {chain.folder} is broken at line {chain.break_at}: it was changed; {_AS_IT_LIES}"
            )
        if chain.torn:
            said = (
                f"the read chain {chain.folder} has lines that cannot be read, as a power cut leaves them: {chain.torn}"
            )
            warnings.warn(said, UnrecordedWarning, stacklevel=2)
    if (entry := _cut_short(store.journal, there)) is not None:
        raise FailureError(
            f"the read chains have less than journal entry {entry} saw of them: reads were taken out, "
            f"or chains are lost; {_AS_IT_LIES}"
        )
    found = [
        read
        for chain in there
        for read in (chain.reads if until is None else chain.reads[: until.get(chain.id, _NOTHING)["reads"]])
    ]
    schema = {"time": pl.Datetime("us", "UTC"), **dict.fromkeys(("host", "user", "what"), pl.String())}
    schema |= {
        "rows": pl.Int64(),
        "landing": pl.Int64(),
        **dict.fromkeys(("filter", "filter_hash", "query"), pl.String()),
    }
    rows = [{**read, "time": datetime.fromisoformat(read["time"])} for read in found]
    frame = pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)
    return frame.sort("time", "host", maintain_order=True)


def position(place: Place) -> dict[str, dict[str, Any]]:
    """Return how far each chain has come, by its id: how many `reads`, and the `sha256` of the last one's line."""
    return {chain.id: {"reads": len(chain.reads), "sha256": chain.hashes[-1]} for chain in chains(place) if chain.reads}


def _cut_short(journal: Journal, there: Sequence[Chain]) -> int | None:
    """Return the number of a journal entry that saw more of some chain than there is, None where all is there."""
    hashes = {chain.id: chain.hashes for chain in there}
    for entry in journal.entries("review"):
        for one, seen in entry.facts.get("reads", {}).items():
            if hashes.get(one, ())[seen["reads"] - 1 : seen["reads"]] != (seen["sha256"],):
                return entry.number
    return None
