"""Does any feed break on an event that is not as documented? Each field of each sample gone, empty, or of another type.

The samples are the smallest answers of each vendor and, where they lie beside the checkout, real events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from conftest import ROOT
from test_envelopes import ANSWERS

from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.ingest.rows import rows_sql
from audit_reports.store import connect

GONE = object()
NEW: tuple[Any, ...] = (GONE, None, 7, -1.5e300, True, "", "{", ["x"], {"y": "z"}, {}, [])
SHAPES = 5  # samples of different fields, a feed
TEXTS = (
    "event_id",
    "event",
    "category",
    "action",
    "actor",
    "actor_id",
    "resource",
    "ip",
    "country",
    "outcome",
    "actor_type",
)
OUTCOMES, ACTOR_TYPES = {None, "success", "failure"}, {None, "human", "service", "api_key", "system", "support"}

Path_ = tuple[str | int, ...]


def samples(feed: str) -> list[Any]:
    """Return some real events of a feed that have different fields, none where they are not there."""
    file = ROOT.parent / "shared" / "data" / "feeds" / f"{feed}.jsonl"
    real = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    shapes = {str(sorted(map(str, paths(event)))): event for event in real}
    return list(shapes.values())[:SHAPES]


def paths(value: Any, at: Path_ = ()) -> Iterator[Path_]:
    """Yield the path of each member and of the first elements of each list, at any depth."""
    inside = value.items() if isinstance(value, dict) else enumerate(value[:2]) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*at, key)
        yield from paths(one, (*at, key))


def mangled(value: Any, path: Path_, new: Any) -> Any:
    """Return a copy with the value at a path replaced, or gone."""
    copy = dict(value) if isinstance(value, dict) else list(value)
    key: Any = path[0]
    if len(path) > 1:
        copy[key] = mangled(copy[key], path[1:], new)
    elif new is GONE:
        del copy[key]
    else:
        copy[key] = new
    return copy


def every(events: list[Any]) -> list[str]:
    """Return each event, whole and with each change, as a line."""
    changed = (mangled(event, path, new) for event in events for path in paths(event) for new in NEW)
    return [json.dumps(event) for event in (*events, *changed)]


def says(line: str, moment: datetime) -> bool:
    """Say whether an event states a moment somewhere: the day as text, or the second as a number since 1970."""
    american = f"{moment.month}/{moment.day}/{moment.year}"
    return any(
        text in line for text in (f"{moment:%Y-%m-%d}", f"{moment:%Y%m%d}", american, str(int(moment.timestamp())))
    )


@pytest.mark.parametrize("feed", ANSWERS)
def test_a_changed_field_costs_its_own_value_or_puts_the_event_aside(feed: str) -> None:
    lines = every([ANSWERS[feed][0], *samples(feed)])
    connection = connect()
    connection.register("lines", pa.table({"raw": lines, "line": list(range(len(lines)))}))
    query = rows_sql(FEEDS[feed], "SELECT raw, '' AS file, line FROM lines", latest="2026-11-02 00:00:00+00")
    found = connection.execute(
        f"SELECT line, reason, epoch_us(occurred_at), changes, {', '.join(TEXTS)} FROM ({query}) ORDER BY line, event_id"
    ).fetchall()
    assert {row[0] for row in found} == set(range(len(lines))), "each line is a row, or several"
    for line, reason, at, changes, *texts in found:
        raw = lines[line]
        if reason is not None:
            assert re.fullmatch(r"no [\w.]+( \w+)?|a time .*|field .* is of type .*, not .*", reason), (reason, raw)
            continue
        row = dict(zip(TEXTS, texts, strict=True))
        assert says(raw, datetime.fromtimestamp(at / 1e6, UTC)), (at, raw)
        assert row["event_id"], raw
        assert row["event"], raw
        assert row["outcome"] in OUTCOMES
        assert row["actor_type"] in ACTOR_TYPES
        assert all(value != "" for name, value in row.items() if name in ("actor", "ip", "country")), (row, raw)
        if changes is not None:
            assert isinstance(json.loads(changes), dict), raw


def test_the_books_of_a_landing_balance(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    lines = {feed: every([event]) for feed, (event, _, _) in list(ANSWERS.items())[::5]}
    for feed, some in lines.items():
        (tmp_path / "in" / f"{feed}.jsonl").write_text("\n".join(some), encoding="utf-8")
    result = land(tmp_path / "store", [str(tmp_path / "in")], FEEDS, now=datetime(2026, 11, 1, tzinfo=UTC))
    assert result.read == result.landed + result.duplicates + result.quarantined == sum(map(len, lines.values()))
    assert set(result.feeds) == set(lines)
