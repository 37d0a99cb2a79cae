"""Which numbers tell a reviewer most? A dozen figures against the period before and against what is usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from audit_reports.past import LOOK_BACK_DAYS
from audit_reports.quarters import WORKING_HOURS

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.past import Past
    from audit_reports.period import Period


@dataclass(frozen=True)
class Figure:
    """One number of a review beside that of the period before and the median of the eight before."""

    name: Annotated[str, "the word for it in tables and code"]
    label: Annotated[str, "its title for people"]
    meaning: Annotated[str, "one sentence fragment that says what is counted"]
    value: Annotated[int | None, "in this period; None where the log begins with it, so that nothing can be called new"]
    before: Annotated[int | None, "in the period before; None as for value"]
    usual: Annotated[float | None, "the median of the eight periods before; None where the log covers fewer than three"]
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


def count_figures(past: Past) -> tuple[Figure, ...]:
    """Return the figures of a period, in the order in which they are shown; a period without events counts zeros."""
    made = []
    for name, (label, meaning) in LABELS.items():
        counts, names = _counts(past, name)
        said = meaning.format(timezone=past.period.timezone)
        made.append(Figure(name, label, said, counts[0], counts[1], past.usual(counts), names))
    return tuple(made)


def _counts(past: Past, name: str) -> tuple[list[int | None], tuple[str, ...]]:
    """Return a figure's numbers, this period's first, and the names of what is new in it."""
    import polars as pl

    if name in _DISTINCT:
        column = _DISTINCT[name]
        rows = past.places.drop_nulls(column)
        return [rows.filter(past.during(one))[column].n_unique() for one in past.periods], ()
    if name in _NEW:
        found = [_new(past, _NEW[name], one) for one in past.periods]
        return [None if one is None else len(one) for one in found], tuple(found[0] or ())
    if name == "outside_hours":
        outside = past.clock.filter(past.outside(), pl.col("actor_type") == "human")
        return _summed(past, outside), ()
    return _summed(past, past.kinds.filter(_kind(name))), ()


def _summed(past: Past, rows: pl.DataFrame) -> list[int | None]:
    return [int(rows.filter(past.during(one))["events"].sum()) for one in past.periods]


def _kind(name: str) -> pl.Expr:
    """Return the condition that events are of a figure's kind; a null field makes an event none of them."""
    import polars as pl

    category, action = pl.col("category"), pl.col("action")
    kinds = {
        "events": pl.lit(True),
        "always_shown": pl.col("always"),
        "failures": pl.col("outcome") == "failure",
        "api_keys": category == "API Keys",
        "role_changes": action.str.ends_with("Role Changed"),
        "membership": (category == "Members") & action.is_in(["Joined", "Left", "Removed"]),
        "deletions": action.str.contains("Delet", literal=True) | action.str.contains("Terminat", literal=True),
    }
    return kinds[name]


def _new(past: Past, column: str, period: Period) -> Sequence[str] | None:
    """Return the values of a column that were first seen in a period, oldest first; None where nothing was before it."""
    import polars as pl

    rows = past.places.drop_nulls(column)
    behind = rows.filter(past.behind(period))[column].unique()
    if behind.is_empty():
        return None
    here = rows.filter(past.during(period), ~pl.col(column).is_in(behind.implode()))
    first = here.group_by(column).agg(pl.col("first_seen").min())
    return list(first.sort("first_seen", column)[column])


def figures_table(figures: tuple[Figure, ...]) -> pl.DataFrame:
    """Return the figures as the table of that name: figure, label, value, before, change, usual, meaning."""
    import polars as pl

    names = ("figure", "label", "value", "before", "change", "usual", "meaning")
    rows = [(one.name, one.label, one.value, one.before, one.change, one.usual, one.meaning) for one in figures]
    text, count = pl.String(), pl.Int64()
    schema = dict(zip(names, (text, text, count, count, count, pl.Float64(), text), strict=True))
    return pl.DataFrame(rows, schema=schema, orient="row")
