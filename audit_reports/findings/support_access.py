"""Was the vendor's own staff at work in the workspace?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from audit_reports.findings.evidence import Evidence
from audit_reports.findings.finding import Check, Draft
from audit_reports.past import LOOK_BACK_DAYS


class SupportAccess(Check):
    """The vendor's support staff acted in the workspace."""

    name = "support_access"
    title = "Vendor's staff at work"
    severity = "medium"
    description = "The vendor's own staff acted in the workspace."
    advice = "Hold it against a ticket: who asked them in, and for what?"

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each of them."""
        staff = evidence.actors.filter(pl.col("actor_type") == "support", pl.col("now") > 0)
        for row in staff.sort("first_now", "actor").iter_rows(named=True):
            yield self.found(
                evidence,
                actor=row["actor"],
                sentence=f"The vendor's staff, as {row['actor']}, acted in the workspace.",
                reason=f"{row['now']:,} events now, {row['before']:,} in the {LOOK_BACK_DAYS} days before.",
                since=row["first_now"],
                until=row["last_now"],
            )
