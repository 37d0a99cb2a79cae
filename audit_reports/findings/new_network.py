"""Was a key or a service used from a network from which it never was before?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

import narwhals as nw
import polars as pl

from audit_reports.engine import Native, with_native
from audit_reports.findings.evidence import KNOWN_DAYS, Evidence
from audit_reports.findings.finding import Check, Draft, Threshold


class NewNetwork(Check):
    """An API key or a service account, which has its few networks, is used from another."""

    name = "new_network"
    title = "Key on a new network"
    severity = "high"
    description = "An API key or service account that was used from few networks is used from one more."
    advice = "Find out whose machine that is; if nobody knows it, renew the key."
    thresholds: ClassVar[Mapping[str, Threshold]] = {
        "known_days": Threshold(KNOWN_DAYS, "days that the key must be known"),
        "networks": Threshold(3, "networks in the past at most; what is used from more is used from anywhere"),
    }

    def find(self, evidence: Evidence, at: Mapping[str, float]) -> Iterator[Draft]:
        """Yield a finding for each such key and network; an event without an address is in none."""
        keys = evidence.view(evidence.begins).filter(
            nw.col("actor_type").is_in(["api_key", "service"]), ~nw.col("ip").is_null()
        )
        now = nw.col("occurred_at") >= evidence.period.since
        seen = evidence.collect(
            with_native(keys, {"network": Native("network", "ip")})
            .filter(~nw.col("network").is_null())
            .with_columns(now.alias("is_now"))
            .group_by("actor", "network")
            .agg(
                nw.col("is_now").cast(nw.Int64).sum().cast(nw.Int64).alias("now"),
                nw.len().cast(nw.Int64).alias("events"),
                nw.col("occurred_at").min().alias("first"),
                nw.col("occurred_at").max().alias("last"),
            )
        )
        past = (
            seen.filter(pl.col("now") < pl.col("events"))
            .group_by("actor")
            .agg(pl.col("network").sort().alias("networks"), pl.col("first").min().alias("known_since"))
        )
        new = (
            seen.filter(pl.col("now") == pl.col("events"))
            .join(past, on="actor")
            .filter(
                pl.col("networks").list.len() <= at["networks"],
                (pl.col("first") - pl.col("known_since")).dt.total_days() >= at["known_days"],
            )
        )
        for row in new.sort("first", "actor", "network").iter_rows(named=True):
            yield self.found(
                evidence,
                actor=row["actor"],
                sentence=f"{row['actor']} was used from {row['network']}, for the first time.",
                reason=f"{row['now']:,} events from there; all before are from {', '.join(row['networks'])}.",
                since=row["first"],
                until=row["last"],
                ip=row["network"],
            )
