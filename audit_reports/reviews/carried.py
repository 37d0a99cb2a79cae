"""What of earlier reviews is still open? Findings that nobody has decided to expect or has fixed, with their age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from audit_reports.findings.finding import SEVERITIES, Severity


@dataclass(frozen=True)
class Carried:
    """A finding of an earlier review of the same name that is still open: undecided, or to be followed up by somebody."""

    finding: Annotated[str, "its id"]
    severity: Annotated[Severity, "high, medium or low"]
    actor: Annotated[str | None, "who; None where nobody stands behind it"]
    sentence: Annotated[str, "what happened"]
    review: Annotated[str, "the review that told it first"]
    days: Annotated[int, "from the end of that review's period to the end of this one's"]
    owner: Annotated[str | None, "who follows it up; None where nobody has decided anything"] = None
    due: Annotated[date | None, "until when"] = None
    is_overdue: Annotated[bool, "whether that day was over when the period was"] = False
    is_found_again: Annotated[bool, "whether it is among this review's own findings, and told there"] = False

    @property
    def order(self) -> tuple[int, int, str]:
        """Worst first, and among those the oldest."""
        return SEVERITIES.index(self.severity), -self.days, self.finding
