"""How is a file packed? Opens plain, gzip and zstd files alike, told apart by their first bytes."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path
from typing import IO, Literal, cast

Packing = Literal["none", "gzip", "zstd"]

HEAD = 1 << 20
"""How many unpacked bytes are looked at before a file is read."""

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


def packing_of(path: Path) -> Packing:
    """Return how a file is packed; raises `OSError` where its ending promises an archive that it is not."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic.startswith(_GZIP):
        return "gzip"
    if magic == _ZSTD:
        return "zstd"
    if path.name.lower().endswith((".gz", ".zst")):
        raise OSError("no archive")
    return "none"


def unpacked(path: Path) -> IO[bytes]:
    """Open a file for reading, unpacking gzip and zstd."""
    packing = packing_of(path)
    if packing == "gzip":
        return cast(IO[bytes], gzip.open(path, "rb"))
    if packing == "zstd":
        import pyarrow as pa

        return cast(IO[bytes], io.BufferedReader(pa.input_stream(str(path), compression="zstd")))
    return path.open("rb")


def whole(path: Path) -> bool:
    """Say whether a file can be unpacked to its end."""
    try:
        with unpacked(path) as file:
            while file.read(HEAD):
                pass
    except (EOFError, OSError, zlib.error):
        return False
    return True


def head(path: Path) -> tuple[Packing, bytes]:
    """Return how a file is packed and its first bytes, unpacked."""
    with unpacked(path) as file:
        return packing_of(path), file.read(HEAD)
