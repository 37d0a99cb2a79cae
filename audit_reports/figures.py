"""Which numbers tell a reviewer most? A dozen figures against the period before, from three looks at the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import narwhals as nw

from audit_reports.quarters import WORKING_HOURS, outside_hours

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.log import AuditLog
    from audit_reports.period import Period

LOOK_BACK_DAYS = 400
"""How far the past reaches that something is called new against."""


@dataclass(frozen=True)
class Figure:
    """One number of a review beside that of the period before."""

    name: Annotated[str, "the word for it in tables and code"]
    label: Annotated[str, "its title for people"]
    meaning: Annotated[str, "one sentence fragment that says what is counted"]
    value: Annotated[int | None, "in this period; None where the log begins with it, so that nothing can be called new"]
    before: Annotated[int | None, "in the period before; None as for value"]
    names: Annotated[tuple[str, ...], "what is new, for a figure of new things, oldest first; else empty"] = ()

    @property
    def change(self) -> int | None:
        """The value less the one before; None where either is."""
        return None if self.value is None or self.before is None else self.value - self.before


LABELS: Mapping[str, tuple[str, str]] = {
    "events": ("Events", "all that the filter lets through"),
    "actors": ("Actors", "different ones; events without one are not counted"),
    "new_actors": ("New actors", f"not seen in the {LOOK_BACK_DAYS} days before"),
    "countries": ("Countries", "different ones, where the event says"),
    "new_countries": ("New countries", f"not seen in the {LOOK_BACK_DAYS} days before"),
    "always_shown": ("Always shown", "events that a reviewer should always see"),
    "failures": ("Failures", "events with the outcome failure"),
    "api_keys": ("API key changes", "keys created and deleted"),
    "role_changes": ("Role changes", "somebody's rights raised or lowered"),
    "membership": ("Joined or left", "members joined, removed, left"),
    "deletions": ("Deletions", "actions that delete or terminate"),
    "outside_hours": (
        "Outside hours",
        f"people's events at a weekend, before {WORKING_HOURS[0]:02}:00 or from {WORKING_HOURS[1]:02}:00, clocks in {{timezone}}",
    ),
}
"""The title and the meaning of each figure, in the order in which they are shown."""

_DISTINCT = {"actors": "actor", "countries": "country"}
_NEW = {"new_actors": "actor", "new_countries": "country"}


def by_kind(events: nw.LazyFrame[Any], *, since: datetime, always: nw.Expr) -> nw.LazyFrame[Any]:
    """Count events of some kinds before a time and since; no event gives no row.

    A row has `is_now` (since that time), `events`, `always_shown` (those of the condition), `failures`, `api_keys`,
    `role_changes`, `membership` and `deletions`; a null field makes an event none of these.
    """
    category, action, outcome = nw.col("category"), nw.col("action"), nw.col("outcome")
    kinds = {
        "always_shown": always,
        "failures": outcome == "failure",
        "api_keys": category == "API Keys",
        "role_changes": action.str.ends_with("Role Changed"),
        "membership": (category == "Members") & action.is_in(["Joined", "Left", "Removed"]),
        "deletions": action.str.contains("Delet", literal=True) | action.str.contains("Terminat", literal=True),
    }
    # Conditions are asked of each combination of their fields, and not of each event.
    fields = ("feed", "event", "category", "action", "actor_role", "outcome")
    is_now = (nw.col("occurred_at") >= since).alias("is_now")
    counted = events.group_by(is_now, *fields).agg(nw.len().cast(nw.Int64).alias("events"))
    chosen = (nw.when(kind).then(nw.col("events")).otherwise(0).alias(name) for name, kind in kinds.items())
    summed = counted.select("is_now", "events", *chosen).group_by("is_now")
    return summed.agg(*(nw.col(name).sum().cast(nw.Int64) for name in ("events", *kinds)))


def by_actor_and_country(events: nw.LazyFrame[Any], *, now: Period, before: Period) -> nw.LazyFrame[Any]:
    """Say when each actor was seen in each country until a period's end; no event gives no row, null is a value like any other.

    A row has `actor`, `country`, `first_seen` and `last_seen` (UTC), `first_now` (the first time within the days that `now`
    looks back, null for none) and `before` (how many events of that period).
    """
    time = nw.col("occurred_at")
    from_now = now.since - timedelta(days=LOOK_BACK_DAYS)
    is_before = (time >= before.since) & (time < before.until)
    return events.group_by("actor", "country").agg(
        time.min().alias("first_seen"),
        time.max().alias("last_seen"),
        nw.when(time >= from_now).then(time).min().alias("first_now"),
        is_before.cast(nw.Int64).sum().cast(nw.Int64).alias("before"),
    )


def count_figures(log: AuditLog, period: Period, *, always: nw.Expr, quarters: pl.DataFrame) -> tuple[Figure, ...]:
    """Return the figures of a view, in the order in which they are shown; an absent period counts zero.

    `quarters` are those of people's events (and may be those of others too) in both periods, as `by_quarter` counts them by
    `actor_type`.
    """
    before = period.before()
    both = log.filter(since=before.since, until=period.until).frame()
    kinds = log.collect(by_kind(both, since=period.since, always=always))
    counts = {bool(row["is_now"]): row for row in kinds.iter_rows(named=True)}
    since = before.since - timedelta(days=LOOK_BACK_DAYS)
    past = log.filter(since=since, until=period.until).frame()
    pairs = log.collect(by_actor_and_country(past, now=period, before=before))
    human = quarters.filter(actor_type="human")
    values: dict[str, Figure] = {}
    for name, (label, meaning) in LABELS.items():
        said = meaning.format(timezone=period.timezone)
        value: int | None
        earlier: int | None
        names: tuple[str, ...] = ()
        if name in _DISTINCT:
            seen = (pairs["last_seen"] >= period.since, pairs["before"] > 0)
            value, earlier = (_distinct(pairs.filter(rows), _DISTINCT[name]) for rows in seen)
        elif name in _NEW:
            value, earlier, names = _new(pairs, _NEW[name], now=period, before=before)
        elif name == "outside_hours":
            value, earlier = (outside_hours(human, one) for one in (period, before))
        else:
            value, earlier = (counts.get(now, {}).get(name, 0) for now in (True, False))
        values[name] = Figure(name, label, said, value, earlier, names)
    return tuple(values.values())


def _distinct(pairs: pl.DataFrame, column: str) -> int:
    return int(pairs[column].drop_nulls().n_unique())


def _new(
    pairs: pl.DataFrame, column: str, *, now: Period, before: Period
) -> tuple[int | None, int | None, tuple[str, ...]]:
    """Return how many values of a column were first seen in a period, how many in the one before, and the former's names.

    Each period looks back the same time. Without events before a period nothing can be called new in it.
    """
    import polars as pl

    values = pairs.drop_nulls(column).group_by(column).agg(pl.col("first_seen", "first_now").min())
    first = values["first_seen"]
    names = values.filter(pl.col("first_now") >= now.since).sort("first_now", column)[column].to_list()
    fresh = int(first.is_between(before.since, now.since, closed="left").sum())
    has_older, has_oldest = (bool((first < period.since).any()) for period in (now, before))
    return len(names) if has_older else None, fresh if has_oldest else None, tuple(names) if has_older else ()


def figures_table(figures: tuple[Figure, ...]) -> pl.DataFrame:
    """Return the figures as the table of that name: figure, label, value, before, change, meaning."""
    import polars as pl

    names = ("figure", "label", "value", "before", "change", "meaning")
    rows = [(one.name, one.label, one.value, one.before, one.change, one.meaning) for one in figures]
    text, count = pl.String(), pl.Int64()
    schema = dict(zip(names, (text, text, count, count, count, text), strict=True))
    return pl.DataFrame(rows, schema=schema, orient="row")
