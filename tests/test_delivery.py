"""Does each due review come to its readers once? Made, mailed over TLS, retried, journaled, signed, and never twice."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import Cli
from mail_server import PASSWORD, USER, MailServer, lose_the_answer, start

from audit_reports import FailureError, UsageError
from audit_reports.delivery.agenda import Task
from audit_reports.delivery.calendar import calendar, wrong
from audit_reports.delivery.deliver import Office, Outcome, deliver
from audit_reports.delivery.history import histories
from audit_reports.delivery.message import attachments_of, message_id
from audit_reports.delivery.schedule import due_periods
from audit_reports.delivery.sign import sign
from audit_reports.delivery.smtp import login_of
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.plan import Mail, Plan
from audit_reports.store import Store

NOW = datetime(2026, 3, 9, 6, tzinfo=UTC)
READERS = ("ana@example.com", "ben@example.com")
Run = Callable[..., Outcome]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailServer]:
    controller, server = start(tmp_path_factory.mktemp("smtp"), security="starttls")
    yield server
    controller.stop()


@pytest.fixture
def mail(server: MailServer) -> Mail:
    server.handler.received.clear()
    server.handler.at_recipient.clear()
    server.handler.at_data.clear()
    return Mail.of(
        {
            "host": "127.0.0.1",
            "port": server.port,
            "ca_file": str(server.ca_file),
            "sender": "Audit reviews <audit@example.com>",
            "allowed_domains": ["example.com"],
            "owner": "owner@example.com",
        }
    )


@pytest.fixture
def filled(tmp_path: Path) -> Store:
    lines = [
        {"id": str(n), "occurred_at": f"2026-03-0{2 + n % 6}T09:00:00Z", "category": "Members", "action": "Left"}
        for n in range(12)
    ]
    inbox = tmp_path / "inbox.jsonl"
    inbox.write_text("".join(json.dumps(line) + "\n" for line in lines))
    store = Store.create(tmp_path / "store")
    land(store, [str(inbox)], FEEDS, now=NOW)
    return store


@pytest.fixture
def office(filled: Store, mail: Mail) -> Office:
    return Office(filled, mail, (USER, PASSWORD), "UTC", NOW, lambda seconds: None)


PLAN = Plan("weekly", recipients=READERS, formats=("html", "csv"))


def due(office: Office, plan: Plan = PLAN) -> Task:
    return Task(due_periods(plan, timezone="UTC", now=office.now, since=None)[0])


# ------------------------------------------------------------------------------------------------------ what is mailed


def test_a_review_is_made_kept_mailed_and_journaled(office: Office, server: MailServer) -> None:
    outcome = deliver(office, due(office))
    assert (outcome.review, outcome.what) == ("weekly-2026-W10", "mailed")
    ((recipients, message),) = server.handler.received
    assert recipients == READERS
    assert message["To"] == "ana@example.com, ben@example.com"
    assert message["From"] == "Audit reviews <audit@example.com>"
    assert message["Subject"] == "weekly: Week 10 of 2026, Monday 2 to Sunday 8 March"
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None and "12 events" in text.get_content()
    assert html is not None and len(html.get_content().encode()) < 100_000
    names = [part.get_filename() for part in message.iter_attachments()]
    assert names == ["review.html", "tables-csv.zip"]
    history = histories(office.store.journal)["weekly-2026-W10"]
    assert [entry.kind for entry in history.entries] == ["claim", "review", "mailed"]
    receipt = history.entries[-1].facts
    assert receipt["accepted"] == list(READERS)
    assert receipt["answer"].startswith("250 kept as")
    assert receipt["message_id"] == message["Message-ID"]
    token = office.store.journal.entry(1).sha256
    assert office.mail is not None
    assert receipt["message_id"] == message_id("weekly-2026-W10 0", token, office.mail), "whenever it is made"
    kept = office.store.place.read("reviews/weekly-2026-W10/review.html")
    attached = next(part for part in message.iter_attachments() if part.get_filename() == "review.html")
    assert attached.get_content().encode().replace(b"\r\n", b"\n") == kept


def test_what_is_too_large_stays_in_the_store_and_the_mail_says_so(office: Office, server: MailServer) -> None:
    assert office.mail is not None
    small = replace(office, mail=replace(office.mail, max_size=1_000_000))
    assert deliver(small, due(office)).what == "mailed"
    ((_, message),) = server.handler.received
    assert [part.get_filename() for part in message.iter_attachments()] == ["tables-csv.zip"]
    assert len(message.as_bytes()) < 1_000_000
    size = len(office.store.place.read("reviews/weekly-2026-W10/review.html")) / 1_000_000
    for kind in ("plain", "html"):
        body = message.get_body((kind,))
        assert body is not None
        text = " ".join(body.get_content().split())
        assert f"review.html, {size:,.1f} MB: in {office.store.uri}/reviews/weekly-2026-W10" in text


def test_what_was_not_asked_for_is_not_attached() -> None:
    files = dict.fromkeys(("review.html", "review.pdf", "tables/actors.csv", "tables/actors.json", "run.json"), b"x")
    for formats, names in (
        (("csv",), ["tables-csv.zip"]),
        (("pdf", "json"), ["review.pdf", "tables-json.zip"]),
        ((), []),
    ):
        assert list(attachments_of(files, formats)) == names


def test_a_second_run_sends_nothing(office: Office, server: MailServer) -> None:
    deliver(office, due(office))
    assert deliver(office, due(office)) == Outcome("weekly-2026-W10", "done")
    assert len(server.handler.received) == 1


def test_nobody_to_mail_makes_the_review_alone(office: Office, server: MailServer) -> None:
    assert deliver(office, due(office, Plan("weekly"))).what == "made"
    assert not server.handler.received


# --------------------------------------------------------------------------------------------------- what can go wrong


def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_message(office: Office, server: MailServer) -> None:
    server.handler.at_data.append(lose_the_answer)
    assert deliver(office, due(office)).what == "mailed"
    first, second = server.handler.received
    assert first[1]["Message-ID"] == second[1]["Message-ID"]
    assert first[1].as_bytes() == second[1].as_bytes()


def test_what_cannot_be_sent_waits_and_goes_with_the_next_run(office: Office, server: MailServer) -> None:
    server.handler.at_data += ["451 busy"] * 5  # four tries, and the notice to the owner
    outcome = deliver(office, due(office))
    assert (outcome.what, outcome.is_failure) == ("waiting", True)
    assert "451 busy" in outcome.why
    server.handler.at_data.clear()
    assert deliver(replace(office, now=NOW + timedelta(hours=1)), due(office)).what == "mailed"
    assert len(set(server.ids)) == len(server.ids) == 1


@pytest.mark.parametrize("answer", ["450 greylisted", "552 the mailbox is full"])
def test_who_is_put_off_is_sent_to_later_and_the_others_not_again(
    office: Office, server: MailServer, answer: str
) -> None:
    server.handler.at_recipient["ben@example.com"] = answer
    assert deliver(office, due(office)).what == "waiting"
    assert [to for to, _ in server.handler.received] == [("ana@example.com",)]
    server.handler.at_recipient.clear()
    assert deliver(office, due(office)).what == "mailed"
    assert [to for to, _ in server.handler.received] == [("ana@example.com",), ("ben@example.com",)]


def test_who_is_refused_for_good_is_told_to_the_owner(office: Office, server: MailServer) -> None:
    server.handler.at_recipient["ben@example.com"] = "550 no such user"
    outcome = deliver(office, due(office))
    assert (outcome.what, outcome.is_failure) == ("refused", True)
    to, notice = server.handler.received[-1]
    assert to == ("owner@example.com",)
    assert notice["Subject"] == "Failed: weekly-2026-W10"
    assert "550 no such user" in notice.get_content()


def test_who_is_refused_stays_refused_while_another_is_waiting(office: Office, server: MailServer) -> None:
    server.handler.at_recipient |= {"ana@example.com": "450 greylisted", "ben@example.com": "550 no such user"}
    outcome = deliver(office, due(office))
    assert (outcome.what, outcome.why) == ("refused", "ben@example.com: 550 no such user")
    server.handler.received.clear()
    server.handler.at_recipient.clear()
    assert deliver(office, due(office)).what == "mailed"
    assert [to for to, _ in server.handler.received] == [("ana@example.com",)]


def test_who_is_forwarded_to_is_not_refused(office: Office, server: MailServer) -> None:
    server.handler.at_recipient["ben@example.com"] = "251 not local, and forwarded"
    assert deliver(office, due(office)).why == "to 2: 250 kept as 1"


def test_a_notice_that_cannot_be_sent_holds_nothing_up(office: Office, server: MailServer) -> None:
    waited: list[float] = []
    server.handler.at_recipient["ben@example.com"] = "550 no such user"
    server.handler.at_data += [lambda _: "250 kept", "451 busy", "451 busy"]
    assert deliver(replace(office, wait=waited.append), due(office)).what == "refused"
    assert (waited, server.handler.at_data) == ([], ["451 busy"])


def test_a_review_that_cannot_be_made_is_not_mailed(
    office: Office, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("audit_reports.outputs.tables.write_csv", full)
    outcome = deliver(office, due(office))
    assert (outcome.what, outcome.why) == ("failed", "[Errno 28] No space left on device")
    assert [message["Subject"] for _, message in server.handler.received] == ["Failed: weekly-2026-W10"]
    monkeypatch.undo()
    assert deliver(office, due(office)).what == "mailed"


def test_a_message_that_is_rejected_for_good_is_given_up_and_nothing_of_it_is_silent(
    office: Office, server: MailServer, filled: Store
) -> None:
    assert office.mail is not None
    assert office.mail.give_up == timedelta(days=5)
    for days, what in ((0, "waiting"), (2, "waiting"), (5, "missed")):
        now = NOW + timedelta(days=days)
        server.handler.at_data.append("554 5.7.1 not liked")
        outcome = deliver(replace(office, now=now), due(office))
        assert (outcome.what, outcome.is_failure, server.handler.at_data) == (what, True, []), "one try a run"
        (day,) = calendar(filled, [PLAN], timezone="UTC", now=now)[:1]
        assert day.state == what
        assert wrong(filled, [PLAN], timezone="UTC", now=now)
    said = (
        "the mail of weekly-2026-W10 to ana@example.com, ben@example.com was given up on 2026-03-14 06:00 UTC: the server has "
        "rejected it since 2026-03-09 06:00 UTC, 3 times, and said 554 5.7.1 not liked; it lies in the store as "
        "reviews/weekly-2026-W10/message.eml"
    )
    assert outcome.why == day.reason == said
    entry = filled.journal.newest("missed")
    assert entry is not None
    assert dict(entry.facts) == {
        "review": "weekly-2026-W10", "amendment": 0, "recipients": list(READERS), "answer": "554 5.7.1 not liked",
        "since": "2026-03-09T06:00:00.000000Z", "tries": 3,
    }  # fmt: skip
    ((to, notice),) = server.handler.received
    assert (to, notice["Subject"]) == (("owner@example.com",), "Failed: weekly-2026-W10")
    assert said in " ".join(notice.get_content().split())
    assert "Nobody tries again" in notice.get_content()
    assert deliver(replace(office, now=now + timedelta(days=1)), due(office)).what == "done"
    assert [
        line for line in wrong(filled, [PLAN], timezone="UTC", now=now) if line.startswith("missed: weekly-2026-W10")
    ]
    later = wrong(filled, [PLAN], timezone="UTC", now=now + timedelta(days=8))
    assert not [line for line in later if "2026-W10" in line], "a week is enough"


@pytest.mark.parametrize("fault", [pytest.param("a lost connection", marks=pytest.mark.slow), "a wrong password"])
def test_what_is_not_of_the_message_is_never_given_up(office: Office, server: MailServer, fault: str) -> None:
    login = (USER, "wrong secret") if fault == "a wrong password" else office.login
    for days in (0, 6, 12):
        server.handler.at_data += [] if fault == "a wrong password" else ["451 busy"] * 4
        assert deliver(replace(office, login=login, now=NOW + timedelta(days=days)), due(office)).what == "waiting"
    assert deliver(replace(office, now=NOW + timedelta(days=13)), due(office)).what == "mailed"


def test_a_certificate_that_is_not_trusted_sends_nothing(office: Office, server: MailServer) -> None:
    assert office.mail is not None
    stranger = replace(office, mail=replace(office.mail, ca_file=None))
    outcome = deliver(stranger, due(office))
    assert outcome.what == "waiting"
    assert "certificate" in outcome.why.lower()
    assert not server.handler.received


def test_a_certificate_of_another_host_sends_nothing(
    office: Office, server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more))
    assert office.mail is not None
    outcome = deliver(replace(office, mail=replace(office.mail, host="mail.example.com")), due(office))
    assert outcome.what == "waiting"
    assert "certificate is not valid for 'mail.example.com'" in outcome.why
    assert not server.handler.received


def test_a_wrong_password_is_said_and_not_shown(office: Office, server: MailServer) -> None:
    outcome = deliver(replace(office, login=(USER, "wrong secret")), due(office))
    assert outcome.what == "waiting"
    assert "535" in outcome.why
    journal = json.dumps([dict(entry.facts) for entry in office.store.journal.entries()])
    assert "wrong secret" not in journal


def test_a_message_that_was_changed_is_not_sent(office: Office, server: MailServer) -> None:
    server.handler.at_data += ["451 busy"] * 5
    deliver(office, due(office))
    server.handler.at_data.clear()
    path = "reviews/weekly-2026-W10/message.eml"
    office.store.place.replace(path, office.store.place.read(path) + b"x")
    outcome = deliver(office, due(office))
    assert (outcome.what, outcome.why) == ("failed", "weekly-2026-W10 was changed after it was made: 'message.eml'")
    assert not server.handler.received[1:], "but the notice to the owner"
    (day,) = calendar(office.store, [PLAN], timezone="UTC", now=NOW)
    assert (day.state, day.reason) == ("failed", outcome.why)


def test_two_runs_at_once_share_the_work(office: Office, server: MailServer) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def run(_: int) -> str:
        return deliver(replace(office, store=Store(office.store.place)), due(office)).what

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(run, range(4)))
    assert said.count("mailed") == 1
    assert set(said) <= {"mailed", "taken", "done"}
    assert len(server.handler.received) == 1


def test_a_run_leaves_a_review_alone_that_another_is_mailing(office: Office, server: MailServer) -> None:
    said: list[str] = []

    def meanwhile(_: float) -> None:
        said.append(deliver(replace(office, store=Store(office.store.place)), due(office)).what)

    server.handler.at_data += ["451 busy"]
    assert deliver(replace(office, wait=meanwhile), due(office)).what == "mailed"
    assert (said, len(server.handler.received)) == (["taken"], 1)


def test_a_run_that_died_is_followed_by_another_when_its_claim_is_over(office: Office, server: MailServer) -> None:
    facts = {"review": "weekly-2026-W10", "amendment": 0, "run": "dead", "expires": "2026-03-09T06:30:00.000000Z"}
    office.store.journal.append("claim", facts, time=NOW)
    assert deliver(office, due(office)).what == "taken"
    assert deliver(replace(office, now=NOW + timedelta(minutes=31)), due(office)).what == "mailed"


# -------------------------------------------------------------------------------------------------- the configuration


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "[mail] needs host"),
        ({"host": "smtp.example.com"}, "[mail] needs sender"),
        ({"host": "a", "sender": "b"}, "'b' is no mail address"),
        ({"host": "a", "sender": "b@c", "security": "ssl"}, "unknown security 'ssl'"),
        ({"host": "smtp.example.com", "sender": "b@c", "security": "none"}, "is for this machine alone"),
        ({"host": "a", "sender": "b@c", "port": 0}, "port must be a number"),
        (
            {"host": "a", "sender": "b@c", "give_up": "5 days"},
            "give_up '5 days' is no length of time; write 30m, 6h or 2d",
        ),
        ({"host": "a", "sender": "b@c", "max_size": "20 kB"}, "max_size '20 kB' is no size; write 10MB"),
        ({"host": "a", "sender": "b@c\r\nBcc: d@e"}, "is no mail address"),
        ({"host": "a", "sender": "b@c", "owner": "x@evil.com", "allowed_domains": ["c"]}, "is of no allowed domain"),
    ],
)
def test_a_mail_table_that_cannot_be_meant_is_refused(table: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        Mail.of(table)
    assert words in str(caught.value)


def test_recipients_stay_within_the_allowed_domains(mail: Mail) -> None:
    with pytest.raises(UsageError, match="is of no allowed domain"):
        Plan.of({"name": "w", "recipients": ["x@example.org"]}, mail=mail, formats=())
    with pytest.raises(UsageError, match="is of no allowed domain"):
        Plan.of({"name": "w", "recipients": ["x@not-example.com"]}, mail=mail, formats=())
    assert Plan.of({"name": "w", "recipients": ["X@Example.COM"]}, mail=mail, formats=()).recipients


def test_a_login_is_a_user_and_a_password(tmp_path: Path) -> None:
    user, password = "AUDIT_REPORTS_SMTP_USER", "AUDIT_REPORTS_SMTP_PASSWORD"
    assert login_of({}) is None
    assert login_of({user: USER, password: PASSWORD}) == (USER, PASSWORD)
    for given, absent in (({user: USER}, password), ({password: PASSWORD}, user)):
        with pytest.raises(UsageError, match=rf"and {absent} \(or {absent}_FILE\) is not set"):
            login_of(given)
    with pytest.raises(UsageError, match=r"AUDIT_REPORTS_SMTP_USER_FILE: '.*none' cannot be read"):
        login_of({f"{user}_FILE": str(tmp_path / "none"), password: PASSWORD})


# ------------------------------------------------------------------------------------------- run, calendar, check, sign


@pytest.fixture
def configured(office: Office, tmp_path: Path, server: MailServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUDIT_REPORTS_SMTP_USER", USER)
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    monkeypatch.setenv("AUDIT_REPORTS_SMTP_PASSWORD_FILE", str(secret))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(NOW.timestamp())))
    path = tmp_path / "audit-reports.toml"
    path.write_text(f'''
store = "{office.store.uri}"
[mail]
host = "127.0.0.1"
port = {server.port}
ca_file = "{server.ca_file}"
sender = "Audit reviews <audit@example.com>"
allowed_domains = ["example.com"]
[[review]]
name = "weekly"
delay = "6h"
recipients = ["ana@example.com"]
''')
    return path


def test_run_makes_mails_and_says_so_once(configured: Path, cli: Cli, server: MailServer) -> None:
    assert "would be made and mailed to ana@example.com" in cli("run", "--dry-run", "--config", configured).err
    assert not server.handler.received
    ran = cli("run", "--config", configured)
    assert (ran.code, ran.out) == (0, "")
    assert "weekly-2026-W10: mailed (to 1: 250 kept as 1)" in ran.err
    assert "no review is due" in cli("run", "--config", configured).err
    assert len(server.handler.received) == 1


def test_what_cannot_be_landed_stops_the_reviews_and_its_owner_is_told_each_time(
    configured: Path, cli: Cli, server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailed = configured.read_text().replace("[mail]\n", '[mail]\nowner = "owner@example.com"\n')
    ingest = f'[[ingest]]\npaths = ["{tmp_path}/inbox.jsonl"]\n'
    configured.write_text(f'{mailed}\n{ingest}[geo]\ndatabase = "{tmp_path}/gone.mmdb"\n')
    for minutes in (0, 60):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int((NOW + timedelta(minutes=minutes)).timestamp())))
        ran = cli("run", "--config", configured)
        assert ran.code != 0
        assert "gone.mmdb" in ran.err
    assert "weekly-2026-W10: would be made" in cli("run", "--dry-run", "--config", configured).err
    notices = server.handler.received
    assert [(to, one["Subject"]) for to, one in notices] == [
        (("owner@example.com",), "Failed: the landing before the reviews")
    ] * 2
    assert "gone.mmdb" in notices[0][1].get_content()
    assert notices[0][1]["Message-ID"] != notices[1][1]["Message-ID"]


def test_older_periods_are_named_when_something_is_made_and_not_every_hour(
    configured: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    configured.write_text(configured.read_text() + "catch_up = 1\n")
    later = NOW + timedelta(weeks=2)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(later.timestamp())))
    said = "weekly: 2 older periods are not made, for catch_up is 1"
    assert said in cli("run", "--dry-run", "--config", configured).err
    assert said in cli("run", "--config", configured).err
    assert cli("run", "--config", configured).err == "no review is due\n"
    assert said in cli("run", "--dry-run", "--config", configured).err


def test_a_dry_run_says_what_is_only_to_be_sent(configured: Path, cli: Cli, server: MailServer) -> None:
    server.handler.at_data.append("554 not liked")
    assert cli("run", "--config", configured).code == 1
    assert "weekly-2026-W10: would be sent to ana@example.com\n" in cli("run", "--dry-run", "--config", configured).err


def test_the_delay_is_waited_for(configured: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int((NOW - timedelta(hours=1)).timestamp())))
    assert "no review is due" in cli("run", "--config", configured).err


def test_the_calendar_says_what_became_of_each_period(
    configured: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli("run", "--config", configured)
    (day,) = cli("calendar", "--config", configured).rows
    assert (day["review"], day["state"]) == ("weekly-2026-W10", "unsigned")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int((NOW + timedelta(days=8, hours=1)).timestamp())))
    checked = cli("run", "--check", "--config", configured)
    assert checked.code == 1
    assert checked.out.splitlines() == [
        "silent: invent, its newest event is of 2026-03-07, and it was never silent so long before",
        "unsigned: weekly-2026-W10, since 2026-03-09 06:00 UTC",
        "overdue: weekly-2026-W11, due 2026-03-16 06:00 UTC (the next run makes it)",
    ]
    last = cli("calendar", "--limit", "1", "--config", configured)
    assert [(row["review"], row["state"]) for row in last.rows] == [("weekly-2026-W11", "due")]
    assert last.err == "showing 1 of 2\n"


def test_a_signature_is_bound_to_the_very_review(configured: Path, cli: Cli, office: Office) -> None:
    cli("run", "--config", configured)
    signed = cli("sign", "weekly-2026-W10", "--note", "looked at", "--config", configured)
    assert signed.code == 0
    assert "0:00:00 after its mail" in signed.out
    entry = office.store.journal.newest("signed")
    assert entry is not None
    assert (entry.facts["review"], entry.facts["note"]) == ("weekly-2026-W10", "looked at")
    (day,) = cli("calendar", "--config", configured).rows
    assert day["state"] == "signed"
    page = "reviews/weekly-2026-W10/review.html"
    office.store.place.replace(page, office.store.place.read(page) + b" ")
    changed = cli("sign", "weekly-2026-W10", "--config", configured)
    assert changed.code == 1
    assert "weekly-2026-W10 was changed after it was made: 'review.html'" in changed.err


def test_a_signature_says_how_long_after_the_mail_it_came(office: Office, server: MailServer) -> None:
    server.handler.at_data += ["451 busy"] * 5
    deliver(office, due(office))
    server.handler.at_data.clear()
    deliver(replace(office, now=NOW + timedelta(hours=1)), due(office))
    signed = sign(office.store, "weekly-2026-W10", now=NOW + timedelta(days=2, hours=3))
    assert signed.after_mail == timedelta(days=2, hours=2)
    assert signed.entry.facts["after_mail_s"] == signed.after_mail.total_seconds()


def test_a_review_that_is_not_whole_is_not_signed(office: Office) -> None:
    deliver(office, due(office, Plan("weekly")))
    office.store.place.remove("reviews/weekly-2026-W10/review.html")
    with pytest.raises(FailureError, match=r"weekly-2026-W10 is not whole: 'review.html' is absent"):
        sign(office.store, "weekly-2026-W10", now=NOW)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["weekly-2026-W01"], "unknown review 'weekly-2026-W01': did you mean 'weekly-2026-W10'?"),
        (["weekly-2026-W10", "--decide", "x"], "write FINDING=expected"),
        (["weekly-2026-W10", "--decide", "x=expcted"], "unknown decision 'expcted': did you mean 'expected'?"),
        (["weekly-2026-W10", "--decide", "x=follow-up"], "a follow-up needs an owner and a date"),
        (["weekly-2026-W10", "--decide", "x=follow-up::2026-04-01"], "a follow-up needs an owner and a date"),
        (["weekly-2026-W10", "--decide", "x=follow-up:ana:soon"], "'soon' is no date; write 2026-04-01"),
        (["weekly-2026-W10", "--decide", "x=fixed:ana:2026-04-01"], "only a follow-up has an owner and a date"),
    ],
)
def test_a_wrong_signature_is_refused_in_a_line(configured: Path, cli: Cli, words: list[str], said: str) -> None:
    cli("run", "--config", configured)
    ran = cli("sign", *words, "--config", configured)
    assert (ran.code, said in ran.err) == (2, True), ran.err
