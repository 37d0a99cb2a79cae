"""What becomes of events that land after their review was made? One amendment, with what changed, mailed if it matters."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from mail_server import PASSWORD, USER, MailServer, start

from audit_reports import AuditLog, __version__
from audit_reports.delivery.agenda import Task, tasks
from audit_reports.delivery.calendar import calendar
from audit_reports.delivery.deliver import Office, deliver
from audit_reports.delivery.history import history_of
from audit_reports.delivery.late import late_events
from audit_reports.delivery.sign import sign
from audit_reports.feeds import FEEDS
from audit_reports.filter import Filter
from audit_reports.findings.exceptions import Rules
from audit_reports.findings.finding import Finding
from audit_reports.ingest.landing import land
from audit_reports.period import Period
from audit_reports.plan import Mail, Plan
from audit_reports.reviews.amendment import Amendment, ChangedFigure, Late, Told, amendment_of, matters
from audit_reports.reviews.review import make_review
from audit_reports.store import Store

MONDAY = datetime(2026, 3, 9, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
PLAN = Plan("weekly", recipients=("ana@example.com",), formats=("html",))
REVIEW = "weekly-2026-W10"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    controller, server = start(tmp_path_factory.mktemp("smtp"), security="starttls")
    yield server
    controller.stop()


def put(store: Store, folder: Path, *events: tuple[str, str, str, str], now: datetime) -> None:
    """Land events: id, time, category, action."""
    path = folder / f"{events[0][0]}.jsonl"
    keys = ("id", "occurred_at", "category", "action")
    path.write_text("".join(json.dumps(dict(zip(keys, event, strict=True))) + "\n" for event in events))
    land(store, [str(path)], FEEDS, now=now)


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory, server: MailServer) -> Office:
    """A store whose review of week 10 was made and mailed: forty updates of assistants, eight a day from Monday to Friday."""
    folder = tmp_path_factory.mktemp("sent")
    store = Store.create(folder / "store")
    usual = [(f"e{n}", f"2026-03-0{2 + n // 8}T{9 + n % 8:02}:00:00Z", "Assistants", "Updated") for n in range(40)]
    put(store, folder, *usual, now=MONDAY - HOUR)
    mail = Mail("127.0.0.1", server.port, "starttls", "audit@example.com", ca_file=server.ca_file)
    office = Office(store, mail, (USER, PASSWORD), "UTC", MONDAY, lambda seconds: None)
    assert run(office) == [f"{REVIEW}: mailed"]
    return office


@pytest.fixture
def office(sent: Office, tmp_path: Path, server: MailServer) -> Office:
    """That store for a test alone, and the one mail."""
    shutil.copytree(sent.store.uri, tmp_path / "store")
    del server.handler.received[1:]
    return replace(sent, store=Store(tmp_path / "store"))


def to_do(office: Office, plan: Plan = PLAN) -> list[Task]:
    return tasks(office.store, [plan], timezone="UTC", now=office.now)[0]


def run(office: Office, plan: Plan = PLAN) -> list[str]:
    done = [deliver(office, task) for task in to_do(office, plan)]
    return [f"{one.review}: {one.what}" for one in done]


def record(office: Office, amendment: int) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        office.store.place.read(f"reviews/{REVIEW}/amendment-{amendment}/run.json").decode()
    )
    return found


def test_late_events_become_an_amendment_that_says_what_changed(
    office: Office, tmp_path: Path, server: MailServer
) -> None:
    put(office.store, tmp_path, ("late", "2026-03-06T20:00:00Z", "API Keys", "Created"), now=MONDAY + HOUR)
    later = replace(office, now=MONDAY + 2 * HOUR)
    assert run(later) == [f"amendment 1 to {REVIEW}: mailed"]
    told = record(office, 1)["amendment"]
    assert (told["number"], told["landing"], told["made_at"]) == (1, 1, "2026-03-09T06:00:00.000000Z")
    assert told["late"] == [{"feed": "invent", "landing": 2, "events": 1}]
    changed = {one["name"]: (one["before"], one["after"]) for one in told["figures"]}
    assert changed["events"] == (40, 41)
    assert changed["api_keys"] == (0, 1)
    (_, first), (_, second) = server.handler.received
    assert second["Subject"] == "Amendment 1 to weekly: Week 10 of 2026, Monday 2 to Sunday 8 March"
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"] != second["Message-ID"]
    page = office.store.place.read(f"reviews/{REVIEW}/amendment-1/review.html").decode()
    text = second.get_body(("plain",))
    assert text is not None
    for said in (page, text.get_content().replace("\n", " ")):
        assert "API key changes: 1, was 0" in said
        assert "1 event" in said
    assert run(later) == [], "and once is enough"


def test_an_amendment_that_changes_little_is_kept_and_not_mailed(
    office: Office, tmp_path: Path, server: MailServer
) -> None:
    put(office.store, tmp_path, ("late", "2026-03-06T16:30:00Z", "Assistants", "Updated"), now=MONDAY + HOUR)
    later = replace(office, now=MONDAY + 2 * HOUR)
    assert run(later) == [f"amendment 1 to {REVIEW}: made"]
    assert record(office, 1)["amendment"]["figures"][0] == {
        "name": "events", "label": "Events", "before": 40, "after": 41,
    }  # fmt: skip
    put(office.store, tmp_path, ("later", "2026-03-06T16:40:00Z", "Assistants", "Updated"), now=MONDAY + 3 * HOUR)
    assert run(replace(office, now=MONDAY + 4 * HOUR)) == [f"amendment 2 to {REVIEW}: made"]
    second = record(office, 2)["amendment"]
    assert (second["landing"], second["figures"][0]["before"]) == (2, 41), "told against the form before, not the first"
    assert len(server.handler.received) == 1


def test_an_amendment_reopens_the_signature(office: Office, tmp_path: Path) -> None:
    sign(office.store, REVIEW, now=MONDAY + HOUR)
    put(office.store, tmp_path, ("late", "2026-03-06T20:00:00Z", "API Keys", "Created"), now=MONDAY + 2 * HOUR)
    later = replace(office, now=MONDAY + 3 * HOUR)
    run(later)
    (day,) = calendar(office.store, [PLAN], timezone="UTC", now=later.now)
    assert (day.state, day.reason) == ("unsigned", "amendment 1 saw landing 2, and is not signed")
    assert (day.amendments, day.landing, day.signed_at) == (1, 2, None)
    assert (day.mailed_at, day.unsigned_since) == (MONDAY, later.now)
    again = sign(office.store, REVIEW, now=later.now + HOUR)
    run_json = office.store.place.read(f"reviews/{REVIEW}/amendment-1/run.json")
    assert again.after_mail == HOUR
    assert (again.entry.facts["amendment"], again.entry.facts["run"]) == (1, hashlib.sha256(run_json).hexdigest())
    assert calendar(office.store, [PLAN], timezone="UTC", now=later.now)[0].state == "signed"


@pytest.mark.parametrize(
    ("what", "event", "plan"),
    [
        ("another week", ("x", "2026-03-09T03:00:00Z", "API Keys", "Created"), PLAN),
        ("what the filter leaves out", ("x", "2026-03-06T20:00:00Z", "API Keys", "Created"),
         replace(PLAN, filter={"category": "Assistants"})),
        ("a duplicate", ("e1", "2026-03-02T10:00:00Z", "Assistants", "Updated"), PLAN),
    ],
)  # fmt: skip
def test_what_does_not_change_the_period_amends_nothing(
    office: Office, tmp_path: Path, what: str, event: tuple[str, str, str, str], plan: Plan
) -> None:
    put(office.store, tmp_path, event, now=MONDAY + HOUR)
    assert to_do(replace(office, now=MONDAY + 2 * HOUR), plan) == [], what


def test_what_trickles_in_makes_one_amendment(office: Office, tmp_path: Path) -> None:
    plan = replace(PLAN, delay=6 * HOUR)
    for hour in (1, 2, 3):
        event = (f"late{hour}", f"2026-03-06T2{hour}:00:00Z", "API Keys", "Created")
        put(office.store, tmp_path, event, now=MONDAY + hour * HOUR)
        assert to_do(replace(office, now=MONDAY + hour * HOUR), plan) == []
    (task,) = to_do(replace(office, now=MONDAY + 7 * HOUR), plan)
    assert task.late == (Late("invent", 2, 1), Late("invent", 3, 1), Late("invent", 4, 1))


def test_each_period_has_late_what_its_own_review_has_not_seen(office: Office, tmp_path: Path) -> None:
    put(office.store, tmp_path, ("seen", "2026-02-27T20:00:00Z", "API Keys", "Created"), now=MONDAY + HOUR)
    put(office.store, tmp_path, ("late", "2026-03-06T20:00:00Z", "API Keys", "Created"), now=MONDAY + 2 * HOUR)
    earlier, later = (Period.parse(f"2026-W{week}", timezone="UTC", now=MONDAY) for week in ("09", "10"))
    late = late_events(AuditLog(office.store), PLAN, {earlier: 2, later: 1})
    assert late == {later: (Late("invent", 3, 1),)}


def test_catch_up_says_how_far_back_is_amended(office: Office, tmp_path: Path) -> None:
    put(office.store, tmp_path, ("late", "2026-03-06T20:00:00Z", "API Keys", "Created"), now=MONDAY + HOUR)
    much_later = replace(office, now=MONDAY + timedelta(weeks=2))
    assert [task.due.review for task in to_do(much_later, replace(PLAN, catch_up=2))] == [
        "weekly-2026-W11", "weekly-2026-W12",
    ]  # fmt: skip
    assert (REVIEW, 1) in [(task.due.review, task.amendment) for task in to_do(much_later)]


def test_two_runs_at_once_make_one_amendment(office: Office, tmp_path: Path, server: MailServer) -> None:
    from concurrent.futures import ThreadPoolExecutor

    put(office.store, tmp_path, ("late", "2026-03-06T20:00:00Z", "API Keys", "Created"), now=MONDAY + HOUR)
    later = replace(office, now=MONDAY + 2 * HOUR)
    (task,) = to_do(later)

    def one(_: int) -> str:
        return deliver(replace(later, store=Store(office.store.place)), task).what

    with ThreadPoolExecutor(3) as pool:
        said = list(pool.map(one, range(3)))
    assert said.count("mailed") == 1
    assert set(said) <= {"mailed", "taken", "done"}
    assert len(server.handler.received) == 2
    assert [made.facts["amendment"] for made in history_of(office.store.journal, REVIEW).made] == [0, 1]


def test_a_form_that_was_changed_is_not_compared_with(office: Office, tmp_path: Path) -> None:
    path = f"reviews/{REVIEW}/run.json"
    office.store.place.replace(path, office.store.place.read(path) + b" ")
    put(office.store, tmp_path, ("late", "2026-03-06T20:00:00Z", "API Keys", "Created"), now=MONDAY + HOUR)
    later = replace(office, now=MONDAY + 2 * HOUR)
    (task,) = to_do(later)
    outcome = deliver(later, task)
    assert (outcome.what, "was changed after it was made" in outcome.why) == ("failed", True)


def test_an_amendment_sees_what_its_late_events_were_counted_in(office: Office, tmp_path: Path) -> None:
    put(office.store, tmp_path, ("late", "2026-03-06T20:00:00Z", "API Keys", "Created"), now=MONDAY + HOUR)
    later = replace(office, now=MONDAY + 2 * HOUR)
    (task,) = to_do(later)
    put(office.store, tmp_path, ("later", "2026-03-06T21:00:00Z", "API Keys", "Created"), now=MONDAY + 2 * HOUR)
    assert deliver(later, task).what == "mailed"
    made = record(office, 1)
    assert (made["landing"], made["figures"]["events"]) == (2, 41)
    assert made["amendment"]["late"] == [{"feed": "invent", "landing": 2, "events": 1}]
    (task,) = to_do(replace(office, now=MONDAY + 3 * HOUR))
    assert (task.amendment, task.late) == (2, (Late("invent", 3, 1),)), "what came meanwhile makes the next one"


@pytest.mark.parametrize(
    ("findings", "exceptions", "others"),
    [
        ({}, [], []),
        ({"burst": {"times": 99}}, [], ["findings are judged by other thresholds or exceptions than then"]),
        ({}, [{"finding": "burst", "filter": {"actor": "ci"}, "owner": "ana", "reason": "a move", "until": date(2026, 12, 31)}],
         ["findings are judged by other thresholds or exceptions than then"]),
    ],
)  # fmt: skip
def test_an_amendment_says_where_it_was_judged_otherwise(
    office: Office, tmp_path: Path, findings: dict[str, Any], exceptions: list[dict[str, Any]], others: list[str]
) -> None:
    put(office.store, tmp_path, ("late", "2026-03-06T20:00:00Z", "API Keys", "Created"), now=MONDAY + HOUR)
    rules = Rules.of(findings, exceptions, timezone="UTC")
    run(replace(office, now=MONDAY + 2 * HOUR, rules=rules))
    assert record(office, 1)["amendment"]["others"] == others
    text = office.store.place.read(f"reviews/{REVIEW}/amendment-1/review.html").decode()
    assert ("Not every change need come from them: findings are judged by other" in text) == bool(others)


def test_an_amendment_says_where_the_filter_the_version_or_the_record_is_another(office: Office) -> None:
    period = Period.parse("2026-W10", timezone="UTC", now=MONDAY)
    review = make_review(AuditLog(office.store).filter(category="API Keys"), period, name="weekly")
    before = json.loads(office.store.place.read(f"reviews/{REVIEW}/run.json"))
    before["versions"]["audit_reports"] = "0.0.1"
    del before["rules"]
    made = amendment_of(review, before, (), number=1, made_at=MONDAY)
    assert made.caution == (
        "Not every change need come from them: the form before has not recorded by which thresholds and exceptions it judged; "
        f"the filter is another one than then; it is made by audit-reports {__version__}, then 0.0.1."
    )


FOUND = Told("burst-1a2b3c", "high", "Ana did much more than usual.")


def test_an_amendment_tells_what_is_new_what_is_gone_and_what_is_less(office: Office) -> None:
    period = Period.parse("2026-W10", timezone="UTC", now=MONDAY)
    where = Filter.of(timezone="UTC", actor="ben")
    new = Finding("first_country", "high", "ben", "Ben was in Vietnam.", "Never before.", MONDAY, MONDAY, where, "Ask.")
    review = replace(make_review(AuditLog(office.store), period, name="weekly"), findings=(new,))
    before = json.loads(office.store.place.read(f"reviews/{REVIEW}/run.json"))
    before["findings"] = [asdict(FOUND)]
    before["figures"]["events"] = 50
    made = amendment_of(review, before, (), number=1, made_at=MONDAY)
    assert (made.new, made.gone) == ((Told(new.id, "high", "Ben was in Vietnam."),), (FOUND,))
    assert [(one.name, one.before, one.after) for one in made.figures] == [("events", 50, 40)]


def amended(late: int, *, figures: dict[str, tuple[int, int]], **found: tuple[Told, ...]) -> Amendment:
    changed = tuple(ChangedFigure(name, name, *values) for name, values in figures.items())
    return Amendment(1, MONDAY, 1, (Late("invent", 2, late),), changed, found.get("new", ()), found.get("gone", ()))


@pytest.mark.parametrize(
    ("amendment", "is_mailed"),
    [
        (amended(4, figures={"events": (100, 104)}), False),
        (amended(5, figures={"events": (100, 105)}), True),
        (amended(1, figures={"events": (0, 1)}), True),
        (amended(1, figures={"events": (100, 101)}, new=(FOUND,)), True),
        (amended(1, figures={"events": (100, 101)}, gone=(FOUND,)), True),
        (amended(1, figures={"events": (100, 101), "always_shown": (3, 4)}), True),
        (amended(1, figures={"events": (100, 101), "deletions": (3, 4)}), False),
    ],
)
def test_what_matters(amendment: Amendment, is_mailed: bool) -> None:
    assert matters(amendment, late_share=0.05) is is_mailed
