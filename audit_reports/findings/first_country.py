"""Did somebody act from a country that they were never seen in before?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import polars as pl

from audit_reports.countries import countries
from audit_reports.findings.evidence import KNOWN_DAYS, Evidence
from audit_reports.findings.finding import Check, Draft, Threshold


class FirstCountry(Check):
    """Somebody known acts from a country that none of their events came from before."""

    name = "first_country"
    title = "First time from a country"
    severity = "high"
    description = "An actor whose past is known acts from a country that none of their events came from before."
    advice = "Ask the person whether they were there; if not, end their sessions, renew their secrets and follow what they did."
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "known_days": Threshold(KNOWN_DAYS, "days that an actor must be known before a country is called new"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each known actor and new country; an actor with no country in the past has no new one."""
        known = evidence.actors.filter(
            (pl.col("first_now") - pl.col("first_seen")).dt.total_days() >= at["known_days"],
            pl.col("countries").list.len() > 0,
        )
        new = evidence.places.filter(
            pl.col("country").is_not_null(), pl.col("now") == pl.col("events"), pl.col("now") > 0
        )
        for row in (
            new.join(known.select("actor", "countries", "before"), on="actor")
            .sort("first_now", "actor")
            .iter_rows(named=True)
        ):
            before = ", ".join(_named(code) for code in row["countries"][:5])
            more = f" and {len(row['countries']) - 5} more" if len(row["countries"]) > 5 else ""  # noqa: PLR2004
            yield self.found(
                evidence,
                actor=row["actor"],
                sentence=f"{row['actor']} acted from {_named(row['country'])}, for the first time.",
                reason=f"{row['now']:,} events from there, none of the {row['before']:,} before: those are from {before}{more}.",
                since=row["first_now"],
                until=row["last_now"],
                country=row["country"],
            )


def _named(code: str) -> str:
    country = countries().get(code)
    return country.name if country else code
