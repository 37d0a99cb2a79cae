"""Did somebody wake who had been silent for long?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import polars as pl

from audit_reports.findings.evidence import Evidence
from audit_reports.findings.finding import Check, Draft, Threshold


class DormantActor(Check):
    """An actor without an event for weeks is active again."""

    name = "dormant_actor"
    title = "Dormant account wakes"
    severity = "medium"
    description = "An actor without an event for weeks is active again."
    advice = "Ask the person; an account that nobody uses is one that nobody misses."
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "days": Threshold(30, "days without an event from which on an actor counts as dormant"),
        "events": Threshold(5, "events in this period from which on it is told"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each such actor; one without any past is new, and not dormant."""
        silent = (pl.col("first_now") - pl.col("last_before")).dt.total_days()
        woken = evidence.actors.filter(silent >= at["days"], pl.col("now") >= at["events"]).with_columns(
            silent.alias("days")
        )
        for row in woken.sort("first_now", "actor").iter_rows(named=True):
            yield self.found(
                evidence,
                actor=row["actor"],
                sentence=f"{row['actor']} is active again after {row['days']:,} days.",
                reason=f"{row['now']:,} events now; the last before is of {row['last_before']:%Y-%m-%d}.",
                since=row["first_now"],
                until=row["last_now"],
            )
