"""How long does a whole review take beside one scan of the columns that it reads?"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from measure import Measured, in_turn, timed

from audit_reports import AuditLog
from audit_reports.output import write_review
from audit_reports.period import Period
from audit_reports.review import make_review

WEEK = "2026-W12"
REVIEW, PAGE, SCAN, SCAN_ALL = "make_review", "make_review and its HTML", "one scan, both weeks", "one scan, all weeks"
_COLUMNS = (
    "event_id", "occurred_at", "feed", "event", "category", "action", "actor", "actor_role", "actor_type", "resource",
    "resource_type", "changes", "source", "ip", "country", "region", "city", "outcome", "workspace", "landed_at", "landing",
)  # fmt: skip


def review(store: Path, folder: Path, *, runs: int) -> Measured:
    """Measure a week's review, as a value and as a page, and scans that read every value of its columns once."""
    log = AuditLog(store)
    period = Period.parse(WEEK, timezone="UTC", now=datetime(2026, 4, 1, tzinfo=UTC))
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    scan = (
        f"SELECT count(*), {', '.join(f'max({name})' for name in _COLUMNS)} "
        f"FROM read_parquet('{store}/events/day=*/*.parquet', hive_partitioning = true, hive_types = {{'day': DATE}})"
    )
    days = f" WHERE day >= DATE '{period.before().since:%Y-%m-%d}' AND day < DATE '{period.until:%Y-%m-%d}'"

    def page() -> None:
        write_review(make_review(log, period), folder, ("html",), arguments={})

    measured = in_turn(
        runs,
        {
            REVIEW: lambda: timed(lambda: make_review(log, period)),
            PAGE: lambda: timed(page),
            SCAN: lambda: timed(lambda: connection.sql(scan + days).pl()),
            SCAN_ALL: lambda: timed(lambda: connection.sql(scan).pl()),
        },
        warm=1,
    )
    shutil.rmtree(folder)
    return measured
