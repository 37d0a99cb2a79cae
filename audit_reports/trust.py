"""Can the numbers be trusted? What was read, and for each feed whether it was quiet, not collected, or late.

Quiet: nothing happened. Empty: the filter matches nothing. Not collected: a day without any event of a feed that had
events on that weekday in at least three of the four weeks before. Late: events that a landing brought after the
period was closed; the first landing after its end that brings events of its last day, or newer ones, closes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

from audit_reports.feed import literal

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.log import AuditLog
    from audit_reports.period import Period

WEEKS_BACK, WEEKS_WITH_EVENTS = 4, 3


@dataclass(frozen=True)
class Books:
    """What the landings read, up to the one that the review sees: read = landed + duplicates + quarantined."""

    landings: Annotated[int, "how many landings"]
    files: Annotated[int, "how many files they read"]
    read: Annotated[int, "events read"]
    landed: Annotated[int, "events that are in the log"]
    duplicates: Annotated[int, "copies of an event that was there"]
    quarantined: Annotated[int, "what could not be understood, kept apart with file, line and reason"]
    reasons: Annotated[tuple[tuple[str, int], ...], "why, most frequent first"]


@dataclass(frozen=True)
class FeedTrust:
    """How one feed arrived in the period, whatever the filter."""

    feed: Annotated[str, "the feed"]
    events: Annotated[int, "its events in the period"]
    first_seen: Annotated[datetime | None, "the first of them, UTC; None where there is none"]
    last_seen: Annotated[datetime | None, "the last of them, UTC"]
    missing_days: Annotated[tuple[date, ...], "local days that were not collected"]
    quiet_days: Annotated[tuple[date, ...], "local days without an event on which none was to be expected"]
    late: Annotated[int, "events that arrived after the period was closed"]

    @property
    def state(self) -> str:
        """One word or two: `not collected`, `late`, `quiet` or `complete`, the gravest that applies."""
        if self.missing_days:
            return "not collected"
        if self.late:
            return "late"
        return "complete" if self.events else "quiet"


@dataclass(frozen=True)
class Trust:
    """What a reader must know before believing the numbers."""

    books: Annotated[Books, "what was read"]
    in_period: Annotated[int, "events of the period, whatever the filter"]
    matched: Annotated[int, "events of the period that the filter lets through: those that the review is about"]
    feeds: Annotated[tuple[FeedTrust, ...], "each feed that has events in the period or in the four weeks before"]
    is_open: Annotated[bool, "whether the period was not over yet when events last landed"]
    has_past: Annotated[bool, "whether the log has events of the period before; if not, no change means anything"]

    @property
    def state(self) -> str:
        """`quiet`, `empty` or `not collected` for a period without events, `matched` for any other."""
        if self.matched:
            return "matched"
        if self.in_period:
            return "empty"
        return "not collected" if any(feed.missing_days for feed in self.feeds) else "quiet"


def look(log: AuditLog, everything: AuditLog, period: Period, *, matched: int) -> Trust:
    """Return what is known about the period's completeness; `everything` is the log without the user's filter."""
    wanted = set(log.where.named_values().get("feed", []))
    feeds = tuple(feed for feed in _feeds(everything, period) if not wanted or feed.feed in wanted)
    landings = log.landings()
    before = period.before()
    return Trust(
        books=_books(log),
        in_period=everything.filter(since=period.since, until=period.until).count(),
        matched=matched,
        feeds=feeds,
        is_open=not landings or max(landing.at for landing in landings) < period.until,
        has_past=everything.filter(since=before.since, until=before.until).count() > 0,
    )


def trust_table(trust: Trust) -> pl.DataFrame:
    """Return the table `trust`: a row for the whole log, where `feed` is null, then one for each feed.

    What is only known of the whole log is null in a feed's row, and the other way round.
    """
    import polars as pl

    books = trust.books
    whole = {
        "state": trust.state, "events": trust.in_period, "matched": trust.matched, "read": books.read, "landed": books.landed,
        "duplicates": books.duplicates, "quarantined": books.quarantined, "late": sum(feed.late for feed in trust.feeds),
    }  # fmt: skip
    rows = [whole] + [
        {
            "feed": feed.feed, "state": feed.state, "events": feed.events, "late": feed.late,
            "first_seen": feed.first_seen, "last_seen": feed.last_seen,
            "missing_days": ", ".join(day.isoformat() for day in feed.missing_days),
            "quiet_days": ", ".join(day.isoformat() for day in feed.quiet_days),
        }
        for feed in trust.feeds
    ]  # fmt: skip
    counts = ("events", "matched", "read", "landed", "duplicates", "quarantined", "late")
    schema: dict[str, pl.DataType] = {"feed": pl.String(), "state": pl.String(), **dict.fromkeys(counts, pl.Int64())}
    schema |= dict.fromkeys(("first_seen", "last_seen"), pl.Datetime("us", "UTC"))
    schema |= dict.fromkeys(("missing_days", "quiet_days"), pl.String())
    return pl.DataFrame(rows, schema=schema)


def _books(log: AuditLog) -> Books:
    landings = log.landings()
    reasons: dict[str, int] = {}
    for reason in log.quarantine()["reason"]:
        reasons[reason] = reasons.get(reason, 0) + 1
    return Books(
        landings=len(landings),
        files=sum(one.files for one in landings),
        read=sum(one.read for one in landings),
        landed=sum(one.landed for one in landings),
        duplicates=sum(one.duplicates for one in landings),
        quarantined=sum(one.quarantined for one in landings),
        reasons=tuple(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def _feeds(everything: AuditLog, period: Period) -> list[FeedTrust]:
    weeks = everything.filter(since=period.since - timedelta(weeks=WEEKS_BACK), until=period.until)
    days: dict[str, dict[date, tuple[int, datetime, datetime]]] = {}
    for row in weeks.by("feed", "day").iter_rows(named=True):
        days.setdefault(row["feed"], {})[row["day"]] = (row["events"], row["first_seen"], row["last_seen"])
    late = _late(everything, period)
    found = []
    for feed, seen in sorted(days.items()):
        inside = [seen[day] for day in period.days if day in seen]
        silent = [day for day in period.days if day not in seen]
        missing = [day for day in silent if _expected(day, seen)]
        found.append(
            FeedTrust(
                feed=feed,
                events=sum(events for events, _, _ in inside),
                first_seen=min((first for _, first, _ in inside), default=None),
                last_seen=max((last for _, _, last in inside), default=None),
                missing_days=tuple(missing),
                quiet_days=tuple(day for day in silent if day not in missing),
                late=late.get(feed, 0),
            )
        )
    return found


def _expected(day: date, seen: dict[date, tuple[int, datetime, datetime]]) -> bool:
    with_events = sum(day - timedelta(weeks=week) in seen for week in range(1, WEEKS_BACK + 1))
    return with_events >= WEEKS_WITH_EVENTS


def _late(everything: AuditLog, period: Period) -> dict[str, int]:
    last_day = period.until - timedelta(days=1)
    closing = everything.filter(since=last_day).sql(
        "SELECT feed, min(landing) AS landing FROM events "
        f"WHERE landed_at >= TIMESTAMPTZ {literal(period.until.isoformat())} GROUP BY feed"
    )
    inside = everything.filter(since=period.since, until=period.until)
    by_landing = inside.sql("SELECT feed, landing, count(*) AS events FROM events GROUP BY ALL")
    closed = dict(closing.iter_rows())
    late: dict[str, int] = {}
    for feed, landing, events in by_landing.iter_rows():
        if feed in closed and landing > closed[feed]:
            late[feed] = late.get(feed, 0) + events
    return late
