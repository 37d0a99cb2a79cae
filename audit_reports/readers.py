"""Who read the audit data in a period? By user, host and command, from the read chains and the refusals in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from audit_reports.errors import FailureError
from audit_reports.reads import reads_frame

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.log import AuditLog
    from audit_reports.period import Period
    from audit_reports.store import Store

NOT_RECORDED = "this store cannot be written from here, so that reads of it are not recorded"


@dataclass(frozen=True)
class Readers:
    """Who was given answers, and who was refused; where nobody was, the table has no row."""

    table: Annotated[pl.DataFrame, "user, host, what, reads, rows, refused, first_seen and last_seen (UTC)"]
    until: Annotated[datetime, "up to when it is told: the period's end, or the time of the review's journal entry"]
    caution: Annotated[str | None, "why somebody may be absent from it; None where all are in it"] = None

    @property
    def reads(self) -> int:
        """How many answers were given."""
        return int(self.table["reads"].sum())

    @property
    def refused(self) -> int:
        """How often somebody was refused."""
        return int(self.table["refused"].sum())

    @property
    def users(self) -> int:
        """How many different users were given answers."""
        return int(self.table.filter(self.table["reads"] > 0)["user"].n_unique())


def readers(log: AuditLog, period: Period, *, entry: int) -> Readers:
    """Return who read a log's store in a period, up to the time of a journal entry (0: none), whatever they filtered.

    That time cuts the chains, so that what is read later changes nothing. A broken chain, and a store that may only be
    read, are no failure: the caution says it. `what` is the command or the method of a view.
    """
    is_recorded = log.write_reads()
    store = log.store
    until = min(period.until, store.journal.entry(entry).time) if entry else period.until
    told = _refusals(store, period.since, until, entry)
    caution = None if is_recorded else NOT_RECORDED
    try:
        told += _reads(store, period.since, until)
    except FailureError as error:
        caution = str(error)
    return Readers(_counted(told), until, caution)


def _reads(store: Store, since: datetime, until: datetime) -> list[Mapping[str, Any]]:
    found = reads_frame(store).select("time", "user", "host", "what", "rows")
    inside = found.filter(found["time"].is_between(since, until, closed="left"))
    return [
        row | {"what": row["what"].partition(" ")[0], "reads": 1, "refused": 0} for row in inside.iter_rows(named=True)
    ]


def _refusals(store: Store, since: datetime, until: datetime, entry: int) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for one in store.journal.entries("refused"):
        if since <= one.time < until and one.number <= entry:
            user, _, host = str(one.facts["by"]).rpartition("@")
            what = str(one.facts["asked_for"])
            found.append(
                {"time": one.time, "user": user, "host": host, "what": what, "rows": 0, "reads": 0, "refused": 1}
            )
    return found


def _counted(told: list[Mapping[str, Any]]) -> pl.DataFrame:
    import polars as pl

    keys, counts = ("user", "host", "what"), ("reads", "rows", "refused")
    schema = {"time": pl.Datetime("us", "UTC"), **dict.fromkeys(keys, pl.String()), **dict.fromkeys(counts, pl.Int64())}
    return (
        pl.DataFrame(told, schema=schema)
        .group_by(*keys)
        .agg(*(pl.col(name).sum() for name in counts), first_seen=pl.col("time").min(), last_seen=pl.col("time").max())
        .sort("refused", "reads", *keys, descending=[True, True, False, False, False])
    )
