"""What was done to a store? Its append-only journal: one file an entry, each holding the hash of the one before.

An entry is one line of canonical JSON (sorted keys, no spaces, UTF-8) with `number`, `time`, `host`, `user`, `kind`,
`facts` and `previous`, the SHA-256 of the bytes of the entry before (64 zeros for the first). A file appears under its
name whole or not at all, and never twice, so that two writers cannot both be number 7.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from audit_reports.errors import FailureError
from audit_reports.place import Place

_FIRST = "0" * 64
_FOLDER = "journal"
_BACKWARDS = 16  # entries that are read together where the newest is not enough


@dataclass(frozen=True)
class Entry:
    """One journal entry; `time` is UTC, `sha256` is that of the entry's own bytes."""

    number: int
    time: datetime
    host: str
    user: str
    kind: str
    facts: Mapping[str, Any]
    previous: str
    sha256: str


def canonical(value: Any) -> str:
    """Return a value as canonical JSON: sorted keys, no spaces.

    >>> canonical({"b": 1, "a": [None]})
    '{"a":[null],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def time_text(time: datetime) -> str:
    """Return a time as every output of this toolkit writes it.

    >>> time_text(datetime(2026, 3, 2, 9, 14, 5, 120000, UTC))
    '2026-03-02T09:14:05.120000Z'
    """
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def whoami() -> tuple[str, str]:
    """Return this machine's name and the user as whom the operating system runs this program, whatever the environment says."""
    try:
        return socket.gethostname(), pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # a container may run under a user id without a name
        return socket.gethostname(), str(os.geteuid())


class Journal:
    """The journal of a place; reading makes nothing, no file is an empty journal.

    Entries never change and never go: each is read once, and each name is asked for once.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._read: dict[int, Entry] = {}
        self._numbers: list[int] = []

    def numbers(self) -> list[int]:
        """Return the numbers of all entries, ascending."""
        known = self._numbers  # replaced, never added to: threads may ask at once
        after = path_of(known[-1]).removeprefix(f"{_FOLDER}/") if known else ""
        names = (name.partition(".") for name in self.place.names(_FOLDER, after=after))
        found = [*known, *sorted(int(stem) for stem, _, ending in names if ending == "json" and stem.isdigit())]
        self._numbers = found
        return list(found)

    def entry(self, number: int) -> Entry:
        """Return one entry; raises `FailureError` where it is absent or damaged."""
        if number in self._read:
            return self._read[number]
        try:
            data = self.place.read(path_of(number))
            fields = json.loads(data)
            time = datetime.fromisoformat(fields["time"])
            entry = Entry(**{**fields, "time": time}, sha256=hashlib.sha256(data).hexdigest())
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FailureError(f"journal entry {number} cannot be read ({type(error).__name__})") from error
        return self._read.setdefault(number, entry)

    def entries(self, *kinds: str) -> Iterator[Entry]:
        """Yield every entry in order, or those of some kinds."""
        return (entry for entry in self._several(self.numbers()) if not kinds or entry.kind in kinds)

    def backwards(self) -> Iterator[Entry]:
        """Yield every entry, the newest first; no more are read than are asked for, and some beside."""
        numbers = self.numbers()[::-1]
        yield from map(self.entry, numbers[:1])
        for start in range(1, len(numbers), _BACKWARDS):
            yield from self._several(numbers[start : start + _BACKWARDS])

    def newest(self, *kinds: str) -> Entry | None:
        """Return the last entry of some kinds, None where there is none."""
        return next((entry for entry in self.backwards() if entry.kind in kinds), None)

    def _several(self, numbers: Sequence[int]) -> list[Entry]:
        """Return some entries, in their order, read at one time."""
        missing = [number for number in numbers if number not in self._read]
        if missing and self.place.at_once > 1:
            with ThreadPoolExecutor(self.place.at_once) as pool:
                list(pool.map(self.entry, missing))
        return [self.entry(number) for number in numbers]

    def append(
        self, kind: str, facts: Mapping[str, Any], *, time: datetime, unless: Callable[[], Entry | None] = lambda: None
    ) -> Entry:
        """Add an entry and return it; where another writer was faster, the next number is taken.

        `unless` is asked before each try; the entry that it returns stands for the one that was to be added.
        """
        host, user = whoami()
        while True:
            numbers = self.numbers()  # first: what others add after the look then has the number that is tried
            if (there := unless()) is not None:
                return there
            number = numbers[-1] + 1 if numbers else 1
            previous = self.entry(numbers[-1]).sha256 if numbers else _FIRST
            fields = {
                "number": number,
                "time": time_text(time),
                "host": host,
                "user": user,
                "kind": kind,
                "facts": facts,
                "previous": previous,
            }
            if self.place.publish(path_of(number), canonical(fields).encode()):
                return self.entry(number)

    def break_at(self) -> int | None:
        """Return the number of the first entry that does not follow from the one before, or None where all do."""
        previous, expected = _FIRST, 1
        for entry in self.entries():
            if entry.number != expected or entry.previous != previous:
                return expected
            previous, expected = entry.sha256, expected + 1
        return None


def path_of(number: int) -> str:
    """Return where an entry is kept.

    >>> path_of(7)
    'journal/00000007.json'
    """
    return f"{_FOLDER}/{number:08}.json"
