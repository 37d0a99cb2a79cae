"""Can the numbers be trusted? What was read, and for each feed whether it was quiet, not collected, or late.

Quiet: nothing happened. Empty: the filter matches nothing. Not collected: a silence of a feed where events were to be
expected, for at least three of the four weeks before had some; six such hours of the week, or one such whole day, make a
gap. Late: events that a landing brought after the period was closed; the first landing after its end that brings events
of its last day, or newer ones, closes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import narwhals as nw

from audit_reports.quarters import QUARTER, by_quarter, in_period
from audit_reports.store_info import watermarks

if TYPE_CHECKING:
    import polars as pl

    from audit_reports.log import AuditLog
    from audit_reports.period import Period

WEEKS_BACK, WEEKS_WITH_EVENTS = 4, 3
PAST_WEEKS = range(1, WEEKS_BACK + 1)
EXPECTED_HOURS = 6
_HOUR, _WEEK = timedelta(hours=1), timedelta(weeks=1)


@dataclass(frozen=True)
class Books:
    """What the landings read, up to the one that the review sees: read = landed + duplicates + quarantined.

    What retention and erasures removed since is counted apart: landed - removed events are in the log, and quarantined -
    removed_lines lie in quarantine.
    """

    landings: Annotated[int, "how many landings"]
    files: Annotated[int, "how many files they read"]
    read: Annotated[int, "events read"]
    landed: Annotated[int, "events that landed"]
    duplicates: Annotated[int, "copies of an event that was there"]
    quarantined: Annotated[int, "what could not be understood, kept apart with file, line and reason"]
    removed: Annotated[int, "landed events that retention or an erasure has removed since"]
    removed_lines: Annotated[int, "quarantined lines that retention or an erasure has removed since"]
    reasons: Annotated[tuple[tuple[str, int], ...], "why, most frequent first"]


@dataclass(frozen=True)
class Gap:
    """A silence of whole hours where events were to be expected; half-open, UTC."""

    since: Annotated[datetime, "the first hour without an event"]
    until: Annotated[datetime, "the first hour after it, or the end of the period"]


@dataclass(frozen=True)
class FeedTrust:
    """How one feed arrived in the period, whatever the filter."""

    feed: Annotated[str, "the feed"]
    events: Annotated[int, "its events in the period"]
    first_seen: Annotated[datetime | None, "the first of them, UTC; None where there is none"]
    last_seen: Annotated[datetime | None, "the last of them, UTC"]
    gaps: Annotated[tuple[Gap, ...], "when it was not collected, oldest first"]
    quiet_days: Annotated[tuple[date, ...], "local days without an event on which none was to be expected"]
    late: Annotated[int, "events that arrived after the period was closed"]
    watermark: Annotated[datetime, "up to when its events can be expected to be here, by its landings of late; UTC"]

    @property
    def state(self) -> str:
        """One word or two: `not collected`, `late`, `quiet` or `complete`, the gravest that applies."""
        if self.gaps:
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
        return "not collected" if any(feed.gaps for feed in self.feeds) else "quiet"


def look(log: AuditLog, everything: AuditLog, period: Period, *, matched: int) -> Trust:
    """Return what is known about the period's completeness; `everything` is the log without the user's filter."""
    wanted = set(log.where.named_values().get("feed", []))
    landings = log.landings()
    before, recent = period.before(), period.since - WEEKS_BACK * _WEEK
    past = everything.filter(since=min(before.since, recent), until=period.until).frame()
    quarters = everything.collect(by_quarter(past, "feed", "landing"))
    feeds = _feeds(everything, period, quarters.filter(quarters[QUARTER] >= recent))
    return Trust(
        books=_books(log),
        in_period=int(in_period(quarters, period)["events"].sum()),
        matched=matched,
        feeds=tuple(feed for feed in feeds if not wanted or feed.feed in wanted),
        is_open=not landings or max(landing.at for landing in landings) < period.until,
        has_past=not in_period(quarters, before).is_empty(),
    )


def trust_table(trust: Trust) -> pl.DataFrame:
    """Return the table `trust`: a row for the whole log, where `feed` is null, then one for each feed.

    What is only known of the whole log is null in a feed's row, and the other way round.
    """
    import polars as pl

    books = trust.books
    whole = {
        "state": trust.state, "events": trust.in_period, "matched": trust.matched, "read": books.read, "landed": books.landed,
        "duplicates": books.duplicates, "quarantined": books.quarantined, "removed": books.removed,
        "late": sum(feed.late for feed in trust.feeds),
    }  # fmt: skip
    rows = [whole] + [
        {
            "feed": feed.feed, "state": feed.state, "events": feed.events, "late": feed.late,
            "first_seen": feed.first_seen, "last_seen": feed.last_seen, "watermark": feed.watermark,
            "gaps": ", ".join(f"{gap.since:%Y-%m-%dT%H:%MZ}/{gap.until:%Y-%m-%dT%H:%MZ}" for gap in feed.gaps),
            "quiet_days": ", ".join(day.isoformat() for day in feed.quiet_days),
        }
        for feed in trust.feeds
    ]  # fmt: skip
    counts = ("events", "matched", "read", "landed", "duplicates", "quarantined", "removed", "late")
    schema: dict[str, pl.DataType] = {"feed": pl.String(), "state": pl.String(), **dict.fromkeys(counts, pl.Int64())}
    schema |= dict.fromkeys(("first_seen", "last_seen", "watermark"), pl.Datetime("us", "UTC"))
    schema |= dict.fromkeys(("gaps", "quiet_days"), pl.String())
    return pl.DataFrame(rows, schema=schema)


def _books(log: AuditLog) -> Books:
    landings = log.landings()
    reasons: dict[str, int] = {}
    lies = log.quarantine()
    quarantined = sum(one.quarantined for one in landings)
    for reason in lies["reason"]:
        reasons[reason] = reasons.get(reason, 0) + 1
    return Books(
        landings=len(landings),
        files=sum(one.files for one in landings),
        read=sum(one.read for one in landings),
        landed=sum(one.landed for one in landings),
        duplicates=sum(one.duplicates for one in landings),
        quarantined=quarantined,
        removed=log.removed(),
        removed_lines=quarantined - lies.height,
        reasons=tuple(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))),
    )


def newest(events: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Return the time of the newest event of each `feed` and `landing`, as `last`; no event gives no row."""
    return events.group_by("feed", "landing").agg(nw.col("occurred_at").max().alias("last"))


def _feeds(everything: AuditLog, period: Period, quarters: pl.DataFrame) -> list[FeedTrust]:
    import polars as pl

    landed = everything.landings()
    known_until = max((landing.at for landing in landed), default=period.since)
    end = min(period.until, known_until)
    times = pl.DataFrame(
        {"landing": [one.landing for one in landed], "landed_at": [one.at for one in landed]},
        schema={"landing": pl.Int64(), "landed_at": pl.Datetime("us", "UTC")},
    )
    later = everything.collect(newest(everything.filter(since=period.until - timedelta(days=1)).frame()))
    later = later.join(times, on="landing")
    until_then = quarters.group_by("feed", "landing").agg(last=pl.col("last_seen").max()).join(times, on="landing")
    known = watermarks(pl.concat([until_then, later], how="diagonal"))
    watermark: dict[str, datetime] = dict(known.select("feed", "watermark").iter_rows())
    closing = later.filter(pl.col("landed_at") >= period.until).group_by("feed").agg(pl.col("landing").min())
    closed: dict[str, int] = dict(closing.iter_rows())
    found = []
    for feed in sorted(quarters["feed"].unique()):
        of_feed = quarters.filter(feed=feed)
        inside = in_period(of_feed, period)
        gaps, quiet_days = _silences({quarter.replace(minute=0) for quarter in of_feed[QUARTER]}, period, end)
        late = inside.filter(inside["landing"] > closed[feed]) if feed in closed else inside.clear()
        found.append(
            FeedTrust(
                feed=feed,
                events=int(inside["events"].sum()),
                first_seen=_time(inside["first_seen"].min()),
                last_seen=_time(inside["last_seen"].max()),
                gaps=gaps,
                quiet_days=quiet_days,
                late=int(late["events"].sum()),
                watermark=watermark[feed].astimezone(UTC),
            )
        )
    return found


def _time(value: object) -> datetime | None:
    return value.astimezone(UTC) if isinstance(value, datetime) else None


def _silences(seen: set[datetime], period: Period, end: datetime) -> tuple[tuple[Gap, ...], tuple[date, ...]]:
    """Return the gaps among the hours without events, and the whole local days that were merely quiet."""
    zone = ZoneInfo(period.timezone)
    days_seen = {hour.astimezone(zone).date() for hour in seen}
    gaps: list[Gap] = []
    quiet: list[date] = []
    for run in _runs(seen, period.since, end):
        local = [hour.astimezone(zone).date() for hour in run]
        whole = [day for day in dict.fromkeys(local) if day not in days_seen and _whole(day, run, period, end)]
        expected = sum(_usual(hour - week * _WEEK in seen for week in PAST_WEEKS) for hour in run)
        if expected >= EXPECTED_HOURS or any(
            _usual(day - week * _WEEK in days_seen for week in PAST_WEEKS) for day in whole
        ):
            gaps.append(Gap(run[0], min(run[-1] + _HOUR, period.until)))
        else:
            quiet += whole
    return tuple(gaps), tuple(quiet)


def _runs(seen: set[datetime], since: datetime, end: datetime) -> list[list[datetime]]:
    """Return the stretches of consecutive hours without events."""
    runs: list[list[datetime]] = [[]]
    hour = since.replace(minute=0)
    while hour < end:
        if hour not in seen:
            runs[-1].append(hour)
        elif runs[-1]:
            runs.append([])
        hour += _HOUR
    return [run for run in runs if run]


def _whole(day: date, run: list[datetime], period: Period, end: datetime) -> bool:
    """Say whether a local day lies in a silence from its first hour to its last."""
    zone = ZoneInfo(period.timezone)
    start, stop = (
        datetime(d.year, d.month, d.day, tzinfo=zone).astimezone(UTC) for d in (day, day + timedelta(days=1))
    )
    return run[0] <= start and stop <= min(run[-1] + _HOUR, end)


def _usual(happened: Iterable[bool]) -> bool:
    return sum(happened) >= WEEKS_WITH_EVENTS
