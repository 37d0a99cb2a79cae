"""Are the promises about time, mail and signatures kept, each by itself? Order, limit, back-off, TLS, states, who signed."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from conftest import Cli
from mail_server import PASSWORD, USER, Handler, free_port, start

from audit_reports import UsageError
from audit_reports.delivery.agenda import tasks
from audit_reports.delivery.calendar import Day, calendar, wrong
from audit_reports.delivery.deliver import Office, Outcome, deliver
from audit_reports.delivery.sign import Decision, sign
from audit_reports.delivery.smtp import WAITS_S, send
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.journal import whoami
from audit_reports.maintenance.retention import retain
from audit_reports.plan import Mail, Plan, plans_of
from audit_reports.reviews.review import Review
from audit_reports.store import Store

MONDAY = datetime(2026, 3, 9, 6, tzinfo=UTC)  # after week 10
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
READER = ("ana@example.com",)
NOWHERE = Mail("127.0.0.1", 9, "none", "audit@example.com")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with an event of this user's a day, of the weeks 1 to 12."""
    inbox = tmp_path / "inbox.jsonl"
    who = {"actor": {"email": f"{whoami()[1]}@example.com", "type": "human"}}
    event = {"category": "Assistants", "action": "Updated", **who}
    first = date(2025, 12, 29)
    inbox.write_text(
        "".join(
            json.dumps({"id": str(n), "occurred_at": f"{first + n * DAY}T09:00:00Z", **event}) + "\n" for n in range(84)
        )
    )
    made = Store.create(tmp_path / "store")
    land(made, [str(inbox)], FEEDS, now=datetime(2026, 3, 23, tzinfo=UTC))
    return made


def office(store: Store, now: datetime, mail: Mail | None = None) -> Office:
    return Office(store, mail, None, "UTC", now, lambda seconds: None)


def run(store: Store, now: datetime, *plans: Plan, mail: Mail | None = None) -> list[Outcome]:
    to_do, _ = tasks(store, plans, timezone="UTC", now=now)
    return [deliver(office(store, now, mail), task) for task in to_do]


def day(store: Store, now: datetime, plan: Plan) -> Day:
    return calendar(store, [plan], timezone="UTC", now=now)[-1]


# ------------------------------------------------------------------------------------------------------------- the schedule


@pytest.mark.slow
def test_plans_of_one_file_are_made_together_oldest_first(store: Store) -> None:
    plans = (
        Plan("monthly", "month"),
        Plan("weekly"),
        Plan("daily", "day", catch_up=2, filter={"category": "API Keys"}),
    )
    assert [one.review for one in run(store, datetime(2026, 2, 3, tzinfo=UTC), *plans)] == [
        *("monthly-2025-12", "weekly-2026-W01", "weekly-2026-W02", "weekly-2026-W03", "weekly-2026-W04"),
        # what is due at the same time comes in the order of its name
        *("monthly-2026-01", "daily-2026-02-01", "weekly-2026-W05", "daily-2026-02-02"),
    ]


def test_a_run_makes_each_of_them_and_a_dry_run_nothing_at_all(
    store: Store, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = {"id": "late", "occurred_at": "2026-03-08T10:00:00Z", "category": "Members", "action": "Left"}
    (tmp_path / "late.jsonl").write_text(json.dumps(late) + "\n")
    config = tmp_path / "audit-reports.toml"
    config.write_text(
        f'store = "{store.uri}"\n[[ingest]]\npaths = ["{tmp_path}/late.jsonl"]\n'
        + "".join(f'[[review]]\nname = "{name}"\ncatch_up = 1\nperiod = "{name}"\n' for name in ("week", "day"))
    )
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(MONDAY.timestamp())))
    before = sorted((tmp_path / "store").rglob("*"))
    said = cli("run", "--dry-run", "--config", config)
    assert [line for line in said.err.splitlines() if "would be" in line] == [
        f"{review}: would be made and mailed to nobody" for review in ("day-2026-03-08", "week-2026-W10")
    ]
    assert sorted((tmp_path / "store").rglob("*")) == before
    ran = cli("run", "--config", config)
    assert (ran.code, ran.err.splitlines()[-2:]) == (0, ["day-2026-03-08: made", "week-2026-W10: made"])
    assert [one.landed for one in Store(store.uri).landings()] == [84, 1]


def test_eight_missed_periods_are_made_unless_a_plan_says_otherwise(store: Store) -> None:
    now = MONDAY + 2 * WEEK
    plan = Plan.of({"name": "weekly"}, mail=None, formats=())
    to_do, left_out = tasks(store, [plan], timezone="UTC", now=now)
    assert [one.due.review for one in to_do] == [f"weekly-2026-W{number:02}" for number in range(5, 13)]
    assert left_out == {"weekly": 4}
    three = Plan.of({"name": "weekly", "catch_up": 3}, mail=None, formats=())
    assert [one.due.review[-2:] for one in tasks(store, [three], timezone="UTC", now=now)[0]] == ["10", "11", "12"]
    sunday_ends = datetime(2026, 3, 9, tzinfo=UTC)
    assert tasks(store, [three], timezone="UTC", now=sunday_ends)[0][-1].due.review == "weekly-2026-W10", "at once"


def test_two_reviews_of_one_file_have_two_names() -> None:
    with pytest.raises(UsageError, match="tables are named 'weekly'; a name stands in the ids of its reviews"):
        plans_of([{"name": "weekly"}, {"name": "weekly", "period": "day"}], mail=None, formats=())


def test_what_was_made_is_not_among_the_periods_that_are_left_out(store: Store) -> None:
    plan = Plan("weekly", catch_up=1)
    run(store, MONDAY, plan)
    to_do, left_out = tasks(store, [plan], timezone="UTC", now=MONDAY + 2 * WEEK)
    assert [one.due.review for one in to_do] == ["weekly-2026-W12"]
    assert left_out == {"weekly": 10}, "of the twelve weeks all but the last, and the tenth"


def test_one_review_that_fails_stops_no_other_and_is_not_forgotten(
    store: Store, tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    from audit_reports.outputs.html import write_html

    def full(review: Review, *rest: Any) -> list[Path]:
        if review.name == "day":
            raise OSError(28, "No space left on device")
        return write_html(review, *rest)

    monkeypatch.setattr("audit_reports.outputs.html.write_html", full)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(MONDAY.timestamp())))
    config = tmp_path / "audit-reports.toml"
    config.write_text(
        "".join(f'[[review]]\nname = "{name}"\ncatch_up = 1\nperiod = "{name}"\n' for name in ("day", "week"))
    )
    ran = cli("run", "--config", config, "--store", store.uri)
    failed = "day-2026-03-08: failed ([Errno 28] No space left on device)"
    assert (ran.code, ran.err.splitlines()[-2:]) == (1, [failed, "week-2026-W10: made"])


# ------------------------------------------------------------------------------------------------------------------ the mail


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # for it is TLS from the first byte on
def test_a_server_that_speaks_tls_from_the_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit_reports.delivery.smtp.TIMEOUT_S", 5)  # who waits for a greeting waits in vain
    controller, server = start(tmp_path, security="tls")
    try:
        table = {"host": "127.0.0.1", "port": server.port, "security": "tls", "sender": "audit@example.com"}
        receipts = [
            send(
                Mail.of(table | trusted),
                b"Subject: x\r\n\r\nx\r\n",
                READER,
                login=(USER, PASSWORD),
                wait=lambda _: None,
            )
            for trusted in ({}, {"ca_file": str(server.ca_file)})
        ]
    finally:
        controller.stop()
    assert "certificate" in receipts[0].waiting["ana@example.com"].lower(), "verified unless its maker is trusted"
    assert (receipts[1].accepted, receipts[1].answer) == (READER, "250 kept as 1")


def test_a_server_that_offers_no_tls_is_sent_nothing() -> None:
    handler = Handler()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        mail = Mail("127.0.0.1", controller.port, "starttls", "audit@example.com")
        receipt = send(mail, b"Subject: x\r\n\r\nx\r\n", READER, login=None, wait=lambda _: None)
    finally:
        controller.stop()
    assert receipt.waiting == {READER[0]: "STARTTLS extension not supported by server."}
    assert not handler.received


def test_a_login_is_never_sent_in_the_clear() -> None:
    with pytest.raises(UsageError, match="a login is never sent without TLS"):
        send(NOWHERE, b"", READER, login=(USER, PASSWORD), wait=lambda _: None)


def test_tries_are_further_and_further_apart(store: Store) -> None:
    waited: list[float] = []
    receipt = send(NOWHERE, b"", READER, login=None, wait=waited.append)
    assert tuple(receipt.waiting) == READER
    assert waited == list(WAITS_S) == sorted(waited)
    assert 1 <= waited[0] < waited[-1] <= 60


# -------------------------------------------------------------------------------------------------------------- the calendar


def test_the_calendar_calls_each_thing_by_its_name(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, mailed = Plan("weekly", catch_up=1), Plan("weekly", catch_up=1, recipients=READER)
    assert (day(store, MONDAY, plan).state, day(store, MONDAY, plan).reason) == ("due", "the next run makes it")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("audit_reports.outputs.html.write_html", full)
        assert [one.what for one in run(store, MONDAY, plan)] == ["failed"]
    failed, reason = day(store, MONDAY, plan), "[Errno 28] No space left on device"
    assert (failed.state, failed.reason) == ("failed", reason)
    assert wrong(store, [plan], timezone="UTC", now=MONDAY) == [f"unsent: weekly-2026-W10, {reason}"]
    assert [one.what for one in run(store, MONDAY, plan)] == ["made"]
    assert (day(store, MONDAY, plan).state, day(store, MONDAY, plan).reason) == ("made", "nobody is to be mailed")
    assert [one.what for one in run(store, MONDAY + WEEK, mailed, mail=NOWHERE)] == ["waiting"]
    assert day(store, MONDAY + WEEK, mailed).state == "waiting"
    facts = {"review": "weekly-2026-W11", "amendment": 0, "accepted": list(READER), "refused": {}, "waiting": {}}
    store.journal.append("mailed", facts, time=MONDAY + WEEK + 2 * DAY)
    late = day(store, MONDAY + WEEK + 3 * DAY, mailed)
    assert (late.state, late.reason) == ("late", "mailed 2.2 days after it was due, and not signed")
    sign(store, "weekly-2026-W11", decisions=decisions(store, "weekly-2026-W11"), now=MONDAY + WEEK + 4 * DAY)
    signed = day(store, MONDAY + WEEK + 5 * DAY, mailed)
    assert (signed.state, signed.reason, signed.signed_by) == ("signed", f"by {whoami()[1]}", whoami()[1])


def test_the_calendar_says_why_a_period_was_missed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Plan("weekly", catch_up=1)
    run(store, MONDAY, plan)

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("audit_reports.outputs.html.write_html", full)
        run(store, MONDAY + WEEK, plan)
    missed, newest = calendar(store, [plan], timezone="UTC", now=MONDAY + 2 * WEEK)[-2:]
    assert (missed.state, missed.reason, newest.state) == (
        "missed",
        "older than the last period, which catch_up allows, and it failed: [Errno 28] No space left on device; "
        "audit-reports review --period 2026-W11 still can",
        "due",
    )


def test_a_review_stays_in_the_calendar_when_retention_has_removed_its_events(store: Store) -> None:
    plan = Plan("weekly", catch_up=3, recipients=READER)
    run(store, MONDAY, plan, mail=NOWHERE)
    before = [one.review for one in calendar(store, [plan], timezone="UTC", now=MONDAY)]
    retain(store, older_than=timedelta(days=1), now=datetime(2026, 3, 20, tzinfo=UTC))
    after = calendar(store, [plan], timezone="UTC", now=MONDAY)
    assert before[-3:] == [one.review for one in after] == [f"weekly-2026-W{number}" for number in ("08", "09", "10")]
    assert {one.state for one in after} == {"waiting"}
    waiting = [(one.due.review, one.waiting) for one in tasks(store, [plan], timezone="UTC", now=MONDAY)[0]]
    assert waiting == [(one.review, READER) for one in after], "and its mail is tried again"


# ------------------------------------------------------------------------------------------------------------- the signature


def decisions(store: Store, review: str) -> list[Decision]:
    record = json.loads(store.place.read(f"reviews/{review}/run.json"))
    return [Decision(one["finding"], "expected") for one in (*record["findings"], *record["carried"])]


def test_a_signature_says_who_when_and_of_which_bytes_and_warns_who_acted_there(store: Store) -> None:
    plan = Plan("weekly", catch_up=1)
    run(store, MONDAY, plan)
    signed = sign(store, "weekly-2026-W10", decisions=decisions(store, "weekly-2026-W10"), now=MONDAY + DAY)
    user = whoami()[1]
    assert (signed.entry.user, signed.entry.time, signed.after_mail) == (user, MONDAY + DAY, None)
    record = store.place.read("reviews/weekly-2026-W10/run.json")
    assert signed.entry.facts["run"] == hashlib.sha256(record).hexdigest()
    assert signed.warnings == (f"'{user}' is an actor in this review; somebody else should sign it too",)
    again = sign(store, "weekly-2026-W10", decisions=decisions(store, "weekly-2026-W10"), now=MONDAY + 2 * DAY)
    assert again.warnings[1:] == (f"it was signed before, by {user}; both signatures stand",)


def test_only_who_acted_in_the_very_period_is_warned_however_their_name_is_written(tmp_path: Path) -> None:
    people = {"2026-03-03": "ana", "2026-03-10": whoami()[1].upper()}
    event = {"category": "Assistants", "action": "Updated"}
    inbox = tmp_path / "inbox.jsonl"
    inbox.write_text(
        "".join(
            json.dumps({"id": day, "occurred_at": f"{day}T09:00:00Z", "actor": {"email": f"{who}@example.com"}} | event)
            + "\n"
            for day, who in people.items()
        )
    )
    store = Store.create(tmp_path / "store")
    land(store, [str(inbox)], FEEDS, now=MONDAY + WEEK)
    run(store, MONDAY + WEEK, Plan("weekly"))
    warned = {
        review: bool(sign(store, review, decisions=decisions(store, review), now=MONDAY + WEEK).warnings)
        for review in ("weekly-2026-W10", "weekly-2026-W11")
    }
    assert warned == {"weekly-2026-W10": False, "weekly-2026-W11": True}
