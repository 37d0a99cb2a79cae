"""Did somebody work at hours at which they never work?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import polars as pl

from audit_reports.findings.evidence import Evidence
from audit_reports.findings.finding import Check, Draft, Threshold


class UnusualHours(Check):
    """A person is active at hours, on work days or weekends, at which their own past has next to nothing."""

    name = "unusual_hours"
    title = "Outside usual hours"
    severity = "medium"
    description = (
        "A person is active at hours (work days and weekends apart) at which their own past has next to nothing."
    )
    advice = "Ask the person whether it was them, and look at what was done in those hours."
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "events": Threshold(5, "events at such hours from which on it is told"),
        "in_an_hour": Threshold(3, "events of them in one hour at least: a stray one now and then is nothing"),
        "past": Threshold(60, "events that an actor must have in the past for hours to be usual at all"),
        "share": Threshold(
            0.01, "share of the past, the hour before and after it included, below which an hour is unusual"
        ),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each person; one with too short a past has no usual hours."""
        past: dict[str, dict[tuple[bool, int], int]] = {}
        for row in evidence.clock.iter_rows(named=True):
            past.setdefault(row["actor"], {})[row["weekend"], row["hour"]] = row["events"] - row["now"]
        for (actor,), rows in evidence.clock.filter(pl.col("now") > 0).group_by("actor", maintain_order=True):
            own = past[str(actor)]
            total = sum(own.values())
            if total < at["past"]:
                continue
            odd = [
                row
                for row in rows.iter_rows(named=True)
                if _around(own, row["weekend"], row["hour"]) < at["share"] * total
            ]
            events = sum(row["now"] for row in odd)
            if events < at["events"] or max((row["now"] for row in odd), default=0) < at["in_an_hour"]:
                continue
            hours = ", ".join(f"{row['hour']:02}h" for row in odd[:6]) + (" ..." if len(odd) > 6 else "")  # noqa: PLR2004
            weekend = all(row["weekend"] for row in odd)
            there = sum(own.get((row["weekend"], row["hour"]), 0) for row in odd)
            yield self.found(
                evidence,
                actor=str(actor),
                sentence=f"{actor} was active at unusual hours{' of a weekend' if weekend else ''}: {hours}, "
                f"clocks in {evidence.period.timezone}.",
                reason=f"{events:,} events at these hours; {there:,} of the {total:,} in the eight periods before.",
                since=min(row["first_now"] for row in odd),
                until=max(row["last_now"] for row in odd),
                predicate=_at_these_hours([(row["weekend"], row["hour"]) for row in odd], evidence.period.timezone),
            )


def _at_these_hours(odd: list[tuple[bool, int]], timezone: str) -> pl.Expr:
    """Return the condition that a time is in one of some hours, of work days or of weekends."""
    local = pl.col("occurred_at").dt.convert_time_zone(timezone).dt
    weekend = local.weekday() >= 6  # noqa: PLR2004 - ISO: Saturday is 6
    parts = []
    for is_weekend in sorted({one for one, _ in odd}):
        hours = sorted(hour for one, hour in odd if one == is_weekend)
        parts.append((weekend if is_weekend else ~weekend) & local.hour().is_in(hours))
    return pl.any_horizontal(parts)


def _around(past: Mapping[tuple[bool, int], int], weekend: bool, hour: int) -> int:
    """Return the events at an hour, the one before and the one after, round the clock."""
    return sum(past.get((weekend, (hour + step) % 24), 0) for step in (-1, 0, 1))
