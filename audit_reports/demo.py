"""How does it all look together? Makes the sample events, lands them week by week, and writes the worst week's review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import Landing, land
from audit_reports.store import Store

if TYPE_CHECKING:
    from audit_reports.sample import Sample

TIMEZONE = "Europe/Madrid"


@dataclass(frozen=True)
class World:
    """The sample world, landed: its files, its store, and what came of each landing, in order."""

    sample: Sample
    store: Path
    landings: tuple[Landing, ...]


def land_sample(folder: Path, *, seed: int = 7) -> World:
    """Write the sample's files to a folder and land each as its Monday's export would: one landing a week, at 06:00 UTC.

    What has landed there before is left alone. The clock plays no part: the same seed gives the same rows.
    """
    from audit_reports.sample import write_sample

    sample = write_sample(folder, seed=seed)
    store = Store.create(folder / "store")
    landings = [land(store, [str(path)], FEEDS, now=_delivered(path)) for path in sample.files]
    return World(sample, folder / "store", tuple(landings))


def _delivered(path: Path) -> datetime:
    year, week = path.name.split(".")[0].split("-W")
    monday = date.fromisocalendar(int(year), int(week), 1) + timedelta(days=7)
    return datetime.combine(monday, time(6), UTC)
