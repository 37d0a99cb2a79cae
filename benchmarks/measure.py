"""Runs things in turn, A B A B, so that whatever else the machine does strikes all alike; and prints what came out."""

from __future__ import annotations

import json
import os
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
    """One measured run: seconds by the clock, inside and (for a process) outside; peak memory in MB; what it said."""

    seconds: float
    process: float | None = None
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
    assert child.stdout is not None
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"benchmark: {' '.join(words[:2])} failed with exit code {child.returncode}")
    facts = json.loads(output.splitlines()[-1]) if says else {}
    return Run(facts.get("seconds", seconds), seconds, usage.ru_maxrss / 1024, facts)


def timed(work: Callable[[], Any]) -> Run:
    """Run a function here and return what it took."""
    start = time.perf_counter()
    work()
    return Run(time.perf_counter() - start)


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
    """Print a table: the median seconds, the median of the ratios pair by pair with its range, the peak memory."""
    print(f"\n{title}\n")
    print("| | seconds | times " + against + " | from - to | peak MB |\n|---|---:|---:|---:|---:|")
    base = [_seconds(run, whole) for run in measured[against]]
    for name, runs in measured.items():
        seconds = [_seconds(run, whole) for run in runs]
        ratios = sorted(one / other for one, other in zip(seconds, base, strict=False))
        peaks = [run.peak for run in runs if run.peak is not None]
        peak = f"{median(peaks):,.0f}" if peaks else ""
        spread = "" if name == against else f"{ratios[0]:.2f} - {ratios[-1]:.2f}"
        print(f"| {name} | {median(seconds):.3f} | {median(ratios):.2f} | {spread} | {peak} |", flush=True)


def _seconds(run: Run, whole: bool) -> float:
    return run.process if whole and run.process is not None else run.seconds
