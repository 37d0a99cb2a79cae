"""Was somebody in two places that nobody can reach one from the other in that time?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from math import asin, cos, radians, sin, sqrt
from typing import ClassVar

import narwhals as nw
import polars as pl

from audit_reports.countries import countries
from audit_reports.findings.evidence import Evidence
from audit_reports.findings.finding import Check, Draft, Threshold

EARTH_KM = 6371.0
_ORDER = ("occurred_at", "feed", "event_id")


class ImpossibleTravel(Check):
    """A person acts from two countries, one after the other, faster than an aeroplane flies between their centres."""

    name = "impossible_travel"
    title = "Impossible travel"
    severity = "high"
    description = "A person acts from two countries within a time in which nobody gets from the one to the other."
    advice = "Find out which of the two places the person was in; the other session is somebody else's or a VPN's."
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "km_an_hour": Threshold(1000, "kilometres an hour, between the centres of the countries, that nobody travels"),
        "km": Threshold(800, "kilometres between the centres below which nothing is said: a border may be near"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each person, with their first such journey; events without a country say nothing."""
        there = evidence.places.filter(pl.col("now") > 0, pl.col("country").is_not_null())
        people = pl.col("actor_type").is_null() | (pl.col("actor_type") == "human")
        moved = there.filter(people).group_by("actor").len().filter(pl.col("len") > 1)["actor"].sort().to_list()
        if not moved:
            return
        seen = evidence.now().filter(nw.col("actor").is_in(moved), ~nw.col("country").is_null())
        changes = (
            seen.select("actor", "country", *_ORDER)
            .with_columns(
                nw.col("country").shift(1).over("actor", order_by=_ORDER).alias("from_country"),
                nw.col("occurred_at").shift(1).over("actor", order_by=_ORDER).alias("left"),
            )
            .filter(nw.col("country") != nw.col("from_country"))
        )
        journeys: dict[str, list[tuple[float, float, dict[str, object]]]] = {}
        for row in evidence.collect(changes).sort("actor", *_ORDER).iter_rows(named=True):
            far = _distance_km(row["from_country"], row["country"])
            hours = (row["occurred_at"] - row["left"]) / timedelta(hours=1)
            if far is not None and far >= at["km"] and far > at["km_an_hour"] * hours:
                journeys.setdefault(row["actor"], []).append((far, hours, row))
        for actor, made in journeys.items():
            far, hours, row = made[0]
            whence, whither = (countries()[str(row[key])].name for key in ("from_country", "country"))
            times = "" if len(made) == 1 else f" It happened {len(made)} times in this period."
            yield self.found(
                evidence,
                actor=actor,
                sentence=f"{actor} acted from {whence} and {_span(hours)} later from {whither}.",
                reason=f"The centres of the two countries are {far:,.0f} km apart, {_speed(far, hours)}.{times}",
                since=made[0][2]["left"],  # type: ignore[arg-type]
                until=made[-1][2]["occurred_at"],  # type: ignore[arg-type]
            )


def _distance_km(first: str, second: str) -> float | None:
    """Return the distance of two countries' centres along a great circle, None where one has no known centre.

    The haversine formula, on a sphere with the Earth's mean radius.

    >>> round(_distance_km("DE", "BR") or 0, -2)
    9000.0
    """
    points = [country.at if (country := countries().get(code)) else None for code in (first, second)]
    if points[0] is None or points[1] is None:
        return None
    (lon1, lat1), (lon2, lat2) = ((radians(x), radians(y)) for x, y in (points[0], points[1]))
    half = sin((lat2 - lat1) / 2) ** 2 + cos(lat1) * cos(lat2) * sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * asin(sqrt(half))


def _span(hours: float) -> str:
    return f"{hours * 60:.0f} minutes" if hours < 2 else f"{hours:.1f} hours"  # noqa: PLR2004 - as people say it


def _speed(far: float, hours: float) -> str:
    return f"which would be {far / hours:,.0f} km an hour" if hours else "at the same moment"
