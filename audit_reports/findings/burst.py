"""Did somebody do far more than they usually do?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import ClassVar

import polars as pl

from audit_reports.findings.evidence import Evidence
from audit_reports.findings.finding import Check, Draft, Threshold


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

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each such actor; one who was there in too few periods has no baseline."""
        for actor, (now, *past) in evidence.history.items():
            usual = median(past)
            if sum(map(bool, past)) < at["periods"] or now < at["times"] * usual or now - usual < at["events"]:
                continue
            row = evidence.actors.row(by_predicate=pl.col("actor") == actor, named=True)
            yield self.found(
                evidence,
                actor=actor,
                sentence=f"{actor} has {now:,} events, {now / max(usual, 1):.1f} times as many as usual.",
                reason=f"The median of the eight periods before is {usual:,.0f}, the most was {max(past):,}.",
                since=row["first_now"],
                until=row["last_now"],
            )
