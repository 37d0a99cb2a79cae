"""What is a feed? The contract that every file in `feeds/` fulfils: how one product's raw events become rows.

A feed says, for each column of the design, a DuckDB expression over the raw JSON event. A JSON path is written bare,
`$.actor.email`, and gives the value there as text, null where there is none; all paths of a feed are taken out of an
event in one parse. The store adds what it alone knows (`feed`, `raw`, `landed_at`, `landing`, `day`) and judges the time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from audit_reports.columns import NAMES, STAMPED
from audit_reports.errors import UsageError

_PATH = re.compile(r"""\$(?:\.(?:[A-Za-z_]\w*|"[^"']+")|\[\d+\])+""")

ZONED = r"\d\d:\d\d.*(?:Z|z|UTC|GMT|[+-]\d\d(?::?\d\d)?)$"
"""A time that says its zone: a clock time, then Z or an offset."""


@dataclass(frozen=True)
class Feed:
    """How one product's raw events become rows; one constant `FEED` of this type is all that a feed's file needs.

    `columns` maps a column to its expression, and must give `occurred_at` and `event`; a column that is not named is
    null. `occurred_at` is text that says its zone. `event_id` that turns out null becomes the SHA-256 of the raw event.
    `recognised_by` lists alternatives: an event with all (dotted) keys of one of them is taken for this feed's.
    `required` are paths without which an event goes to quarantine, each with the name that the reason uses.
    """

    name: str
    product: str
    exported_from: str
    recognised_by: tuple[tuple[str, ...], ...]
    columns: Mapping[str, str]
    required: tuple[str, ...] = ()

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
        return any(all(_present(event, key) for key in keys) for keys in self.recognised_by)


def _present(event: Mapping[str, Any], dotted: str) -> bool:
    value: Any = event
    for part in dotted.split("."):
        if not isinstance(value, Mapping) or value.get(part) is None:
            return False
        value = value[part]
    return True


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


def rows_sql(feed: Feed, source: str, *, latest: str) -> str:
    """Return the query that turns `source` (columns `raw`, `file`, `line`) into judged rows.

    The result has every column of the design but `landed_at` and `landing`, then `file`, `line` and `reason`; `reason`
    is null for a row that can land, and `day` is null for one that cannot. A null `raw` is a line that is no JSON.
    `latest` is the last believable time, as ISO text; times before 2000 are not believed either.
    """
    paths: list[str] = []

    def bound(expression: str) -> str:
        def field(match: re.Match[str]) -> str:
            path = match.group()
            if path not in paths:
                paths.append(path)
            return f"f[{paths.index(path) + 1}]"

        return _PATH.sub(field, expression)

    columns = {name: bound(expression) for name, expression in feed.columns.items()}
    required = [(path, bound(path)) for path in feed.required]
    given = [
        f"({columns[name]})::VARCHAR AS {name}" if name in columns else f"NULL::VARCHAR AS {name}"
        for name in NAMES
        if name not in STAMPED | {"event_id", "occurred_at", "event"}
    ]
    event_id = f"nullif(({columns['event_id']})::VARCHAR, '')" if "event_id" in columns else "NULL::VARCHAR"
    missing = "".join(
        f" WHEN {field} IS NULL OR {field} = '' THEN {literal('no ' + path.removeprefix('$.'))}"
        for path, field in required
    )
    return f"""
WITH source AS ({source}),
fields AS (SELECT raw, file, line, json_extract_string(raw, [{", ".join(literal(path) for path in paths)}]) AS f FROM source),
read AS (
    SELECT coalesce({event_id}, sha256(raw)) AS event_id, ({columns["occurred_at"]})::VARCHAR AS time,
        ({columns["event"]})::VARCHAR AS event, {", ".join(given)}, {literal(feed.name)} AS feed, raw, file, line,
        CASE WHEN raw IS NULL THEN 'not JSON' WHEN NOT starts_with(raw, '{{') THEN 'not a JSON object'{missing} END AS flaw
    FROM fields),
timed AS (
    SELECT *, try_cast(time AS TIMESTAMPTZ) AS occurred_at,
        CASE WHEN suffix(time, 'Z') THEN true ELSE regexp_matches(time, {literal(ZONED)}) END AS zoned
    FROM read),
judged AS (
    SELECT *, CASE WHEN flaw IS NOT NULL THEN flaw
        WHEN time IS NULL OR time = '' THEN 'no time'
        WHEN occurred_at IS NULL THEN 'a time that cannot be read'
        WHEN NOT zoned THEN 'a time without a zone'
        WHEN occurred_at < TIMESTAMPTZ '2000-01-01 00:00:00Z' THEN 'a time before 2000'
        WHEN occurred_at > TIMESTAMPTZ {literal(latest)} THEN 'a time after tomorrow'
        WHEN event IS NULL OR event = '' THEN 'no event name'
        END AS reason
    FROM timed)
SELECT {", ".join(name for name in NAMES if name not in ("landed_at", "landing", "day"))},
    CASE WHEN reason IS NULL THEN (occurred_at AT TIME ZONE 'UTC')::DATE END AS day, file, line, reason
FROM judged"""


def recognise(events: Sequence[Mapping[str, Any]], feeds: Mapping[str, Feed]) -> Feed | None:
    """Return the first feed that recognises most of the events, or None where no feed recognises any.

    An event that is no feed's does not count, so that one broken line at the top of a file decides nothing.
    """
    votes = {name: sum(feed.recognises(event) for event in events) for name, feed in feeds.items()}
    best = reduce(lambda a, b: b if votes[b] > votes[a] else a, feeds, next(iter(feeds)))
    return feeds[best] if votes[best] else None
