"""Did somebody try in vain again and again, and then succeed?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import narwhals as nw
import polars as pl

from audit_reports.engine import Native, with_native
from audit_reports.findings.evidence import Evidence
from audit_reports.findings.finding import Check, Draft, Threshold

_ORDER = ("occurred_at", "feed", "event_id")


class FailedThenSucceeded(Check):
    """The same event fails many times for the same actor, and then succeeds."""

    name = "failed_then_succeeded"
    title = "Failed, then succeeded"
    severity = "high"
    description = "The same event fails many times in a row for the same actor, and succeeds soon after."
    advice = "Ask the person; if it was not them, somebody has guessed a secret or found a way round a refusal."
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "failures": Threshold(5, "failures in a row from which on it is told"),
        "minutes": Threshold(30, "minutes from the first failure of the row to the success at most"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each actor and event with such rows of failures; events without an outcome belong to none."""
        often = _often(evidence, failures=int(at["failures"]))
        for look in (_quick_failures, _successes):  # each looks at more events, of fewer actors
            if not often.height:
                return
            often = evidence.collect(look(evidence, often, failures=int(at["failures"]), minutes=at["minutes"]))
        if not often.height:
            return
        rows = evidence.collect(_tries(evidence, often).select("actor", "event", "outcome", *_ORDER))
        within = timedelta(minutes=at["minutes"])
        for (actor, event), events in rows.sort("actor", "event", *_ORDER).group_by(
            "actor", "event", maintain_order=True
        ):
            row: list[datetime] = []
            found: list[tuple[list[datetime], datetime]] = []
            for outcome, moment in events.select("outcome", "occurred_at").iter_rows():
                row = [one for one in row if moment - one <= within]
                if outcome == "failure":
                    row.append(moment)
                    continue
                if len(row) >= at["failures"]:
                    found.append((row, moment))
                row = []
            if not found:
                continue
            failures, success = max(found, key=lambda one: len(one[0]))
            minutes = max(1, round((success - failures[0]) / timedelta(minutes=1)))
            span = "a minute" if minutes == 1 else f"{minutes} minutes"
            times = (
                "" if len(found) == 1 else f" It happened {len(found):,} times in this period; this is the longest row."
            )
            yield self.found(
                evidence,
                actor=str(actor),
                sentence=f"{actor} was refused {len(failures):,} times within {span}, and then succeeded: {event}.",
                reason=f"{len(failures):,} failures in a row; from {at['failures']:.0f} on it is more than a slip.{times}",
                since=found[0][0][0],
                until=found[-1][1],
                event=event,
            )


def _often(evidence: Evidence, *, failures: int) -> pl.DataFrame:
    """Return `actor` and `event` of those who failed so often in the period."""
    failed = evidence.past.kinds.filter(evidence.past.during(evidence.period), pl.col("outcome") == "failure")
    counted = failed.drop_nulls("actor").group_by("actor", "event").agg(pl.col("events").sum())
    return counted.filter(pl.col("events") >= failures)


def _tries(evidence: Evidence, of: pl.DataFrame) -> nw.LazyFrame[Any]:
    return evidence.now().filter(
        nw.col("actor").is_in(of["actor"].unique().sort().to_list()),
        nw.col("event").is_in(of["event"].unique().sort().to_list()),
        nw.col("outcome").is_in(["failure", "success"]),
    )


def _quick_failures(evidence: Evidence, of: pl.DataFrame, *, failures: int, minutes: float) -> nw.LazyFrame[Any]:
    """Return `actor` and `event` of so many failures within so many minutes, whatever lies between them."""
    failed = _tries(evidence, of).filter(nw.col("outcome") == "failure")
    timed = with_native(failed, {"at": Native("microseconds", "occurred_at")}).select("actor", "event", "at", *_ORDER)
    first = nw.col("at").shift(max(failures - 1, 0)).over("actor", "event", order_by=_ORDER)
    return timed.filter(nw.col("at") - first <= _microseconds(minutes)).select("actor", "event").unique()


def _successes(evidence: Evidence, of: pl.DataFrame, *, failures: int, minutes: float) -> nw.LazyFrame[Any]:
    """Return `actor` and `event` of each success right behind so many failures that began so many minutes before at most."""
    success = (nw.col("outcome") == "success").cast(nw.Int64)
    timed = with_native(_tries(evidence, of), {"at": Native("microseconds", "occurred_at")})
    counted = timed.select("actor", "event", "at", *_ORDER, success=success).with_columns(
        nw.col("success").cum_sum().over("actor", "event", order_by=_ORDER).alias("successes")
    )
    earlier = {
        f"earlier {name}": nw.col(name).shift(failures).over("actor", "event", order_by=_ORDER)
        for name in ("at", "successes")
    }
    # Failures alone lie between when the successes so far are one more than they were so many events before.
    return (
        counted.with_columns(**earlier)
        .filter(
            nw.col("success") == 1,
            nw.col("successes") - nw.col("earlier successes") == 1,
            nw.col("at") - nw.col("earlier at") <= _microseconds(minutes),
        )
        .select("actor", "event")
        .unique()
    )


def _microseconds(minutes: float) -> int:
    return timedelta(minutes=minutes) // timedelta(microseconds=1)
