"""How much memory does landing take, whatever the input's size?"""

from __future__ import annotations

import shutil
from pathlib import Path

from measure import MOST_MB, Aim, Run, most_memory, process

_EVENT_BYTES = 420  # a little less than an event has


def memory(folder: Path, *, gigabytes: float) -> Run:
    """Measure the landing of at least so many gigabytes of JSON Lines; they are made first and gone afterwards."""
    inbox, store = folder / "inbox", folder / "store"
    events = int(gigabytes * 1e9 / _EVENT_BYTES) + 1
    made = process("events", str(inbox), str(events))
    run = process("land", str(inbox), str(store))
    shutil.rmtree(folder)
    if run.facts["rows"] != events:
        raise SystemExit(f"benchmark: {run.facts['rows']} of {events} events landed")
    return run.with_facts(bytes=made.facts["bytes"])


def small_files(folder: Path, *, files: int) -> Run:
    """Measure the landing of so many files of two events; they are made first and gone afterwards."""
    inbox, store = folder / "inbox", folder / "store"
    process("small_files", str(inbox), str(files))
    run = process("land", str(inbox), str(store))
    shutil.rmtree(folder)
    if run.facts["rows"] != 2 * files:
        raise SystemExit(f"benchmark: {run.facts['rows']} of {2 * files} events landed")
    return run.with_facts(files=files)


def small_files_aim(run: Run) -> Aim:
    """Return what was to be reached: a bound on memory."""
    return Aim(f"landing {run.facts['files']:,} files of two events, MB of memory", most_memory([run]), MOST_MB)


def aims(run: Run) -> list[Aim]:
    """Return what was to be reached: a bound on memory."""
    return [Aim(f"landing {run.facts['bytes'] / 1e9:.1f} GB, MB of memory", most_memory([run]), MOST_MB)]
