"""Was a key or a member there for less than an hour?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from audit_reports.findings.evidence import Evidence
from audit_reports.findings.finding import Check, Draft, Threshold

MADE, ENDED = ("Created", "Joined", "Invited"), ("Deleted", "Removed", "Left", "Revoked")
KINDS = {"API Keys": "The API key", "Members": "The member"}


class CreatedAndRemoved(Check):
    """An API key or a member is created and removed again within an hour."""

    name = "created_and_removed"
    title = "Created and removed within an hour"
    severity = "high"
    description = "An API key or a member is created and is gone again within an hour: long enough to be used."
    advice = "Look at what was done with it in the time between, and at who made it."
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "minutes": Threshold(60, "minutes between the making and the end within which it is told"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each such thing; what has neither id nor name cannot be paired, and yields none."""
        within = timedelta(minutes=at["minutes"])
        made: dict[tuple[str, str], dict[str, Any]] = {}
        for row in evidence.pairs(
            tuple(KINDS), actions=(*MADE, *ENDED), since=evidence.period.since - within
        ).iter_rows(named=True):
            thing = row["resource_id"] or row["resource"]
            if thing is None or row["outcome"] == "failure":
                continue
            key = (row["category"], thing)
            if row["action"] in MADE:
                made[key] = row
            elif row["action"] in ENDED and key in made:
                begun = made.pop(key)
                lived = row["occurred_at"] - begun["occurred_at"]
                if lived > within or row["occurred_at"] < evidence.period.since:
                    continue
                minutes = max(1, round(lived / timedelta(minutes=1)))
                by = f"made by {begun['actor']}, ended by {row['actor']}"
                if begun["actor"] == row["actor"]:
                    by = f"made and ended by {row['actor']}"
                yield self.found_between(
                    evidence,
                    begun,
                    row,
                    sentence=f"{KINDS[row['category']]} {row['resource'] or thing} was there for {minutes} "
                    f"{'minute' if minutes == 1 else 'minutes'}: {by}.",
                    reason=f"Less than {at['minutes']:.0f} minutes, and long enough to be used.",
                    category=row["category"],
                )
