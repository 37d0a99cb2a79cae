"""What does `ingest` do? Lands files by one call of the library, and prints the books; `run` begins with it, too."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit_reports import clock
from audit_reports.errors import UsageError
from audit_reports.invocation import Run, say

if TYPE_CHECKING:
    from audit_reports.ingest.landing import Landing


def ingest(run: Run) -> int:
    """Land files, and print the books."""
    import polars as pl

    from audit_reports.ingest.landing import land, land_configured
    from audit_reports.places import place_of

    arguments = run.arguments
    feeds = run.feeds()
    format = run.format
    if arguments.feed is not None and arguments.feed not in feeds:
        raise UsageError.unknown("feed", arguments.feed, feeds)
    if not arguments.paths and not run.config.ingest:
        raise UsageError("name a PATH to land, or configure [[ingest]] paths")
    with tempfile.TemporaryDirectory(prefix="audit-reports-") as folder:
        paths, names = list(arguments.paths), {}
        if "-" in paths:
            spool = Path(folder) / "stdin"
            with spool.open("wb") as file:
                while data := sys.stdin.buffer.read(1 << 20):
                    file.write(data)
            paths = [str(spool) if path == "-" else path for path in paths]
            names = {str(spool): "-"}
        means: dict[str, Any] = {"now": clock.now(), "zone": arguments.timezone, "geo": run.geo()}
        with run.watched() as means["progress"]:
            if paths:
                result = land(run.store, paths, feeds, feed=arguments.feed, names=names, **means)
            else:
                result = land_configured(run.store, run.config.ingest, feeds, **means)
    _say_what_was_odd(result)
    if result.landing is not None:
        run.warn_of_others(place_of(run.store))
    books = {name: getattr(result, name) for name in ("landing", "read", "landed", "duplicates", "quarantined")}
    frame = pl.DataFrame([books], schema=dict.fromkeys(books, pl.Int64))
    if format == "json" and run.out is None:
        sys.stdout.write(frame.write_ndjson())
    elif format == "table" and run.out is None:
        title = "nothing new" if result.landing is None else f"landing {result.landing}"
        sys.stdout.write(
            f"{title}: {result.read:,} read = {result.landed:,} landed + {result.duplicates:,} duplicates "
            f"+ {result.quarantined:,} quarantined\n"
        )
    else:
        run.write(frame)
    return 1 if result.unreadable or (arguments.strict and result.quarantined) else 0


def _say_what_was_odd(result: Landing) -> None:
    for name, landing in result.known:
        say(f"{name}: landed before, in landing {landing}; nothing to do")
    for unreadable in result.unreadable:
        say(f"{unreadable.name}: no event could be read ({unreadable.reason}); in quarantine")
    for reason, times in sorted(result.reasons.items()):
        where, number = result.firsts[reason]
        place = f"{where}, line {number}" if number else where
        say(f"{times} in quarantine: {reason} ({'' if times == 1 else 'first: '}{place})")
    if result.unplaced:
        say(f"{result.unplaced:,} events have no country: neither they nor the database of places say one")
    if result.skipped:
        say(f"{result.skipped} files with other endings were passed over")
    if result.odd:
        say(f"{result.odd} entries that are no files (pipes, devices, links that lead nowhere) were passed over")
