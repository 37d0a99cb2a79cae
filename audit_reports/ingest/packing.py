"""How is a file packed? Opens plain, gzip and zstd files alike, told apart by their first bytes."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import IO, Literal, cast

Packing = Literal["none", "gzip", "zstd"]

DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading an archive raises that is cut or damaged; zstd raises `OSError`."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


def packing_of(path: Path) -> Packing:
    """Return how a file is packed, whatever its name says; raises `OSError` where it cannot be opened."""
    with path.open("rb", buffering=0) as file:
        magic = file.read(4)
    if magic.startswith(_GZIP):
        return "gzip"
    return "zstd" if magic == _ZSTD else "none"


def unpacked(path: Path, packing: Packing) -> IO[bytes]:
    """Open a file for reading, unpacking gzip (several members, zeros behind the last) and zstd (several frames)."""
    if packing == "gzip":
        return cast(IO[bytes], gzip.open(path, "rb"))
    if packing == "zstd":
        import pyarrow as pa

        return cast(IO[bytes], io.BufferedReader(pa.input_stream(str(path), compression="zstd"), 1 << 20))
    return path.open("rb")


def head(path: Path, packing: Packing, size: int) -> bytes:
    """Return a file's first bytes, unpacked: so many, or all where there are fewer."""
    with unpacked(path, packing) as file:
        return file.read(size)
