"""Who is too new for anything to be called unusual of them? Cold starts, shown and not hidden."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import polars as pl

from audit_reports.findings.evidence import KNOWN_DAYS, Evidence
from audit_reports.findings.finding import Check, Draft, Threshold

_NAMED, _MOST = 5, 200


class NewActors(Check):
    """Actors first seen in the period or a little before: for them no other check can tell new from usual."""

    name = "new_actors"
    title = "Too new to judge"
    severity = "low"
    description = "Actors without a past that is long enough: what they do is neither usual nor unusual yet."
    advice = "Hold the list against who was invited, hired or deployed."
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "known_days": Threshold(KNOWN_DAYS, "days after which an actor is new no more"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield one finding for all actors who are new; none where nobody is."""
        new = evidence.actors.filter(
            pl.col("now") > 0, (pl.col("first_now") - pl.col("first_seen")).dt.total_days() < at["known_days"]
        )
        if not new.height:
            return
        days, begins = int(at["known_days"]), evidence.known_since
        whole = evidence.actors.filter(pl.col("now") > 0).height
        names = new["actor"].to_list()
        told = f" The events are those of {_MOST} of them." if len(names) > _MOST else ""
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        young = begins is not None and (evidence.period.until - begins).days < days + len(evidence.period.days)
        why = f"the log itself begins on {begins:%Y-%m-%d}" if young else f"they are known for less than {days} days"
        yield self.found(
            evidence,
            actor=names[0] if len(names) == 1 else None,
            actors=names[:_MOST],
            sentence=f"{len(names):,} of {whole:,} actors are new: {', '.join(names[:_NAMED])}{more}.",
            reason=f"Nothing can be called unusual of them, for {why}.{told}",
            since=new["first_now"].min(),  # type: ignore[arg-type]
            until=new["last_now"].max(),  # type: ignore[arg-type]
        )
