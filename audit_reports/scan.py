"""What does a view read? Of the log's files those of its days, and of these the row groups that its filter cannot rule out.

Parquet keeps, for each row group, the least and the greatest value of each column; a group in which no value can match is
not read. Times and plain equalities of the filter are judged here as the engine does; its own plan stands below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from audit_reports.engine import Limits
from audit_reports.feed import listed
from audit_reports.filters.tree import And, Column, Compare, IsIn
from audit_reports.store import EventFile, Store

if TYPE_CHECKING:
    from audit_reports.filter import Filter


@dataclass(frozen=True)
class Scan:
    """What a view reads, in files, row groups and rows, of how many there are; `days` are UTC, `plan` the engine's."""

    files: int
    of_files: int
    row_groups: int
    of_row_groups: int
    rows: int
    of_rows: int
    days: tuple[str, ...]
    paths: tuple[str, ...] = field(repr=False)
    plan: str = field(repr=False)

    def __str__(self) -> str:
        """Return it as text for people: three lines, then the plan."""
        days = (
            "none" if not self.days else self.days[0] if len(self.days) == 1 else f"{self.days[0]} to {self.days[-1]}"
        )
        return "\n".join(
            [
                f"files       {self.files:,} of {self.of_files:,}, of the days {days} (UTC)",
                f"row groups  {self.row_groups:,} of {self.of_row_groups:,} of these files",
                f"rows        {self.rows:,} of {self.of_rows:,} in the log",
                "",
                self.plan,
            ]
        )


def scan_of(store: Store, chosen: Filter, files: Sequence[EventFile], *, of: Sequence[EventFile], plan: str) -> Scan:
    """Return what reading some files of a log's (`of`) through a filter means; no file gives zeros."""
    groups = _groups(store, chosen, files)
    return Scan(
        files=len(files),
        of_files=len(of),
        row_groups=sum(read for _, read in groups),
        of_row_groups=len(groups),
        rows=sum(rows for rows, read in groups if read),
        of_rows=sum(file.rows for file in of),
        days=tuple(dict.fromkeys(file.day for file in files)),
        paths=tuple(file.path for file in files),
        plan=plan,
    )


def _groups(store: Store, chosen: Filter, files: Sequence[EventFile]) -> list[tuple[int, bool]]:
    """Return the rows of each row group, and whether it must be read."""
    if not files:
        return []
    from audit_reports.engines.duckdb_opening import open_locked

    since, until = chosen.span()
    wanted = _equalities(chosen)
    paths = [file.path for file in files]
    with open_locked(store, paths, Limits()) as connection:
        rows = connection.execute(
            "SELECT file_name, row_group_id, row_group_num_rows, path_in_schema, stats_min_value, stats_max_value "
            f"FROM parquet_metadata({listed(paths)})"
        ).fetchall()
    groups: dict[tuple[str, int], int] = {}
    skipped: set[tuple[str, int]] = set()
    for name, number, count, column, least, most in rows:
        groups[name, number] = count
        if least is None or most is None:
            continue
        if column == "occurred_at":
            first, last = datetime.fromisoformat(least), datetime.fromisoformat(most)
            out = (since is not None and last < since) or (until is not None and first >= until)
        else:
            out = column in wanted and not any(least <= value <= most for value in wanted[column])
        if out:
            skipped.add((name, number))
    return [(count, group not in skipped) for group, count in groups.items()]


def _equalities(chosen: Filter) -> Mapping[str, tuple[str, ...]]:
    """Return the texts that columns must be equal to, one of them each, as far as the filter says so plainly."""
    condition = chosen.condition
    found: dict[str, tuple[str, ...]] = {}
    for one in condition.of if isinstance(condition, And) else (condition,):
        match one:
            case Compare(Column(name), "==", str() as value):
                found[name] = (value,)
            case IsIn(Column(name), values):
                found[name] = tuple(str(value) for value in values)
    return found
