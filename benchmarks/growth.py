"""Does landing take longer in a large store? The same new file, landed in stores of different sizes with equally full days."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from statistics import median

from make_events import FIRST_DAY
from measure import Aim, Measured, Run, in_turn, process, ratios

DAYS = 20  # of the smallest store, and of the file that is landed
MOST_TIMES = 1.1


def growth(folder: Path, sizes: Sequence[int], *, runs: int) -> Measured:
    """Measure the landing of one new file, a fifth of the smallest store, in a store of each size, in turn.

    The library lands the stores in landings as large as the smallest one, of which the others are multiples, each of other
    days, further and further back. So the days that the new file meets are the very same ones in all of them. Every
    run lands in a copy of hard links, so that each finds the store as it was made.
    """
    chunk, inbox, copy = min(sizes), folder / "inbox", folder / "copy"
    stores = _stores(folder, sorted(sizes))
    _make(inbox, chunk // 5, first=10**12, back=0)

    def landed_in(store: Path) -> Callable[[], Run]:
        def work() -> Run:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(store, copy, copy_function=os.link)
            os.sync()
            return _land(inbox, copy, chunk // 5)

        return work

    works = {f"a store of {size:,}": landed_in(store) for size, store in stores.items()}
    measured = in_turn(runs, works, warm=1)
    shutil.rmtree(folder)
    return measured


def aims(measured: Measured) -> list[Aim]:
    """Return what was to be reached: each store takes hardly longer than the smallest."""
    smallest, *others = measured
    return [
        Aim(f"landing into {name}, times {smallest}", median(ratios(measured, name, smallest, whole=True)), MOST_TIMES)
        for name in others
    ]


def _stores(folder: Path, sizes: Sequence[int]) -> dict[int, Path]:
    """Land chunk after chunk in one store, and keep a copy of it as it is at each size."""
    chunk, chunks, growing = sizes[0], folder / "chunks", folder / "growing"
    stores = {}
    for number in range(sizes[-1] // chunk):
        _make(chunks, chunk, first=number * chunk, back=number)
        _land(chunks, growing, chunk)
        shutil.rmtree(chunks)
        size = (number + 1) * chunk
        if size in sizes:
            stores[size] = folder / f"store-{size}"
            shutil.copytree(growing, stores[size], copy_function=os.link)
    return stores


def _land(inbox: Path, store: Path, events: int) -> Run:
    run = process("land", str(inbox), str(store))
    if run.facts["rows"] != events:
        raise SystemExit(f"benchmark: {run.facts['rows']} of {events} events landed")
    return run


def _make(inbox: Path, events: int, *, first: int, back: int) -> None:
    first_day = date.fromisoformat(FIRST_DAY) - timedelta(days=back * DAYS)
    options = {"files": 1, "days": DAYS, "first_day": first_day.isoformat(), "first": first}
    process("events", str(inbox), str(events), json.dumps(options))
