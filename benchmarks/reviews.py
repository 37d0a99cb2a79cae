"""How long does a whole weekly review take beside one scan of the columns that it reads, over its nine weeks?"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import duckdb
from measure import Aim, Measured, in_turn, most_memory, process, ratios, seconds, timed
from questions import LAST

from audit_reports import AuditLog
from audit_reports.outputs.output import write_review
from audit_reports.period import Period
from audit_reports.reviews.review import Review, make_review

REVIEW, SCAN, WHOLE = "make_review", "one scan of nine weeks", "a review, the whole process"
OUTPUTS = {"html": 1.0, "mail": 1.0, "pdf": 5.0}
"""The formats that are timed, with the seconds that each may take."""

MOST_SCANS, MOST_MB = 5, 1024
_COLUMNS = (
    "event_id", "occurred_at", "feed", "event", "category", "action", "actor", "actor_id", "actor_role", "actor_type",
    "resource", "resource_id", "resource_type", "changes", "source", "ip", "country", "region", "city", "outcome", "workspace",
    "landed_at", "landing",
)  # fmt: skip


def review(store: Path, folder: Path, *, runs: int) -> Measured:
    """Measure the review of the last of nine weeks, each of its formats, and a scan that reads every value once."""
    log = AuditLog(store)
    made: list[Review] = []
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    scan = (
        f"SELECT count(*), {', '.join(f'max({name})' for name in _COLUMNS)} "
        f"FROM read_parquet('{store}/events/day=*/*.parquet', hive_partitioning = true, hive_types = {{'day': DATE}})"
    )
    works = {
        REVIEW: lambda: timed(lambda: made.append(last_week(log))),
        SCAN: lambda: timed(lambda: connection.sql(scan).pl()),
    }
    for name in OUTPUTS:
        works[name] = lambda name=name: timed(  # type: ignore[misc]
            lambda: write_review(made[-1], folder, (name,), arguments={})
        )
    measured = in_turn(runs, works, warm=1)
    measured[WHOLE] = [process("review", str(store))]
    shutil.rmtree(folder)
    return measured


def last_week(log: AuditLog) -> Review:
    """Return the review of the last of the nine weeks."""
    period = Period.parse(
        f"{LAST.since:%G-W%V}",
        timezone="UTC",
        now=datetime(LAST.until.year, LAST.until.month, LAST.until.day, tzinfo=UTC),
    )
    return make_review(log, period)


def aims(measured: Measured, *, events: int) -> list[Aim]:
    """Return what a review was to reach: times a scan, seconds of each format, and memory."""
    of = f"a review of {events:,} events"
    return [
        Aim(f"{of}, times one scan", median(ratios(measured, REVIEW, SCAN, whole=False)), MOST_SCANS),
        *(
            Aim(f"{of}, seconds of {name}", median(seconds(measured[name], whole=False)), most)
            for name, most in OUTPUTS.items()
        ),
        Aim(f"{of}, MB of memory", most_memory(measured[WHOLE]), MOST_MB),
    ]
