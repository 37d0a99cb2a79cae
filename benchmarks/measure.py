"""Runs things in turn, A B A B, so that whatever else the machine does strikes all alike; and prints what came out."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
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

    def with_facts(self, **more: Any) -> Run:
        """Return the run, knowing more of what came of it."""
        return replace(self, facts={**self.facts, **more})


Measured = dict[str, list[Run]]

MOST_MB = 2048
"""The most memory that landing may take, whatever lands."""


@dataclass(frozen=True)
class Aim:
    """What was to be reached: what was measured, its value, and the most that it may be."""

    what: str
    value: float
    most: float

    @property
    def met(self) -> bool:
        return self.value <= self.most


def process(*words: str) -> Run:
    """Run a function of `one_run.py` in a process of its own and return what it took; raises where it failed."""
    return command(str(Path(__file__).with_name("one_run.py")), *words, says=True)


def command(*words: str, says: bool = False, **environment: str) -> Run:
    """Run Python with some words in a process of its own; with `says` its last line is JSON with its own `seconds`."""
    start = time.perf_counter()
    # Modules of a checkout are compiled once, as those of an installed package are.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    child = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, env={**inherited, **environment})
    output = child.stdout.read() if child.stdout else b""
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"benchmark: {' '.join(words[:2])} failed with exit code {child.returncode}")
    facts = json.loads(output.splitlines()[-1]) if says else {}
    cpu = usage.ru_utime + usage.ru_stime
    # Linux counts what the child had of this process before it became another; only more than that is its own.
    peak = usage.ru_maxrss / 1024
    return Run(facts.get("seconds", seconds), seconds, cpu, peak if peak > _own_peak() else None, facts)


def timed(work: Callable[[], Any]) -> Run:
    """Run a function here and return what it took."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return Run(time.perf_counter() - start, cpu=time.process_time() - cpu)


def in_turn(
    runs: int, works: Mapping[str, Callable[[], Run]], *, warm: int = 0, slow: Collection[str] = (), slow_runs: int = 1
) -> Measured:
    """Run all of them in turn, so many times; the first `warm` rounds do not count, and `slow` ones sit out the last rounds."""
    found: Measured = {name: [] for name in works}
    for number in range(warm + runs):
        for name, work in works.items():
            if name in slow and number >= warm + slow_runs:
                continue
            run = work()
            if number >= warm:
                found[name].append(run)
    return found


def show(title: str, measured: Measured, *, against: Sequence[str] = (), whole: bool = False) -> None:
    """Print a table: median seconds, CPU seconds, memory, and for each of `against` the ratios to it, by the clock and of CPU.

    A ratio is the median of the ratios pair by pair, with their range. With `whole` the seconds are those of the process, its
    start and imports included, else those of the work inside it.
    """
    heads = ["", "seconds", "CPU seconds", "peak MB"]
    for name in against:
        heads += [f"ratio to {name}", "of CPU"]
    rows = []
    for name, runs in measured.items():
        cells = [name, f"{median(seconds(runs, whole=whole)):.3f}", f"{median(_values(runs, 'cpu')):.3f}", _peak(runs)]
        for other in against:
            by_clock = ratios(measured, name, other, whole=whole)
            by_cpu = _ratios(_values(runs, "cpu"), _values(measured[other], "cpu"))
            cells.append(f"{median(by_clock):.2f} ({min(by_clock):.2f} - {max(by_clock):.2f})")
            cells.append(f"{median(by_cpu):.2f}")
        rows.append(cells)
    table(title, heads, rows)


def table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows under their heads as Markdown, the first column to the left and the others to the right."""
    print(f"\n{title}\n\n| {' | '.join(heads)} |\n|---{'|---:' * (len(heads) - 1)}|")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)


def seconds(runs: Sequence[Run], *, whole: bool) -> list[float]:
    """Return the seconds of some runs: with `whole` those of their processes, else those of the work inside."""
    return _values(runs, "process" if whole else "seconds")


def ratios(measured: Measured, ours: str, theirs: str, *, whole: bool) -> list[float]:
    """Return the ratios of seconds, round by round, as far as both took part."""
    return _ratios(seconds(measured[ours], whole=whole), seconds(measured[theirs], whole=whole))


def most_memory(runs: Sequence[Run]) -> float:
    """Return the greatest peak in MB; that of this process for one whose own is not known, because it was not greater."""
    ours = _own_peak()
    return max(ours if run.peak is None else run.peak for run in runs)


def _own_peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _peak(runs: Sequence[Run]) -> str:
    peaks = _values(runs, "peak")
    return f"{median(peaks):,.0f}" if peaks else ""


def _values(runs: Sequence[Run], name: str) -> list[float]:
    found = [getattr(run, name) for run in runs]
    return [value for value in found if value is not None]


def _ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    return [one / other for one, other in zip(ours, theirs, strict=False)]
