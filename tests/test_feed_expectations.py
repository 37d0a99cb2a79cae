"""Does every feed read real events as a person would? Each sample event beside what is expected of its row, field by field.

`python tests/test_feed_expectations.py [FEED]` prints the share that is right for each field, and every row that is not.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from audit_reports import AuditLog
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land

NOW = datetime(2026, 11, 1, tzinfo=UTC)
FIELDS = ("actor", "event", "occurred_at", "ip", "country", "id")
JOINTS = (" ", ".", ":", "/", "_", "-", " - ", ": ", "")
DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
NAMES = sorted(path.stem for path in (DATA / "expectations").glob("*.jsonl"))

Row = dict[str, Any]


def accepted(expected: Row, field: str) -> set[Any]:
    return {expected[field], *expected.get(f"{field}_any", [])}


def is_event(expected: Row, event: str) -> bool:
    if expected["event"] is None or event in accepted(expected, "event"):
        return True
    parts = [part for part in (expected.get("event_parts") or {}).values() if part]
    chosen = (some for size in range(1, len(parts) + 1) for some in permutations(parts, size))
    return any(event == joint.join(some) for some in chosen for joint in JOINTS)


def is_right(expected: Row, field: str, row: Row | None) -> bool:
    """Say whether a field of a row (None: the event is in quarantine) is as expected."""
    if field == "occurred_at":
        times = [time for time in accepted(expected, field) if time]
        if row is None or not times:
            return (row is None) == (expected["occurred_at"] is None)
        return any(abs(row[field] - datetime.fromisoformat(time)) < timedelta(milliseconds=1) for time in times)
    if row is None:  # what belongs in quarantine has no columns; what does not is wrong in each
        return expected["occurred_at"] is None
    if field == "event":
        return is_event(expected, row["event"])
    if field == "id":
        return expected.get("id") is None or row["event_id"] in accepted(expected, field)
    return row[field] in accepted(expected, field)


def landed(name: str, folder: Path) -> tuple[list[tuple[Row, Row | None, str]], set[str | None]]:
    """Land a feed's sample, unnamed; return each expectation beside the row and the reason, and the feeds recognised.

    Where several lines are the same event with other values, one landed; the others are read from a store of their own.
    """
    lines = (DATA / "feeds" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    expectations = [json.loads(line) for line in (DATA / "expectations" / f"{name}.jsonl").read_text().splitlines()]
    assert len(lines) == len(expectations)
    result = land(folder / "store", [str(DATA / "feeds" / f"{name}.jsonl")], FEEDS, now=NOW)
    assert result.read == result.landed + result.duplicates + result.quarantined
    rows: dict[str, Row] = {}
    reasons: dict[str, str] = {}
    _read(folder / "store", rows, reasons)
    for n, raw in enumerate(raw for raw, reason in list(reasons.items()) if reason.startswith("the same event")):
        (folder / f"{n}.jsonl").write_text(raw + "\n", encoding="utf-8")
        land(folder / f"store-{n}", [str(folder / f"{n}.jsonl")], FEEDS, now=NOW, feed=name)
        _read(folder / f"store-{n}", rows, reasons)
    found = [
        (e, rows.get(line.strip()), reasons.get(line.strip(), "")) for e, line in zip(expectations, lines, strict=True)
    ]
    return found, set(result.feeds)


def _read(store: Path, rows: dict[str, Row], reasons: dict[str, str]) -> None:
    log = AuditLog(store)
    for row in log.polars().iter_rows(named=True):
        if row["raw"] not in rows or "#" in rows[row["raw"]]["event_id"]:
            rows[row["raw"]] = row
    reasons.update({row["raw"]: row["reason"] for row in log.quarantine().iter_rows(named=True)})


def shares(found: list[tuple[Row, Row | None, str]]) -> dict[str, float]:
    return {field: sum(is_right(e, field, row) for e, row, _ in found) / len(found) for field in FIELDS}


def wrong(found: list[tuple[Row, Row | None, str]]) -> Iterator[str]:
    for number, (expected, row, reason) in enumerate(found, 1):
        for field in FIELDS:
            if not is_right(expected, field, row):
                got = reason if row is None else row["event_id" if field == "id" else field]
                yield f"line {number} {field}: {got!s:.90} and not {expected.get(field)!s:.60}; odd {expected.get('odd')}"


@pytest.mark.parametrize("name", NAMES or ["absent"])
def test_reads_real_events_as_a_person_would(name: str, shared_data: Path, tmp_path: Path) -> None:
    found, feeds = landed(name, tmp_path)
    assert feeds == {name}, "recognised as its own feed, and as no other"
    assert shares(found) == dict.fromkeys(FIELDS, 1.0), "\n".join(wrong(found))


def main(names: list[str]) -> None:
    total: dict[str, list[bool]] = defaultdict(list)
    for name in names or NAMES:
        with tempfile.TemporaryDirectory() as folder:
            try:
                found, feeds = landed(name, Path(folder))
            except ValueError as error:
                print(f"{name:18} {error!s:.120}")
                continue
        print(f"{name:18} {len(found):4}  " + "  ".join(f"{f} {s:6.1%}" for f, s in shares(found).items()), feeds)
        for field in FIELDS:
            total[field] += [is_right(e, field, row) for e, row, _ in found]
        if names:
            print("\n".join(wrong(found)))
    print("all".ljust(24), "  ".join(f"{f} {sum(rights) / len(rights):6.1%}" for f, rights in total.items()))


if __name__ == "__main__":
    main(sys.argv[1:])
