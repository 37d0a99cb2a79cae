"""Periods: what each word means, where summer time makes a week longer or shorter, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from audit_reports.errors import UsageError
from audit_reports.period import Period

NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)


def parse(text: str, timezone: str = "Europe/Madrid", now: datetime = NOW) -> Period:
    return Period.parse(text, timezone=timezone, now=now)


@pytest.mark.parametrize(
    ("text", "name", "since", "until"),
    [
        ("day", "2026-03-10", "2026-03-09T23:00", "2026-03-10T23:00"),
        ("week", "2026-W10", "2026-03-01T23:00", "2026-03-08T23:00"),
        ("month", "2026-02", "2026-01-31T23:00", "2026-02-28T23:00"),
        ("quarter", "2025-Q4", "2025-09-30T22:00", "2025-12-31T23:00"),
        ("2026-W10", "2026-W10", "2026-03-01T23:00", "2026-03-08T23:00"),
        ("2026-w1", "2026-W01", "2025-12-28T23:00", "2026-01-04T23:00"),
        ("2026-03", "2026-03", "2026-02-28T23:00", "2026-03-31T22:00"),
        ("2026-Q1", "2026-Q1", "2025-12-31T23:00", "2026-03-31T22:00"),
        ("2026-03-02", "2026-03-02", "2026-03-01T23:00", "2026-03-02T23:00"),
        ("2026-03-02..2026-03-09", "2026-03-02..2026-03-09", "2026-03-01T23:00", "2026-03-08T23:00"),
    ],
)
def test_period_of_a_text(text: str, name: str, since: str, until: str) -> None:
    period = parse(text)
    assert period.name == name
    assert (period.since.isoformat()[:16], period.until.isoformat()[:16]) == (since, until)
    assert period.since.tzinfo is UTC
    assert parse(period.name) == period


@pytest.mark.parametrize(("text", "hours"), [("2026-W13", 167), ("2026-W12", 168), ("2026-W43", 169)])
def test_a_week_lasts_as_long_as_its_clock_says(text: str, hours: int) -> None:
    assert parse(text).hours == hours
    assert len(parse(text).days) == 7


def test_the_last_complete_week_turns_over_at_local_midnight() -> None:
    sunday_night = datetime(2026, 3, 8, 23, 30, tzinfo=UTC)
    assert parse("week", "Europe/Madrid", sunday_night).name == "2026-W10"
    assert parse("week", "UTC", sunday_night).name == "2026-W09"


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("2026-W01", "2025-W52"),
        ("2021-W01", "2020-W53"),
        ("2026-01", "2025-12"),
        ("2026-Q1", "2025-Q4"),
        ("2026-03-01", "2026-02-28"),
        ("2026-03-02..2026-03-09", "2026-02-23..2026-03-02"),
    ],
)
def test_before_is_the_same_kind_just_before(name: str, before: str) -> None:
    period = parse(name)
    assert period.before().name == before
    assert period.before().until == period.since


def test_days_and_label_are_local() -> None:
    period = parse("2026-W01")
    assert period.days[0] == date(2025, 12, 29)
    assert period.label == "Week 1 of 2026, Monday 29 December 2025 to Sunday 4 January 2026"
    assert parse("2026-Q1").label == "January to March 2026"
    assert parse("2026-03-02..2026-03-09").label == "2 to 8 March 2026"
    assert parse("2026-03-02").label == "Monday 2 March 2026"


def test_a_day_without_a_midnight_begins_when_the_clock_jumps() -> None:
    assert parse("2018-11-04", "America/Sao_Paulo").hours == 23


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("wek", "did you mean 'week'"),
        ("", "a period is day, week"),
        ("2026-W54", "W01 to W53"),
        ("2025-W53", "W01 to W52"),
        ("2026-W0", "W01 to W53"),
        ("2026-13", "did you mean '2026-12'? A year has the months 01 to 12"),
        ("2026-Q5", "did you mean '2026-Q4'? A year has Q1 to Q4"),
        ("2026-02-30", "did you mean '2026-02-28'? The calendar has no 2026-02-30"),
        ("2026-03-09..2026-03-02", "reversed"),
        ("2026-03-02..2026-03-02", "empty"),
        ("2026-03-02..", "is no date"),
        ("0001-W01", "year must be between"),
        ("٢٠٢٦-03", "a period is day, week"),
        ("\x1b[31m", r"\x1b"),
    ],
)
def test_nonsense_is_refused_in_one_line(text: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(text)
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "says"), [("Europe/Madird", "Europe/Madrid"), ("Madrid", "Europe/Madrid"), ("../etc", "IANA")]
)
def test_an_unknown_timezone_names_the_nearest(name: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse("week", name)
