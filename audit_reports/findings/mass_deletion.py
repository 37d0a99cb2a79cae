"""Did somebody delete a lot at once?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any, ClassVar

import narwhals as nw

from audit_reports.evidence import Evidence
from audit_reports.finding import Check, Finding, Threshold

WORDS = ("delet", "remov", "terminat", "destroy", "purge")
"""What the action of a deletion has in it, in whatever case."""

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

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Finding]:
        """Yield a finding for each such actor, from the first deletion of the first such hour to the last of the last."""
        action = nw.col("action").str.to_lowercase()
        deleting = reduce(or_, (action.str.contains(word, literal=True) for word in WORDS))
        past = int(at["threshold"]) - 1
        runs = (
            evidence.now()
            .filter(deleting)
            .select("actor", "action", *_ORDER)
            .with_columns(nw.col("occurred_at").shift(past).over("actor", order_by=_ORDER).alias("first"))
            .filter(~nw.col("first").is_null())
        )
        for (actor,), rows in evidence.collect(runs).sort("actor", *_ORDER).group_by("actor", maintain_order=True):
            quick = [
                row for row in rows.iter_rows(named=True) if row["occurred_at"] - row["first"] <= timedelta(hours=1)
            ]
            if not quick:
                continue
            since, until = quick[0]["first"], quick[-1]["occurred_at"]
            actions = sorted(evidence.collect(_actions(evidence, str(actor), deleting))["action"].unique())
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


def _actions(evidence: Evidence, actor: str, deleting: nw.Expr) -> nw.LazyFrame[Any]:
    return evidence.now().filter(nw.col("actor") == actor, deleting).select("action").unique()


def _quickest(rows: list[dict[str, object]]) -> str:
    seconds = min((row["occurred_at"] - row["first"]).total_seconds() for row in rows)  # type: ignore[operator]
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"  # noqa: PLR2004 - as people say it
