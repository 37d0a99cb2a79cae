"""Did somebody act who had been removed?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

import narwhals as nw

from audit_reports.evidence import Evidence
from audit_reports.finding import Check, Finding, Threshold

OUT, IN = ("Removed", "Left", "Deleted"), ("Joined", "Invited", "Created")


class ActedAfterRemoval(Check):
    """A member was removed or has left, and events carry their name afterwards."""

    name = "acted_after_removal"
    title = "Acted after removal"
    severity = "high"
    description = "A member was removed or has left, was not invited again, and events carry their name afterwards."
    advice = "End the account's sessions and keys: the removal has not reached them. Look at what was done since."
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "minutes": Threshold(5, "minutes after the removal in which what was under way may still end"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Finding]:
        """Yield a finding for each such member; a removal that names nobody yields none."""
        gone: dict[str, tuple[datetime, str, str | None]] = {}
        for row in evidence.pairs(("Members",), since=evidence.begins).iter_rows(named=True):
            who = row["resource_id"] or row["resource"] or (row["actor_id"] if row["action"] == "Left" else None)
            if who is None or row["outcome"] == "failure":
                continue
            if row["action"] in OUT:
                gone[who] = (row["occurred_at"], row["actor"], row["resource"])
            elif row["action"] in IN:
                gone.pop(who, None)
        if not gone:
            return
        theirs = nw.col("actor_id").is_in(list(gone)) | nw.col("actor").is_in(list(gone))
        times = evidence.collect(
            evidence.now()
            .filter(theirs, nw.col("occurred_at") > min(at for at, _, _ in gone.values()))
            .select("actor", "actor_id", "occurred_at")
        ).sort("occurred_at")
        grace = timedelta(minutes=at["minutes"])
        found: dict[str, list[datetime]] = {}
        who_is: dict[str, str] = {}
        for actor, actor_id, moment in times.iter_rows():
            key = actor_id if actor_id in gone else actor
            if moment > gone[key][0] + grace:
                found.setdefault(actor, []).append(moment)
                who_is[actor] = key
        for actor, moments in sorted(found.items()):
            removed, by, _ = gone[who_is[actor]]
            yield self.found(
                evidence,
                actor=actor,
                sentence=lambda events, who=actor, day=removed, remover=by: (  # type: ignore[misc]
                    f"{who} was removed by {remover} on {day:%Y-%m-%d at %H:%M} UTC, and {_events(events)} "
                    "their name since."
                ),
                reason="Whoever is removed can do nothing any more; none is to be expected.",
                since=moments[0],
                until=moments[-1],
            )


def _events(number: int) -> str:
    return "one event carries" if number == 1 else f"{number:,} events carry"
