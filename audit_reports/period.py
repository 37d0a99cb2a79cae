"""Which time does a review cover? A period: a name, two bounds in UTC, and the timezone whose midnights they are."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from audit_reports.errors import UsageError, nearest, quoted
from audit_reports.meant import day_meant, other_word, period_meant, zone_meant

RELATIVE = ("day", "week", "month", "quarter")
"""The periods that mean the last complete one."""

FORMS = "day, week, month, quarter, 2026-W10, 2026-03, 2026-Q1, 2026-03-02 or 2026-03-02..2026-03-09"

_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d\d)", re.ASCII)
_WEEK = re.compile(r"(\d{4})-[Ww](\d\d?)", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-[Qq](\d)", re.ASCII)
_YEARS = range(1970, 9998)

_NO_NAME = re.compile(r"(right|posix)/.*|localtime|posixrules|Factory")
"""What lies among the timezones without being one by its name: copies with leap seconds, and what differs by machine."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@dataclass(frozen=True)
class Period:
    """A stretch of whole local days, half-open: `since` belongs to it, `until` does not.

    Both bounds are in UTC and are midnights of `timezone`, so a week can have 167, 168 or 169 hours. `name` is absolute
    (`2026-W10`) and gives the same period again when parsed in the same timezone.
    """

    name: Annotated[str, "absolute, as 2026-W10"]
    since: Annotated[datetime, "the first moment of it, UTC"]
    until: Annotated[datetime, "the first moment after it, UTC"]
    timezone: Annotated[str, "whose midnights they are, as Europe/Madrid"]

    @classmethod
    def parse(cls, text: str, *, timezone: str, now: datetime) -> Period:
        """Return the period that a text names, in the given timezone.

        `day`, `week`, `month` and `quarter` mean the last complete one at `now`. Raises `UsageError` for anything that is
        no period, for a reversed or empty range, and for an unknown timezone.

        >>> at = datetime(2026, 3, 11, 12, tzinfo=UTC)
        >>> Period.parse("week", timezone="Europe/Madrid", now=at).name
        '2026-W10'
        >>> Period.parse("2026-03", timezone="Europe/Madrid", now=at).until.isoformat()
        '2026-03-31T22:00:00+00:00'
        """
        word = text.strip()
        local_today = now.astimezone(checked_timezone(timezone)).date()
        name = _last_complete(word, local_today) if word in RELATIVE else word
        first, end, name = _dates(name)
        since, until = (_midnight(day, timezone) for day in (first, end))
        if since >= until:
            raise UsageError(
                f"the period {quoted(text)} holds no time: in {timezone} it begins and ends at the same moment"
            )
        return cls(name, since, until, timezone)

    def before(self) -> Period:
        """Return the period of the same kind just before: the week before a week, as many days before a range."""
        first, end = self._first, self._end
        if _WEEK.fullmatch(self.name):
            name = _week_name(first - timedelta(days=7))
        elif _QUARTER.fullmatch(self.name):
            name = _quarter_name(first - timedelta(days=1))
        elif _MONTH.fullmatch(self.name):
            name = _month_name(first - timedelta(days=1))
        elif _DAY.fullmatch(self.name):
            name = (first - timedelta(days=1)).isoformat()
        else:
            name = f"{first - (end - first)}..{first}"
        return Period.parse(name, timezone=self.timezone, now=self.since)

    @property
    def kind(self) -> str:
        """What the period is, as a word: `day`, `week`, `month`, `quarter`, or `period` for any other range."""
        forms = {"week": _WEEK, "quarter": _QUARTER, "month": _MONTH, "day": _DAY}
        return next((kind for kind, form in forms.items() if form.fullmatch(self.name)), "period")

    @property
    def days(self) -> tuple[date, ...]:
        """The local dates of the period, first to last."""
        return tuple(self._first + timedelta(days=n) for n in range((self._end - self._first).days))

    @property
    def hours(self) -> float:
        """How many hours the period really lasts, which summer time changes; a whole number but on Lord Howe Island."""
        hours = (self.until - self.since) / timedelta(hours=1)
        return int(hours) if hours.is_integer() else hours

    @property
    def label(self) -> str:
        """The period as people say it, without its timezone.

        >>> Period.parse("2026-W10", timezone="UTC", now=datetime(2026, 4, 1, tzinfo=UTC)).label
        'Week 10 of 2026, Monday 2 to Sunday 8 March'
        """
        first, last = self.days[0], self.days[-1]
        match self.kind:
            case "day":
                return f"{WEEKDAYS[first.weekday()]} {first.day} {MONTHS[first.month - 1]} {first.year}"
            case "month":
                return f"{MONTHS[first.month - 1]} {first.year}"
            case "quarter":
                return f"{MONTHS[first.month - 1]} to {MONTHS[last.month - 1]} {first.year}"
            case "week":
                year, week, _ = first.isocalendar()
                span = _span(first, last, default_year=year, weekdays=True)
                return f"Week {week} of {year}, {span}"
            case _:
                return _span(first, last, default_year=None, weekdays=False)

    @property
    def _first(self) -> date:
        return self.since.astimezone(ZoneInfo(self.timezone)).date()

    @property
    def _end(self) -> date:
        return self.until.astimezone(ZoneInfo(self.timezone)).date()


def checked_timezone(name: str) -> ZoneInfo:
    """Return a timezone by its IANA name; raises `UsageError` with the nearest where there is none."""
    with suppress(KeyError, ValueError, OSError):
        if not _NO_NAME.fullmatch(name):
            return ZoneInfo(name)  # to list all names takes a tenth of a second
    known = {one for one in available_timezones() if not _NO_NAME.fullmatch(one)}
    raise UsageError.unknown("timezone", name, known, "IANA names, as Europe/Madrid or UTC", meant=zone_meant(name))


def _midnight(day: date, timezone: str) -> datetime:
    # Where summer time skips midnight, the first `fold` gives the moment of the jump: the day's true beginning.
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone)).astimezone(UTC)


def _last_complete(kind: str, today: date) -> str:
    match kind:
        case "day":
            return (today - timedelta(days=1)).isoformat()
        case "week":
            return _week_name(today - timedelta(days=7))
        case "month":
            return _month_name(today.replace(day=1) - timedelta(days=1))
        case _:
            return _quarter_name(_quarter_start(today) - timedelta(days=1))


def _dates(name: str) -> tuple[date, date, str]:
    """Return the first day, the day after the last, and the canonical name."""
    if ".." in name and "..." not in name:
        start, _, stop = name.partition("..")
        first, end = _day(start.strip(), name), _day(stop.strip(), name)
        if first >= end:
            wrong = "is empty" if first == end else "is reversed"
            raise UsageError(f"the period {quoted(name)} {wrong}: the second date is the first day after the period")
        return first, end, f"{first}..{end}"
    if match := _WEEK.fullmatch(name):
        year, week = _year(match[1], name), int(match[2])
        weeks = date(year, 12, 28).isocalendar().week
        if not 1 <= week <= weeks:
            meant = f"{year}-W{min(max(week, 1), weeks):02}"
            raise UsageError(f"no week {quoted(name)}: did you mean {meant!r}? {year} has the weeks W01 to W{weeks}")
        first = date.fromisocalendar(year, week, 1)
        return first, first + timedelta(days=7), _week_name(first)
    if match := _QUARTER.fullmatch(name):
        if match[2] not in "1234":
            meant = f"{match[1]}-Q{min(max(int(match[2]), 1), 4)}"
            raise UsageError(f"no quarter {quoted(name)}: did you mean {meant!r}? A year has Q1 to Q4")
        first = date(_year(match[1], name), int(match[2]) * 3 - 2, 1)
        return first, _quarter_start(first + timedelta(days=100)), _quarter_name(first)
    if _DAY.fullmatch(name):
        first = _day(name, name)
        return first, first + timedelta(days=1), name
    if match := _MONTH.fullmatch(name):
        if not 1 <= int(match[2]) <= len(MONTHS):
            meant = f"{match[1]}-{min(max(int(match[2]), 1), len(MONTHS)):02}"
            raise UsageError(f"no month {quoted(name)}: did you mean {meant!r}? A year has the months 01 to 12")
        first = date(_year(match[1], name), int(match[2]), 1)
        return first, (first + timedelta(days=31)).replace(day=1), _month_name(first)
    words = (name, *re.split(r"[\W_]+", name))  # `last-week` is a week, also where it is misspelt
    near = (
        period_meant(name, MONTHS)
        or other_word(name, RELATIVE)
        or next((n for word in words for n in nearest(word, RELATIVE)), None)
    )
    raise UsageError(f"no period {quoted(name)}: {f'did you mean {near!r}? A' if near else 'a'} period is {FORMS}")


def _day(text: str, whole: str) -> date:
    if not _DAY.fullmatch(text):
        raise UsageError(f"no period {quoted(whole)}: {quoted(text)} is no date like 2026-03-02")
    try:
        found = date.fromisoformat(text)
    except ValueError:
        near = f": did you mean {day_meant(text)!r}?" if text == whole else ":"
        raise UsageError(f"no period {quoted(whole)}{near} The calendar has no {text}") from None
    _year(text[:4], whole)
    return found


def _year(text: str, whole: str) -> int:
    if int(text) not in _YEARS:
        raise UsageError(f"no period {quoted(whole)}: the year must be between {_YEARS[0]} and {_YEARS[-1]}")
    return int(text)


def _week_name(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02}"


def _month_name(day: date) -> str:
    return f"{day.year}-{day.month:02}"


def _quarter_name(day: date) -> str:
    return f"{day.year}-Q{(day.month + 2) // 3}"


def _quarter_start(day: date) -> date:
    return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)


def _span(first: date, last: date, *, default_year: int | None, weekdays: bool) -> str:
    def said(day: date, *, month: bool, year: bool) -> str:
        words = [WEEKDAYS[day.weekday()]] if weekdays else []
        words += [str(day.day)] + [MONTHS[day.month - 1]] * month + [str(day.year)] * year
        return " ".join(words)

    same_year = first.year == last.year
    year_last = not (same_year and first.year == default_year)
    if first == last:
        return said(first, month=True, year=year_last)
    same_month = same_year and first.month == last.month
    start = said(first, month=not same_month, year=not same_year)
    return f"{start} to {said(last, month=True, year=year_last)}"
