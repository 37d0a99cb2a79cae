"""Was a feed silent when events were to be expected?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta

from audit_reports.findings.evidence import Evidence
from audit_reports.findings.finding import Check, Draft


class SilentFeed(Check):
    """A feed brought nothing at a time at which the weeks before had events: not collected."""

    name = "silent_feed"
    title = "Silent feed"
    severity = "medium"
    description = "A feed brought nothing for hours in which at least three of the four weeks before had events."
    advice = "Find out whether the export failed or logging was switched off, and land what is missing."

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each gap of a feed; a feed that is usually quiet then yields none."""
        for feed in evidence.trust.feeds:
            for gap in feed.gaps:
                hours = (gap.until - gap.since) / timedelta(hours=1)
                yield self.found(
                    evidence,
                    actor=None,
                    sentence=f"Nothing of {feed.feed} was collected for {hours:,.0f} hours, "
                    f"from {gap.since:%Y-%m-%d %H:%M} to {gap.until:%Y-%m-%d %H:%M} UTC.",
                    reason="At least three of the four weeks before had events at these hours.",
                    since=gap.since,
                    until=gap.until - timedelta(microseconds=1),
                    feed=feed.feed,
                )
