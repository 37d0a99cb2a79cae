"""Runs things in turn, A B A B, so that whatever else the machine does strikes all alike; and prints what came out."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Run:
    """One measured run: seconds by the clock; those of CPU; of a process those outside it, its peak MB, what it said."""

    seconds: float
    process: float | None = None
    cpu: float | None = None
    peak: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


Measured = dict[str, list[Run]]


def process(*words: str) -> Run:
    """Run a function of `one_run.py` in a process of its own and return what it took; raises where it failed."""
    return command(str(Path(__file__).with_name("one_run.py")), *words, says=True)


def command(*words: str, says: bool = False) -> Run:
    """Run Python with some words in a process of its own; with `says` its last line is JSON with its own `seconds`."""
    start = time.perf_counter()
    child = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE)
    output = child.stdout.read() if child.stdout else b""
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"benchmark: {' '.join(words[:2])} failed with exit code {child.returncode}")
    facts = json.loads(output.splitlines()[-1]) if says else {}
    cpu = usage.ru_utime + usage.ru_stime
    # Linux counts what the child had of this process before it became another; only more than that is its own.
    ours = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = usage.ru_maxrss / 1024 if usage.ru_maxrss > ours else None
    return Run(facts.get("seconds", seconds), seconds, cpu, peak, facts)


def timed(work: Callable[[], Any]) -> Run:
    """Run a function here and return what it took."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return Run(time.perf_counter() - start, cpu=time.process_time() - cpu)


def in_turn(runs: int, works: Mapping[str, Callable[[], Run]], *, warm: int = 0) -> Measured:
    """Run all of them in turn, so many times; the first `warm` rounds do not count."""
    found: Measured = {name: [] for name in works}
    for number in range(warm + runs):
        for name, work in works.items():
            run = work()
            if number >= warm:
                found[name].append(run)
    return found


def show(title: str, measured: Measured, *, against: str, whole: bool = False) -> None:
    """Print a table: median seconds, the median of the ratios pair by pair with its range, the same of CPU time, memory.

    With `whole` the seconds are those of the process, its start and imports included, else those of the work inside it.
    """
    heads = ("", "seconds", "ratio", "from - to", "CPU seconds", "CPU ratio", "peak MB")
    print(f"\n{title}\n\n| {' | '.join(heads)} |\n|---{'|---:' * 6}|")
    for name, runs in measured.items():
        seconds = _values(runs, "process" if whole else "seconds")
        ratios = _ratios(seconds, _values(measured[against], "process" if whole else "seconds"))
        cpu = _values(runs, "cpu")
        cells = [f"{median(seconds):.3f}", f"{median(ratios):.2f}", f"{min(ratios):.2f} - {max(ratios):.2f}"]
        cells += [f"{median(cpu):.3f}", f"{median(_ratios(cpu, _values(measured[against], 'cpu'))):.2f}"]
        peaks = _values(runs, "peak")
        cells.append(f"{median(peaks):,.0f}" if peaks else "")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _values(runs: list[Run], name: str) -> list[float]:
    found = [getattr(run, name) for run in runs]
    return [value for value in found if value is not None]


def _ratios(ours: list[float], theirs: list[float]) -> list[float]:
    return [one / other for one, other in zip(ours, theirs, strict=True)]
