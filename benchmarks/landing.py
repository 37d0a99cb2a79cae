"""How long does landing take beside DuckDB's own COPY of the same fields of the same lines, and beside other libraries?"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

from measure import MOST_MB, Aim, Measured, Run, in_turn, most_memory, process, ratios
from peers import PEERS, SLOW, WITHOUT_RAW, absent

TUNED = ("SET preserve_insertion_order = false", "SET partitioned_write_flush_threshold = 20000")
LIBRARY = "audit-reports"
PLAIN, BY_LIST, BY_STRUCT = "COPY as it comes", "COPY tuned", "COPY tuned, by a struct"
MOST_TIMES = 1.3
_SLOW_RUNS = 2


def landing(inbox: Path, folder: Path, *, runs: int, many: bool) -> Measured:
    """Measure landing, forms of COPY and the peers in turn, each in a process of its own, into a folder that is not there yet.

    With `many` events three are left out: the COPY as it comes, which takes the memory of its whole input, the struct, which
    costs more than the list, and the peers that are slow. A peer that is not installed, or that writes something else
    than the lines hold, is named and counts as none; a wrong answer of landing or of COPY ends the benchmark.
    """
    works = {LIBRARY: _fresh(folder, "land", inbox), BY_LIST: _fresh(folder, "copy_list", inbox, *TUNED)}
    if not many:
        works[PLAIN] = _fresh(folder, "copy_list", inbox)
        works[BY_STRUCT] = _fresh(folder, "copy_struct", inbox, *TUNED)
    without = absent()
    for name, library in without.items():
        print(f"\n{name} is absent: pip install {library}")
    peers = [name for name in PEERS if name not in without and not (many and name in SLOW)]
    works |= {name: _fresh(folder, name, inbox) for name in peers}
    truth = process("expected", str(inbox)).facts
    measured = in_turn(runs, works, slow=SLOW, slow_runs=_SLOW_RUNS)
    shutil.rmtree(folder)
    for name in [name for name, found in measured.items() if not _right(name, found, truth)]:
        if name not in PEERS:
            raise SystemExit(f"benchmark: {name} wrote something else than the lines hold")
        print(f"\n{name} wrote something else than the lines hold: it counts as none")
        del measured[name]
    return measured


def copies(measured: Measured) -> list[str]:
    """Return the forms of COPY that landing is compared with: as it comes where it was measured, and tuned."""
    return [name for name in (PLAIN, BY_LIST) if name in measured]


def aims(measured: Measured, *, events: int) -> list[Aim]:
    """Return what landing was to reach: a ratio of whole processes to DuckDB's own COPY, and a bound on memory."""
    against = copies(measured)[0]
    ratio = median(ratios(measured, LIBRARY, against, whole=True))
    return [
        Aim(f"landing {events:,} events, times {against}", ratio, MOST_TIMES),
        Aim(f"landing {events:,} events, MB of memory", most_memory(measured[LIBRARY]), MOST_MB),
    ]


def _right(name: str, found: list[Run], truth: Mapping[str, Any]) -> bool:
    wanted = {"counts": truth["counts"], "raw": None if name in WITHOUT_RAW else truth["raw"]}
    return all(run.facts["answer"] == wanted for run in found)


def _fresh(folder: Path, name: str, inbox: Path, *settings: str) -> Callable[[], Run]:
    def work() -> Run:
        shutil.rmtree(folder, ignore_errors=True)
        os.sync()  # what the run before left to be written is not this one's burden
        run = process(name, str(inbox), str(folder), *settings)
        found = process("answer", str(folder), "" if name in WITHOUT_RAW else "raw").facts
        return run.with_facts(answer={"counts": found["counts"], "raw": found["raw"]})

    return work
