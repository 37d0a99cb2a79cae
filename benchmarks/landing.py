"""How long does landing take beside DuckDB's own COPY of the same fields of the same lines?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import median

from measure import Measured, Run, in_turn, process

TUNED = ("SET preserve_insertion_order = false", "SET partitioned_write_flush_threshold = 20000")
LIBRARY, BY_LIST, BY_STRUCT, PLAIN = "audit-reports", "COPY, tuned, list", "COPY, tuned, struct", "COPY, list"


def landing(inbox: Path, folder: Path, *, runs: int, events: int, all_ways: bool) -> Measured:
    """Measure landing and forms of COPY in turn, each in a process of its own, into a folder that is not there yet.

    Without `all_ways` the two that cost more at two million events are left out: the untuned COPY, which takes the memory
    of its whole input, and the one that takes fields out into a struct.
    """
    works = {LIBRARY: _fresh(folder, "land", inbox), BY_LIST: _fresh(folder, "copy_list", inbox, *TUNED)}
    if all_ways:
        works[BY_STRUCT] = _fresh(folder, "copy_struct", inbox, *TUNED)
        works[PLAIN] = _fresh(folder, "copy_list", inbox)
    measured = in_turn(runs, works)
    shutil.rmtree(folder)
    for name, found in measured.items():
        if any(run.facts["rows"] != events for run in found):
            raise SystemExit(f"benchmark: {name} wrote {found[0].facts['rows']} rows of {events}")
    return measured


def fastest(measured: Measured) -> str:
    """Return the form of COPY that costs the least CPU: what landing is compared with."""
    return min(
        (name for name in measured if name != LIBRARY), key=lambda name: median(r.cpu or 0 for r in measured[name])
    )


def _fresh(folder: Path, name: str, inbox: Path, *settings: str) -> Callable[[], Run]:
    def work() -> Run:
        shutil.rmtree(folder, ignore_errors=True)
        os.sync()  # what the run before left to be written is not this one's burden
        return process(name, str(inbox), str(folder), *settings)

    return work
