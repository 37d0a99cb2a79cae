"""How does a due review come to its readers? Claimed, made, kept in the store, journaled, mailed; each step once.

The journal is the one memory: a run that dies is taken up by the next where it stopped, and two runs at once share the
work. What is mailed is what is kept: the message lies beside the review's files before it is handed to the server, and a
second try sends the same bytes with the same Message-ID.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from audit_reports.delivery.agenda import Task
from audit_reports.delivery.history import History, folder_of, given_up_said, history_of, title_of
from audit_reports.delivery.kept_files import MESSAGE, RECORD, kept_files
from audit_reports.delivery.late import of_plan
from audit_reports.delivery.message import attachments_of, compose, fitting, message_id
from audit_reports.delivery.open_findings import open_findings
from audit_reports.delivery.smtp import Receipt, send
from audit_reports.errors import AuditReportsError, FailureError, reason
from audit_reports.findings.exceptions import Rules
from audit_reports.journal import Entry, time_text
from audit_reports.log import AuditLog
from audit_reports.outputs.appearance import OURS, Appearance
from audit_reports.outputs.context import LeftOut
from audit_reports.outputs.formats import plain
from audit_reports.outputs.mail import mail_body
from audit_reports.outputs.output import review_facts, write_review
from audit_reports.plan import Mail
from audit_reports.reviews.amendment import Amendment, amendment_of, matters
from audit_reports.reviews.review import NO_RULES, Review, make_review
from audit_reports.store import Store

CLAIM = timedelta(minutes=30)
"""How long a claim is good; where a run died with one, another may take its place after that."""


@dataclass(frozen=True)
class Outcome:
    """What a run did about one review, and why where that is to be said.

    `mailed` to all, `made` where nobody is to be mailed, `waiting` in the outbox, `refused` for somebody by the server for
    good, `missed` where its mail was given up, `failed`, `taken` by another run, or `done` before.
    """

    review: str
    what: str
    why: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether somebody must look."""
        return self.what in ("failed", "waiting", "refused", "missed")


@dataclass(frozen=True)
class Office:
    """What delivery works with: the store, the mail server and its login, the zone and time, how to wait, judge and look."""

    store: Store
    mail: Mail | None
    login: tuple[str, str] | None
    timezone: str
    now: datetime
    wait: Callable[[float], None]
    rules: Rules = NO_RULES
    appearance: Appearance = OURS


def deliver(office: Office, task: Task) -> Outcome:
    """Make and mail one form of a review, or go on where a run before stopped; say what became of it.

    A review that cannot be made or mailed is journaled as failed, and its owner is told by a short notice. Never raises
    for the failure of one review, so that the others are still made; only for a journal that cannot be written.
    """
    review, amendment = task.due.review, task.amendment
    history = history_of(office.store.journal, review)
    made = _of(history, amendment)
    title = title_of(review, amendment)
    if made is not None and not history.waiting(made):
        return Outcome(title, "done")
    if not _claim(office, review, history, amendment):
        return Outcome(title, "taken", "another run is at it")
    try:
        made = made or _make(office, task, history)
        return _mail(office, made, history)
    except (AuditReportsError, OSError) as error:
        return _failed(office, review, amendment, reason(error))


def _of(history: History, amendment: int) -> Entry | None:
    return next((one for one in history.made if one.facts["amendment"] == amendment), None)


def _claim(office: Office, review: str, history: History, amendment: int) -> bool:
    """Journal that this run is at a review; return False where another run has moved meanwhile."""
    known = history.entries[-1].number if history.entries else 0
    run = uuid.uuid4().hex

    def moved() -> Entry | None:
        there = history_of(office.store.journal, review)
        newest = there.entries[-1] if there.entries else None
        return newest if newest and (newest.number != known or there.claimed(office.now)) else None

    facts = {"review": review, "amendment": amendment, "run": run, "expires": time_text(office.now + CLAIM)}
    return office.store.journal.append("claim", facts, time=office.now, unless=moved).facts.get("run") == run


def _make(office: Office, task: Task, history: History) -> Entry:
    """Make a review, keep its files and its message in the store, and journal that; return the entry."""
    store, due, plan, amendment = office.store, task.due, task.due.plan, task.amendment
    log = AuditLog(store, timezone=office.timezone, as_of=task.landing)
    entry = store.journal.numbers()[-1]
    review = make_review(
        of_plan(log, plan),
        due.period,
        name=plan.name,
        rules=office.rules,
        carried=open_findings(store, plan.name, due.period, until=entry),
        journal_entry=entry,
    )
    recipients, title = plan.recipients, f"{plan.name}: {review.period.label}"
    if amendment and history.newest:
        review = replace(review, amendment=_amended(store, task, review, history.newest))
        title = f"Amendment {amendment} to {title}"
        if review.amendment and not matters(review.amendment, late_share=plan.late_share):
            recipients = ()
    appearance = office.appearance.of_plan(plan)
    folder = folder_of(due.review, amendment)
    arguments = {"command": "run", "review": plan.name, "period": due.period.name, "timezone": office.timezone}
    with tempfile.TemporaryDirectory(prefix="audit-reports-") as temporary:
        root = Path(temporary)
        written = write_review(review, root, ("html", *plan.formats), arguments=arguments, appearance=appearance)
        files = {path.relative_to(root).as_posix(): path.read_bytes() for path in written}
    facts = review_facts(store, review, files) | {
        "plan": plan.name,
        "amendment": amendment,
        "recipients": list(recipients),
        "since": time_text(due.period.since),
        "until": time_text(due.period.until),
    }
    if office.mail is not None and recipients:
        identity = message_id(f"{due.review} {amendment}", _store_token(store), office.mail)
        wanted = attachments_of(files, plan.formats)
        attached, too_large = fitting(wanted, office.mail.max_size)
        left_out = [
            LeftOut(name, f"{len(wanted[name]) / 1_000_000:,.1f} MB", f"{store.uri}/{folder}") for name in too_large
        ]
        files[MESSAGE] = compose(
            office.mail,
            recipients,
            subject=title,
            text=mail_body(review, "mail.txt", appearance, left_out=left_out),
            html=mail_body(review, "mail.html", appearance, left_out=left_out),
            attachments=attached,
            identity=identity,
            time=office.now,
            answers=history.made[0].facts.get("message_id") if amendment else None,
        )
        facts |= {"message_id": identity, "left_out": too_large, "message": hashlib.sha256(files[MESSAGE]).hexdigest()}
    for name, data in files.items():
        store.place.replace(f"{folder}/{name}", data)
    return store.journal.append("review", facts, time=office.now)


def _amended(store: Store, task: Task, review: Review, before: Entry) -> Amendment:
    """Return what is different in a review against its form before, which must lie in the store as it was made."""
    record = json.loads(kept_files(store, before, RECORD)[RECORD])
    return amendment_of(review, record, task.late, number=task.amendment, made_at=before.time)


def _mail(office: Office, made: Entry, history: History) -> Outcome:
    """Hand a review's message to the server for those who have not got it, and journal the answer."""
    review, amendment = str(made.facts["review"]), int(made.facts["amendment"])
    title = title_of(review, amendment)
    if not made.facts["recipients"]:
        return Outcome(title, "made")
    if office.mail is None:
        raise FailureError("there is no [mail] in the configuration any more to send it by")
    message = kept_files(office.store, made, MESSAGE)[MESSAGE]
    receipt = send(office.mail, message, history.waiting(made), login=office.login, wait=office.wait)
    facts = {
        "review": review,
        "amendment": amendment,
        "message_id": made.facts["message_id"],
        "accepted": list(receipt.accepted),
        "refused": dict(receipt.refused),
        "waiting": dict(receipt.waiting),
        "answer": receipt.answer,
        "rejected": receipt.rejected,
    }
    office.store.journal.append("mailed", facts, time=office.now)
    if receipt.refused:
        why = "; ".join(f"{who}: {said}" for who, said in receipt.refused.items())
        _tell_owner(office, title, f"the server refused it for {why}")
        return Outcome(title, "refused", why)
    if receipt.rejected:
        tries = [one.time for one in history.rejected(made)] + [office.now]
        if office.now - tries[0] >= office.mail.give_up:
            return _given_up(office, made, receipt, tries)
    if receipt.waiting:
        return Outcome(title, "waiting", "; ".join(f"{who}: {said}" for who, said in receipt.waiting.items()))
    return Outcome(title, "mailed", f"to {len(receipt.accepted)}: {receipt.answer}")


def _given_up(office: Office, made: Entry, receipt: Receipt, tries: Sequence[datetime]) -> Outcome:
    """Journal that a mail is tried no more, since the server has rejected it for too long, and tell the owner."""
    review, amendment = str(made.facts["review"]), int(made.facts["amendment"])
    facts = {
        "review": review,
        "amendment": amendment,
        "recipients": list(receipt.waiting),
        "answer": receipt.rejected,
        "since": time_text(tries[0]),
        "tries": len(tries),
    }
    entry = office.store.journal.append("missed", facts, time=office.now)
    title, why = title_of(review, amendment), given_up_said(entry)
    _tell_owner(office, title, why, "Nobody tries again; send it on by hand once the server takes it.")
    return Outcome(title, "missed", why)


def _failed(office: Office, review: str, amendment: int, why: str) -> Outcome:
    facts = {"review": review, "amendment": amendment, "reason": why}
    office.store.journal.append("failed", facts, time=office.now)
    title = title_of(review, amendment)
    _tell_owner(office, title, why)
    return Outcome(title, "failed", why)


def tell_of_landing(office: Office, why: str) -> None:
    """Mail the owner, where there is one, that what came before the reviews has failed and none was made."""
    text = "What [[ingest]] names could not be landed, so no review was made and no waiting mail was sent."
    _notify(
        office, "Failed: the landing before the reviews", [text, "", plain(why), "", "`audit-reports run` tries again."]
    )


def _tell_owner(office: Office, review: str, why: str, next: str = "`audit-reports run` tries again.") -> None:
    text = f"The review {review} has failed; whom it did not reach has got nothing of it."
    calendar = f"`audit-reports calendar` shows what became of every review. {next}"
    _notify(office, f"Failed: {review}", [text, "", plain(why), "", calendar])


def _notify(office: Office, subject: str, lines: Sequence[str]) -> None:
    """Mail the owner a short notice; that it could not be sent changes nothing, for the exit code says it too."""
    mail = office.mail
    if mail is None or mail.owner is None:
        return
    identity = message_id(f"{subject} {time_text(office.now)}", _store_token(office.store), mail)
    notice = compose(
        mail,
        [mail.owner],
        subject=subject,
        text="\n".join([*lines, ""]),
        html=None,
        attachments={},
        identity=identity,
        time=office.now,
    )
    send(mail, notice, [mail.owner], login=office.login, wait=office.wait, waits_s=())


def _store_token(store: Store) -> str:
    """Return what tells this store from all others: the hash of its first journal entry, and its place where it has none."""
    numbers = store.journal.numbers()
    return store.journal.entry(numbers[0]).sha256 if numbers else store.uri
