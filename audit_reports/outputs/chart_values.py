"""What do the pictures of a review show? Their values, without any matter of drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING

from audit_reports.period import MONTHS, WEEKDAYS

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from audit_reports.reviews.review import Review

UNKNOWN = "(unknown)"
TOP = 20
CHANGES = 12
MANY_DAYS = 16


@dataclass(frozen=True)
class Bar:
    """One bar: its label as the event says it, its events now and before."""

    label: str
    now: int
    before: int


@dataclass(frozen=True)
class Grid:
    """Events by row (a day or a weekday) and local hour."""

    rows: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def alternative(self) -> str:
        """The busiest cell and the night, in a sentence."""
        top, row, hour = max((n, -i, -h) for i, line in enumerate(self.counts) for h, n in enumerate(line))
        night = sum(n for line in self.counts for n in line[:6])
        return (
            f"Grid of days and hours. Most events, {top:,}, fall on {self.rows[-row]} from {-hour:02}:00; "
            f"{night:,} lie between 00:00 and 06:00."
        )


@dataclass(frozen=True)
class Place:
    """A country's events now and before."""

    code: str
    name: str
    now: int
    before: int


def time_bars(review: Review) -> list[Bar]:
    """Return the events by local day, or by hour for a review of one day, beside those of the period before."""
    period = review.period
    key = "hour" if period.kind == "day" else "day"
    now, before = (
        {row[key]: row["events"] for row in frame.group_by(key).agg(_sums("events")).iter_rows(named=True)}
        for frame in (review.hours, review.hours_before)
    )
    if key == "hour":
        return [Bar(f"{hour:02}:00", now.get(hour, 0), before.get(hour, 0)) for hour in range(24)]
    earlier = review.before.days
    return [
        Bar(_day(day), now.get(day, 0), before.get(earlier[place], 0) if place < len(earlier) else 0)
        for place, day in enumerate(period.days)
    ]


def clock_grid(review: Review) -> Grid:
    """Return the events by day and local hour, by weekday instead for a long period."""
    days = review.period.days
    by_weekday = len(days) > MANY_DAYS
    names = tuple(WEEKDAYS) if by_weekday else tuple(_day(day) for day in days)
    counts = [[0] * 24 for _ in names]
    place = {day: day.weekday() if by_weekday else index for index, day in enumerate(days)}
    for day, hour, events in review.hours.iter_rows():
        counts[place[day]][hour] += events
    return Grid(names, tuple(map(tuple, counts)))


def top_bars(review: Review, table: str, column: str) -> list[Bar]:
    """Return the largest values of a column of a table; the table beside the picture has them all."""
    frame = review.tables[table].group_by(column).agg(_sums()).select(column, "events", "before")
    rows = sorted(frame.iter_rows(), key=lambda row: (-row[1], -row[2], row[0] is None, row[0]))
    found = [Bar(UNKNOWN if label is None else label, now, before) for label, now, before in rows]
    return found[:TOP]


def largest_changes(review: Review) -> list[Bar]:
    """Return the pairs of category and action whose events changed most, most first; none without a past."""
    if not review.trust.has_past:
        return []
    changed = review.categories.filter(review.categories["change"] != 0)
    rows = sorted(changed.iter_rows(named=True), key=lambda row: -abs(row["change"]))[:CHANGES]
    return [
        Bar(", ".join(row[name] or UNKNOWN for name in ("category", "action")), row["events"], row["before"])
        for row in rows
    ]


def by_country(review: Review) -> list[Place]:
    """Return the countries with events now or before, most first; unknown ones are in no country."""
    frame = review.locations.filter(review.locations["country"].is_not_null())
    rows = frame.group_by("country", "country_name").agg(_sums()).iter_rows()
    places = [Place(code, name or code, now, before) for code, name, now, before in rows]
    return sorted(places, key=lambda place: (-place.now, -place.before, place.code))


def tints(places: Sequence[Place]) -> dict[str, int]:
    """Return each country's tint, 1 to 4 by the root of its events; countries without events have none."""
    most = max((place.now for place in places), default=0)
    return {place.code: ceil(4 * sqrt(place.now / most)) for place in places if place.now}


def dot_size(place: Place, places: Sequence[Place]) -> float:
    """Return a dot's diameter in pixels; its area grows with the events."""
    return round(6 + 16 * sqrt(place.now / max(other.now for other in places)), 1)


def is_new(place: Place, places: Sequence[Place]) -> bool:
    """Say whether a country has events only now, in a log that had some from elsewhere before."""
    return place.before == 0 and any(other.before for other in places)


def _sums(*columns: str) -> list[pl.Expr]:
    import polars as pl

    return [pl.col(column).sum() for column in columns or ("events", "before")]


def _day(day: date) -> str:
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]}"
