"""Which findings has somebody decided to expect? Exceptions: dated decisions with an owner, a reason, and an end.

What an exception hides is said in every review, so that nobody hides anything in silence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from audit_reports.errors import UsageError, quoted
from audit_reports.filter import Filter
from audit_reports.findings import CHECKS, check_settings, thresholds_of
from audit_reports.findings.finding import Finding
from audit_reports.journal import canonical

if TYPE_CHECKING:
    from audit_reports.log import AuditLog

_KEYS = ("finding", "filter", "owner", "reason", "until")


@dataclass(frozen=True)
class Expected:
    """One `[[exception]]`: findings of one kind, whose events all match a filter, are expected until a day (inclusive)."""

    finding: Annotated[str, "the check whose findings it hides"]
    where: Annotated[Filter, "what every event of such a finding matches"]
    owner: Annotated[str, "who decided it"]
    reason: Annotated[str, "why"]
    until: Annotated[date, "its last day, in the review's timezone"]

    @classmethod
    def of(cls, table: Mapping[str, Any], *, timezone: str) -> Expected:
        """Read a table `[[exception]]`; every key is needed. Raises `UsageError` for what is absent or cannot be meant."""
        for key in _KEYS:
            if key not in table:
                raise UsageError(
                    f"[[exception]] needs {key}: an exception is a decision with an owner, a reason and an end"
                )
        finding, given, until = table["finding"], table["filter"], table["until"]
        if finding not in CHECKS:
            raise UsageError.unknown("finding", str(finding), CHECKS, "in [[exception]]")
        if not isinstance(until, date) or isinstance(until, datetime):
            raise UsageError(f"[[exception]] until must be a date, as until = 2026-12-31, not {quoted(until)}")
        for key in ("owner", "reason"):
            if not isinstance(table[key], str) or not table[key].strip():
                raise UsageError(f"[[exception]] {key} must be text")
        if not isinstance(given, dict) or not given:
            raise UsageError(
                "[[exception]] filter is a table with one condition at least, as { actor = 'ci@example.com' }"
            )
        return cls(finding, Filter.of(timezone=timezone, **given), table["owner"], table["reason"], until)


@dataclass(frozen=True)
class Rules:
    """How a review judges: thresholds that differ from the checks' own, and exceptions."""

    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    exceptions: tuple[Expected, ...] = ()

    @classmethod
    def of(cls, findings: Mapping[str, Any], exceptions: Sequence[Mapping[str, Any]], *, timezone: str) -> Rules:
        """Read `[findings.NAME]` and `[[exception]]` tables; raises `UsageError` for what cannot be meant."""
        return cls(check_settings(findings), tuple(Expected.of(table, timezone=timezone) for table in exceptions))

    def as_json(self) -> str:
        """Return every threshold, also the checks' own, and every exception as canonical JSON."""
        thresholds = {
            name: {word: float(value) for word, value in thresholds_of(check, self.thresholds).items()}
            for name, check in CHECKS.items()
        }
        exceptions = [
            {
                "finding": one.finding,
                "filter": one.where.hash,
                "owner": one.owner,
                "reason": one.reason,
                "until": str(one.until),
            }
            for one in self.exceptions
        ]
        return canonical({"thresholds": thresholds, "exceptions": exceptions})

    @property
    def hash(self) -> str:
        """The SHA-256 of that JSON: another one where anything of it is."""
        return hashlib.sha256(self.as_json().encode()).hexdigest()


@dataclass(frozen=True)
class Hidden:
    """A finding that an exception hides."""

    finding: Annotated[Finding, "what was found"]
    by: Annotated[Expected, "the decision that hides it"]


def sift(
    log: AuditLog, findings: Iterable[Finding], exceptions: Sequence[Expected], *, on: date
) -> tuple[list[Finding], list[Hidden]]:
    """Part findings that are to be told from those that are expected, both in their order; `on` is the period's last day.

    An exception hides a finding when every one of its events matches, there is one at least, and the exception's last day
    is not before `on`; of two that match, the first stands.
    """
    told: list[Finding] = []
    hidden: list[Hidden] = []
    for one in findings:
        by = next((e for e in exceptions if e.finding == one.finding and e.until >= on and _covers(log, e, one)), None)
        if by is None:
            told.append(one)
        else:
            hidden.append(Hidden(one, by))
    return told, hidden


def _covers(log: AuditLog, expected: Expected, one: Finding) -> bool:
    return one.events > 0 and log.unrecorded().narrowed(one.where.also(expected.where)).count() == one.events
