"""What does monitoring see? Each thing that somebody must look at, for as long as it helps to look."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from audit_reports import AuditLog
from audit_reports.delivery.agenda import tasks
from audit_reports.delivery.calendar import Day, calendar, silent_feeds, wrong
from audit_reports.delivery.deliver import Office, deliver
from audit_reports.delivery.sign import sign
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.plan import Mail, Plan
from audit_reports.store import Store

MONDAY = datetime(2026, 3, 9, 6, tzinfo=UTC)  # after week 10
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
PLAN = Plan("weekly", catch_up=2)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with an event a day from the Monday of week 10 to the end of week 20, so that no feed is silent in between."""
    days = [date(2026, 3, 2) + timedelta(days=n) for n in range(77)]
    inbox = tmp_path / "inbox.jsonl"
    inbox.write_text(
        "".join(
            json.dumps({"id": str(n), "occurred_at": f"{day}T09:00:00Z", "category": "Assistants", "action": "Updated"})
            + "\n"
            for n, day in enumerate(days)
        )
    )
    made = Store.create(tmp_path / "store")
    land(made, [str(inbox)], FEEDS, now=datetime(2026, 5, 18, tzinfo=UTC))
    return made


def run(store: Store, now: datetime, plan: Plan = PLAN, mail: Mail | None = None) -> None:
    office = Office(store, mail, None, "UTC", now, lambda seconds: None)
    for task in tasks(store, [plan], timezone="UTC", now=now)[0]:
        deliver(office, task)


def check(store: Store, now: datetime, plan: Plan = PLAN) -> list[str]:
    return wrong(store, [plan], timezone="UTC", now=now)


def day(store: Store, now: datetime, review: str, plan: Plan = PLAN) -> Day:
    return next(one for one in calendar(store, [plan], timezone="UTC", now=now) if one.review == review)


def test_all_is_well_is_no_line(store: Store) -> None:
    run(store, MONDAY)
    assert check(store, MONDAY + DAY) == []


def test_overdue_is_a_day_after_it_was_due_and_until_it_is_made(store: Store) -> None:
    run(store, MONDAY)
    assert check(store, MONDAY + WEEK) == []
    later = MONDAY + WEEK + DAY
    assert check(store, later) == ["overdue: weekly-2026-W11, due 2026-03-16 00:00 UTC (the next run makes it)"]
    run(store, later)
    assert check(store, later) == []


@pytest.mark.slow
def test_missed_is_told_for_a_week_and_in_the_calendar_for_ever(store: Store) -> None:
    run(store, MONDAY)
    back = datetime(2026, 3, 30, 1, tzinfo=UTC)  # when week 13 is due, week 11 is out of reach of two
    run(store, back)
    reason = "older than the last 2 periods, which catch_up allows; audit-reports review --period 2026-W11 still can"
    assert check(store, back) == [f"missed: weekly-2026-W11, due 2026-03-16 00:00 UTC ({reason})"]
    run(store, back + WEEK)
    assert check(store, back + WEEK) == []
    for now in (back, back + WEEK):
        told = day(store, now, "weekly-2026-W11")
        assert (told.state, told.reason, told.missed_at) == ("missed", reason, datetime(2026, 3, 30, tzinfo=UTC))


def test_what_is_older_than_the_plan_is_not_missed_by_a_check(store: Store) -> None:
    begun = MONDAY + 4 * WEEK
    run(store, begun)
    assert check(store, begun) == []
    told = day(store, begun, "weekly-2026-W10")
    assert (told.state, told.missed_at) == ("missed", None)
    assert told.reason == "from before the first review of weekly; audit-reports review --period 2026-W10 still can"


def nowhere(plan: Plan = PLAN) -> tuple[Plan, Mail]:
    """A plan that is mailed to somebody, and a server that nobody listens at."""
    return replace(plan, recipients=("ana@example.com",)), Mail("127.0.0.1", 9, "none", "audit@example.com")


def test_unsent_is_told_until_it_is_sent_however_long_ago(store: Store) -> None:
    plan, mail = nowhere()
    run(store, MONDAY, plan, mail)
    said = "unsent: weekly-2026-W10, not sent yet to ana@example.com; the next run tries again"
    assert check(store, MONDAY, plan) == [said]
    much_later = MONDAY + 5 * WEEK
    assert said in check(store, much_later, plan)
    due = [(task.due.review, task.amendment) for task in tasks(store, [plan], timezone="UTC", now=much_later)[0]]
    assert ("weekly-2026-W10", 0) in due


def mailed(store: Store, review: str, now: datetime, **answer: object) -> None:
    """Journal the answer of a mail server."""
    facts = {"review": review, "amendment": 0, "accepted": ["ana@example.com"], "refused": {}, "waiting": {}} | answer
    store.journal.append("mailed", facts, time=now)


def test_unsigned_is_told_a_week_after_the_mail_until_it_is_signed(store: Store) -> None:
    plan, mail = nowhere()
    run(store, MONDAY, plan, mail)
    mailed(store, "weekly-2026-W10", MONDAY)
    assert check(store, MONDAY + WEEK, replace(plan, delay=9 * DAY)) == []
    now = MONDAY + WEEK + timedelta(hours=1)
    assert check(store, now, replace(plan, delay=DAY)) == ["unsigned: weekly-2026-W10, since 2026-03-09 06:00 UTC"]
    assert day(store, now, "weekly-2026-W10", replace(plan, delay=DAY)).state == "unsigned", "its mail was in time"
    sign(store, "weekly-2026-W10", now=now)
    assert check(store, now, replace(plan, delay=DAY)) == []


def test_refused_is_told_until_somebody_signs(store: Store) -> None:
    plan, mail = nowhere()
    run(store, MONDAY, plan, mail)
    mailed(store, "weekly-2026-W10", MONDAY, accepted=[], refused={"ana@example.com": "550 no such user"})
    assert check(store, MONDAY, plan) == ["unsent: weekly-2026-W10, ana@example.com: 550 no such user"]
    sign(store, "weekly-2026-W10", now=MONDAY)
    assert check(store, MONDAY, plan) == []


@pytest.mark.slow
def test_a_feed_that_fell_silent_is_told(store: Store) -> None:
    now = datetime(2026, 5, 20, 1, tzinfo=UTC)
    run(store, now)
    assert check(store, now) == [
        "silent: invent, its newest event is of 2026-05-17, and it was never silent so long before"
    ]


@pytest.mark.parametrize(("apart", "longest"), [(1, 2), (7, 7)])
def test_a_feed_is_silent_when_it_never_was_so_long_and_for_two_days_at_least(
    tmp_path: Path, apart: int, longest: int
) -> None:
    event = {"category": "Assistants", "action": "Updated"}
    days = [date(2026, 3, 2) + n * apart * DAY for n in range(4)]
    inbox = tmp_path / "inbox.jsonl"
    lines = [json.dumps({"id": str(day), "occurred_at": f"{day}T09:00:00Z"} | event) + "\n" for day in days]
    inbox.write_text("".join(lines))
    land(tmp_path / "store", [str(inbox)], FEEDS, now=datetime(2026, 4, 1, tzinfo=UTC))
    log, last = AuditLog(tmp_path / "store"), datetime.combine(days[-1], time(1), UTC)
    assert silent_feeds(log, now=last + longest * DAY) == []
    assert silent_feeds(log, now=last + (longest + 1) * DAY) == [("invent", days[-1])]
