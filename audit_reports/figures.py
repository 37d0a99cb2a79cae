"""Which numbers tell a reviewer most? A dozen figures, each one SQL aggregate over `events`, against the period before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from audit_reports.feed import literal

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.log import AuditLog
    from audit_reports.period import Period

LOOK_BACK_DAYS = 400
"""How far the past reaches that something is called new against."""

WORKING_HOURS = (7, 20)
"""From which local hour, and until which, people are expected at work; the second is outside."""


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


@dataclass(frozen=True)
class _Count:
    name: str
    label: str
    meaning: str
    aggregate: str


def _counts(timezone: str, always: str) -> list[_Count]:
    local = f"(occurred_at AT TIME ZONE {literal(timezone)})"
    start, end = WORKING_HOURS
    outside = f"(hour({local}) < {start} OR hour({local}) >= {end} OR isodow({local}) >= 6)"

    def where(condition: str) -> str:
        return f"count(*) FILTER (WHERE {condition})"

    return [
        _Count("events", "Events", "all that the filter lets through", "count(*)"),
        _Count("actors", "Actors", "different ones; events without one are not counted", "count(DISTINCT actor)"),
        _Count("countries", "Countries", "different ones, where the event says", "count(DISTINCT country)"),
        _Count("always_shown", "Always shown", "events that a reviewer should always see", where(always)),
        _Count("failures", "Failures", "events with the outcome failure", where("outcome = 'failure'")),
        _Count("api_keys", "API key changes", "keys created and deleted", where("category = 'API Keys'")),
        _Count("role_changes", "Role changes", "somebody's rights raised or lowered", where("action LIKE '%Role Changed'")),
        _Count(
            "membership", "Joined or left", "members joined, removed, left",
            where("category = 'Members' AND action IN ('Joined', 'Left', 'Removed')"),
        ),
        _Count("deletions", "Deletions", "actions that delete or terminate", where("regexp_matches(action, 'Delet|Terminat')")),
        _Count(
            "outside_hours", "Outside hours",
            f"people's events at a weekend, before {start:02}:00 or from {end}:00, clocks in {timezone}",
            where(f"actor_type = 'human' AND {outside}"),
        ),
    ]  # fmt: skip


ORDER = (
    "events", "actors", "new_actors", "countries", "new_countries", "always_shown",
    "failures", "api_keys", "role_changes", "membership", "deletions", "outside_hours",
)  # fmt: skip


def figures_sql(period: Period, *, always: str) -> str:
    """Return the query that counts both periods in one pass; `is_now` tells them apart, `always` what is always shown."""
    chosen = ",\n  ".join(f"{count.aggregate} AS {count.name}" for count in _counts(period.timezone, always))
    return f"SELECT occurred_at >= {_time(period)} AS is_now,\n  {chosen}\nFROM events GROUP BY 1"


def new_sql(column: str, period: Period) -> str:
    """Return the query for the values of a column first seen in the period, and in the one before.

    Each period looks back the same time. `older` and `oldest` count the events before either, without which nothing can
    be called new.
    """
    earlier = period.before()
    now, before = _time(period), _time(earlier)
    from_now = f"TIMESTAMPTZ {literal((period.since - timedelta(days=LOOK_BACK_DAYS)).isoformat())}"
    return f"""SELECT list({column} ORDER BY first_now, {column}) FILTER (WHERE first_now >= {now}) AS names,
  count(*) FILTER (WHERE first_before >= {before} AND first_before < {now}) AS before,
  coalesce(sum(older), 0) AS older, coalesce(sum(oldest), 0) AS oldest
FROM (SELECT {column}, min(occurred_at) FILTER (WHERE occurred_at >= {from_now}) AS first_now,
    min(occurred_at) AS first_before, count(*) FILTER (WHERE occurred_at < {now}) AS older,
    count(*) FILTER (WHERE occurred_at < {before}) AS oldest
  FROM events WHERE {column} IS NOT NULL GROUP BY 1)"""


def count_figures(log: AuditLog, period: Period, *, always: str) -> tuple[Figure, ...]:
    """Return the figures of a view, in the order in which they are shown; an absent period counts zero."""
    both = log.filter(since=period.before().since, until=period.until).sql(figures_sql(period, always=always))
    rows = {bool(row["is_now"]): row for row in both.iter_rows(named=True)}
    found = {
        count.name: Figure(
            count.name, count.label, count.meaning, *(rows.get(now, {}).get(count.name, 0) for now in (True, False))
        )
        for count in _counts(period.timezone, always)
    }
    since = period.before().since - timedelta(days=LOOK_BACK_DAYS)
    past = log.filter(since=since, until=period.until)
    for name, column, label in (("new_actors", "actor", "New actors"), ("new_countries", "country", "New countries")):
        row = past.sql(new_sql(column, period)).row(0, named=True)
        names = tuple(row["names"] or ()) if row["older"] else ()
        value = len(names) if row["older"] else None
        before = int(row["before"]) if row["oldest"] else None
        meaning = f"not seen in the {LOOK_BACK_DAYS} days before"
        found[name] = Figure(name, label, meaning, value, before, names)
    return tuple(found[name] for name in ORDER)


def figures_table(figures: tuple[Figure, ...]) -> pl.DataFrame:
    """Return the figures as the table of that name: figure, label, value, before, change, meaning."""
    import polars as pl

    names = ("figure", "label", "value", "before", "change", "meaning")
    rows = [(one.name, one.label, one.value, one.before, one.change, one.meaning) for one in figures]
    text, count = pl.String(), pl.Int64()
    schema = dict(zip(names, (text, text, count, count, count, text), strict=True))
    return pl.DataFrame(rows, schema=schema, orient="row")


def _time(period: Period) -> str:
    return f"TIMESTAMPTZ {literal(period.since.isoformat())}"
