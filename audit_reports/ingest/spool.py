"""What can DuckDB not read as it lies? CSV, documents, archives, small files: written again as JSON Lines, nothing changed.

One spool takes many files; it knows the file and line of each of its lines. Lines of very different lengths go to
different spools, because the memory of what reads them is bounded by the number of lines.
"""

from __future__ import annotations

import csv
import io
import os
import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from audit_reports.ingest.csv_records import Unfit, events
from audit_reports.ingest.documents import BrokenError, elements
from audit_reports.ingest.inputs import Input, feed_name, lines_sql, parquet_sql
from audit_reports.ingest.packing import DAMAGED, unpacked

if TYPE_CHECKING:
    import duckdb

CLASSES = (16 << 10, 1 << 20, 1 << 31)
"""The longest line, in bytes, of the spools of short, long and huge lines."""

_HUGE_BYTES = 100 << 20
"""How many bytes of huge lines one spool takes: DuckDB takes many lines into memory at once, however long they are."""

_BLOCK = 4 << 20
_TOGETHER = 100  # elements of a document that are written at once
_BREAKS = re.compile(rb"\s*[\r\n]\s*")


class FlawedError(Exception):
    """A file that cannot be read as a whole, and why."""


@dataclass
class Spool:
    """One file of JSON Lines: the line in its own file of each line, and where each file begins.

    `like` is the first of its inputs; all have its feed, shape and place of the events.
    """

    path: Path
    like: Input
    longest: int  # of CLASSES
    lines: array[int] = field(default_factory=lambda: array("q"))
    starts: list[int] = field(default_factory=list)
    inputs: list[Input] = field(default_factory=list)
    bytes: int = 0

    def origin(self, number: int) -> tuple[Input, int]:
        """Return the file and the line of a line of the spool, which are counted from 1."""
        return self.inputs[bisect_right(self.starts, number - 1) - 1], self.lines[number - 1]


class Spools:
    """The spools of a landing, one for each feed, shape, place of the events and class of length; of huge lines, several."""

    def __init__(self, folder: Path, connection: duckdb.DuckDBPyConnection) -> None:
        self.folder = folder
        self.connection = connection
        self.all: list[Spool] = []
        self.by_key: dict[tuple[object, ...], Spool] = {}  # the newest of each kind
        self._open: dict[Path, IO[bytes]] = {}

    def add(self, one: Input, unfit: Callable[[Input, Unfit], None]) -> None:
        """Write a file's events into its spools; `unfit` takes what is no event in CSV.

        Raises `FlawedError`, with nothing of the file kept, where it cannot be read to its end, and `OSError` where it is
        gone or may not be read.
        """
        before = {spool.path: (len(spool.lines), spool.bytes) for spool in self.all}
        refused: list[Unfit] = []
        try:
            with unpacked(one.path, one.packing) as file:
                for lines, numbers in self._blocks(one, file, refused):
                    self._write(one, lines, numbers)
        except BaseException as error:
            for spool in self.all:
                self._cut(spool, *before.get(spool.path, (0, 0)))
            if isinstance(error, OSError) and error.errno is not None and not isinstance(error, DAMAGED):
                raise  # the disk's own failure; what an archive has wrong carries no number
            if isinstance(error, (*DAMAGED, OSError, BrokenError, csv.Error)):
                raise FlawedError(_why(error)) from error
            raise
        for record in refused:
            unfit(one, record)

    def __enter__(self) -> Spools:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._open.values():
            file.close()

    def finished(self) -> list[Spool]:
        """Return the spools that hold something, with all of it on the disk."""
        for file in self._open.values():
            file.flush()
        return [spool for spool in self.all if spool.bytes]

    def _blocks(self, one: Input, file: IO[bytes], refused: list[Unfit]) -> Iterator[tuple[list[bytes], Iterable[int]]]:
        """Yield a file's events, some at a time, as lines with their ends and with their numbers."""
        if one.shape == "document":
            numbers = count(1)
            found = elements(file, one.list_path or "$")
            while first := next(found, None):
                some = [first, *islice(found, _TOGETHER)] if len(first) < CLASSES[0] else [first]
                yield [_BREAKS.sub(b"\r", text) + b"\n" for text in some], numbers
        elif one.shape == "csv":
            with io.TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline="") as opened:
                for record in events(self.connection, opened):
                    if isinstance(record, Unfit):
                        refused.append(record)
                    else:
                        yield [text.encode() + b"\n" for _, text in record], [line for line, _ in record]
        else:
            yield from _line_blocks(file)

    def _write(self, one: Input, lines: list[bytes], numbers: Iterable[int]) -> None:
        longest = max(map(len, lines))
        if longest <= CLASSES[0]:
            self._append(one, CLASSES[0], lines, numbers)
            return
        for line, number in zip(lines, numbers, strict=False):
            fitting = next((size for size in CLASSES if len(line) <= size), CLASSES[-1])
            self._append(one, fitting, [line], (number,))

    def _append(self, one: Input, longest: int, lines: list[bytes], numbers: Iterable[int]) -> None:
        key = _key(one, longest)
        spool = self.by_key.get(key)
        if spool is None or (longest == CLASSES[-1] and spool.bytes >= _HUGE_BYTES):
            if spool is not None:
                self._open.pop(spool.path).close()
            spool = self.by_key[key] = Spool(self.folder / f"spool-{len(self.all)}.jsonl", one, longest)
            self.all.append(spool)
            self._open[spool.path] = spool.path.open("w+b")
        if not spool.inputs or spool.inputs[-1] is not one:
            spool.starts.append(len(spool.lines))
            spool.inputs.append(one)
        data = b"".join(lines)
        self._open[spool.path].write(data)
        spool.bytes += len(data)
        spool.lines.extend(number for _, number in zip(lines, numbers, strict=False))

    def _cut(self, spool: Spool, lines: int, size: int) -> None:
        """Take a file's lines away again."""
        del spool.lines[lines:]
        while spool.starts and spool.starts[-1] >= lines:
            spool.starts.pop()
            spool.inputs.pop()
        if (file := self._open.get(spool.path)) is not None:
            file.truncate(size)
            file.seek(size)
        else:  # full, and closed
            os.truncate(spool.path, size)
        spool.bytes = size


def reading_sql(group: Sequence[Input | Spool], longest: int, *, quick: bool = False) -> tuple[Input, str]:
    """Return the first input and the query of the events of files that are alike, whose lines are of a class of length.

    With `quick` an event may be what DuckDB alone takes for JSON.
    """
    like = group[0].like if isinstance(group[0], Spool) else group[0]
    paths = [one.path for one in group]
    if like.shape == "parquet":
        return like, parquet_sql(paths, like, quick=quick)
    bound = longest if longest < CLASSES[-1] else max(map(longest_line, paths))
    return like, lines_sql(paths, like, longest=bound, quick=quick)


def longest_line(path: Path) -> int:
    """Return a bound on the lines of a file, in bytes."""
    with path.open("rb") as file:
        return max(map(len, file), default=0) + 1024


def _key(one: Input, longest: int) -> tuple[object, ...]:
    place = one.elements if one.shape == "lines" else one.carried_path
    return (feed_name(one), one.shape == "document", place, longest)


def _line_blocks(file: IO[bytes]) -> Iterator[tuple[list[bytes], Iterable[int]]]:
    """Yield the lines of a file, without byte order mark and each with an end; a file of old Macs ends them by CR alone."""
    numbers = count(1)
    first = file.read(_BLOCK).removeprefix(b"\xef\xbb\xbf")
    is_mac = b"\r" in first and b"\n" not in first
    rest = b""
    data = first
    while data:
        lines = (rest + data).replace(b"\r", b"\n").split(b"\n") if is_mac else (rest + data).split(b"\n")
        rest = lines.pop()
        if lines:
            yield [line + b"\n" for line in lines], numbers
        data = file.read(max(_BLOCK, len(rest)))
    if rest:
        yield [rest + b"\n"], numbers


def _why(error: BaseException) -> str:
    if isinstance(error, BrokenError):
        return f"not JSON: {error}"
    if isinstance(error, csv.Error):
        return f"not CSV: {error}"
    return "the archive is cut or damaged"
