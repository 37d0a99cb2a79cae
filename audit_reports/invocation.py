"""What was asked for? One run of the program: its arguments, its configuration, and where its words and data go."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from audit_reports import clock
from audit_reports.config import Config, load, store_of
from audit_reports.errors import UsageError, quoted
from audit_reports.filter import FLAGS, Filter
from audit_reports.outputs.formats import FORMATS, plain, write_frame
from audit_reports.period import checked_timezone

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.feed import Feed
    from audit_reports.findings.exceptions import Rules
    from audit_reports.ingest.geo import Geo
    from audit_reports.ingest.watching import Watcher
    from audit_reports.log import AuditLog
    from audit_reports.outputs.appearance import Appearance
    from audit_reports.place import Place
    from audit_reports.store import Store


class Run:
    """One run of the program: its arguments, its configuration, and where its words go."""

    def __init__(self, arguments: argparse.Namespace, environment: Mapping[str, str]) -> None:
        self.arguments = arguments
        self.config: Config = load(arguments.config, environment)
        self.store = store_of(self.config, arguments.store, environment)
        self.timezone: str = arguments.timezone or self.config.timezone or "UTC"
        checked_timezone(self.timezone)
        self.out = Path(arguments.out) if arguments.out else None
        self._logs: list[AuditLog] = []

    @property
    def format(self) -> str:
        given: str | None = self.arguments.format
        if given is None:
            return "table" if sys.stdout.isatty() and self.out is None else _by_ending(self.out)
        if given not in FORMATS:
            raise UsageError.unknown("format", given, FORMATS)
        return given

    def feeds(self) -> Mapping[str, Feed]:
        from audit_reports.feed_folder import with_folder
        from audit_reports.feeds import FEEDS
        from audit_reports.feeds.generic import mapped

        feeds = {**FEEDS, "generic": mapped(self.config.generic)}
        return with_folder(feeds, self.config.feeds) if self.config.feeds else feeds

    def geo(self) -> Geo | None:
        from audit_reports.ingest.geo import Geo

        return Geo(self.config.geo) if self.config.geo else None

    def opened(self) -> Store:
        """Open the store for reading: refuse who may not, and warn where others could read its files."""
        from audit_reports.access import check_reader
        from audit_reports.store import Store

        store = Store(self.store)
        check_reader(store, self.config.readers, what=self.arguments.command, now=clock.now())
        self.warn_of_others(store.place)
        return store

    def warn_of_others(self, place: Place) -> None:
        """Warn where others could read a store's files."""
        if place.others_can_read():
            say(f"warning: other users of this machine can read the store at {quoted(place.uri)}; chmod 700 shuts it")

    def log(self) -> AuditLog:
        from audit_reports.log import AuditLog

        log = AuditLog(
            self.opened(),
            as_of=self.arguments.as_of,
            timezone=self.timezone,
            memory_limit=self.config.memory_limit,
            threads=self.config.threads,
        )
        self._logs.append(log)
        return log

    def close(self) -> None:
        """Have the reads of this run written, while it can still be said where they are not."""
        for log in self._logs:
            log.write_reads()

    def filter(self, *, periods: bool = True) -> Filter:
        given = vars(self.arguments)
        moments = {name: given[name] for name in ("since", "until", "last")} if periods else {}
        values = {name: given[name] for name in FLAGS}
        rest = {name: given[name] for name in ("ip", "search", "where")}
        return Filter.of(timezone=self.timezone, now=clock.now(), **moments, **values, **rest)

    @contextmanager
    def watched(self) -> Iterator[Watcher | None]:
        """Give whom to tell how far the work of the block is: a line of the terminal, nobody in a pipe."""
        from audit_reports.ingest.progress import ProgressLine

        line = ProgressLine(sys.stderr, clock.seconds) if sys.stderr.isatty() else None
        try:
            yield line
        finally:
            if line:
                line.clear()

    def rules(self) -> Rules:
        """Return how reviews judge: the configuration's thresholds and exceptions."""
        from audit_reports.findings.exceptions import Rules

        return Rules.of(self.config.findings, self.config.exceptions, timezone=self.timezone)

    def appearance(self) -> Appearance:
        """Return how reviews look: the user's templates, which are judged here, logo and colours."""
        from audit_reports.outputs.appearance import Appearance
        from audit_reports.outputs.template_check import checked

        return checked(Appearance.of(self.config.templates, self.config.appearance))

    @property
    def is_for_people(self) -> bool:
        """Whether a table is printed, and not written to a file or for a program."""
        return self.format == "table" and self.out is None

    @property
    def width(self) -> int | None:
        """How many columns the terminal has that a table is printed on, None where none is."""
        return _width() if self.is_for_people and sys.stdout.isatty() else None

    def write(self, frame: pl.DataFrame) -> None:
        write_frame(frame, self.format, out=self.out, stream=sys.stdout, width=self.width)


def say(text: str) -> None:
    """Print words for a person, inert, to standard error."""
    print(plain(text), file=sys.stderr)


def _by_ending(out: Path | None) -> str:
    ending = out.suffix.removeprefix(".") if out else ""
    return ending if ending in FORMATS else "jsonl"


def _width() -> int:
    import shutil

    return shutil.get_terminal_size().columns
