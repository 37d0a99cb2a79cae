"""What can be typed? The command line: parses words, loads what the command needs, turns errors into a line and a code."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from audit_reports import __version__
from audit_reports.errors import AuditReportsError, UsageError, quoted

_VALUES = (
    ("category", "what kind of thing"),
    ("action", "what was done"),
    ("event", "the event as its own screen names it"),
    ("actor", "who"),
    ("actor-type", "human, service, api_key, system or support"),
    ("role", "the actor's role"),
    ("resource", "to what"),
    ("resource-type", "the kind of resource"),
    ("source", "through what"),
    ("country", "from which country (ISO code)"),
    ("region", "from which region"),
    ("city", "from which city"),
    ("feed", "from which product"),
    ("workspace", "in which tenant, organisation or account"),
    ("outcome", "success or failure"),
)
_FORMATS = "table, jsonl, json, csv, parquet or xlsx; table on a terminal and jsonl in a pipe unless given"

_WORDS = {
    "store": ("info", "journal", "quarantine", "compact", "hold", "retain", "backup", "restore"),
    "feeds": ("check",),
}
"""What may stand behind a command."""


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are errors of our family, one line each."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}; see {self.prog} --help")


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    common = _Parser(add_help=False, allow_abbrev=False)
    group = common.add_argument_group("common")
    group.add_argument(
        "--config", metavar="PATH", help="the configuration (else AUDIT_REPORTS_CONFIG, else ./audit-reports.toml)"
    )
    group.add_argument(
        "--store", metavar="URI", help="the store (else AUDIT_REPORTS_STORE, the configuration, data/store)"
    )
    group.add_argument(
        "--timezone", metavar="IANA", help="the zone of dates and local hours (else the configuration, else UTC)"
    )
    group.add_argument("--format", metavar="FORMAT", help=_FORMATS)
    group.add_argument("--out", metavar="PATH", help="where to write (else standard output)")
    reading = _Parser(add_help=False, allow_abbrev=False)
    reading.add_argument("--as-of", metavar="LANDING", type=int, help="see the store as it was after this landing")
    filters = _filters()

    top = _Parser(
        prog="audit-reports", description="Audit events, landed, questioned and reviewed.", allow_abbrev=False
    )
    top.add_argument("--version", action="version", version=f"audit-reports {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, text: str, *parents: _Parser) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=text, parents=[*parents, common], allow_abbrev=False
        )
        return made

    command("demo", "make sample events, land them, write the review of the sample's worst week")
    ingest = command("ingest", "land files, folders, globs or - (.json .jsonl .ndjson .csv .parquet, also .gz .zst)")
    ingest.add_argument("paths", nargs="*", metavar="PATH", help="else the [[ingest]] paths of the configuration")
    ingest.add_argument("--feed", metavar="NAME", help="whose events they are (else it is recognised)")
    ingest.add_argument("--strict", action="store_true", help="exit 1 where anything was quarantined")
    _reviewing(command)
    events = command("events", "the events themselves, newest first", filters, reading)
    events.add_argument("--limit", metavar="N", type=int, help="no more than so many")
    summary = command("summary", "counts by one or more dimensions", filters, reading)
    summary.add_argument("--by", metavar="DIM[,DIM]", required=True, action="append", help="the dimensions to count by")
    summary.add_argument("--limit", metavar="N", type=int, help="no more than so many rows")
    summary.add_argument("--sql", action="store_true", help="print the query instead of running it")
    review = command("review", "the activity review of a period", filters, reading)
    review.add_argument(
        "--period", metavar="P", help="day, week, month, quarter, 2026-W10, 2026-03, 2026-03-02..2026-03-09 ..."
    )
    store = command("store", "what is in the store, and what was done to it", reading)
    store.add_argument("what", metavar="|".join(_WORDS["store"]))
    store.add_argument(
        "operand",
        nargs="?",
        metavar="DAY..DAY|TO|FROM",
        help="hold: these UTC days, half-open; none: list the holds; backup, restore: a folder or S3 prefix",
    )
    store.add_argument("--replay", action="store_true", help="quarantine: land what the feeds understand now")
    store.add_argument(
        "--reads", action="store_true", help="journal: who has read the store, instead of what was done to it"
    )
    store.add_argument("--reason", metavar="TEXT", help="hold, retain: why")
    store.add_argument("--lift", action="store_true", help="hold: end the hold on these days")
    store.add_argument("--older-than", metavar="400d", help="retain: remove the UTC days that are older")
    store.add_argument("--actor", metavar="NAME", help="retain: remove one person's events instead")
    store.add_argument("--dry-run", action="store_true", help="retain: say what would go, and change nothing")
    store.add_argument(
        "--grace", metavar="1h", help="compact: how long replaced files stay for readers (1h unless given)"
    )
    feeds = command("feeds", "which feeds are known; `feeds check FILE`: what a file would become")
    feeds.add_argument("what", nargs="?", metavar="check")
    feeds.add_argument("file", nargs="?", metavar="FILE")
    feeds.add_argument("--feed", metavar="NAME", help="whose events they are (else it is recognised)")
    return top


def _reviewing(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands about reviews that are made by themselves."""
    due = command("run", "land what the configuration names, then make and mail every review that is due")
    due.set_defaults(paths=[], feed=None, strict=False)
    due.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
    due.add_argument(
        "--check", action="store_true", help="for monitoring: what is overdue, unsent, unsigned or silent; exit 1"
    )
    due.add_argument(
        "--ready", metavar="SCHEDULER", help="print files for cron, systemd, kubernetes or github that start it"
    )
    calendar = command("calendar", "each due period of each review, and what became of it")
    calendar.add_argument("--limit", metavar="N", type=int, help="the newest N alone")
    sign = command("sign", "record who reviewed a review and what they decided")
    sign.add_argument("review", metavar="REVIEW", help="its id, as weekly-2026-W10, or its folder")
    sign.add_argument(
        "--decide",
        metavar="FINDING=DECISION",
        action="append",
        default=[],
        help="expected, fixed or follow-up:OWNER:DATE; one for each finding",
    )
    sign.add_argument("--note", metavar="TEXT", help="what else is to be remembered")


def _filters() -> _Parser:
    made = _Parser(add_help=False, allow_abbrev=False)
    group = made.add_argument_group("filters (a repeated one means or)")
    group.add_argument("--from", "--since", dest="since", metavar="DATE", help="from this date or time on")
    group.add_argument("--to", "--until", dest="until", metavar="DATE", help="before this date or time")
    group.add_argument("--last", metavar="7d", help="back from now: 30m, 12h, 7d, 4w")
    for name, text in _VALUES:
        group.add_argument(f"--{name}", action="append", metavar="TEXT", help=text)
    group.add_argument("--ip", action="append", metavar="ADDRESS", help="an address or a network")
    group.add_argument("--search", metavar="TEXT", help="in any text column but raw, whatever the case")
    group.add_argument("--where", metavar="COND", help="an SQL condition over the columns")
    return made


def parsed(words: Sequence[str]) -> argparse.Namespace:
    """Return the parsed command line; raises `UsageError`, with the nearest word, for what is unknown."""
    top = parser()
    commands: Any = next(a for a in top._actions if isinstance(a, argparse._SubParsersAction))
    first = next((word for word in words if not word.startswith("-")), None)
    if first is not None and first not in commands.choices:
        raise UsageError.unknown("command", first, commands.choices)
    found, rest = top.parse_known_args(words)
    if rest:
        known = commands.choices[found.command]._option_string_actions
        flag = next((word for word in rest if word.startswith("-")), None)
        if flag is None:
            raise UsageError(f"what is {quoted(rest[0])}? See audit-reports {found.command} --help")
        raise UsageError.unknown("option", flag.split("=")[0], known, f"see audit-reports {found.command} --help")
    behind = _WORDS.get(found.command)
    if behind and found.what is not None and found.what not in behind:
        raise UsageError.unknown(f"command of {found.command}", found.what, behind)
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 the tool failed, 2 the user's mistake, said in one line."""
    try:
        arguments = parsed(sys.argv[1:] if words is None else words)
        from audit_reports import commands

        with warnings.catch_warnings():
            warnings.showwarning = _say_warning
            warnings.filterwarnings("default", category=UserWarning, module="audit_reports")
            code = commands.run(arguments, os.environ)
        sys.stdout.flush()
        return code
    except AuditReportsError as error:
        print(f"audit-reports: {_one_line(str(error))}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader has had enough; Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        print(
            f"audit-reports: {_one_line(error.strerror or str(error))} {quoted(error.filename or '')}", file=sys.stderr
        )
        return 1
    except (KeyboardInterrupt, RuntimeError) as error:
        if not _is_stop(error):
            raise
        print("audit-reports: stopped; nothing half done was kept", file=sys.stderr)
        return 130


def _is_stop(error: BaseException) -> bool:
    """Say whether somebody pressed Ctrl-C: in the midst of a query DuckDB makes an error of its own of that."""
    return isinstance(error, KeyboardInterrupt) or str(error) == "Query interrupted"


def _say_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"audit-reports: warning: {_one_line(str(message))}", file=sys.stderr)


def _one_line(text: str) -> str:
    from audit_reports.outputs.formats import plain

    return plain(" ".join(text.split()))
