"""How many bytes does an event take in a store, beside the same events as JSON Lines with zstd?"""

from __future__ import annotations

import shutil
from pathlib import Path

from measure import process

LEVELS = (3, 19)


def size(inbox: Path, folder: Path, *, events: int) -> dict[str, float]:
    """Return the bytes an event of the lines, plain and packed, and of a store, after a landing and after compaction.

    The level 19 is slow, so all levels pack the first file alone: an eighth of the events, one week's half.
    """
    files = sorted(inbox.glob("*.jsonl"))
    found = {"JSON Lines": sum(file.stat().st_size for file in files) / events}
    for level in LEVELS:
        facts = process("packed", str(files[0]), str(level)).facts
        found[f"JSON Lines, zstd -{level}"] = facts["packed"] / facts["bytes"] * found["JSON Lines"]
    store = folder / "store"
    process("land", str(inbox), str(store))
    landed = sum(file.stat().st_size for file in store.glob("events/day=*/*.parquet"))
    found["events of the store"] = landed / events
    found["whole store"] = sum(file.stat().st_size for file in store.rglob("*") if file.is_file()) / events
    compacted = process("compact", str(store)).facts
    if "bytes" in compacted:
        found["events of the store, compacted"] = compacted["bytes"] / events
    shutil.rmtree(folder)
    return found
