"""`disk`, a folder on this machine: files are synced before they count, and a lock on one file keeps writers apart."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import stat
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from audit_reports.errors import FailureError, quoted
from audit_reports.place import Kept

if TYPE_CHECKING:
    import duckdb

_LOCK = "lock"
_STAGING = "staging"
_TAIL_BYTES = 1 << 14
_ON_ITS_WAY = re.compile(r"\.[0-9a-f]{32}")


class Disk:
    """A folder; whatever begins with a dot in it is on its way and not there yet."""

    at_once = 1
    delta_options: Mapping[str, str] | None = None
    grows = True

    def __init__(self, root: str | Path) -> None:
        self.uri = str(root)
        self.root = Path(root)

    def is_there(self) -> bool:
        return self.root.exists()

    def make(self) -> None:
        _make_folder(self.root, mode=0o700)

    def discard(self) -> None:
        shutil.rmtree(self.root)

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def open(self, path: str) -> IO[bytes]:
        return (self.root / path).open("rb")

    def fetch(self, kept: Kept, local: Path) -> None:
        shutil.copyfile(self.root / kept.path, local)
        if local.stat().st_size != kept.bytes:
            raise FailureError(f"{quoted(self.location(kept.path))} changed while it was read; run the command again")

    def publish(self, path: str, data: bytes) -> bool:
        target = self.root / path
        temporary = self._written(target, data)
        try:
            os.link(temporary, target)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(target.parent)
        return True

    def replace(self, path: str, data: bytes) -> None:
        target = self.root / path
        self._written(target, data).replace(target)
        _sync_folder(target.parent)

    def _written(self, target: Path, data: bytes) -> Path:
        _make_folder(target.parent)
        temporary = target.with_name(f".{uuid.uuid4().hex}")
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return temporary

    def append(self, path: str, line: Callable[[list[bytes]], bytes]) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(target, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            tail = _tail(file)
            torn = bool(tail) and not tail.endswith(b"\n")
            os.write(file.fileno(), b"\n" * torn + line(tail.splitlines()) + b"\n")

    def amend(self, path: str, change: Callable[[bytes], bytes]) -> None:
        with (self.root / path).open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            there = file.read()
            if (changed := change(there)) != there:
                file.seek(0)
                file.write(changed)
                file.flush()
                os.fsync(file.fileno())

    def keep(self, local: Path, path: str) -> None:
        target = self.root / path
        with local.open("rb") as file:
            os.fsync(file.fileno())
        _make_folder(target.parent)
        if local.stat().st_dev == target.parent.stat().st_dev:
            local.replace(target)
        else:
            part = target.with_name(f".{uuid.uuid4().hex}")
            shutil.copyfile(local, part)
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(target)
        _sync_folder(target.parent)

    def remove(self, path: str) -> None:
        (self.root / path).unlink(missing_ok=True)

    def names(self, folder: str, *, after: str = "") -> list[str]:
        try:
            with os.scandir(self.root / folder) as entries:
                names = [entry.name for entry in entries]
        except (FileNotFoundError, NotADirectoryError):
            return []
        return sorted(name for name in names if not name.startswith(".") and name > after)

    def walk(self, folder: str) -> Iterator[Kept]:
        return (self._kept(path) for path in self._below(folder) if not path.name.startswith("."))

    def unfinished(self) -> Iterator[Kept]:
        return (self._kept(path) for path in self._below("") if _ON_ITS_WAY.fullmatch(path.name))

    def _below(self, folder: str) -> Iterator[Path]:
        for current, folders, names in os.walk(self.root / folder):
            folders.sort()
            yield from (Path(current) / name for name in sorted(names))

    def _kept(self, path: Path) -> Kept:
        found = path.stat()
        return Kept(path.relative_to(self.root).as_posix(), found.st_size, found.st_mtime)

    def location(self, path: str) -> str:
        return str(self.root / path)

    def settle(self, folder: str, *, after: str = "") -> None:
        for current, _, names in os.walk(self.root / folder):
            for name in (name for name in names if name > after):
                with (Path(current) / name).open("rb") as file:
                    os.fsync(file.fileno())
            _sync_folder(Path(current))
        for above in Path(folder).parents:
            _sync_folder(self.root / above)

    @contextmanager
    def writing(self) -> Iterator[None]:
        with (self.root / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @contextmanager
    def staging(self) -> Iterator[Path]:
        parent = self.root / _STAGING
        shutil.rmtree(parent, ignore_errors=True)  # the lock is ours: whatever lies here, a crash left
        folder = parent / uuid.uuid4().hex
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def others_can_read(self) -> bool:
        return bool(self.root.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))

    def serve(self, connection: duckdb.DuckDBPyConnection) -> None:
        """DuckDB reads this machine's files without help."""


def _tail(file: IO[bytes]) -> bytes:
    """Return the last lines of a file, whole, at least one; empty for an empty file."""
    end = file.seek(0, os.SEEK_END)
    size = _TAIL_BYTES
    while True:
        start = max(0, end - size)
        file.seek(start)
        data = file.read(end - start)
        if start == 0:
            return data
        _, cut, whole = data.partition(b"\n")
        if cut and whole:
            return whole
        size *= 2


def _make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder where there is none, those above it too, and force their names to the disk."""
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True, mode=mode)
    for one in new:
        _sync_folder(one.parent)


def _sync_folder(folder: Path) -> None:
    """Force a folder's names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
