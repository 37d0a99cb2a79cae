"""Where is a store kept? The contract that every file in `places/` fulfils: bytes under names, on a disk or in S3.

A path is relative to the place and has slashes: `journal/00000001.json`. What `publish` and `keep` have written is
durable when they return, and appears whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Kept:
    """One file of a place: its path, its size in bytes, when it was written (seconds since 1970), and S3's tag of its version."""

    path: str
    bytes: int
    modified: float
    tag: str = ""


class Place(Protocol):
    """A folder on a disk or a prefix in S3."""

    uri: str
    """What people write to name it."""

    at_once: int
    """How many small files are best read at one time: one where each is near at hand, more where each is a long way off."""

    @property
    def delta_options(self) -> Mapping[str, str] | None:
        """What delta-rs must be told to reach it."""

    def is_there(self) -> bool:
        """Say whether the place exists; S3 has prefixes only while something is in them."""

    def make(self) -> None:
        """Make the place, readable by its owner alone; raises `OSError` where it cannot be."""

    def discard(self) -> None:
        """Remove the place with all that is in it."""

    def read(self, path: str) -> bytes:
        """Return a file's bytes; raises `FileNotFoundError` where there is none, `OSError` where it cannot be read."""

    def open(self, path: str) -> IO[bytes]:
        """Open a file for reading; raises as `read` does."""

    def fetch(self, kept: Kept, local: Path) -> None:
        """Copy a file to this machine; raises `FailureError` where its size or tag is another by now, else as `read` does."""

    def publish(self, path: str, data: bytes) -> bool:
        """Write a file under a name that must be free; return False where it was taken."""

    def replace(self, path: str, data: bytes) -> None:
        """Write a file, in the place of another one where there is one."""

    grows: bool
    """Whether a file can grow, as on a disk; in S3 it cannot, and `append` is not to be asked for."""

    def append(self, path: str, line: Callable[[list[bytes]], bytes]) -> None:
        """Add a line to a file, made where there is none; `line` gives it from the last lines that are there.

        One process at a time, without forcing anything to the disk; a last line that was torn off gets its end first.
        """

    def amend(self, path: str, change: Callable[[bytes], bytes]) -> None:
        """Write a file over with as many other bytes, durably, while nobody appends to it; the same bytes write nothing."""

    def keep(self, local: Path, path: str) -> None:
        """Take a file of this machine into the place; the local one is gone or of no use afterwards."""

    def remove(self, path: str) -> None:
        """Remove a file; nothing happens where there is none."""

    def names(self, folder: str, *, after: str = "") -> list[str]:
        """Return the names of what is right in a folder, or only those after a name, sorted; empty where there is no folder."""

    def walk(self, folder: str) -> Iterator[Kept]:
        """Yield every file below a folder (all with ""), in the order of paths."""

    def unfinished(self) -> Iterator[Kept]:
        """Yield the files that were on their way when a writer died, and those on their way now; S3 has none."""

    def location(self, path: str) -> str:
        """Return what DuckDB and delta-rs call a path."""

    def settle(self, folder: str, *, after: str = "") -> None:
        """Force what another program has written below a folder to the disk, or only the files whose names come after one."""

    def writing(self) -> AbstractContextManager[None]:
        """Hold the place's lock: one writer at a time."""

    def staging(self) -> AbstractContextManager[Path]:
        """Give a new folder on this machine's disk for what is to be kept; it is gone afterwards."""

    def others_can_read(self) -> bool:
        """Say whether the operating system lets other users read the place; False where that is not known."""

    def serve(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Let a connection read the place's files."""
