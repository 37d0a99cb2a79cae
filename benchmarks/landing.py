"""How long does landing take beside DuckDB's own COPY of the same fields of the same lines?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from measure import Measured, Run, in_turn, process

TUNED = ("SET preserve_insertion_order = false", "SET partitioned_write_flush_threshold = 20000")
LIBRARY, PLAIN, PLAIN_TUNED = "audit-reports", "COPY", "COPY, tuned"


def faster_way(inbox: Path, folder: Path) -> str:
    """Return which of DuckDB's two ways to take out fields costs less CPU here."""
    ways = {way: _fresh(folder, way, inbox, *TUNED) for way in ("copy_list", "copy_struct")}
    measured = in_turn(2, ways)
    return min(measured, key=lambda way: min(run.cpu or run.seconds for run in measured[way]))


def landing(inbox: Path, folder: Path, way: str, *, runs: int, events: int, plain: bool = True) -> Measured:
    """Measure landing and both forms of COPY in turn, each in a process of its own, into a folder that is not there yet."""
    works = {
        LIBRARY: _fresh(folder, "land", inbox),
        PLAIN_TUNED: _fresh(folder, way, inbox, *TUNED),
        PLAIN: _fresh(folder, way, inbox),
    }
    if not plain:
        del works[PLAIN]
    measured = in_turn(runs, works)
    for name, found in measured.items():
        if any(run.facts["rows"] != events for run in found):
            raise SystemExit(f"benchmark: {name} wrote {found[0].facts['rows']} rows of {events}")
    return measured


def _fresh(folder: Path, name: str, inbox: Path, *settings: str) -> Callable[[], Run]:
    def work() -> Run:
        shutil.rmtree(folder, ignore_errors=True)
        os.sync()  # what the run before left to be written is not this one's burden
        return process(name, str(inbox), str(folder), *settings)

    return work
