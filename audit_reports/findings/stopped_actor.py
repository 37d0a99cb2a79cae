"""Who has stopped, although they were always there?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import ClassVar

from audit_reports.evidence import BASELINE, MOMENT, Evidence
from audit_reports.finding import Check, Finding, Threshold


class StoppedActor(Check):
    """An actor who was there in nearly every period has no event in this one."""

    name = "stopped_actor"
    title = "Actor that stopped"
    severity = "low"
    description = "An actor who had events in nearly every period, the last among them, has none in this one."
    advice = (
        "A holiday, a leaver or a job that broke: for a leaver see that the rights are gone, for a job that it runs."
    )
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "events": Threshold(10, "events of the median period without which nobody is missed"),
        "periods": Threshold(6, "periods of the eight in which the actor must have been there"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Finding]:
        """Yield a finding for each such actor, in the first period without them; none where nothing at all was collected."""
        if evidence.trust.state in ("not collected", "empty"):
            return
        for (actor,), rows in evidence.steps.group_by("actor", maintain_order=True):
            counts = dict(rows.select("step", "events").iter_rows())
            past = [counts.get(step, 0) for step in range(1, BASELINE + 1)]
            if 0 in counts or 1 not in counts or sum(map(bool, past)) < at["periods"] or median(past) < at["events"]:
                continue
            last = evidence.actors.filter(evidence.actors["actor"] == actor)["last_before"][0]
            yield self.found(
                evidence,
                actor=str(actor),
                sentence=f"{actor} has stopped: the last event is of {last:%Y-%m-%d %H:%M} UTC.",
                reason=f"The median of the eight periods before is {median(past):,.0f} events; this one has none.",
                since=evidence.period.since,
                until=evidence.period.until - MOMENT,
            )
