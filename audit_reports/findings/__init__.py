"""Which findings are there? One file each, and one dict from the word of the configuration to the check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from audit_reports.errors import UsageError
from audit_reports.findings.acted_after_removal import ActedAfterRemoval
from audit_reports.findings.burst import Burst
from audit_reports.findings.created_and_removed import CreatedAndRemoved
from audit_reports.findings.dormant_actor import DormantActor
from audit_reports.findings.failed_then_succeeded import FailedThenSucceeded
from audit_reports.findings.finding import SEVERITIES, Check, Finding, Severity
from audit_reports.findings.first_country import FirstCountry
from audit_reports.findings.first_sensitive import FirstSensitive
from audit_reports.findings.impossible_travel import ImpossibleTravel
from audit_reports.findings.mass_deletion import MassDeletion
from audit_reports.findings.new_actors import NewActors
from audit_reports.findings.new_network import NewNetwork
from audit_reports.findings.role_raised_and_lowered import RoleRaisedAndLowered
from audit_reports.findings.silent_feed import SilentFeed
from audit_reports.findings.stopped_actor import StoppedActor
from audit_reports.findings.support_access import SupportAccess
from audit_reports.findings.unusual_hours import UnusualHours

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.findings.evidence import Evidence

CHECKS: Mapping[str, Check] = {
    check.name: check
    for check in (
        ActedAfterRemoval(), Burst(), CreatedAndRemoved(), DormantActor(), FailedThenSucceeded(), FirstCountry(),
        FirstSensitive(), ImpossibleTravel(), MassDeletion(), NewActors(), NewNetwork(), RoleRaisedAndLowered(),
        SilentFeed(), StoppedActor(), SupportAccess(), UnusualHours(),
    )
}  # fmt: skip
"""Every check by its word."""


def find(evidence: Evidence, settings: Mapping[str, Mapping[str, float]]) -> list[Finding]:
    """Return all findings of a period, worst first; `settings` has thresholds that differ from the checks' own.

    Among those of one severity, whose actor has more of them comes first, and then who was earlier.
    """
    drafts = [one for check in CHECKS.values() for one in check.find(evidence, thresholds_of(check, settings))]
    events = evidence.events_of([one.own for one in drafts])
    found = [draft.told(*of) for draft, of in zip(drafts, events, strict=True)]
    times: Counter[tuple[Severity, str | None]] = Counter((one.severity, one.actor) for one in found if one.actor)
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), -times[one.severity, one.actor], *one.order))


def findings_table(findings: Sequence[Finding]) -> pl.DataFrame:
    """Return findings as the table of that name, in their order; none gives no row."""
    import polars as pl

    texts = dict.fromkeys(("finding", "severity", "actor", "sentence", "reason"), pl.String())
    times = dict.fromkeys(("since", "until"), pl.Datetime("us", "UTC"))
    schema = {
        **texts,
        **times,
        "events": pl.Int64(),
        "event_ids": pl.List(pl.String),
        "id": pl.String(),
        "advice": pl.String(),
    }
    rows = [
        {name: list(one.event_ids) if name == "event_ids" else getattr(one, name) for name in schema}
        for one in findings
    ]
    return pl.DataFrame(rows, schema=schema)


def thresholds_of(check: Check, settings: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return a value for each threshold of a check: the configured one, else its own."""
    return {name: one.default for name, one in check.thresholds.items()} | dict(settings.get(check.name, {}))


def check_settings(settings: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, float]]:
    """Return `[findings.NAME]` tables as numbers; raises `UsageError` for an unknown check or threshold, and for no number."""
    checked: dict[str, dict[str, float]] = {}
    for name, table in settings.items():
        if name not in CHECKS:
            raise UsageError.unknown("finding", name, CHECKS, "in [findings]")
        for key, value in table.items():
            known = CHECKS[name].thresholds
            if key not in known:
                raise UsageError.unknown("threshold", key, known, f"in [findings.{name}]")
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise UsageError(f"[findings.{name}] {key} must be a number, zero or more: {known[key].meaning}")
            checked.setdefault(name, {})[key] = value
    return checked
