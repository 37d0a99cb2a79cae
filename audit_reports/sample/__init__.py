"""What does a believable workspace look like? Twelve weeks of "Northwind", with incidents and their truth.

The same seed gives the same bytes; no clock is read, so the sample never ages. Everybody in it is invented.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random

from audit_reports.sample.delivery import books_of, deliver
from audit_reports.sample.files import FILE_NAMES, write_week
from audit_reports.sample.hostile import HOSTILE_TEXTS
from audit_reports.sample.incidents import incidents
from audit_reports.sample.milestones import milestones
from audit_reports.sample.people import WORKSPACE
from audit_reports.sample.routine import routine, stocked
from audit_reports.sample.truth import Books, Incident, Sample, write_truth
from audit_reports.sample.world import Event, World

__all__ = [
    "FIRST_DAY",
    "HOSTILE_TEXTS",
    "LAST_DAY",
    "SILENT_DAY",
    "Books",
    "Incident",
    "Sample",
    "write_sample",
]

FIRST_DAY, LAST_DAY = date(2026, 1, 5), date(2026, 3, 29)
"""A Monday and a Sunday twelve weeks later, both included (UTC)."""

SILENT_DAY = date(2026, 2, 18)
"""A Wednesday (UTC) of which no event was collected."""

WORST_WEEK = "2026-W10"


def write_sample(folder: Path, *, seed: int = 7) -> Sample:
    """Write the raw files into `folder/inbox`, the truth into `folder/truth.json`, and return what they hold.

    Folders are made where absent, files of the same names replaced; about 20,000 events in twelve files.
    Times are UTC. Raises `OSError` where the folder cannot be written.
    """
    rng = Random(seed)  # noqa: S311 - a sample is to be repeated, not kept secret
    events, stories = _played(rng)
    inbox = folder / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    delivery, arrivals = deliver(rng, events, stories, FILE_NAMES)
    sample = Sample(
        workspace=WORKSPACE,
        files=tuple(write_week(inbox, week, lines) for week, lines in delivery.items()),
        first_day=FIRST_DAY,
        last_day=LAST_DAY,
        worst_week=WORST_WEEK,
        truth=(*stories, _silence(), *arrivals),
        books={FILE_NAMES[week]: books_of(lines) for week, lines in delivery.items()},
    )
    write_truth(folder / "truth.json", sample, seed=seed)
    return sample


def _played(rng: Random) -> tuple[list[Event], list[Incident]]:
    """Let the twelve weeks happen in the order of time; the events by time, and the stories among them."""
    world = stocked(World(rng))
    steps = [*routine(world, FIRST_DAY, LAST_DAY), *milestones(), *incidents()]
    steps = [(at, step) for at, step in steps if FIRST_DAY <= at.date() <= LAST_DAY and at.date() != SILENT_DAY]
    told = [step(world, at) for at, step in sorted(steps, key=lambda moment: moment[0])]
    world.events.sort(key=lambda event: str(event["occurred_at"]))
    return world.events, [story for story in told if story]


def _silence() -> Incident:
    midnight = datetime.combine(SILENT_DAY, time(), UTC)
    return Incident(
        name="silent_day",
        title="A day without any event",
        sentence="On a Wednesday nothing at all arrives, not even from the bots: nothing was collected.",
        actor=None,
        since=midnight,
        until=midnight + timedelta(days=1),
        facts={"day": SILENT_DAY.isoformat()},
    )
