"""What would a file become? Reads a file as a landing would, shows rows of it, and lands nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from audit_reports.errors import UsageError, quoted
from audit_reports.feed import Feed
from audit_reports.ingest.csv_records import Unfit
from audit_reports.ingest.find import find
from audit_reports.ingest.inputs import Input
from audit_reports.ingest.spool import CLASSES, FlawedError, Spool, Spools, reading_sql
from audit_reports.ingest.staging import Reading
from audit_reports.store import connect

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


def check(path: str, feeds: Mapping[str, Feed], reading: Reading, *, feed: str | None) -> Checked:
    """Say what one file of any kind would become in a landing that reads so; raises `UsageError` as a landing does."""
    if feed is not None and feed not in feeds:
        raise UsageError.unknown("feed", feed, feeds)
    found = find([path], feeds, feed=feeds[feed] if feed else None, names={})
    if len(found.inputs) != 1 or (one := found.inputs[0]).feed is None:
        raise UsageError("only a single file can be checked")
    unfit: list[Unfit] = []
    with TemporaryDirectory(prefix="audit-reports-") as folder, connect() as connection:
        if reading.geo is not None:
            reading.geo.serve(connection)
        sources: list[Input | Spool] = [one]
        if not one.is_plain and one.shape != "parquet":
            with Spools(Path(folder), connection) as spools:
                try:
                    spools.add(one, lambda _, record: unfit.append(record))
                except FlawedError as error:
                    raise UsageError(f"{quoted(one.name)} holds no event: {error}; nothing was landed") from error
                sources = list(spools.finished())
        queries = [reading.judged(one.feed, reading_sql([source], CLASSES[-1])[1]) for source in sources]
        query = " UNION ALL ".join(f"SELECT * FROM ({part})" for part in queries)
        rows: pl.DataFrame = connection.sql(f"SELECT * EXCLUDE (file, line) FROM ({query}) LIMIT {_ROWS}").pl()
        counts = connection.sql(f"SELECT reason, count(*) FROM ({query}) GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
    reasons = Counter({reason: number for reason, number in counts if reason is not None})
    reasons.update(record.reason for record in unfit)
    read = sum(number for _, number in counts) + len(unfit)
    return Checked(one.feed.name, rows, read, reasons.total(), reasons)
