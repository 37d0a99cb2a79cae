"""How long do millions of lines in a thousand files take until they are landed and compacted?"""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

from measure import MOST_MB, Aim, Run, most_memory, process, table

MOST_SECONDS = 25  # a tenth of what the nearest peer publishes for 5.6 million lines


def many_files(folder: Path, *, events: int, files: int) -> Run:
    """Measure landing and compacting of so many events in so many files, in one process."""
    inbox, store = folder / "inbox", folder / "store"
    process("events", str(inbox), str(events), json.dumps({"files": files}))
    run = process("land_and_compact", str(inbox), str(store))
    shutil.rmtree(folder)
    if run.facts["rows"] != events:
        raise SystemExit(f"benchmark: {run.facts['rows']} of {events} events landed")
    return run


def show(run: Run) -> None:
    """Print what landing and compacting took, and the files of events before and after."""
    heads = ("", "seconds", "CPU seconds", "peak MB", "landing", "compacting", "files", "files after")
    facts = run.facts
    taken = [f"{seconds:.1f}" for seconds in (run.process, run.cpu, facts["landing"], facts["compacting"])]
    files = [f"{facts[name]:,}" if name in facts else "not there yet" for name in ("before", "after")]
    cells = [taken[0], taken[1], f"{run.peak or 0:,.0f}", *taken[2:], *files]
    table("Landed and compacted, the whole process", heads, [["audit-reports", *cells]])


def aims(run: Run) -> list[Aim]:
    """Return what was to be reached: a time for the whole process, which is not met without a compaction; a bound on memory."""
    seconds = run.process if run.process and "after" in run.facts else math.inf
    return [
        Aim("many files landed and compacted, seconds", seconds, MOST_SECONDS),
        Aim("many files landed and compacted, MB of memory", most_memory([run]), MOST_MB),
    ]
