"""Which findings of earlier reviews are still open? From the reviews that lie in the store, and the signatures in its journal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from audit_reports.delivery.history import History, histories
from audit_reports.delivery.kept_files import RECORD, NotAsMadeError, kept_files
from audit_reports.journal import Entry, Journal
from audit_reports.past import LOOK_BACK_DAYS
from audit_reports.period import Period
from audit_reports.reviews.carried import Carried
from audit_reports.store import Store

TOLD = ("landing", "retention", "erasure", "signed", "refused")
"""Entries of the journal that change what a review says; one that was made by itself and kept does, too."""

CLOSING = ("expected", "fixed")
"""Decisions after which a finding is not carried over."""


def told_until(journal: Journal) -> int:
    """Return the newest entry that changes what a review says, 0 where there is none.

    A review that is made twice by hand is so the same twice, although the journal has an entry of the first.
    """
    found = (one for one in journal.backwards() if one.kind in TOLD or (one.kind == "review" and "plan" in one.facts))
    newest = next(found, None)
    return newest.number if newest else 0


def open_findings(store: Store, name: str, period: Period, *, until: int) -> list[Carried]:
    """Return what is open of the reviews of a name over periods before one, worst and oldest first.

    The journal counts as it was up to the entry `until`; the past reaches back as far as a review's does. A decision counts
    in whichever review of that name it was signed. What an amendment no longer finds is not open. Where a review's record is
    gone, or was changed, its findings are open all the same, and say so.
    """
    known = [
        History(tuple(one for one in history.entries if one.number <= until))
        for history in histories(store.journal).values()
    ]
    forms = [(history, made) for history in known if (made := history.newest) and made.facts["plan"] == name]
    decisions = _decisions(history for history, _ in forms)
    first = period.since - timedelta(days=LOOK_BACK_DAYS)
    found: dict[str, Carried] = {}
    for _, made in sorted(forms, key=lambda form: str(form[1].facts["until"])):
        ended = datetime.fromisoformat(made.facts["until"])
        there = [one for one in made.facts["findings"] if decisions.get(one, {}).get("decision") not in CLOSING]
        if not there or not first <= ended <= period.since:
            continue
        told = _told(store, made)
        for one in there:
            found.setdefault(one, _carried(one, told.get(one), made, period, decisions.get(one, {})))
    return sorted(found.values(), key=lambda one: one.order)


def _decisions(of: Iterable[History]) -> dict[str, Mapping[str, Any]]:
    """Return the newest decision about each finding, as its signature has it."""
    signed = sorted(
        (one for history in of for one in history.entries if one.kind == "signed"), key=lambda one: one.number
    )
    return {str(one["finding"]): one for entry in signed for one in entry.facts["decisions"]}


def _told(store: Store, made: Entry) -> dict[str, Mapping[str, Any]]:
    """Return what a review told of each finding; nothing where its record is not as it was made."""
    try:
        record = kept_files(store, made, RECORD)[RECORD]
    except NotAsMadeError:
        return {}
    return {str(one["finding"]): one for one in json.loads(record)["findings"]}


def _carried(
    finding: str, told: Mapping[str, Any] | None, made: Entry, period: Period, decision: Mapping[str, Any]
) -> Carried:
    review = str(made.facts["review"])
    due = date.fromisoformat(decision["until"]) if decision.get("until") else None
    return Carried(
        finding=finding,
        severity=told["severity"] if told else "high",
        actor=told["actor"] if told else None,
        sentence=told["sentence"] if told else f"The record of {review}, which told it, is gone or was changed.",
        review=review,
        days=(period.until - datetime.fromisoformat(made.facts["until"])).days,
        owner=decision.get("owner"),
        due=due,
        is_overdue=due is not None and due < period.days[-1] + timedelta(days=1),
    )
