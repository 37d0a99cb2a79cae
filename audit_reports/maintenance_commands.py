"""What do `store compact`, `hold`, `retain`, `backup`, `restore` do? Each body calls the library once and prints what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from audit_reports import clock
from audit_reports.errors import UsageError, quoted
from audit_reports.filter import duration
from audit_reports.invocation import say
from audit_reports.store import Store

if TYPE_CHECKING:
    from audit_reports.invocation import Run
    from audit_reports.maintenance.sweeping import Swept

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "compact": ("grace",),
    "hold": ("operand", "reason", "lift"),
    "quarantine": ("replay",),
    "backup": ("operand",),
    "restore": ("operand",),
    "retain": ("older_than", "actor", "reason", "dry_run"),
}
"""Which options of `store` belong to which of its words."""


def checked(run: Run) -> None:
    """Raise `UsageError` for an option that is not of this word of `store`."""
    what, given = run.arguments.what, vars(run.arguments)
    for name in sorted({name for names in OPTIONS.values() for name in names} - set(OPTIONS.get(what, ()))):
        if given[name]:
            shown = quoted(given[name]) if name == "operand" else f"--{name.replace('_', '-')}"
            raise UsageError(f"{shown} is not for store {what}; see audit-reports store --help")
    if (what in MAINTENANCE or run.arguments.replay) and run.arguments.as_of is not None:
        raise UsageError(f"--as-of is for reading, and not for store {what}")


def compact(run: Run) -> int:
    """Merge the small files of each day."""
    import polars as pl

    from audit_reports.maintenance.compaction import compact
    from audit_reports.maintenance.sweeping import GRACE

    grace = duration(run.arguments.grace) if run.arguments.grace else GRACE
    with run.watched() as progress:
        done = compact(Store(run.store), now=clock.now(), grace=grace, progress=progress)
    if run.format == "table" and run.out is None:
        if done.days:
            print(
                f"compacted: {done.files_before:,} files of {done.days:,} days became {done.files_after:,}; "
                f"{done.events:,} events, all as they were"
            )
        else:
            print("nothing to compact: no day has several small files")
    else:
        names = ("days", "files_before", "files_after", "events", "bytes_before", "bytes_after")
        told = {name: getattr(done, name) for name in names} | {
            "swept": done.swept.files,
            "waiting": done.swept.waiting,
        }
        run.write(pl.DataFrame([told]))
    _say_swept(done.swept)
    if done.swept.waiting:
        say(f"{done.swept.waiting:,} files that were replaced stay for readers until their grace is over")
    return 0


def hold(run: Run) -> int:
    """Put days under a hold, lift one, or list those that stand."""
    import polars as pl

    from audit_reports.maintenance.holds import hold, holds, lift

    arguments = run.arguments
    store = run.opened() if arguments.operand is None else Store(run.store)
    if arguments.operand is None:
        if arguments.lift or arguments.reason:
            raise UsageError("name the days (UTC, half-open): store hold 2026-03-02..2026-03-09 --reason TEXT")
        rows = [
            {
                "first": one.first,
                "until": one.until,
                "reason": one.reason,
                "by": one.by,
                "at": one.at,
                "entry": one.entry,
            }
            for one in holds(store.journal)
        ]
        schema: dict[str, pl.DataType] = {
            "first": pl.Date(),
            "until": pl.Date(),
            "reason": pl.String(),
            "by": pl.String(),
            "at": pl.Datetime("us", "UTC"),
            "entry": pl.Int64(),
        }
        run.write(pl.DataFrame(rows, schema=schema))
        if not rows:
            say("no hold stands")
        return 0
    change = lift if arguments.lift else hold
    done = change(store, arguments.operand, reason=arguments.reason or "", now=clock.now())
    said = "no longer under the hold of" if arguments.lift else "under a hold by"
    print(f"{done.first} to before {done.until} (UTC days): {said} journal entry {done.entry}")
    return 0


def retain(run: Run) -> int:
    """Remove old days, or one person's data."""
    arguments = run.arguments
    if (arguments.older_than is None) == (arguments.actor is None):
        raise UsageError("say what goes: --older-than 400d, or --actor NAME --reason TEXT")
    return _erase(run) if arguments.actor is not None else _retain(run)


def _retain(run: Run) -> int:
    import polars as pl

    from audit_reports.maintenance.retention import retain

    arguments = run.arguments
    done = retain(
        run.opened() if arguments.dry_run else Store(run.store),
        older_than=duration(arguments.older_than),
        now=clock.now(),
        reason=arguments.reason,
        dry_run=arguments.dry_run,
    )
    rows = [
        {
            "day": one.day,
            "events": one.events,
            "files": one.files,
            "bytes": one.bytes,
            "kept_by": f"hold {one.hold.range}, journal entry {one.hold.entry}" if one.hold else None,
        }
        for one in done.days
    ]
    counts = ("events", "files", "bytes")
    run.write(pl.DataFrame(rows, schema={"day": pl.Date, **dict.fromkeys(counts, pl.Int64), "kept_by": pl.String}))
    going = done.going
    what = (
        f"{sum(one.events for one in going):,} events of {len(going):,} days before {done.until} (UTC) "
        f"and {done.quarantined:,} lines of quarantine"
    )
    if arguments.dry_run:
        say(f"would remove {what}; nothing was changed")
    elif done.entry is None:
        say(f"nothing to remove before {done.until} (UTC)")
    else:
        say(f"removed {what}: journal entry {done.entry}")
    if kept := len(done.days) - len(going):
        say(f"{kept:,} days stay, for they are under a hold; while one stands, the quarantine stays too")
    _say_swept(done.swept)
    return 0


def _erase(run: Run) -> int:
    import polars as pl

    from audit_reports.maintenance.erasure import erase

    arguments = run.arguments
    if arguments.dry_run:
        raise UsageError(
            "--dry-run goes with --older-than; `audit-reports events --actor NAME` shows whose events they are"
        )
    done = erase(Store(run.store), actor=arguments.actor, reason=arguments.reason or "", now=clock.now())
    names = ("events", "days", "files", "quarantined", "mentioned", "file_names", "reads")
    if run.format == "table" and run.out is None:
        if done.entries:
            entries = ", ".join(map(str, done.entries))
            print(
                f"erased: {done.events:,} events of {done.days:,} days and {done.quarantined:,} lines of quarantine; "
                f"journal entry {entries}"
            )
        else:
            print("nothing to erase: no event has this actor, and no line of quarantine holds the name")
    else:
        run.write(pl.DataFrame([{name: getattr(done, name) for name in names}]))
    if done.held:
        say(f"{len(done.held):,} days under a hold keep theirs: {', '.join(map(str, done.held))}")
    if done.quarantine_held:
        say("a hold stands, so the quarantine was left as it is")
    if done.reads:
        say(f"{done.reads:,} reads asked for it: what they asked for is emptied, and that they were made stays")
    if done.mentioned:
        say(f"{done.mentioned:,} other events name it as their resource, and stay")
    if done.file_names:
        say(f"the names of {done.file_names:,} landed files hold it, and stay: what landed is known by them")
    _say_swept(done.swept)
    return 0


def _say_swept(swept: Swept) -> None:
    if swept.files:
        say(f"{swept.files:,} files ({swept.bytes:,} bytes) that were no part of the store any more are gone")
    if swept.unknown:
        say(
            f"{swept.unknown:,} files that a crash may have left are younger than an hour, and stay: run this again then"
        )


def replay(run: Run) -> int:
    """Land what the feeds understand now of the quarantine."""
    from dataclasses import asdict

    import polars as pl

    from audit_reports.ingest.staging import Reading
    from audit_reports.maintenance.replay import replay

    reading = Reading(clock.now(), run.arguments.timezone, run.geo())
    done = replay(Store(run.store), run.feeds(), reading)
    if run.format == "table" and run.out is None:
        title = "nothing new" if done.landing is None else f"landing {done.landing}"
        print(
            f"{title}: of {done.tried:,} rows of the quarantine that were read again, {done.landed:,} events landed and "
            f"{done.duplicates:,} were there; {done.left:,} rows are left in it"
        )
    else:
        run.write(pl.DataFrame([asdict(done)], schema_overrides={"landing": pl.Int64}))
    return 0


def copy(run: Run) -> int:
    """Copy the store to a backup, or a backup to where there is no store, and print what was copied."""
    from dataclasses import asdict

    import polars as pl

    from audit_reports.maintenance.backup import backup, restore

    what, place = run.arguments.what, run.arguments.operand
    if not place:
        raise UsageError(f"name the place: audit-reports store {what} {'TO' if what == 'backup' else 'FROM'}")
    now = clock.now()
    with run.watched() as progress:
        if what == "backup":
            done = backup(run.opened(), place, now=now, progress=progress)
        else:
            done = restore(place, run.store, now=now, progress=progress)
    if run.format == "table" and run.out is None:
        print(
            f"{what}: {done.files:,} files, {done.bytes:,} bytes, copied and verified; "
            f"{done.removed:,} removed; landing {done.landing}, journal entry {done.entry}"
        )
    else:
        run.write(pl.DataFrame([asdict(done)]))
    return 0


MAINTENANCE: Mapping[str, Callable[[Run], int]] = {
    "compact": compact,
    "hold": hold,
    "retain": retain,
    "backup": copy,
    "restore": copy,
}
