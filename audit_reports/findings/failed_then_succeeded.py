"""Did somebody try in vain again and again, and then succeed?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

import narwhals as nw

from audit_reports.evidence import Evidence
from audit_reports.finding import Check, Finding, Threshold


class FailedThenSucceeded(Check):
    """The same event fails many times for the same actor, and then succeeds."""

    name = "failed_then_succeeded"
    title = "Failed, then succeeded"
    severity = "high"
    description = "The same event fails many times in a row for the same actor, and succeeds soon after."
    advice = "Ask the person; if it was not them, somebody has guessed a secret or found a way round a refusal."
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "failures": Threshold(5, "failures in a row from which on it is told"),
        "minutes": Threshold(30, "minutes from the first failure of the row to the success at most"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Finding]:
        """Yield a finding for each such row of failures; events without an outcome belong to none."""
        failed = nw.col("outcome") == "failure"
        often = evidence.collect(
            evidence.now()
            .filter(failed)
            .group_by("actor", "event")
            .agg(nw.len().alias("failures"))
            .filter(nw.col("failures") >= int(at["failures"]))
        )
        if not often.height:
            return
        chosen = evidence.now().filter(
            nw.col("actor").is_in(often["actor"].to_list()),
            nw.col("event").is_in(often["event"].to_list()),
            nw.col("outcome").is_in(["failure", "success"]),
        )
        rows = evidence.collect(chosen.select("actor", "event", "outcome", "occurred_at", "feed", "event_id"))
        within = timedelta(minutes=at["minutes"])
        for (actor, event), events in rows.sort("actor", "event", "occurred_at", "feed", "event_id").group_by(
            "actor", "event", maintain_order=True
        ):
            row: list[datetime] = []
            for outcome, moment in events.select("outcome", "occurred_at").iter_rows():
                if outcome == "failure":
                    row = [*(one for one in row if moment - one <= within), moment]
                    continue
                recent = [one for one in row if moment - one <= within]
                row = []
                if len(recent) < at["failures"]:
                    continue
                minutes = max(1, round((moment - recent[0]) / timedelta(minutes=1)))
                yield self.found(
                    evidence,
                    actor=str(actor),
                    sentence=f"{actor} was refused {len(recent):,} times within {minutes} minutes, and then succeeded: {event}.",
                    reason=f"{len(recent):,} failures in a row; from {at['failures']:.0f} on it is more than a slip.",
                    since=recent[0],
                    until=moment,
                    event=event,
                )
