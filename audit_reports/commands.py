"""What does each command do? Each body calls the library once and prints what it says."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from audit_reports import clock
from audit_reports.errors import UsageError
from audit_reports.ingest_command import ingest
from audit_reports.invocation import Run, say
from audit_reports.outputs.formats import plain

if TYPE_CHECKING:
    from audit_reports.log import AuditLog

_PAGE = 50
_SCREEN = ("occurred_at", "actor", "actor_role", "event", "resource", "source", "city", "country")


def run(arguments: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Run a parsed command and return its exit code."""
    asked = Run(arguments, environment)
    try:
        return COMMANDS[arguments.command](asked)
    finally:
        asked.close()


def demo(run: Run) -> int:
    """Make the sample world, and its worst week's review."""
    from audit_reports.demo import TIMEZONE, land_sample
    from audit_reports.log import AuditLog
    from audit_reports.outputs.output import write_review
    from audit_reports.outputs.review_summary import headline
    from audit_reports.period import Period
    from audit_reports.reviews.review import make_review

    folder = run.out or Path("data/demo")
    say(f"making twelve weeks of sample events in {folder / 'inbox'} and landing them")
    world = land_sample(folder)
    log = AuditLog(world.store, timezone=run.arguments.timezone or run.config.timezone or TIMEZONE)
    period = Period.parse(world.sample.worst_week, timezone=log.timezone, now=clock.now())
    review = make_review(log, period)
    write_review(review, folder / review.id, ("html",), arguments={"command": "demo"})
    landed = log.landings()
    night = next(incident for incident in world.sample.truth if incident.name == "worst_night")
    week = log.filter(since=period.since, until=period.until)
    top = week.by("actor").row(0, named=True)
    print(f"review       {folder / review.id / 'review.html'}")
    print(f"period       {period.label}, {log.timezone}")
    print(
        f"landed       {sum(x.landed for x in landed):,} events of {sum(x.read for x in landed):,} read in {len(landed)} landings"
    )
    print(
        f"set aside    {sum(x.duplicates for x in landed)} duplicates, {sum(x.quarantined for x in landed)} in quarantine"
    )
    print(f"this week    {headline(review)}")
    print(f"most active  {plain(str(top['actor']))}, {top['events']} events")
    print(f"failures     {week.filter(outcome='failure').count()} events")
    print(f"worst night  {plain(night.title)}")
    print(f"ask on       audit-reports summary --store {world.store} --by category --from {period.days[0]}")
    print("a notebook   notebooks/01_first_look.ipynb tells this week's story")
    return 0


def events(run: Run) -> int:
    """Print the events, newest first."""
    limit: int | None = run.arguments.limit
    if limit is not None and limit < 0:
        raise UsageError("--limit must be a whole number, zero or more")
    view = run.log().narrowed(run.filter())
    on_screen = run.format == "table" and run.out is None
    page = _PAGE if on_screen and limit is None and sys.stdout.isatty() else limit
    frame = view.newest(page)
    total = view.unrecorded().count() if frame.height == page or not frame.height else frame.height
    run.write(frame.select(_SCREEN) if on_screen else frame)
    if frame.height < total:
        say(f"showing {frame.height:,} of {total:,} events" + ("; --limit shows more" if limit is None else ""))
    _explain(view, total)
    return 0


def summary(run: Run) -> int:
    """Print counts by some dimensions."""
    dimensions = [name.strip() for given in run.arguments.by for name in given.split(",")]
    view = run.log().narrowed(run.filter())
    if run.arguments.sql:
        print(view.by_sql(*dimensions))
        return 0
    limit = run.arguments.limit
    if limit is not None and limit < 0:
        raise UsageError("--limit must be a whole number, zero or more")
    frame = view.by(*dimensions, limit=limit)
    run.write(frame)
    total = view.unrecorded().combinations(*dimensions) if frame.height == limit else frame.height
    if frame.height < total:
        say(f"showing {frame.height:,} of {total:,} rows")
    _explain(view, total)
    return 0


def review(run: Run) -> int:
    """Write the activity review of a period to a folder."""
    from audit_reports.delivery.open_findings import open_findings, told_until
    from audit_reports.outputs.output import journal_review, write_review
    from audit_reports.outputs.review_summary import summary_lines
    from audit_reports.period import Period
    from audit_reports.reviews.review import make_review
    from audit_reports.store import Store

    arguments = run.arguments
    ranged = arguments.since is not None or arguments.until is not None
    if arguments.period and (ranged or arguments.last):
        raise UsageError("--period and --from, --to or --last contradict each other; give one")
    if arguments.last or (ranged and not (arguments.since and arguments.until)):
        raise UsageError("a review needs a whole period: --period, or both --from and --to as dates")
    text = f"{arguments.since}..{arguments.until}" if ranged else arguments.period or "week"
    now = clock.now()
    period = Period.parse(text, timezone=run.timezone, now=now)
    formats = tuple(word.strip() for word in (arguments.format or "html").split(","))
    view = run.log().narrowed(run.filter(periods=False))
    held = Store(run.store)
    entry = told_until(held.journal) if arguments.as_of is None else view.landings()[-1].entry
    carried = open_findings(held, "activity", period, until=entry)
    appearance = run.appearance()
    made = make_review(view, period, rules=run.rules(), carried=carried, journal_entry=entry)
    given = {
        name: value
        for name, value in vars(arguments).items()
        if value is not None and name not in ("out", "config", "store")
    }
    written = write_review(made, run.out or Path(made.id), formats, arguments=given, appearance=appearance)
    for path in written:
        print(path)
    for line in summary_lines(made):
        say(line)
    if not journal_review(held, made, written, time=now):
        say("the store cannot be written: that this review was made is not in its journal")
    _explain(view, 1)
    return 0


def store(run: Run) -> int:
    """Print what is in the store, its journal, or its quarantine; or change it."""
    from audit_reports.maintenance_commands import MAINTENANCE, checked, replay
    from audit_reports.screens import store_tables, without_folder
    from audit_reports.store_info import info, journal_frame

    what = run.arguments.what
    checked(run)
    if what in MAINTENANCE:
        return MAINTENANCE[what](run)
    if what == "journal":
        run.write(run.log().reads() if run.arguments.reads else journal_frame(run.opened().journal))
        return 0
    if run.arguments.replay:
        return replay(run)
    log = run.log()
    if what == "quarantine":
        frame, folder = log.quarantine(), ""
        if run.width is not None:
            frame, folder = without_folder(frame)
        run.write(frame)
        if folder:
            say(f"the files are in {folder}")
        if not frame.height:
            say("the quarantine is empty")
        return 0
    frame = info(log, now=clock.now())
    if run.is_for_people:
        for table in store_tables(frame, run.width):
            run.write(table)
    else:
        run.write(frame)
    return 0


def feeds(run: Run) -> int:
    """Print the known feeds, or what a file would become."""
    import polars as pl

    from audit_reports.screens import by_column, feeds_table

    known = run.feeds()
    if run.arguments.what:
        from audit_reports.ingest.feed_check import check
        from audit_reports.ingest.staging import Reading

        if not run.arguments.file:
            raise UsageError("name the file to check: audit-reports feeds check FILE")
        reading = Reading(clock.now(), run.arguments.timezone, run.geo())
        checked = check(run.arguments.file, known, reading, feed=run.arguments.feed)
        run.write(by_column(checked.rows) if run.is_for_people else checked.rows)
        if run.is_for_people:
            say(
                f"this is what each column would be in the first {checked.rows.height} rows; --format jsonl gives the rows"
            )
        say(
            f"feed {checked.feed}: {checked.read:,} read, {checked.quarantined:,} would be in quarantine; nothing was landed"
        )
        for reason, number in checked.reasons.items():
            say(f"{number} would be in quarantine: {reason}")
        return 0
    rows = [
        {
            "feed": feed.name,
            "product": feed.product,
            "exported_from": feed.exported_from,
            "recognised_by": " or ".join(" + ".join(keys) for keys in feed.recognised_by),
        }
        for feed in known.values()
    ]
    table = pl.DataFrame(rows)
    run.write(feeds_table(table, run.width) if run.is_for_people else table)
    return 0


def _reviewing(run: Run) -> int:
    """Hand over to the commands about reviews that are made by themselves."""
    from audit_reports.review_commands import REVIEWING

    return REVIEWING[run.arguments.command](run)


COMMANDS: Mapping[str, Callable[[Run], int]] = {
    "demo": demo,
    "ingest": ingest,
    "run": _reviewing,
    "calendar": _reviewing,
    "sign": _reviewing,
    "events": events,
    "summary": summary,
    "review": review,
    "store": store,
    "feeds": feeds,
}


def _explain(view: AuditLog, rows: int) -> None:
    """Say what an empty or surprising answer means: nothing has landed, or the filter matches nothing."""
    for line in view.hints():
        say(line)
    if not rows:
        if view.landing == 0:
            say("nothing has landed in this store yet")
        elif not view.where.is_empty:
            say(f"the filter matches nothing. {view.where.sentence()}")
