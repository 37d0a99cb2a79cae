"""Times landing, summaries and a review beside raw DuckDB on the same files. `make bench` runs it; README.md explains it."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
from importlib.metadata import version
from pathlib import Path

import landing
import queries
import reviews
from make_events import make_events
from measure import process, show

_MANY = 5_000_000
_FEW_RUNS = 3


def main() -> None:
    """Measure each size and print one table a question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", default="2000000,20000000", help="how many events, several sizes with commas")
    parser.add_argument("--runs", type=int, default=5, help="how many runs; of landing many events no more than 3")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="where the files are made")
    parser.add_argument("--only", choices=("landing", "summary", "review"), help="measure this part alone")
    parser.add_argument("--keep", action="store_true", help="leave the files where they are, for the next time")
    arguments = parser.parse_args()
    print(machine())
    for events in map(int, arguments.events.split(",")):
        measure(arguments, events)


def machine() -> str:
    """Return the machine and the versions in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "polars", "deltalake", "narwhals"))
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}, {libraries}"
    )


def measure(arguments: argparse.Namespace, events: int) -> None:
    """Measure one size, in a folder of its own that is gone afterwards."""
    folder: Path = arguments.folder / str(events)
    parts = {arguments.only} if arguments.only else {"landing", "summary", "review"}
    inbox, store, scratch = folder / "inbox", folder / "store", folder / "scratch"
    files = make_events(inbox, events)
    size = sum(path.stat().st_size for path in files)
    print(f"\n## {events:,} events, {size / 1e6:,.0f} MB of JSON Lines in {len(files)} files", flush=True)
    if "landing" in parts:
        runs = min(arguments.runs, _FEW_RUNS) if events > _MANY else arguments.runs
        measured = landing.landing(inbox, scratch, runs=runs, events=events, all_ways=events <= _MANY)
        against = landing.fastest(measured)
        show(f"Landing, beside {against}", measured, against=against)
        show("The same, the whole process", measured, against=against, whole=True)
    if parts & {"summary", "review"} and not store.exists():
        process("land", str(inbox), str(store))
    if "summary" in parts:
        for title, measured in queries.in_process(store, runs=arguments.runs).items():
            show(title, measured, against=queries.HAND)
        show("One week, the whole process", queries.whole_process(store, runs=arguments.runs), against=queries.HAND)
    if "review" in parts:
        show("A week's review", reviews.review(store, folder / "review", runs=arguments.runs), against=reviews.SCAN)
    if not arguments.keep:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
