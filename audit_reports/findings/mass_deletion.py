"""Did somebody delete a lot at once?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import ClassVar

import narwhals as nw
import polars as pl

from audit_reports.engine import Native, with_native
from audit_reports.findings.evidence import Evidence
from audit_reports.findings.finding import Check, Draft, Threshold

WORDS = ("delet", "remov", "terminat", "destroy", "purge")
"""What the action of a deletion has in it, in whatever case."""

_HOUR, _MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
_ORDER = ("occurred_at", "feed", "event_id")


class MassDeletion(Check):
    """One actor deletes many things within an hour."""

    name = "mass_deletion"
    title = "Mass deletion"
    severity = "high"
    description = "One actor deletes, removes or terminates many things within one hour."
    advice = "Find out whether it was meant and whether it can be brought back; stop the account until then."
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "threshold": Threshold(20, "deletions within an hour from which on it is told"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each such actor, from the first deletion of the first such hour to the last of the last."""
        action = nw.col("action").str.to_lowercase()
        deleting = reduce(or_, (action.str.contains(word, literal=True) for word in WORDS))
        done = evidence.past.kinds.filter(evidence.past.during(evidence.period)).select("actor", "action").unique()
        deletions = nw.from_native(done).filter(deleting).to_native()
        past = int(at["threshold"]) - 1
        deleted = with_native(evidence.now().filter(deleting), {"at": Native("microseconds", "occurred_at")})
        earlier = (nw.col(name).shift(past).over("actor", order_by=_ORDER) for name in ("occurred_at", "at"))
        runs = (
            deleted.select("actor", "at", *_ORDER)
            .with_columns(**dict(zip(("first", "first_at"), earlier, strict=True)))
            .filter(nw.col("at") - nw.col("first_at") <= _HOUR // _MICROSECOND)
            .select("actor", "first", *_ORDER)
        )
        for (actor,), rows in evidence.collect(runs).sort("actor", *_ORDER).group_by("actor", maintain_order=True):
            quick = list(rows.iter_rows(named=True))
            since, until = quick[0]["first"], quick[-1]["occurred_at"]
            actions = sorted(deletions.filter(pl.col("actor") == actor)["action"])
            minutes = max(1, round((until - since) / timedelta(minutes=1)))
            yield self.found(
                evidence,
                actor=str(actor),
                sentence=lambda events, who=actor, took=minutes: (
                    f"{who} deleted {events:,} things within {took:,} {'minute' if took == 1 else 'minutes'}."
                ),  # type: ignore[misc]
                reason=f"{past + 1} within an hour are many; here the quickest {past + 1} took {_quickest(quick)}.",
                since=since,
                until=until,
                action=actions,
            )


def _quickest(rows: list[dict[str, object]]) -> str:
    seconds = min((row["occurred_at"] - row["first"]).total_seconds() for row in rows)  # type: ignore[operator]
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"  # noqa: PLR2004 - as people say it
