"""What was done to a store? Its append-only journal: one file an entry, each holding the hash of the one before.

An entry is one line of canonical JSON (sorted keys, no spaces, UTF-8) with `number`, `time`, `host`, `user`, `kind`,
`facts` and `previous`, the SHA-256 of the bytes of the entry before (64 zeros for the first). A file appears under its
name whole or not at all, and never twice, so that two writers cannot both be number 7.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from audit_reports.errors import FailureError

_FIRST = "0" * 64


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
    """Return this machine's name and the operating system's user."""
    try:
        return socket.gethostname(), getpass.getuser()
    except (OSError, KeyError):  # a container may run under a user id without a name
        return socket.gethostname(), str(os.getuid())


class Journal:
    """The journal in a folder; reading makes nothing, an absent folder is an empty journal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def numbers(self) -> list[int]:
        """Return the numbers of all entries, ascending."""
        return sorted(int(path.stem) for path in self.folder.glob("*.json") if path.stem.isdigit())

    def entry(self, number: int) -> Entry:
        """Return one entry; raises `FailureError` where it is absent or damaged."""
        try:
            data = (self.folder / f"{number:08}.json").read_bytes()
            fields = json.loads(data)
            time = datetime.fromisoformat(fields["time"])
            return Entry(**{**fields, "time": time}, sha256=hashlib.sha256(data).hexdigest())
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise FailureError(f"journal entry {number} cannot be read ({type(error).__name__})") from error

    def entries(self) -> Iterator[Entry]:
        """Yield every entry in order."""
        return map(self.entry, self.numbers())

    def append(
        self, kind: str, facts: Mapping[str, Any], *, time: datetime, unless: Callable[[Entry], bool] | None = None
    ) -> Entry:
        """Add an entry and return it; where another writer was faster, the next number is taken.

        `unless` is asked of entries that are already there, newest first while it is told of this kind; where it says yes
        that entry is returned and nothing is written.
        """
        host, user = whoami()
        self.folder.mkdir(parents=True, exist_ok=True)
        while True:
            numbers = self.numbers()
            if unless is not None:
                for number in reversed(numbers):
                    there = self.entry(number)
                    if there.kind == kind:
                        if unless(there):
                            return there
                        break
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
            data = canonical(fields).encode()
            if publish(self.folder / f"{number:08}.json", data):
                return self.entry(number)

    def break_at(self) -> int | None:
        """Return the number of the first entry that does not follow from the one before, or None where all do."""
        previous, expected = _FIRST, 1
        for entry in self.entries():
            if entry.number != expected or entry.previous != previous:
                return expected
            previous, expected = entry.sha256, expected + 1
        return None


def publish(path: Path, data: bytes) -> bool:
    """Write a file whole, synced, under a name that must be free; return False where it was taken."""
    temporary = path.with_name(f".{uuid.uuid4().hex}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            sync(file.fileno())
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        sync_folder(path.parent)
        return True
    finally:
        temporary.unlink(missing_ok=True)


def sync(descriptor: int) -> None:
    """Force a file's bytes to the disk."""
    os.fsync(descriptor)


def sync_folder(folder: Path) -> None:
    """Force a folder's names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
