"""Who reviewed a review, and what did they decide? A signature is a journal entry, bound to the exact files of the review."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from audit_reports.delivery.history import History, histories
from audit_reports.delivery.kept_files import RECORD, kept_files
from audit_reports.errors import UsageError, quoted
from audit_reports.journal import Entry, whoami
from audit_reports.log import AuditLog
from audit_reports.store import Store

DECISIONS = ("expected", "fixed", "follow-up")


@dataclass(frozen=True)
class Decision:
    """What was decided about one finding; a follow-up has an owner and a date."""

    finding: str
    what: str
    owner: str | None = None
    until: date | None = None

    @classmethod
    def parse(cls, text: str) -> Decision:
        """Read `FINDING=expected`, `FINDING=fixed` or `FINDING=follow-up:OWNER:2026-04-01`.

        >>> Decision.parse("mass_deletion=follow-up:ana@example.com:2026-04-01").until
        datetime.date(2026, 4, 1)
        """
        finding, _, rest = text.partition("=")
        what, *more = rest.split(":")
        if not finding or what not in DECISIONS:
            if finding and what:
                raise UsageError.unknown("decision", what, DECISIONS)
            raise UsageError(f"{quoted(text)}: write FINDING=expected, FINDING=fixed or FINDING=follow-up:OWNER:DATE")
        if what != "follow-up":
            if more:
                raise UsageError(f"{quoted(text)}: only a follow-up has an owner and a date")
            return cls(finding, what)
        if len(more) != 2 or not more[0]:  # noqa: PLR2004 - owner and date
            raise UsageError(f"{quoted(text)}: a follow-up needs an owner and a date, as follow-up:ana:2026-04-01")
        try:
            return cls(finding, what, more[0], date.fromisoformat(more[1]))
        except ValueError:
            raise UsageError(f"{quoted(more[1])} is no date; write 2026-04-01") from None


@dataclass(frozen=True)
class Signature:
    """What signing did: its journal entry, how long after the mail it came, and what the signer should know."""

    entry: Entry
    after_mail: timedelta | None
    warnings: tuple[str, ...] = ()


def sign(
    store: Store, review: str, *, decisions: Sequence[Decision] = (), note: str | None = None, now: datetime
) -> Signature:
    """Record that whom the operating system runs this as has reviewed a review; `review` is its id, or its folder.

    The newest form of the review is signed, bound to the SHA-256 of its `run.json` and through it to every file. Each of
    its findings needs a decision, and what it carries over from earlier reviews may have one. Raises
    `UsageError` for a review that the journal does not know, for a decision about a finding that it has not, and for a
    finding without one; `FailureError` for a review that was changed since it was made.
    """
    history, made, files = files_of(store, review)
    name, record = str(made.facts["review"]), json.loads(files[RECORD])
    findings = [str(one["finding"]) for one in record.get("findings", [])]
    _check_decisions(decisions, findings, [str(one["finding"]) for one in record.get("carried", [])])
    mailed = history.mailed_at(made) if history.newest else None
    facts: dict[str, Any] = {
        "review": name,
        "amendment": made.facts.get("amendment", 0),
        "run": made.facts["files"][RECORD],
        "made": made.number,
        "decisions": [
            {
                "finding": one.finding,
                "decision": one.what,
                "owner": one.owner,
                "until": one.until.isoformat() if one.until else None,
            }
            for one in decisions
        ],
        "note": note,
        "after_mail_s": round((now - mailed).total_seconds()) if mailed else None,
    }
    entry = store.journal.append("signed", facts, time=now)
    return Signature(entry, now - mailed if mailed else None, tuple(_warnings(store, record, history)))


def files_of(store: Store, review: str) -> tuple[History, Entry, Mapping[str, bytes]]:
    """Return what became of a review, the entry of its newest form, and that form's files, from the store or from a folder.

    Raises `UsageError` for a review that the journal does not know, `FailureError` where a file of it is absent or was
    changed since it was made.
    """
    known = histories(store.journal)
    folder = Path(review)
    if review not in known and folder.is_dir():
        history = _of_folder(store, folder, known)
        by_hand = history.newest or next(one for one in reversed(history.entries) if one.kind == "review")
        return history, by_hand, kept_files(store, by_hand, folder=folder)
    newest = {name: made for name, history in known.items() if (made := history.newest)}
    if review not in newest:
        if review in known:
            raise UsageError(f"{quoted(review)} was made by hand and is not kept in the store: name its folder")
        raise UsageError.unknown("review", review, newest)
    return known[review], newest[review], kept_files(store, newest[review])


def _of_folder(store: Store, folder: Path, known: Mapping[str, History]) -> History:
    try:
        name = str(json.loads((folder / RECORD).read_bytes())["review"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{quoted(folder)} holds no review: there is no run.json that can be read") from None
    if name not in known:
        raise UsageError(f"the journal of {quoted(store.uri)} does not know the review {quoted(name)}")
    return known[name]


def _check_decisions(decisions: Sequence[Decision], findings: Sequence[str], carried: Sequence[str]) -> None:
    """Hold each decision to a finding: each of the review's own needs one, one that it carries over may have one."""
    given = [one.finding for one in decisions]
    for one in given:
        if one not in findings and one not in carried:
            raise UsageError.unknown("finding", one, [*findings, *carried], "in this review")
        if given.count(one) > 1:
            raise UsageError(f"two decisions about {quoted(one)}; give one")
    if absent := [one for one in findings if one not in given]:
        raise UsageError(
            f"{len(absent)} findings have no decision yet: {', '.join(quoted(one)[1:-1] for one in absent[:8])}; "
            "add --decide FINDING=expected|fixed|follow-up:OWNER:DATE for each"
        )


def _warnings(store: Store, record: Mapping[str, Any], history: History) -> list[str]:
    _, user = whoami()
    found = []
    period = record["period"]
    log = AuditLog(store, as_of=int(record["landing"]) or None).unrecorded()
    actors = log.filter(since=period["since"], until=period["until"]).by("actor")["actor"].drop_nulls()
    if any(str(actor).partition("@")[0].casefold() == user.casefold() for actor in actors):
        found.append(f"{quoted(user)} is an actor in this review; somebody else should sign it too")
    if history.signed is not None:
        found.append(f"it was signed before, by {history.signed.user}; both signatures stand")
    return found
