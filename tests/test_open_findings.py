"""Is a finding carried over until somebody has decided about it? With its age, its owner, and never twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli

from audit_reports import AuditLog, FailureError, UsageError
from audit_reports.delivery.agenda import tasks
from audit_reports.delivery.deliver import Office, deliver
from audit_reports.delivery.open_findings import open_findings, told_until
from audit_reports.delivery.sign import Decision, sign
from audit_reports.feeds import FEEDS
from audit_reports.findings.exceptions import Rules
from audit_reports.ingest.landing import land
from audit_reports.outputs.html import page
from audit_reports.outputs.mail import mail_body
from audit_reports.outputs.review_summary import attention
from audit_reports.period import Period
from audit_reports.plan import Plan
from audit_reports.reviews.carried import Carried
from audit_reports.reviews.review import make_review
from audit_reports.store import Store

FIRST = datetime(2026, 3, 9, 6, tzinfo=UTC)  # the Monday after week 10
WEEK = timedelta(weeks=1)
PLAN = Plan("weekly")
Week = Callable[[int], dict[str, Any]]


def deletions(week: int) -> list[dict[str, Any]]:
    """Twenty-five deletions within minutes by Dev, on the Wednesday of a week."""
    day = datetime.fromisocalendar(2026, week, 3).date()
    return [
        {"id": f"{week}-{n}", "occurred_at": f"{day}T10:{n:02}:00Z", "category": "Assistants", "action": "Deleted",
         "actor": {"email": "dev@example.com", "type": "human"}, "resource": {"name": f"a{n}"}}
        for n in range(25)
    ]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path) -> Store:
    inbox = tmp_path / "inbox.jsonl"
    inbox.write_text("".join(json.dumps(event) + "\n" for event in deletions(10)))
    made = Store.create(tmp_path / "store")
    land(made, [str(inbox)], FEEDS, now=FIRST)
    return made


@pytest.fixture
def week(store: Store) -> Week:
    """Make all that is due on the Monday after a week; return the record of that week's review."""

    def made(number: int) -> dict[str, Any]:
        now = FIRST + (number - 10) * WEEK
        office = Office(store, None, None, "UTC", now, lambda seconds: None)
        for task in tasks(store, [PLAN], timezone="UTC", now=now)[0]:
            assert deliver(office, task).what == "made"
        record: dict[str, Any] = json.loads(store.place.read(f"reviews/weekly-2026-W{number}/run.json"))
        return record

    return made


def mass(record: dict[str, Any], key: str = "findings") -> list[dict[str, Any]]:
    return [one for one in record[key] if one["finding"].startswith("mass_deletion-")]


def decided(store: Store, review: str, what: str, *, now: datetime) -> None:
    """Sign a review, with one decision for all its findings and for what it carries over."""
    record = json.loads(store.place.read(f"reviews/{review}/run.json"))
    ids = [one["finding"] for one in [*record["findings"], *record["carried"]]]
    sign(store, review, decisions=[Decision.parse(f"{one}={what}") for one in ids], now=now)


def test_what_nobody_decided_is_carried_over_with_its_age(week: Week) -> None:
    (found,) = mass(week(10))
    assert mass(week(10), "carried") == []
    for number, days in ((11, 7), (12, 14)):
        record = week(number)
        (carried,) = mass(record, "carried")
        assert mass(record) == []
        assert carried == {
            "finding": found["finding"], "severity": found["severity"], "actor": "dev@example.com",
            "sentence": found["sentence"], "review": "weekly-2026-W10", "days": days, "owner": None, "due": None,
            "is_overdue": False, "is_found_again": False,
        }  # fmt: skip


@pytest.mark.parametrize("what", ["expected", "fixed"])
def test_a_decision_closes_it(store: Store, week: Week, what: str) -> None:
    week(10)
    decided(store, "weekly-2026-W10", what, now=FIRST)
    assert week(11)["carried"] == []


def test_a_follow_up_stays_until_it_is_fixed_and_says_when_it_is_overdue(store: Store, week: Week) -> None:
    week(10)
    decided(store, "weekly-2026-W10", "follow-up:ana:2026-03-20", now=FIRST)
    states = []
    for number in (11, 12):
        (carried,) = mass(week(number), "carried")
        states.append((carried["owner"], carried["due"], carried["is_overdue"]))
    assert states == [("ana", "2026-03-20", False), ("ana", "2026-03-20", True)]
    decided(store, "weekly-2026-W12", "fixed", now=FIRST + 2 * WEEK)
    assert week(13)["carried"] == []


def test_what_was_never_told_cannot_be_decided(store: Store, week: Week) -> None:
    week(10)
    decided(store, "weekly-2026-W10", "expected", now=FIRST)
    week(11)
    with pytest.raises(UsageError, match="unknown finding"):
        sign(store, "weekly-2026-W11", decisions=[Decision("mass_deletion-000000", "fixed")], now=FIRST)


def test_a_finding_is_decided_once_and_none_is_left_out(store: Store, week: Week) -> None:
    first, *rest = [one["finding"] for one in week(10)["findings"]]
    assert rest
    with pytest.raises(UsageError, match=f"two decisions about '{first}'"):
        sign(store, "weekly-2026-W10", decisions=[Decision(first, "fixed"), Decision(first, "expected")], now=FIRST)
    with pytest.raises(UsageError, match=f"{len(rest)} findings have no decision yet: {rest[0]}"):
        sign(store, "weekly-2026-W10", decisions=[Decision(first, "fixed")], now=FIRST)


def test_a_later_entry_of_the_journal_changes_nothing(store: Store, week: Week) -> None:
    week(10)
    entry = told_until(store.journal)
    period = Period.parse("2026-W11", timezone="UTC", now=FIRST)
    before = open_findings(store, "weekly", period, until=entry)
    decided(store, "weekly-2026-W10", "fixed", now=FIRST)
    assert before
    assert open_findings(store, "weekly", period, until=entry) == before
    assert open_findings(store, "weekly", period, until=told_until(store.journal)) == []
    assert open_findings(store, "monthly", period, until=entry) == []


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_record_that_was_tampered_with_loses_no_finding(store: Store, week: Week, harm: str) -> None:
    (found,) = mass(week(10))
    path = "reviews/weekly-2026-W10/run.json"
    if harm == "gone":
        store.place.remove(path)
    else:
        store.place.replace(path, store.place.read(path).replace(b"dev@", b"ben@"))
    period = Period.parse("2026-W11", timezone="UTC", now=FIRST)
    carried = open_findings(store, "weekly", period, until=told_until(store.journal))
    (one,) = [one for one in carried if one.finding == found["finding"]]
    assert one.sentence == "The record of weekly-2026-W10, which told it, is gone or was changed."


def test_documents_tell_it_once_worst_and_oldest_first(store: Store) -> None:
    period = Period.parse("2026-W10", timezone="UTC", now=FIRST)
    log = AuditLog(store)
    again = next(one for one in make_review(log, period).findings if one.finding == "mass_deletion")
    old = Carried("burst-000001", "high", "<b>x", "<b>x did much.", "weekly-2026-W02", 56, "ana", FIRST.date(), True)
    same = replace(old, finding=again.id, sentence=again.sentence, owner=None, due=None, is_overdue=False)
    review = make_review(log, period, carried=[old, same])
    assert [one.finding for one in review.still_open] == ["burst-000001"]
    assert [one.is_found_again for one in review.carried] == [False, True]
    text = page(review)
    assert "Still open from earlier reviews" in text
    assert "&lt;b&gt;x did much." in text
    assert text.count("Open for 56 days, first told in weekly-2026-W02.") == 2
    assert text.partition('id="attention"')[2].count(again.sentence) == 1
    for name in ("mail.txt", "mail.html"):
        body = mail_body(review, name)
        assert "did much. " in body
        assert "overdue" in body
    assert attention(review)[-1] == "Still open from earlier reviews: 1 finding, the oldest for 56 days; 1 overdue."


def test_what_an_exception_hides_is_neither_told_nor_open(store: Store) -> None:
    period, log = Period.parse("2026-W10", timezone="UTC", now=FIRST), AuditLog(store)
    (found,) = [one for one in make_review(log, period).findings if one.finding == "mass_deletion"]
    told = Carried(found.id, found.severity, found.actor, found.sentence, "weekly-2026-W09", 7)
    for last, is_hidden in (
        (date(2026, 3, 7), False),
        (date(2026, 3, 8), True),
    ):  # until the period's last day at least
        expected = {"finding": "mass_deletion", "filter": {"actor": "dev@example.com"}, "until": last}
        rules = Rules.of({}, [expected | {"owner": "ana", "reason": "cleaning up"}], timezone="UTC")
        review = make_review(log, period, rules=rules, carried=[told])
        assert [one.finding.id for one in review.hidden] == [found.id] * is_hidden
        assert (found.id in {one.id for one in review.findings}) is not is_hidden
        assert [one.is_found_again for one in review.carried] == [True] * (not is_hidden)


def test_a_review_made_twice_by_hand_is_the_same_twice(store: Store, tmp_path: Path, cli: Cli) -> None:
    for folder in ("a", "b"):
        assert cli("review", "--period", "2026-W10", "--store", store.uri, "--out", tmp_path / folder).code == 0
    assert (tmp_path / "a" / "review.html").read_bytes() == (tmp_path / "b" / "review.html").read_bytes()


def test_a_review_is_read_and_signed_in_python(store: Store, week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
    from audit_reports import open_review

    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(FIRST.timestamp())))
    week(10)
    week(11)
    first, second = (open_review(store.uri, f"weekly-2026-W{number}") for number in (10, 11))
    own = first.findings["finding"].to_list()
    assert own
    assert first.findings["review"].null_count() == len(own)
    assert second.findings.filter(second.findings["finding"].is_in(own))["review"].unique().to_list() == [first.id]
    assert "<h1>Week 10 of 2026" in first.page
    assert str(first).startswith("weekly-2026-W10, as of landing 1\n")
    with pytest.raises(UsageError, match="have no decision yet"):
        first.sign()
    signed = first.sign(dict.fromkeys(own, "follow-up:ana:2026-04-01"), note="asked Dev")
    newest = store.journal.newest("signed")
    assert newest is not None
    assert (newest.number, newest.facts["review"], newest.facts["note"]) == (signed.entry.number, first.id, "asked Dev")
    assert {one["decision"] for one in newest.facts["decisions"]} == {"follow-up"}


def test_a_review_made_by_hand_is_signed_by_its_folder(store: Store, tmp_path: Path, cli: Cli) -> None:
    from audit_reports import open_review

    cli("review", "--period", "2026-W11", "--store", store.uri, "--out", tmp_path / "out")
    review = open_review(store, tmp_path / "out")
    signed = review.sign(dict.fromkeys(review.findings["finding"], "expected"))
    assert signed.entry.facts["review"] == "activity-2026-W11"
    again = open_review(store, tmp_path / "out").sign(dict.fromkeys(review.findings["finding"], "fixed"))
    assert again.entry.facts["made"] == signed.entry.facts["made"], "two may sign one review"
    page = tmp_path / "out" / "review.html"
    page.write_bytes(page.read_bytes() + b" ")
    with pytest.raises(FailureError, match="was changed after it was made"):
        open_review(store, tmp_path / "out")
