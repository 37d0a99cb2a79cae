"""Who has stopped, although they were always there?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import median
from typing import ClassVar

from audit_reports.findings.evidence import MOMENT, Evidence
from audit_reports.findings.finding import Check, Draft, Threshold


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

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each such actor, in the first period without them; none where nothing at all was collected."""
        if evidence.trust.state in ("not collected", "empty"):
            return
        for actor, (now, *past) in evidence.history.items():
            if now or not past[0] or sum(map(bool, past)) < at["periods"] or median(past) < at["events"]:
                continue
            last = evidence.actors.filter(evidence.actors["actor"] == actor)["last_before"][0]
            yield self.found(
                evidence,
                actor=actor,
                sentence=f"{actor} has stopped: the last event is of {last:%Y-%m-%d %H:%M} UTC.",
                reason=f"The median of the eight periods before is {median(past):,.0f} events; this one has none.",
                since=evidence.period.since,
                until=evidence.period.until - MOMENT,
            )
