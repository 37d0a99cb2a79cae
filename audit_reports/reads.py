"""Who looked at the audit log? The read chains of a store: one for each host, a line for each answer that somebody was given.

STORE/reads/HOST/00000001.jsonl holds lines of canonical JSON with `number`, `time`, `host`, `user`, `what` (the command or
method), `filter`, `filter_hash`, `landing`, `rows` and `previous`, the SHA-256 of the line before (64 zeros for the first). On
a disk the file grows under a lock of its own, without waiting for the disk: a record outlives its process, killed or not, and a
line that a power cut tore stays where it is, under the hash of the next. In S3, where nothing grows, a process keeps its
records for some seconds, and writes them as the next file when they are over and when it ends.
"""

from __future__ import annotations

import hashlib
import json
import warnings
import weakref
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from audit_reports import clock
from audit_reports.errors import FailureError, UsageError, reason
from audit_reports.journal import canonical, time_text, whoami
from audit_reports.place import Place

if TYPE_CHECKING:
    import polars as pl

FOLDER, COPIED = "reads", "reads-copied"
"""Where a store's own chains are, and those of the stores that it is a copy of, a folder for each."""

_FIRST = "0" * 64
_KEPT_S = 10.0
_KEPT_READS = 64

UNRECORDED = (OSError, FailureError, UsageError)
"""What recording a read raises where the store may only be read; S3 refuses with the last."""


class UnrecordedWarning(UserWarning):
    """A store was read, and its read chain does not say so."""


class ReadChain:
    """The read chain of this host in one store, to which this process adds."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.host, self.user = whoami()
        self.folder = f"{FOLDER}/{quote(self.host, safe='').replace('.', '%2E', self.host.startswith('.'))}"
        self._kept: list[dict[str, Any]] = []
        self._since = 0.0
        if not place.grows:
            weakref.finalize(self, _write_at_the_end, place, self.folder, self._kept)

    def record(self, facts: Mapping[str, Any], *, time: datetime) -> None:
        """Add a line that says what was read; raises `OSError` or `FailureError` where it cannot be written."""
        told = {"time": time_text(time), "host": self.host, "user": self.user, **facts}
        if self.place.grows:
            self.place.append(f"{self.folder}/{1:08}.jsonl", lambda tail: _line(told, tail))
            return
        if not self._kept:
            self._since = clock.seconds()
        self._kept.append(told)
        if len(self._kept) >= _KEPT_READS or clock.seconds() - self._since >= _KEPT_S:
            self.flush()

    def flush(self) -> None:
        """Write what is kept; nothing kept writes nothing. Raises as `record` does."""
        _write(self.place, self.folder, self._kept)


def _write(place: Place, folder: str, kept: list[dict[str, Any]]) -> None:
    """Write records as the next file of a chain."""
    while kept:
        names = place.names(folder)
        tail = place.read(f"{folder}/{names[-1]}").splitlines() if names else []
        begun = len(tail)
        for told in kept:
            tail.append(_line(told, tail))
        number = int(names[-1].partition(".")[0]) + 1 if names else 1
        if place.publish(f"{folder}/{number:08}.jsonl", b"\n".join(tail[begun:]) + b"\n"):
            kept.clear()


def _write_at_the_end(place: Place, folder: str, kept: list[dict[str, Any]]) -> None:
    """Write what is left when nobody is there any more to be told of a failure but whoever reads warnings."""
    try:
        _write(place, folder, kept)
    except UNRECORDED as error:
        warnings.warn(
            f"{len(kept)} reads of {place.uri} were not recorded: {reason(error)}", UnrecordedWarning, stacklevel=1
        )


def _line(told: Mapping[str, Any], tail: Sequence[bytes]) -> bytes:
    """Return the line that follows the last lines of a chain, none for its first; a torn one has no number of its own."""
    known = next(
        ((number, behind) for behind, line in enumerate(reversed(tail)) if (number := _number(line))), (0, len(tail))
    )
    previous = hashlib.sha256(tail[-1]).hexdigest() if tail else _FIRST
    return canonical({**told, "number": sum(known) + 1, "previous": previous}).encode()


def _number(line: bytes) -> int:
    """Return a line's number, 0 for a line that a power cut tore."""
    try:
        return int(json.loads(line)["number"])
    except (ValueError, KeyError, TypeError):
        return 0


@dataclass(frozen=True)
class Chain:
    """One host's chain in its folder, as it lies there: its reads, and the line (from 1) that does not follow, None if all do.

    `torn` counts lines that a power cut left half written; they are no break, for the next line has their hash.
    """

    folder: str
    reads: tuple[Mapping[str, Any], ...] = field(repr=False)
    break_at: int | None
    torn: int


def chains(place: Place) -> Iterator[Chain]:
    """Yield the chain of every host that has read a store, in the order of their names; none for a store never read."""
    folders = [f"{FOLDER}/{host}" for host in place.names(FOLDER)]
    folders += [
        f"{COPIED}/{origin}/{host}" for origin in place.names(COPIED) for host in place.names(f"{COPIED}/{origin}")
    ]
    yield from (_chain(place, folder) for folder in folders)


def _chain(place: Place, folder: str) -> Chain:
    reads: list[Mapping[str, Any]] = []
    broken: int | None = None
    torn, previous = 0, _FIRST
    files = (place.read(f"{folder}/{name}") for name in place.names(folder))
    lines = [line for data in files for line in data.split(b"\n") if line]
    for number, line in enumerate(lines, start=1):
        try:
            read = json.loads(line)
            follows = read["previous"] == previous
        except (ValueError, KeyError, TypeError):
            torn += 1
        else:
            reads.append(read)
            broken = broken or (None if follows else number)
        previous = hashlib.sha256(line).hexdigest()
    return Chain(folder, tuple(reads), broken, torn)


def copy_chains(source: Place, target: Place) -> None:
    """Copy a store's own chains to where its copy keeps those of its origin; what is half written is not copied yet."""
    origin = hashlib.sha256(source.uri.encode()).hexdigest()[:12]
    for host in source.names(FOLDER):
        there = target.names(f"{COPIED}/{origin}/{host}")
        for name in source.names(f"{FOLDER}/{host}"):
            copy = f"{COPIED}/{origin}/{host}/{name}"
            whole, end, _ = source.read(f"{FOLDER}/{host}/{name}").rpartition(b"\n")
            if name not in there or target.read(copy) != whole + end:
                target.replace(copy, whole + end)


def reads_frame(place: Place, *, until: Mapping[str, int] | None = None) -> pl.DataFrame:
    """Return who read a store, oldest first: time (UTC), host, user, what, rows, landing, filter (canonical JSON), filter_hash.

    `until` cuts each chain after so many reads, as `position` gives them, and leaves out chains that it does not name.
    Raises `FailureError` where a chain is broken: what it says is then not to be believed.
    """
    import polars as pl

    found: list[Mapping[str, Any]] = []
    for chain in chains(place):
        if chain.break_at is not None:
            raise FailureError(f"the read chain of {chain.folder} is broken at line {chain.break_at}: it was changed")
        found += chain.reads if until is None else chain.reads[: until.get(chain.folder, 0)]
    schema = {"time": pl.Datetime("us", "UTC"), **dict.fromkeys(("host", "user", "what"), pl.String())}
    schema |= {"rows": pl.Int64(), "landing": pl.Int64(), **dict.fromkeys(("filter", "filter_hash"), pl.String())}
    rows = [{**read, "time": datetime.fromisoformat(read["time"])} for read in found]
    frame = pl.DataFrame([{name: row[name] for name in schema} for row in rows], schema=schema)
    return frame.sort("time", "host", maintain_order=True)


def position(place: Place) -> dict[str, int]:
    """Return how many reads each chain has now, by its folder, so that a later look can be cut there."""
    return {chain.folder: len(chain.reads) for chain in chains(place)}
