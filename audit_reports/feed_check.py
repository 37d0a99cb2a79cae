"""What would a file become? Reads a file as a landing would, shows rows of it, and lands nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from audit_reports.errors import UsageError
from audit_reports.feed import Feed
from audit_reports.inputs import find, source_sql
from audit_reports.rows import rows_sql
from audit_reports.store import connect, utc

if TYPE_CHECKING:
    import polars as pl

_ROWS = 20


@dataclass(frozen=True)
class Checked:
    """What a file would become: its feed, the first rows with a `reason` each (null where it would land), and counts."""

    feed: str
    rows: pl.DataFrame
    read: int
    quarantined: int
    reasons: Mapping[str, int]


def check(path: str, feeds: Mapping[str, Feed], *, feed: str | None, now: datetime) -> Checked:
    """Say what one JSON or Parquet file would become; raises `UsageError` as a landing does, and for CSV."""
    if feed is not None and feed not in feeds:
        raise UsageError.unknown("feed", feed, feeds)
    found = find([path], feeds, feed=feeds[feed] if feed else None, names={})
    one = found.inputs[0]
    if one.feed is None or one.shape == "csv":
        raise UsageError("only a single JSON, JSON Lines or Parquet file can be checked")
    query = rows_sql(one.feed, source_sql([one], numbered=False), latest=utc(now + timedelta(days=1)))
    with connect() as connection:
        rows: pl.DataFrame = connection.sql(f"SELECT * EXCLUDE (file, line) FROM ({query}) LIMIT {_ROWS}").pl()
        counts = connection.sql(f"SELECT reason, count(*) FROM ({query}) GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
    reasons = {reason: number for reason, number in counts if reason is not None}
    return Checked(one.feed.name, rows, sum(number for _, number in counts), sum(reasons.values()), reasons)
