"""Times landing, questions and a review beside raw DuckDB and others on the same files, and says which aims were missed.

`make bench` runs it; README.md explains it.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import growth
import landing
import layout
import many_files
import memory
import queries
import query_workers
import reviews
import size
from measure import Aim, process, show, table

_MANY = 5_000_000
_FEW_RUNS = 3
_OF_EVENTS = ("landing", "size")
_PARTS = ("files", "growth", "memory", *memory.SHAPES, "questions", "review", "layout", *_OF_EVENTS)
_HOW_MANY = {
    "memory": "--memory-gb 10",
    "small": "--small-files 1000000",
    "long": "--long-lines 200",
    "bad": "--bad-lines 5000000",
    "csv": "--csv-rows 5000000",
    "document": "--document-events 2300000",
}
"""What is measured only where it is said how many."""


def main() -> int:
    """Measure what is asked for, print a table for each question, and return 1 where an aim was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=_numbers, default="2000000", help="how many events, several sizes with commas")
    parser.add_argument("--runs", type=int, default=5, help="how many runs; of landing many events no more than 3")
    parser.add_argument(
        "--store-events", type=_numbers, default="1000000,10000000", help="growth: stores of how many events"
    )
    parser.add_argument("--file-events", type=int, default=5_600_000, help="files: how many events")
    parser.add_argument("--files", type=int, default=1000, help="files: in how many files")
    parser.add_argument(
        "--memory-gb", dest="memory", type=float, help="memory: land so many gigabytes; not done unless asked for"
    )
    for part, shape in memory.SHAPES.items():
        option, _ = _HOW_MANY[part].split()
        parser.add_argument(
            option, dest=part, type=int, help=f"{part}: land so many {shape.what}; not done unless asked for"
        )
    parser.add_argument("--query-events", type=_numbers, default="2000000", help="questions: about how many events")
    parser.add_argument("--engines", default="", help="questions: ask these others alone, several with commas")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="where the files are made")
    parser.add_argument("--only", help=f"measure these parts alone: {', '.join(_PARTS)}, several with commas")
    parser.add_argument(
        "--keep", action="store_true", help="leave events and the stores of questions, for the next time"
    )
    arguments = parser.parse_args()
    parts = set(arguments.only.split(",") if arguments.only else _PARTS)
    if unknown := parts.difference(_PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(_PARTS)}")
    if any(size % min(arguments.store_events) for size in arguments.store_events):
        parser.error("--store-events: the larger stores are multiples of the smallest")
    if not arguments.only:
        parts.discard("layout")
    for part, example in _HOW_MANY.items():
        if getattr(arguments, part) is None:
            if arguments.only and part in parts:
                parser.error(f"how much of {part}? {example}")
            parts.discard(part)
    print(machine())
    aims = of_stores(arguments, parts)
    if parts & {"questions", "layout", "review"}:
        for events in arguments.query_events:
            aims += of_questions(arguments, parts, events)
    if parts.intersection(_OF_EVENTS):
        for events in arguments.events:
            aims += of_events(arguments, parts, events)
    return judged(aims)


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def machine() -> str:
    """Return the machine and the versions in a line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    names = ("duckdb", "polars", "deltalake", "narwhals", "chdb", "pandas", "pyspark")
    libraries = ", ".join(f"{name} {version(name)}" for name in names if find_spec(name))
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}, Python {platform.python_version()}, {libraries}"
    )


def of_stores(arguments: argparse.Namespace, parts: set[str]) -> list[Aim]:
    """Measure what makes stores of its own: many files, growth, memory; each in a folder that is gone afterwards."""
    aims: list[Aim] = []
    if "files" in parts:
        print(f"\n## {arguments.file_events:,} events in {arguments.files:,} files", flush=True)
        run = many_files.many_files(arguments.folder / "files", events=arguments.file_events, files=arguments.files)
        many_files.show(run)
        aims += many_files.aims(run)
    if "growth" in parts:
        sizes = arguments.store_events
        print(f"\n## {min(sizes) // 5:,} events into stores of other sizes", flush=True)
        grown = growth.growth(arguments.folder / "growth", sizes, runs=arguments.runs)
        show("Landing into a store, the whole process", grown, against=[next(iter(grown))], whole=True)
        aims += growth.aims(grown)
    if "memory" in parts:
        print(f"\n## {arguments.memory:g} GB of JSON Lines", flush=True)
        run = memory.memory(arguments.folder / "memory", gigabytes=arguments.memory)
        show("Landing, the whole process", {landing.LIBRARY: [run]}, whole=True)
        aims += memory.aims(run)
    for part, shape in memory.SHAPES.items():
        if part in parts:
            number = getattr(arguments, part)
            print(f"\n## {number:,} {shape.what}", flush=True)
            run = memory.shaped(arguments.folder / part, shape, number=number)
            show("Landing, the whole process", {landing.LIBRARY: [run]}, whole=True)
            aims.append(memory.shape_aim(run, shape, number=number))
    return aims


def of_questions(arguments: argparse.Namespace, parts: set[str], events: int) -> list[Aim]:
    """Ask all engines about nine weeks of events, review the last, or try other layouts, in a folder that is gone afterwards."""
    print(f"\n## Nine weeks of {events:,} events", flush=True)
    folder: Path = arguments.folder / f"questions-{events}"
    store = queries.make_store(folder, events)
    aims: list[Aim] = []
    if "layout" in parts:
        layout.layout(store, folder / "layouts", events=events, runs=arguments.runs)
    if "questions" in parts:
        only = arguments.engines.split(",") if arguments.engines else ()
        asked = query_workers.ask_all(store, events=events, runs=arguments.runs, only=only)
        queries.show(asked)
        shell = queries.from_shell(store, runs=arguments.runs)
        show("A summary of a week from the shell, the whole process", shell, against=[queries.BARE], whole=True)
        aims = [*queries.aims(asked, events=events), *queries.aims_from_shell(shell, events=events)]
    if "review" in parts:
        measured = reviews.review(store, folder / "review", runs=arguments.runs)
        show("The review of the last week", measured, against=[reviews.SCAN])
        aims += reviews.aims(measured, events=events)
    if not arguments.keep:
        shutil.rmtree(folder)
    return aims


def of_events(arguments: argparse.Namespace, parts: set[str], events: int) -> list[Aim]:
    """Measure one number of events, in a folder of its own that is gone afterwards."""
    folder: Path = arguments.folder / str(events)
    inbox, scratch = folder / "inbox", folder / "scratch"
    made = process("events", str(inbox), str(events)).facts
    print(f"\n## {events:,} events, {made['bytes'] / 1e6:,.0f} MB of JSON Lines in {made['files']} files", flush=True)
    aims: list[Aim] = []
    if "landing" in parts:
        runs = min(arguments.runs, _FEW_RUNS) if events > _MANY else arguments.runs
        measured = landing.landing(inbox, scratch, runs=runs, many=events > _MANY)
        against = landing.copies(measured)
        show("Landing, the whole process", measured, against=against, whole=True)
        show("The same without starting Python", measured, against=against)
        aims += landing.aims(measured, events=events)
    if "size" in parts:
        found = size.size(inbox, scratch, events=events)
        table("Size", ("", "bytes an event"), [(name, f"{value:.1f}") for name, value in found.items()])
    if not arguments.keep:
        shutil.rmtree(folder)
    return aims


def judged(aims: list[Aim]) -> int:
    """Print what was to be reached and what was; return 1 where anything was missed."""
    if aims:
        rows = [(aim.what, f"{aim.value:,.2f}", f"{aim.most:,g}", "yes" if aim.met else "NO") for aim in aims]
        table("Aims", ("", "measured", "at most", "met"), rows)
    return 0 if all(aim.met for aim in aims) else 1


if __name__ == "__main__":
    raise SystemExit(main())
