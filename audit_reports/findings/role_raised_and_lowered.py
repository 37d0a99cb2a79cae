"""Was somebody's role raised, and lowered again soon after?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, ClassVar

from audit_reports.findings.evidence import Evidence
from audit_reports.findings.finding import Check, Draft, Threshold

_FIELD = "role"


class RoleRaisedAndLowered(Check):
    """Somebody's role changes, and changes back within a day."""

    name = "role_raised_and_lowered"
    title = "Role changed for a while"
    severity = "high"
    description = (
        "Somebody's role changes and changes back within a day: rights for a while, which a list of rights never shows."
    )
    advice = "Look at what the person did in the time between, and who knew of it."
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "hours": Threshold(24, "hours within which the role must be as before"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each such member; an event that does not say from what to what yields none."""
        within = timedelta(hours=at["hours"])
        raised: dict[str, tuple[str, str, dict[str, Any]]] = {}
        for row in evidence.pairs(
            ("Members", "Organization"), changing=_FIELD, since=evidence.period.since - within
        ).iter_rows(named=True):
            member, change = row["resource_id"] or row["resource"], _change(row["changes"])
            if member is None or change is None or row["outcome"] == "failure":
                continue
            before, after = change
            earlier = raised.get(member)
            raised[member] = (before, after, row)
            if earlier is None or (before, after) != (earlier[1], earlier[0]):
                continue
            first = earlier[2]
            lasted = row["occurred_at"] - first["occurred_at"]
            if lasted > within or row["occurred_at"] < evidence.period.since:
                continue
            yield self.found_between(
                evidence,
                first,
                row,
                sentence=f"{first['actor']} made {row['resource'] or member} {earlier[1]} for "
                f"{_span(lasted)}, and then {after} again.",
                reason=f"A role that is back within {at['hours']:.0f} hours leaves no trace in a list of members.",
                event=row["event"],
            )


def _change(text: str | None) -> tuple[str, str] | None:
    """Return a role before and after, None where the event does not say.

    >>> _change('{"role": ["Member", "Owner"]}')
    ('Member', 'Owner')
    """
    try:
        found = json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
    pair = found.get(_FIELD) if isinstance(found, dict) else None
    if isinstance(pair, list) and len(pair) == 2 and all(isinstance(one, str) for one in pair):  # noqa: PLR2004
        return pair[0], pair[1]
    return None


def _span(length: timedelta) -> str:
    minutes = length / timedelta(minutes=1)
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"  # noqa: PLR2004 - as people say it
