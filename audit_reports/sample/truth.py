"""What was planted in the sample, and what must come out when it lands? The answers, beside the events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Incident:
    """One planted incident: its name and title, one sentence about it, who, when, and by which events.

    `actor` is as the column `actor` has it, None where nobody stands behind it. `since` and `until` are UTC:
    the times of the first and the last event, or the bounds of a silence. `event_ids` are in the order of
    their times, empty where no event shows it. `facts` are what else a test wants to know, as JSON values.
    """

    name: str
    title: str
    sentence: str
    actor: str | None
    since: datetime
    until: datetime
    event_ids: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Books:
    """What becomes of a file when all land in their order: read = landed + duplicates + quarantined."""

    read: int
    landed: int
    duplicates: int
    quarantined: int


@dataclass(frozen=True)
class Sample:
    """The written sample: its files in the order of their arrival, its days (UTC, inclusive), its truth."""

    workspace: str
    files: tuple[Path, ...]
    first_day: date
    last_day: date
    worst_week: str
    truth: tuple[Incident, ...]
    books: Mapping[str, Books]


def stamp(moment: datetime) -> str:
    """Return a time as the feed writes it, UTC with milliseconds and Z.

    >>> stamp(datetime(2026, 3, 2, 9, 14, 5, 120000, UTC))
    '2026-03-02T09:14:05.120Z'
    """
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def write_truth(path: Path, sample: Sample, *, seed: int) -> None:
    """Write the truth as indented JSON, with files by their names and times as the feed writes them."""
    document = {
        "seed": seed,
        "workspace": sample.workspace,
        "first_day": sample.first_day.isoformat(),
        "last_day": sample.last_day.isoformat(),
        "worst_week": sample.worst_week,
        "files": [file.name for file in sample.files],
        "books": {name: asdict(books) for name, books in sample.books.items()},
        "incidents": [
            {**asdict(incident), "since": stamp(incident.since), "until": stamp(incident.until)}
            for incident in sample.truth
        ],
    }
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
