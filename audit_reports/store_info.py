"""What is in a store, in one row? And what was done to it, a row an entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit_reports.journal import Journal, canonical

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.log import AuditLog


def info(log: AuditLog) -> pl.DataFrame:
    """Return one row about a log's store: its landings and books, its events' first and last time (UTC), feeds and size."""
    import polars as pl

    landings = log.landings()
    times = log.sql("SELECT count(*) AS events, min(occurred_at) AS first, max(occurred_at) AS last FROM events").row(0)
    files = log.files()
    return pl.DataFrame(
        {
            "store": [log.uri],
            "landing": [log.landing],
            "events": [times[0]],
            "first_event": [times[1]],
            "last_event": [times[2]],
            "feeds": [", ".join(sorted({name for landing in landings for name in landing.feeds}))],
            "read": [sum(landing.read for landing in landings)],
            "duplicates": [sum(landing.duplicates for landing in landings)],
            "quarantined": [sum(landing.quarantined for landing in landings)],
            "files": [len(files)],
            "bytes": [sum(files.values())],
        },
        schema_overrides={"first_event": pl.Datetime("us", "UTC"), "last_event": pl.Datetime("us", "UTC")},
    )


def journal_frame(journal: Journal) -> pl.DataFrame:
    """Return the journal: number, time (UTC), host, user, kind, facts (JSON), previous and sha256 of each entry."""
    import polars as pl

    entries = list(journal.entries())
    return pl.DataFrame(
        {
            "number": [entry.number for entry in entries],
            "time": [entry.time for entry in entries],
            "host": [entry.host for entry in entries],
            "user": [entry.user for entry in entries],
            "kind": [entry.kind for entry in entries],
            "facts": [canonical(entry.facts) for entry in entries],
            "previous": [entry.previous for entry in entries],
            "sha256": [entry.sha256 for entry in entries],
        },
        schema_overrides={"number": pl.Int64, "time": pl.Datetime("us", "UTC")},
    )
