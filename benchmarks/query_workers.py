"""Who answers rightly, and how long does it take? Each engine in a process of its own, all answers compared cell by cell."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Collection, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from measure import Measured, Run
from query_engines import ENGINES, HAND, LIBRARY, absent, rows
from questions import QUESTIONS

_SLOW_RUNS = 1
_CELLS = 4

Rows = Sequence[tuple[Any, ...]]
Asked = dict[str, Measured]
"""The runs of each question, for each engine that was asked."""


class Worker:
    """An engine in a process of its own, with a store open; it answers one question after the other."""

    def __init__(self, name: str, store: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, name, str(store)), daemon=True)
        start = time.perf_counter()
        self._process.start()
        theirs.close()
        self._said()
        self.seconds = time.perf_counter() - start

    def ask(self, question: str) -> Run:
        """Return what a question took, with its answer's rows; raises `RuntimeError` where the engine failed."""
        self._pipe.send(question)
        seconds, cpu, answer = self._said()
        return Run(seconds, cpu=cpu, facts={"rows": answer})

    def end(self) -> float:
        """End the process and return the most memory that it took, in MB."""
        self._pipe.send(None)
        peak: float = self._said()
        self._process.join()
        return peak

    def _said(self) -> Any:
        try:
            return self._pipe.recv()
        except EOFError:
            self._process.join()
            raise RuntimeError(f"its process ended with exit code {self._process.exitcode}") from None


def _serve(pipe: Connection, name: str, store: str) -> None:
    """Answer in this process; an engine that fails ends it, and what it says of that is on standard error."""
    asked = ENGINES[name].opened(store)
    pipe.send("opened")
    while (question := pipe.recv()) is not None:
        start, cpu = time.perf_counter(), time.process_time()
        answer = asked[question]()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        pipe.send((seconds, cpu, rows(answer)))
    pipe.send(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def ask_all(store: Path, *, events: int, runs: int, only: Collection[str] = ()) -> Asked:
    """Ask the library and the hand-written SQL in turn, question by question; then the others, or `only` some, one by one.

    Each has a process of its own and one round first that does not count. Who is absent, is not asked about so many
    events or fails is named, and so is each answer other than that of the hand-written SQL, which counts as none; a wrong
    answer of the library ends the benchmark.
    """
    asked = _rounds([LIBRARY, HAND], store, runs)
    truth = {question: found[0].facts["rows"] for question, found in asked[HAND].items()}
    without = absent()
    for name, engine in ENGINES.items():
        if name in asked or (only and name not in only):
            continue
        if name in without:
            print(f"\n{name} is absent: pip install {without[name]}")
        elif engine.most is not None and events > engine.most:
            print(f"\n{name} is left out: it is asked about {engine.most:,} events at most")
        else:
            asked |= _rounds([name], store, min(runs, _SLOW_RUNS) if engine.slow else runs)
    return {name: right(name, found, truth) for name, found in asked.items()}


def right(name: str, found: Measured, truth: dict[str, Rows]) -> Measured:
    """Return the runs of the questions that were answered rightly each time, and name the others."""
    kept = {}
    for question, runs in found.items():
        wrong = next(filter(None, (difference(run.facts["rows"], truth[question]) for run in runs)), "")
        if wrong and name == LIBRARY:
            raise SystemExit(f"benchmark: {question}: {name} and the {HAND} answer differently: {wrong}")
        if wrong:
            print(f"\n{name}: {question}: another answer, it counts as none: {wrong}")
        else:
            kept[question] = runs
    return kept


def difference(answer: Rows, truth: Rows) -> str:
    """Return where an answer first differs from the right one, cell by cell and in order; "" where it does not."""
    if len(answer) != len(truth):
        return f"{len(answer):,} rows instead of {len(truth):,}"
    for number, (one, other) in enumerate(zip(answer, truth, strict=True), start=1):
        cells = [(a, b) for a, b in zip(one, other, strict=False) if a != b]
        if cells or len(one) != len(other):
            return f"row {number} has {', '.join(f'{a!r:.60} instead of {b!r:.60}' for a, b in cells[:_CELLS])}"
    return ""


def _rounds(names: Sequence[str], store: Path, runs: int) -> Asked:
    """Ask some engines in turn, question by question; one that fails is named, and has no runs at all."""
    found: Asked = {name: {question: [] for question in QUESTIONS} for name in names}
    workers: dict[str, Worker] = {}

    def failed(name: str, error: RuntimeError) -> None:
        if name in (LIBRARY, HAND):
            raise SystemExit(f"benchmark: {name} failed: {error}")
        print(f"\n{name} failed and counts as none: {error}", flush=True)
        found[name] = {}
        workers.pop(name, None)

    for name in names:
        try:
            workers[name] = Worker(name, store)
        except RuntimeError as error:
            failed(name, error)
    for number in range(1 + runs):
        for question in QUESTIONS:
            # They change places each round: the second finds in the processor's caches what the first has read.
            for name, worker in list(workers.items())[:: -1 if number % 2 else 1]:
                try:
                    run = worker.ask(question)
                except RuntimeError as error:
                    failed(name, error)
                else:
                    found[name][question] += [run] if number else []
    for name, worker in workers.items():
        print(f"\n{name}: the store opened in {worker.seconds:.1f} s, {worker.end():,.0f} MB at most", flush=True)
    return found
