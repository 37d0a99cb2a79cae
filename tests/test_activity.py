"""What is asked of events: each function has one table of events beside the rows that are right, on every engine.

Then random events, full of ties, gaps and unknown values, are counted a second time in plain Python.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from conftest import Frames, collected

from audit_reports import AuditLog, UsageError
from audit_reports.activity import by, distinct_values, rare
from audit_reports.activity_change import compare
from audit_reports.behaviour import first_seen, sessions, story
from audit_reports.demo import World

Row = dict[str, Any]
Rows = list[tuple[Any, ...]]

TEXTS = (
    "event_id", "feed", "event", "actor", "actor_role", "resource", "resource_type", "changes", "source", "ip",
    "country", "region", "city", "outcome",
)  # fmt: skip
SCHEMA = pl.Schema({"occurred_at": pl.Datetime("us", "UTC")} | dict.fromkeys(TEXTS, pl.String()))


def at(clock: str, *, day: int = 2) -> datetime:
    """Return a time in March 2026, UTC."""
    return datetime.fromisoformat(f"2026-03-{day:02} {clock}+00:00")


def table(text: str) -> list[Row]:
    """Return the events of a table whose first line names the columns; `-` is null, and ids are e1, e2, ... in its order.

    `at` is the day of March 2026 and the time.
    """
    heads, *lines = ([cell.strip() for cell in line.split("|")] for line in text.strip().splitlines())
    rows = []
    for number, cells in enumerate(lines, start=1):
        row: Row = {"event_id": f"e{number}", "feed": "door"}
        row |= {head: None if cell == "-" else cell for head, cell in zip(heads, cells, strict=True)}
        day, _, clock = row.pop("at").partition(" ")
        rows.append(row | {"occurred_at": at(clock or "00:00", day=int(day))})
    return rows


def frame(rows: Iterable[Row]) -> pl.DataFrame:
    told = pl.DataFrame([{name: row.get(name) for name in SCHEMA} for row in rows], schema=SCHEMA)
    return told.with_columns(pl.col("occurred_at").dt.date().alias("day"))


# ------------------------------------------------------------------------------------------------- compare

NOW = table("""
at | actor | country
9  | ana   | ES
10 | ana   | ES
11 | ben   | -
12 | -     | -
""")
BEFORE = table("""
at | actor | country
2  | ana   | ES
3  | ben   | DE
3  | ben   | DE
4  | -     | -
5  | -     | -
""")


def test_compare_loses_no_row_of_either_side_and_null_is_a_value(frames: Frames) -> None:
    changed = collected(compare(frames(frame(NOW)), frames(frame(BEFORE)), ["actor", "country"], timezone="UTC"))
    assert changed.rows() == [
        ("ana", "ES", 2, 1, 1, None, 1, at("00:00", day=9), at("00:00", day=10)),
        (None, None, 1, 2, -1, None, 0, at("00:00", day=12), at("00:00", day=12)),
        ("ben", None, 1, 0, 1, "new", 1, at("00:00", day=11), at("00:00", day=11)),
        ("ben", "DE", 0, 2, -2, "gone", None, None, None),
    ]
    assert changed.columns[2:] == ["events", "before", "change", "state", "actors", "first_seen", "last_seen"]
    assert set(changed.dtypes[2:5]) == {pl.Int64()}


# ---------------------------------------------------------------------------------------------------- rare

SELDOM = table("""
at | actor | event
2  | ana   | read
2  | ana   | read
2  | ana   | delete
3  | ben   | read
3  | ben   | delete
3  | ben   | export
4  | -     | read
4  | -     | wipe
""")


def test_rare_is_what_few_do_and_seldom(frames: Frames) -> None:
    assert collected(rare(frames(frame(SELDOM)), ["actor", "event"], timezone="UTC")).rows() == [
        (None, "wipe", 1, 1 / 2, 0),
        ("ben", "export", 1, 1 / 3, 1),
        ("ana", "delete", 1, 1 / 3, 2),
        ("ben", "delete", 1, 1 / 3, 2),
        ("ben", "read", 1, 1 / 3, 2),
        (None, "read", 1, 1 / 2, 2),
        ("ana", "read", 2, 2 / 3, 2),
    ]


def test_rare_needs_who_and_what(frames: Frames) -> None:
    with pytest.raises(UsageError, match="two dimensions or more"):
        rare(frames(frame([])), ["actor"], timezone="UTC")
    with pytest.raises(UsageError, match="did you mean 'event'"):
        rare(frames(frame([])), ["actor", "evnt"], timezone="UTC")


# ---------------------------------------------------------------------------------------------- first seen

FIRSTS = table("""
at      | actor | country
2 09:00 | ana   | ES
3 09:00 | ana   | VN
3 09:00 | ben   | ES
2 08:00 | ana   | -
2 08:00 | -     | ES
4 09:00 | ana   | ES
3 09:00 | ana   | VN
""")


def test_the_first_of_each_combination_newest_first_and_unknown_is_none(frames: Frames) -> None:
    assert collected(first_seen(frames(frame(FIRSTS)), ["actor", "country"], timezone="UTC")).rows() == [
        ("ana", "VN", at("09:00", day=3), at("09:00", day=3), "e2", 2),
        ("ben", "ES", at("09:00", day=3), at("09:00", day=3), "e3", 1),
        ("ana", "ES", at("09:00"), at("09:00", day=4), "e1", 2),
    ]


def test_what_was_not_there_before_a_time(frames: Frames) -> None:
    whole, later = at("00:00", day=3), at("09:00", day=3)
    for since in (whole, later):
        found = collected(first_seen(frames(frame(FIRSTS)), ["actor", "country"], timezone="UTC", since=since))
        assert found.select("actor", "country", "first_event_id", "events").rows() == [
            ("ana", "VN", "e2", 2),
            ("ben", "ES", "e3", 1),
        ]


def test_firsts_of_a_local_day_and_a_network(frames: Frames) -> None:
    rows = table("""
    at      | ip
    2 23:30 | 203.0.113.7
    2 22:59 | 203.0.113.9
    3 01:00 | 203.0.113.7
    3 01:00 | AWS Internal
    """)
    found = collected(first_seen(frames(frame(rows)), ["day", "network"], timezone="Europe/Madrid"))
    assert found.rows() == [
        (at("00:00", day=3).date(), "203.0.113.0/24", at("23:30"), at("01:00", day=3), "e1", 2),
        (at("00:00").date(), "203.0.113.0/24", at("22:59"), at("22:59"), "e2", 1),
    ]


# ------------------------------------------------------------------------------------------------ sessions

VISITS = table("""
at              | actor | ip          | country
2 09:00         | ana   | 203.0.113.7 | ES
2 09:30         | ana   | -           | ES
2 09:10         | ben   | 203.0.113.8 | -
2 10:00:00.5    | ana   | 203.0.113.9 | VN
2 10:30:00.75   | ana   | 203.0.113.9 | VN
2 10:31:00      | -     | 203.0.113.9 | VN
""")


def test_a_session_goes_on_after_exactly_the_gap_and_not_after_more(frames: Frames) -> None:
    assert collected(sessions(frames(frame(VISITS)), gap=timedelta(minutes=30))).rows() == [
        ("ana", at("09:00"), at("09:30"), 1800, 2, 1, 1, "e1"),
        ("ben", at("09:10"), at("09:10"), 0, 1, 1, 0, "e3"),
        ("ana", at("10:00:00.5"), at("10:00:00.5"), 0, 1, 1, 1, "e4"),
        ("ana", at("10:30:00.75"), at("10:30:00.75"), 0, 1, 1, 1, "e5"),
    ]
    longer = collected(sessions(frames(frame(VISITS)), gap=timedelta(hours=1)))
    assert longer.rows()[0] == ("ana", at("09:00"), at("10:30:00.75"), 5400, 4, 2, 2, "e1")


def test_sessions_before_1970_are_told_apart_too(frames: Frames) -> None:
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    rows = [
        {"occurred_at": epoch + timedelta(minutes=minutes), "actor": "ana", "feed": "door", "event_id": f"e{minutes}"}
        for minutes in (-4, 4)
    ]
    found = collected(sessions(frames(frame(rows)), gap=timedelta(minutes=5)))
    assert found["first_event_id"].to_list() == ["e-4", "e4"]


# --------------------------------------------------------------------------------------------------- story

LIFE = table("""
at         | actor | event  | city   | region | country
1 08:00    | ana   | login  | Madrid | Madrid | ES
2 08:00    | ana   | login  | -      | Madrid | ES
2 08:00    | ben   | wipe   | Hanoi  | -      | VN
3 08:00:01 | ana   | login  | Hanoi  | -      | VN
3 08:00:02 | ana   | wipe   | -      | -      | -
3 08:00:02 | ana   | wipe   | Hanoi  | -      | VN
4 08:00    | ana   | export | Madrid | Madrid | ES
""")


def test_a_story_tells_what_is_new_against_the_whole_past(frames: Frames) -> None:
    history = frame(LIFE)
    view = history.filter(pl.col("event_id").is_in(["e1", "e3", "e5", "e6", "e4", "e7"]))
    told = collected(story(frames(view), frames(history), "ana"))
    assert told.select("event_id", "since_previous", "new_place", "new_action").rows() == [
        ("e1", None, True, True),
        ("e4", 86401, True, False),
        ("e5", 1, False, True),
        ("e6", 0, False, False),
        ("e7", 86398, False, True),
    ]
    assert told["occurred_at"].is_sorted()
    assert told.columns[:4] == ["occurred_at", "since_previous", "event", "resource"]
    assert collected(story(frames(history), frames(history), "nobody")).rows() == []


# --------------------------------------------------------------------------------- against plain Python


def random_events(seed: int, size: int = 250) -> list[Row]:
    """Return events of few actors, places and moments: many at the same time, around the change to summer time."""
    dice = random.Random(seed)
    start = datetime(2026, 3, 28, 20, tzinfo=UTC)
    rows = [
        {
            "occurred_at": start
            + timedelta(minutes=10 * dice.randrange(150), microseconds=dice.choice([0, 0, 1, 999_999])),
            "actor": dice.choice(["ana", "ben", "<script>", "", None]),
            "event": dice.choice(["login", "read", "wipe"]),
            "city": dice.choice(["Madrid", "Hanoi", None]),
            "country": dice.choice(["ES", "VN", None]),
            "ip": dice.choice(["203.0.113.7", "198.51.100.4", None]),
            "feed": dice.choice(["door", "gate"]),
            "event_id": f"{dice.randrange(16**4):04x}-{number}",
        }
        for number in range(size)
    ]
    return sorted(rows, key=in_order)


def in_order(row: Row) -> tuple[Any, ...]:
    return row["occurred_at"], row["feed"], row["event_id"]


def nulls_last(*values: Any) -> tuple[Any, ...]:
    return tuple((value is None, "" if value is None else value) for value in values)


def grouped(rows: Iterable[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups


def plain_by(rows: list[Row], *names: str) -> Rows:
    found = []
    for key, of in grouped(rows, *names).items():
        moments = [row["occurred_at"] for row in of]
        found.append((*key, len(of), len({row["actor"] for row in of} - {None}), min(moments), max(moments)))
    return sorted(found, key=lambda row: (-row[-4], *nulls_last(*row[:-4])))


def derived(row: Row) -> Row:
    """Return an event with its dimensions as plain Python makes them, at Madrid's time."""
    place = ", ".join(part for part in (row["city"], row["country"]) if part is not None)
    network = row["ip"] and row["ip"].rpartition(".")[0] + ".0/24"
    local = row["occurred_at"].astimezone(ZoneInfo("Europe/Madrid"))
    return row | {"location": place or None, "network": network, "hour": local.hour, "weekday": local.isoweekday()}


def plain_compare(now: list[Row], before: list[Row], *names: str) -> Rows:
    ours, theirs = grouped(now, *names), grouped(before, *names)
    found = []
    for key in ours | theirs:
        size, earlier = len(ours.get(key, [])), len(theirs.get(key, []))
        found.append((*key, size, earlier, size - earlier, "gone" if not size else "new" if not earlier else None))
    return sorted(found, key=lambda row: (-row[-4], -row[-3], *nulls_last(*row[:-4])))


def plain_rare(rows: list[Row], *names: str) -> Rows:
    groups, firsts = grouped(rows, *names), grouped(rows, names[0])
    found = []
    for key, of in groups.items():
        shared_by = len({one[0] for one in groups if one[1:] == key[1:]} - {None})
        found.append((*key, len(of), len(of) / len(firsts[key[:1]]), shared_by))
    return sorted(found, key=lambda row: (row[-3], row[-1], row[-2], *nulls_last(*row[:-3])))


def plain_first_seen(rows: list[Row], *names: str) -> Rows:
    found = []
    for key, of in grouped(rows, *names).items():
        if None not in key:
            moments = [row["occurred_at"] for row in of]
            first = min(row["event_id"] for row in of if row["occurred_at"] == min(moments))
            found.append((*key, min(moments), max(moments), first, len(of)))
    size = len(names)
    return sorted(sorted(found, key=lambda row: row[:size]), key=lambda row: row[size], reverse=True)


def plain_sessions(rows: list[Row], gap: timedelta) -> Rows:
    parts: list[list[Row]] = []
    for (actor,), of in grouped(rows, "actor").items():
        if actor is None:
            continue
        parts.append([of[0]])
        for row in of[1:]:
            if row["occurred_at"] - parts[-1][-1]["occurred_at"] > gap:
                parts.append([])
            parts[-1].append(row)
    found = []
    for part in parts:
        since, until = part[0]["occurred_at"], part[-1]["occurred_at"]
        distinct = (len({row[name] for row in part} - {None}) for name in ("ip", "country"))
        seconds = (until - since) // timedelta(seconds=1)
        first = min(row["event_id"] for row in part if row["occurred_at"] == since)
        found.append((part[0]["actor"], since, until, seconds, len(part), *distinct, first))
    return sorted(found, key=lambda row: (row[1], row[0]))


def plain_story(view: list[Row], history: list[Row], actor: str) -> Rows:
    found: Rows = []
    places: set[tuple[str | None, str | None]] = set()
    actions: set[str] = set()
    previous: datetime | None = None
    for row in history:
        if row["actor"] != actor:
            continue
        place = (row["city"], row["country"])
        gap = None if previous is None else (row["occurred_at"] - previous) // timedelta(seconds=1)
        if row in view:
            new = place not in places and place != (None, None)
            found.append((row["event_id"], gap, new, row["event"] not in actions))
        places.add(place)
        actions.add(row["event"])
        previous = row["occurred_at"]
    return found


@pytest.mark.few_on_spark(1)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_events_are_counted_as_plain_python_counts_them(seed: int, frames: Frames) -> None:
    rows = random_events(seed)
    dice = random.Random(seed)
    some = [row for row in rows if dice.random() < 0.4]
    shuffled = dice.sample(rows, len(rows))
    events, view = frames(frame(shuffled)), frames(frame(dice.sample(some, len(some))))

    known = list(map(derived, rows))
    for names in (["actor"], ["event"], ["location"], ["weekday", "hour"], ["network", "actor"], ["city", "location"]):
        counted = plain_by(known, *names)
        assert collected(by(events, names, timezone="Europe/Madrid")).rows() == counted, names
        assert collected(by(events, names, timezone="Europe/Madrid", limit=3)).rows() == counted[:3], names
    names = ["actor", "location", "hour"]
    values = tuple(len({row[name] for row in known} - {None}) for name in names)
    assert collected(distinct_values(events, names, timezone="Europe/Madrid")).rows() == [(len(rows), *values)]

    changed = collected(compare(view, events, ["actor", "country"], timezone="UTC"))
    assert changed.select(changed.columns[:6]).rows() == plain_compare(some, rows, "actor", "country")
    assert collected(rare(events, ["actor", "event"], timezone="UTC")).rows() == plain_rare(rows, "actor", "event")
    assert collected(rare(view, ["country", "event", "city"], timezone="UTC")).rows() == plain_rare(
        some, "country", "event", "city"
    )
    assert collected(first_seen(events, ["actor", "country"], timezone="UTC")).rows() == plain_first_seen(
        rows, "actor", "country"
    )
    for since in (datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 3, 29, 1, 20, tzinfo=UTC)):
        new = collected(first_seen(events, ["actor", "country"], timezone="UTC", since=since)).rows()
        assert new == [row for row in plain_first_seen(rows, "actor", "country") if row[2] >= since]
    for minutes in (10, 40):
        gap = timedelta(minutes=minutes)
        assert collected(sessions(events, gap=gap)).rows() == plain_sessions(rows, gap)
    for actor in ("ana", "<script>", ""):
        told = collected(story(view, events, actor)).select("event_id", "since_previous", "new_place", "new_action")
        assert told.rows() == plain_story(some, rows, actor)


# ------------------------------------------------------------------------------------------------ the view


@pytest.fixture(scope="module")
def log(world: World) -> AuditLog:
    return AuditLog(world.store, timezone="Europe/Madrid")


ASKED: dict[str, Callable[[AuditLog], pl.DataFrame]] = {
    "timeline": lambda view: view.timeline(),
    "compare": lambda view: view.compare(view, "actor"),
    "by, so many": lambda view: view.by("resource", limit=3),
    "rare": lambda view: view.rare("actor", "event"),
    "first_seen": lambda view: view.first_seen("actor", "country"),
    "sessions": lambda view: view.sessions(),
    "story": lambda view: view.story("paul.richter@northwind.example"),
}


@pytest.mark.parametrize("name", ASKED)
def test_a_view_without_events_gives_no_row_and_the_same_columns(name: str, log: AuditLog) -> None:
    full, empty = ASKED[name](log), ASKED[name](log.filter(actor="nobody at all"))
    assert full.height > 0
    assert empty.height == 0
    assert empty.schema == full.schema


def test_views_of_two_logs_are_not_compared(log: AuditLog, world: World) -> None:
    with pytest.raises(UsageError, match="both are of one log"):
        log.compare(AuditLog(world.store), "actor")


def test_a_gap_that_is_none_is_refused(log: AuditLog) -> None:
    with pytest.raises(UsageError, match="is no length of time"):
        log.sessions("half an hour")
    with pytest.raises(UsageError, match="longer than nothing"):
        sessions(log.frame(), gap=timedelta(0))
