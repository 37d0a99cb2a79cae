"""How long do twelve questions take beside the same in hand-written SQL, and beside other engines over the same files?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from statistics import median

from measure import Aim, Measured, Run, command, in_turn, process, table
from query_engines import HAND, LIBRARY
from query_sql import duckdb_sql, questions
from query_workers import Asked
from questions import DAYS, LAST, QUESTIONS

IN_TOTAL, IN_ONE, FROM_SHELL = 1.05, 1.15, 3.0
BARE = "python -c, DuckDB alone"
_PIECE = 5_000_000  # events that are made and landed at a time: their lines take 2 GB


def make_store(folder: Path, events: int) -> Path:
    """Land so many events of nine weeks, piece by piece, and return the store; one that is there already is kept."""
    store, inbox, done = folder / "store", folder / "pieces", folder / "done"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        pieces = -(-events // _PIECE)
        for number in range(pieces):
            options = {"files": pieces, "days": DAYS, "only": number}
            process("events", str(inbox), str(events), json.dumps(options))
            process("land", str(inbox), str(store))
            shutil.rmtree(inbox)
        process("compact", str(store))
        done.touch()
    return store


def show(asked: Asked) -> None:
    """Print the medians in milliseconds, the ratios of the library to the hand-written SQL, and who is ahead of the library."""
    lines = []
    for question in QUESTIONS:
        times = {name: _median(found[question]) for name, found in asked.items() if question in found}
        lines.append([question, *_cells(times, asked), *_ratios(asked, [question]), _ahead(times)])
    totals = {name: total for name in asked if (total := _total(asked, name)) is not None}
    lines.append(["in total", *_cells(totals, asked), *_ratios(asked, list(QUESTIONS)), _ahead(totals)])
    table("Milliseconds", ("", *asked, f"ratio to {HAND}", "of CPU", f"ahead of {LIBRARY}"), lines)


def aims(asked: Asked, *, events: int) -> list[Aim]:
    """Return what was to be reached: ratios to the hand-written SQL, in total and in the dearest, and to each peer in total."""
    each = {question: _ratio(asked, [question], "seconds") for question in QUESTIONS}
    dearest = max(each, key=each.__getitem__)
    what, ours = f"twelve questions about {events:,} events, times", _total(asked, LIBRARY) or 0
    found = [
        Aim(f"{what} {HAND}", _ratio(asked, list(QUESTIONS), "seconds"), IN_TOTAL),
        Aim(f"{what} {HAND}, in the dearest: {dearest}", each[dearest], IN_ONE),
    ]
    for name in _peers(asked):
        theirs = _total(asked, name)
        found += [] if theirs is None else [Aim(f"{what} {name}", ours / theirs, 1)]
    return found


def from_shell(store: Path, *, runs: int) -> Measured:
    """Measure `summary --by actor --last 7d` as a command, and the same asked of DuckDB alone: start, answer, end."""
    now = str(int(datetime.combine(LAST.until, time(), UTC).timestamp()))
    words = ("summary", "--store", str(store), "--by", "actor", "--last", "7d", "--format", "jsonl")
    sql = " ".join(questions(duckdb_sql(str(store)))["week by actor"].split())
    bare = f"""import duckdb
duckdb.execute("SET TimeZone = 'UTC'")
duckdb.execute({f"COPY ({sql}) TO '/dev/stdout' (FORMAT json)"!r})"""
    works = {
        LIBRARY: lambda: command("-m", "audit_reports", *words, SOURCE_DATE_EPOCH=now),
        BARE: lambda: command("-c", bare),
    }
    return in_turn(runs, works, warm=1)


def aims_from_shell(measured: Mapping[str, Sequence[Run]], *, events: int) -> list[Aim]:
    """Return what the command was to reach beside bare DuckDB, whole processes compared."""
    pairs = zip(measured[LIBRARY], measured[BARE], strict=True)
    ratio = median((ours.process or 0) / (theirs.process or 1) for ours, theirs in pairs)
    return [Aim(f"summary of a week of {events:,} events from the shell, times {BARE}", ratio, FROM_SHELL)]


def _peers(asked: Asked) -> list[str]:
    return [name for name in asked if name not in (LIBRARY, HAND)]


def _cells(values: Mapping[str, float], asked: Asked) -> list[str]:
    return [f"{1000 * values[name]:,.1f}" if name in values else "" for name in asked]


def _ahead(values: Mapping[str, float]) -> str:
    return ", ".join(name for name in values if name not in (LIBRARY, HAND) and values[name] < values[LIBRARY])


def _ratios(asked: Asked, of: Sequence[str]) -> list[str]:
    return [f"{_ratio(asked, of, what):.2f}" for what in ("seconds", "cpu")]


def _ratio(asked: Asked, of: Sequence[str], what: str) -> float:
    """Return the median of the library's ratios to the hand-written SQL, round by round, of some questions together."""
    ours, theirs = (
        [sum(getattr(run, what) for run in runs) for runs in zip(*(asked[name][one] for one in of), strict=True)]
        for name in (LIBRARY, HAND)
    )
    return median(one / other for one, other in zip(ours, theirs, strict=True))


def _median(runs: Sequence[Run]) -> float:
    return median(run.seconds for run in runs)


def _total(asked: Asked, name: str) -> float | None:
    """Return the seconds of all questions; None for one who did not answer all of them rightly."""
    return sum(map(_median, asked[name].values())) if asked[name].keys() == QUESTIONS.keys() else None
