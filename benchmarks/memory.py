"""How much memory does landing take, whatever the input's size and shape?"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from measure import MOST_MB, Aim, Run, most_memory, process

_EVENT_BYTES = 420  # a little less than an event has


@dataclass(frozen=True)
class Shape:
    """Files of one kind: what makes so many of something, what they are, and how many events of each land and do not."""

    made_by: str
    what: str
    landed: int = 1
    quarantined: int = 0


SHAPES: Mapping[str, Shape] = {
    "small": Shape("small_files", "files of two events", landed=2),
    "long": Shape("long_lines", "lines of 50 MB"),
    "bad": Shape("bad_lines", "lines that cannot be read", landed=0, quarantined=1),
    "csv": Shape("csv_rows", "rows of CSV"),
    "document": Shape("document", "events in one JSON document"),
}


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


def shaped(folder: Path, shape: Shape, *, number: int) -> Run:
    """Measure the landing of so many of a shape; they are made first and gone afterwards."""
    inbox, store = folder / "inbox", folder / "store"
    made = process(shape.made_by, str(inbox), str(number))
    run = process("land", str(inbox), str(store))
    shutil.rmtree(folder)
    expected = (shape.landed * number, shape.quarantined * number)
    if (run.facts["rows"], run.facts["quarantined"]) != expected:
        found = f"{run.facts['rows']:,} landed and {run.facts['quarantined']:,} in quarantine"
        raise SystemExit(f"benchmark: {found}, not {expected[0]:,} and {expected[1]:,}")
    return run.with_facts(bytes=made.facts["bytes"])


def shape_aim(run: Run, shape: Shape, *, number: int) -> Aim:
    """Return what was to be reached: a bound on memory."""
    what = f"landing {number:,} {shape.what}, {run.facts['bytes'] / 1e9:.1f} GB, MB of memory"
    return Aim(what, most_memory([run]), MOST_MB)


def aims(run: Run) -> list[Aim]:
    """Return what was to be reached: a bound on memory."""
    return [Aim(f"landing {run.facts['bytes'] / 1e9:.1f} GB, MB of memory", most_memory([run]), MOST_MB)]
