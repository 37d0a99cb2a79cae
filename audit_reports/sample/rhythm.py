"""When do people work? On working days, in the hours of their own timezone, and seldom otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from audit_reports.sample.people import Actor, City

_HOURS = range(7, 23)
_WORKING = (2, 9, 13, 14, 12, 11, 12, 13, 12, 10, 7, 4, 2, 1, 1, 1)
"""How much of a working day's activity falls into each hour of `_HOURS`, before lunch is taken out."""

_SATURDAY = 5
_WEEKEND_CHANCE = 0.05
_WEEKEND_SHARE = 0.3


def days(first: date, last: date) -> Iterator[date]:
    """Yield the days from `first` to `last`, both included.

    >>> [day.day for day in days(date(2026, 1, 30), date(2026, 2, 1))]
    [30, 31, 1]
    """
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def at_home(person: Actor, day: date) -> bool:
    """Return whether that day is no working day where the person works (a local day)."""
    city = person.office.city
    return day.weekday() >= _SATURDAY or (city is not None and day in city.holidays)


def working_moments(rng: Random, person: Actor, day: date) -> list[datetime]:
    """Draw the moments (UTC, unsorted) at which a person acts on a local day; empty on most days off."""
    city = person.office.city
    if city is None or not person.joined <= day < person.left:
        return []
    share = 1.0
    if at_home(person, day):
        share = _WEEKEND_SHARE if rng.random() < _WEEKEND_CHANCE else 0.0
    number = round(person.pace * share * rng.uniform(0.4, 1.6))
    return [_moment(rng, city, day, rng.choices(_HOURS, _weights(city))[0]) for _ in range(number)]


def machine_moments(rng: Random, machine: Actor, day: date) -> list[datetime]:
    """Draw the moments (UTC, unsorted) of a bot's or an API key's day: any hour, any day of the week."""
    number = round(machine.pace * rng.uniform(0.7, 1.3))
    midnight = datetime.combine(day, time(), UTC)
    return [midnight + timedelta(milliseconds=rng.randrange(86_400_000)) for _ in range(number)]


def local(day: str, clock: str, city: City) -> datetime:
    """Return the moment (UTC) of a local day and time in a city.

    >>> from audit_reports.sample.people import CITIES
    >>> local("2026-03-02", "10:14:05.120", CITIES["madrid"]).isoformat()
    '2026-03-02T09:14:05.120000+00:00'
    """
    return datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=ZoneInfo(city.timezone)).astimezone(UTC)


def _weights(city: City) -> list[float]:
    return [weight * (0.35 if hour == city.lunch else 1) for hour, weight in zip(_HOURS, _WORKING, strict=True)]


def _moment(rng: Random, city: City, day: date, hour: int) -> datetime:
    inside = timedelta(milliseconds=rng.randrange(3_600_000))
    wall = datetime.combine(day, time(hour)) + inside
    return wall.replace(tzinfo=ZoneInfo(city.timezone)).astimezone(UTC)
