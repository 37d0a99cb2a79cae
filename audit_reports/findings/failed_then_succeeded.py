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
        """Yield a finding for each actor and event with such rows of failures; events without an outcome belong to none."""
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
            found: list[tuple[list[datetime], datetime]] = []
            for outcome, moment in events.select("outcome", "occurred_at").iter_rows():
                row = [one for one in row if moment - one <= within]
                if outcome == "failure":
                    row.append(moment)
                    continue
                if len(row) >= at["failures"]:
                    found.append((row, moment))
                row = []
            if not found:
                continue
            failures, success = max(found, key=lambda one: len(one[0]))
            minutes = max(1, round((success - failures[0]) / timedelta(minutes=1)))
            span = "a minute" if minutes == 1 else f"{minutes} minutes"
            times = (
                "" if len(found) == 1 else f" It happened {len(found):,} times in this period; this is the longest row."
            )
            yield self.found(
                evidence,
                actor=str(actor),
                sentence=f"{actor} was refused {len(failures):,} times within {span}, and then succeeded: {event}.",
                reason=f"{len(failures):,} failures in a row; from {at['failures']:.0f} on it is more than a slip.{times}",
                since=found[0][0][0],
                until=found[-1][1],
                event=event,
            )
