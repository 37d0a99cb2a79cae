"""Who was active? A row for each actor of a period, with role and type as they were last told."""

from __future__ import annotations

from typing import Any

import narwhals as nw

from audit_reports.activity import distinct


def by_actor(events: nw.LazyFrame[Any], always: nw.Expr) -> nw.LazyFrame[Any]:
    """Count events by actor; no event gives no row, and a null actor is a row like any other.

    A row has `actor`, `role` and `actor_type` (of the latest event that tells each; of several at that very microsecond the
    last in the alphabet; null where none does), `events`, `always_shown` (those of the condition), `failures`, `countries`
    (distinct, unknown ones not counted), `first_seen` and `last_seen` (UTC), in no order.
    """
    time, outcome = nw.col("occurred_at"), nw.col("outcome")
    kinds = events.group_by("actor", "actor_role", "actor_type", "country").agg(
        nw.len().cast(nw.Int64).alias("events"),
        _count(always).alias("always_shown"),
        _count((outcome == "failure").fill_null(False)).alias("failures"),
        time.min().alias("first_seen"),
        time.max().alias("last_seen"),
    )
    told = {"role": "actor_role", "actor_type": "actor_type"}
    for name, column in told.items():
        known = nw.when(~nw.col(column).is_null()).then(nw.col("last_seen"))
        kinds = kinds.with_columns((known == known.max().over("actor")).alias(f"last_{name}"))
    return kinds.group_by("actor").agg(
        *(nw.when(nw.col(f"last_{name}")).then(nw.col(column)).max().alias(name) for name, column in told.items()),
        *(nw.col(name).sum().cast(nw.Int64) for name in ("events", "always_shown", "failures")),
        distinct("country").alias("countries"),
        nw.col("first_seen").min(),
        nw.col("last_seen").max(),
    )


def _count(condition: nw.Expr) -> nw.Expr:
    return condition.cast(nw.Int64).sum().cast(nw.Int64)
