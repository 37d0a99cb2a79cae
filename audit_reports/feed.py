"""What is a feed? The contract that every file in `feeds/` fulfils: how one product's raw events become rows.

A feed says, for each column of the design, a DuckDB expression over the raw JSON event. A JSON path is written bare,
`$.actor.email`, and gives the value there as text, null where there is none; all paths of a feed are taken out of an
event in one parse. `@.name` is a path within one element of the list that `each` names. A value that is an object or a list
where text is expected, or the other way round, has changed its type: such an event goes to quarantine, and its reason names
the field and both types. The store adds what it alone knows (`feed`, `raw`, `landed_at`, `landing`, `day`) and judges the
time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit_reports.columns import NAMES, STAMPED
from audit_reports.errors import UsageError


@dataclass(frozen=True)
class Feed:
    """How one product's raw events become rows; one constant `FEED` of this type is all that a feed's file needs.

    `columns` maps a column to its expression, and must give `occurred_at` and `event`; a column that is not named is
    null. `occurred_at` is text that says its zone, or is in the zone `zone` where the vendor defines one. `event_id` that
    turns out null becomes the SHA-256 of the raw event.
    `recognised_by` lists alternatives: an event with all (dotted) keys of one of them is taken for this feed's; `kind=x` asks
    for that value, too.
    `required` are paths without which an event goes to quarantine.
    `any_type` are paths (or the beginnings of paths, up to a dot or a bracket) at which the vendor sends values of several
    types: text, an object or a list; they are read as they come, an object or a list as its JSON text.
    `as_text` are members of the event that some ways of delivery give as JSON text of an object or a list: what that text says
    is read as if it stood there itself, and any other text as it is.
    `each` is the path of a list of which every element is an event of its own, for products that send several at once: each
    keeps the whole in `raw`, and from the second on its `event_id` ends in `#2`, `#3` ... An object in its place is one event.
    """

    name: str
    product: str
    exported_from: str
    recognised_by: tuple[tuple[str, ...], ...]
    columns: Mapping[str, str]
    required: tuple[str, ...] = ()
    any_type: tuple[str, ...] = ()
    as_text: tuple[str, ...] = ()
    each: str | None = None
    zone: str | None = None

    def __post_init__(self) -> None:
        unfit = [name for name in self.columns if name not in NAMES or name in STAMPED]
        if unfit:
            raise UsageError.unknown("column", unfit[0], [n for n in NAMES if n not in STAMPED], f"feed {self.name}")
        missing = {"occurred_at", "event"} - set(self.columns)
        if missing:
            raise UsageError(f"feed {self.name} gives no expression for {' and '.join(sorted(missing))}")

    def recognises(self, event: Mapping[str, Any]) -> bool:
        """Say whether a decoded event looks like this feed's.

        >>> from audit_reports.feeds import FEEDS
        >>> FEEDS["cloudtrail"].recognises({"eventVersion": "1.08", "eventSource": "iam.amazonaws.com", "eventName": "X"})
        True
        """
        told = {**event, **{name: opened(event[name]) for path in self.as_text if (name := path[2:]) in event}}
        return any(all(_present(told, key) for key in keys) for keys in self.recognised_by)


def opened(value: object) -> object:
    """Return what a JSON text of an object or a list says, and any other value as it is."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _present(event: Mapping[str, Any], key: str) -> bool:
    dotted, _, wanted = key.partition("=")
    value: Any = event
    for part in dotted.split("."):
        if not isinstance(value, Mapping) or value.get(part) is None:
            return False
        value = value[part]
    return not wanted or value == wanted


def literal(text: str) -> str:
    """Return text as an SQL string literal.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def listed(paths: Iterable[object]) -> str:
    """Return paths as an SQL list of files, each taken by its name: DuckDB would read `[`, `*` and `?` as a pattern.

    >>> listed(["a.json", "b[1].json"])
    "['a.json', 'b[[]1].json']"
    """
    return "[" + ", ".join(literal(re.sub(r"[*?\[]", r"[\g<0>]", str(path))) for path in paths) + "]"


def recognise(events: Sequence[Mapping[str, Any]], feeds: Mapping[str, Feed]) -> Feed | None:
    """Return the first feed that recognises most of the events, or None where no feed recognises any.

    An event that is no feed's does not count, so that one broken line at the top of a file decides nothing.
    """
    best, most = None, 0
    for feed in feeds.values():
        votes = sum(feed.recognises(event) for event in events)
        if votes > most:
            best, most = feed, votes
        if most == len(events):
            break
    return best
