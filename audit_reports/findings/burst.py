"""Did somebody do far more than they usually do?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import ClassVar

import polars as pl

from audit_reports.evidence import BASELINE, Evidence
from audit_reports.finding import Check, Finding, Threshold


class Burst(Check):
    """An actor has several times the events of their own median period."""

    name = "burst"
    title = "Burst against own baseline"
    severity = "medium"
    description = "An actor has several times as many events as in the median of their own eight periods before."
    advice = (
        "Look at what the additional events are; a script with somebody's rights is the usual cause, a thief the other."
    )
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "times": Threshold(3, "times the median from which on it is told"),
        "events": Threshold(100, "events more than the median from which on it is told"),
        "periods": Threshold(4, "periods of the eight with events without which there is no baseline"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Finding]:
        """Yield a finding for each such actor; one who was there in too few periods has no baseline."""
        for (actor,), rows in evidence.steps.group_by("actor", maintain_order=True):
            counts = dict(rows.select("step", "events").iter_rows())
            past = [counts.get(step, 0) for step in range(1, BASELINE + 1)]
            usual, now = median(past), counts.get(0, 0)
            if sum(map(bool, past)) < at["periods"] or now < at["times"] * usual or now - usual < at["events"]:
                continue
            row = evidence.actors.row(by_predicate=pl.col("actor") == actor, named=True)
            yield self.found(
                evidence,
                actor=str(actor),
                sentence=f"{actor} has {now:,} events, {now / max(usual, 1):.1f} times as many as usual.",
                reason=f"The median of the eight periods before is {usual:,.0f}, the most was {max(past):,}.",
                since=row["first_now"],
                until=row["last_now"],
            )
