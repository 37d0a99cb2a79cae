"""Did somebody act who had been removed?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import ClassVar

import narwhals as nw
import polars as pl

from audit_reports.findings.evidence import Evidence
from audit_reports.findings.finding import Check, Draft, Threshold

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

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each such member; a removal that names nobody yields none."""
        grace = timedelta(minutes=at["minutes"])
        gone = _gone(evidence)
        theirs = nw.col("actor_id").is_in(list(gone)) | nw.col("actor").is_in(list(gone))
        time = nw.col("occurred_at")
        seen = evidence.collect(
            evidence.now()
            .filter(theirs)
            .group_by("actor", "actor_id")
            .agg(time.min().alias("first"), time.max().alias("last"))
        )
        spans: dict[str, tuple[str, datetime, datetime]] = {}
        for actor, actor_id, first, last in seen.sort("actor", "actor_id").iter_rows():
            who = actor_id if actor_id in gone else actor
            if last > gone[who][0] + grace:
                earlier = spans.get(actor, (who, first, last))
                spans[actor] = (who, min(first, earlier[1]), max(last, earlier[2]))
        within = {actor: who for actor, (who, first, _) in spans.items() if first <= gone[who][0] + grace}
        after = _first_after(evidence, {actor: gone[who][0] + grace for actor, who in within.items()})
        for actor, (who, first, last) in sorted(spans.items()):
            removed, by = gone[who]
            yield self.found(
                evidence,
                actor=actor,
                sentence=lambda events, who=actor, day=removed, remover=by: (  # type: ignore[misc]
                    f"{who} was removed by {remover} on {day:%Y-%m-%d at %H:%M} UTC, and {_events(events)} "
                    "their name since."
                ),
                reason="Whoever is removed can do nothing any more; none is to be expected.",
                since=after.get(actor, first),
                until=last,
            )


def _gone(evidence: Evidence) -> dict[str, tuple[datetime, str]]:
    """Return who of this period's actors was removed or has left, and has not come back: when, and by whom."""
    named = nw.coalesce(*(nw.when(nw.col(name) != "").then(nw.col(name)) for name in ("resource_id", "resource")))
    who = nw.coalesce(named, nw.when(nw.col("action") == "Left").then(nw.col("actor_id")))
    there = nw.concat([evidence.now().select(nw.col(name).alias("who")).unique() for name in ("actor", "actor_id")])
    moves = evidence.collect(
        evidence.view(evidence.begins)
        .filter(
            nw.col("category") == "Members",
            nw.col("action").is_in([*OUT, *IN]),
            ~(nw.col("outcome") == "failure").fill_null(value=False),
        )
        .with_columns(who.alias("who"))
        .join(there, on="who", how="semi")
        .group_by("who", "action", "actor")
        .agg(nw.col("occurred_at").max().alias("at"))
    ).with_columns(is_out=pl.col("action").is_in(OUT))
    last = moves.sort("at", "is_out", "actor").group_by("who", maintain_order=True).last().filter("is_out")
    return {row["who"]: (row["at"], row["actor"]) for row in last.iter_rows(named=True)}


def _first_after(evidence: Evidence, limits: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return each actor's first event of the period after a time of their own."""
    if not limits:
        return {}
    events = evidence.view(min(limits.values())).filter(nw.col("actor").is_in(sorted(limits)))
    times = evidence.collect(events.select("actor", "occurred_at"))
    own = pl.col("actor").replace_strict(dict(limits), return_dtype=times.schema["occurred_at"])
    first = times.filter(pl.col("occurred_at") > own).group_by("actor").agg(pl.col("occurred_at").min())
    return dict(first.iter_rows())


def _events(number: int) -> str:
    return "one event carries" if number == 1 else f"{number:,} events carry"
