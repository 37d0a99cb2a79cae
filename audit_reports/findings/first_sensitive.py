"""Did somebody do something grave for the first time?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import polars as pl

from audit_reports.findings.evidence import KNOWN_DAYS, Evidence
from audit_reports.findings.finding import Check, Draft, Threshold

GRAVE = ("API Keys", "Domains", "Members", "Organization")
"""The categories in which a first time is told louder: they say who may enter, and where mail and data go."""

PASSING = ("Left", "Joined")
"""Actions that nobody does twice."""


class FirstSensitive(Check):
    """Somebody known does, for the first time, what a reviewer should always see."""

    name = "first_sensitive"
    title = "First use of a sensitive action"
    severity = "medium"
    description = "An actor whose past is known does, for the first time, something that a reviewer should always see."
    advice = "Hold it against an approval: who asked for it, and who agreed?"
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "known_days": Threshold(KNOWN_DAYS, "days that an actor must be known before anything is called first"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each such actor, with all that they did first."""
        known = evidence.actors.filter(
            (pl.col("first_now") - pl.col("first_seen")).dt.total_days() >= at["known_days"]
        ).select("actor", "before")
        new = evidence.sensitive.filter(
            pl.col("now") == pl.col("events"), pl.col("now") > 0, ~pl.col("action").is_in(PASSING)
        ).join(known, on="actor")
        for (actor,), rows in new.sort("first_seen", "event").group_by("actor", maintain_order=True):
            names = list(dict.fromkeys(rows["event"]))
            times = int(rows["now"].sum())
            yield self.found(
                evidence,
                actor=str(actor),
                severity="medium" if rows["category"].is_in(GRAVE).any() else "low",
                sentence=f"{actor} did for the first time: {', '.join(names)}.",
                reason=f"{times:,} {'time' if times == 1 else 'times'} in this period, and never in the "
                f"{rows['before'][0]:,} events before.",
                since=rows["first_seen"].min(),  # type: ignore[arg-type]
                until=rows["last_seen"].max(),  # type: ignore[arg-type]
                event=names,
            )
