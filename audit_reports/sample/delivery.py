"""How do the events arrive? One export a week, with late events, copies, a forgery and broken lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any, Literal

from audit_reports.sample.people import MACHINES
from audit_reports.sample.truth import Books, Incident
from audit_reports.sample.world import Event

Fate = Literal["landed", "duplicate", "quarantined", "blank"]


@dataclass(frozen=True)
class Line:
    """One line of a file, or one element of its array: its bytes and what becomes of it.

    `event` is None where the line is none, and `reason` says why a line ends in quarantine.
    """

    text: bytes
    fate: Fate
    event: Event | None = None
    reason: str = ""


Delivery = dict[str, list[Line]]

_LATE, _LATE_SINCE, _LATE_COUNT = ("2026-W11", "2026-W12"), "2026-03-13T12:00:00.000Z", 30
_COPIES_INSIDE = {"2026-W03": 6, "2026-W06": 5, "2026-W10": 8, "2026-W12": 6}
_COPIES_ACROSS = (
    ("2026-W02", "2026-W03"),
    ("2026-W07", "2026-W08"),
    ("2026-W10", "2026-W11"),
    ("2026-W12", "2026-W13"),
)
_COPIES_EACH = 4
_FORGED = ("2026-W10", "2026-W11")
_BLANKS = "2026-W07"
_BROKEN: tuple[tuple[str, str, Callable[[Event], bytes]], ...] = (
    ("2026-W02", "cut JSON", lambda event: _plain(event)[:140]),
    ("2026-W03", "not JSON", lambda _: b"504 Gateway Timeout: export interrupted, retrying"),
    ("2026-W05", "a bare array", lambda event: _plain([event["id"], event["occurred_at"]])),
    (
        "2026-W07",
        "no occurred_at",
        lambda event: _plain({k: v for k, v in event.items() if k != "occurred_at"}),
    ),
    (
        "2026-W08",
        "a time without a zone",
        lambda event: _plain({**event, "occurred_at": "2026-02-17 09:14:05"}),
    ),
    (
        "2026-W10",
        "not UTF-8",
        lambda event: _plain({**event, "workspace": "North~wind"}).replace(b"~", b"\xff"),
    ),
    (
        "2026-W11",
        "an impossible time",
        lambda event: _plain({**event, "occurred_at": "2026-02-30T25:61:00.000Z"}),
    ),
    ("2026-W12", "a bare text", lambda _: b'"end of export"'),
    ("2026-W13", "no id", lambda event: _plain({k: v for k, v in event.items() if k != "id"})),
)


def week_of(event: Event) -> str:
    """Return the ISO week (UTC) of an event, such as `2026-W10`."""
    year, week, _ = date.fromisoformat(event["occurred_at"][:10]).isocalendar()
    return f"{year}-W{week:02}"


def deliver(
    rng: Random, events: Sequence[Event], stories: Sequence[Incident], names: Mapping[str, str]
) -> tuple[Delivery, list[Incident]]:
    """Return the lines of each week's file, and the incidents that lie in the delivery itself.

    `names` are the file names by week; a week without events has none. Events are sorted by their time.
    """
    planted = {event_id for story in stories for event_id in story.event_ids}
    weeks: dict[str, list[Event]] = {week: [] for week in names}
    for event in events:
        weeks[week_of(event)].append(event)
    late = _delay(rng, weeks, planted)
    delivery = {week: [Line(_plain(event), "landed", event) for event in found] for week, found in weeks.items()}
    copied = _copy_inside(rng, delivery)
    copied += _copy_across(delivery)
    forged = _forge(delivery, stories)
    for week, reason, damaged in _BROKEN:
        event = dict(rng.choice(weeks[week]), id=f"evt_broken_{rng.getrandbits(28):07x}")
        line = Line(damaged(event), "quarantined", reason=reason)
        delivery[week].insert(rng.randrange(1, len(delivery[week])), line)
    for _ in range(2):
        delivery[_BLANKS].insert(rng.randrange(1, len(delivery[_BLANKS])), Line(b"", "blank"))
    return delivery, [
        _told("late_events", "Thirty events that arrive late", _LATE_SENTENCE, late,
              expected_in=names[_LATE[0]], arrived_in=names[_LATE[1]]),
        _told("copies", "Copies of events", _COPIES_SENTENCE, copied,
              files={names[week]: _fates(lines)["duplicate"] for week, lines in delivery.items()}),
        _told("forged_copy", "A copy that says something else", _FORGED_SENTENCE, [forged],
              original_in=names[_FORGED[0]], forged_in=names[_FORGED[1]]),
        _broken_lines(delivery, events, names),
    ]  # fmt: skip


def books_of(lines: Sequence[Line]) -> Books:
    """Return what becomes of a file's lines when the files land in their order; blank lines are nothing."""
    fates = _fates(lines)
    read = len(lines) - fates["blank"]
    return Books(read, fates["landed"], fates["duplicate"], fates["quarantined"])


_LATE_SENTENCE = "Thirty events of the week's last three days are not in that week's export, and come with the next."
_COPIES_SENTENCE = "Some events come twice: in the same file or again in the next week's, some with another spelling."
_BROKEN_SENTENCE = "Nine lines are no events: cut, not JSON, not UTF-8, without id or time; one is a forged copy."
_FORGED_SENTENCE = "The deletion of the night's API key comes again a week later, under a bot's name."


def _plain(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _compact(event: Event) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def _escaped(event: Event) -> bytes:
    return json.dumps(event, ensure_ascii=True).encode()


def _reordered(event: Event) -> bytes:
    return json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(" , ", " : ")).encode()


_SPELLINGS: tuple[Callable[[Event], bytes], ...] = (_plain, _reordered, _plain, _compact, _plain, _escaped)


def _delay(rng: Random, weeks: dict[str, list[Event]], planted: set[str]) -> list[Event]:
    own, later = _LATE
    candidates = [event for event in weeks[own] if event["occurred_at"] >= _LATE_SINCE and event["id"] not in planted]
    chosen = {event["id"] for event in rng.sample(candidates, _LATE_COUNT)}
    late = [event for event in weeks[own] if event["id"] in chosen]
    weeks[own] = [event for event in weeks[own] if event["id"] not in chosen]
    weeks[later] = late + weeks[later]
    return late


def _copy_inside(rng: Random, delivery: Delivery) -> list[Event]:
    copied = []
    for week, number in _COPIES_INSIDE.items():
        lines = delivery[week]
        # From the end to the start, so that an insertion moves none of the places still to come.
        places = sorted(rng.sample(range(len(lines) - 3), number), reverse=True)
        for index, place in enumerate(places):
            event = lines[place].event or {}
            spelling = _SPELLINGS[index % len(_SPELLINGS)]
            lines.insert(place + rng.choice((1, 1, 2, 3)), Line(spelling(event), "duplicate", event))
            copied.append(event)
    return copied


def _copy_across(delivery: Delivery) -> list[Event]:
    copied: list[Event] = []
    for week, following in _COPIES_ACROSS:
        events = [line.event for line in delivery[week] if line.event and line.fate == "landed"][-_COPIES_EACH:]
        spelled = zip(events, _SPELLINGS, strict=False)
        delivery[following][:0] = [Line(spelling(event), "duplicate", event) for event, spelling in spelled]
        copied += events
    return copied


def _forge(delivery: Delivery, stories: Sequence[Incident]) -> Event:
    week, following = _FORGED
    night = next(set(story.event_ids) for story in stories if story.name == "worst_night")
    found = (line.event for line in delivery[week] if line.event and line.event["id"] in night)
    original = next(event for event in found if (event["category"], event["action"]) == ("API Keys", "Deleted"))
    bot = MACHINES["sync-bot"]
    forged = {**original, "actor": {"id": bot.id, "name": bot.name, "email": bot.email, "type": bot.type}}
    delivery[following].insert(0, Line(_plain(forged), "quarantined", reason="another value"))
    return original


def _told(name: str, title: str, sentence: str, events: list[Event], **facts: Any) -> Incident:
    ordered = sorted(events, key=lambda event: (str(event["occurred_at"]), str(event["id"])))
    return Incident(
        name=name,
        title=title,
        sentence=sentence,
        actor=None,
        since=datetime.fromisoformat(ordered[0]["occurred_at"]),
        until=datetime.fromisoformat(ordered[-1]["occurred_at"]),
        event_ids=tuple(event["id"] for event in ordered),
        facts=facts,
    )


def _broken_lines(delivery: Delivery, events: Sequence[Event], names: Mapping[str, str]) -> Incident:
    lines = [
        {"file": names[week], "line": number, "reason": line.reason}
        for week, found in delivery.items()
        for number, line in enumerate(found, start=1)
        if line.reason
    ]
    return Incident(
        name="broken_lines",
        title="Lines that cannot be understood",
        sentence=_BROKEN_SENTENCE,
        actor=None,
        since=datetime.fromisoformat(events[0]["occurred_at"]),
        until=datetime.fromisoformat(events[-1]["occurred_at"]),
        facts={"lines": lines},
    )


def _fates(lines: Sequence[Line]) -> Counter[str]:
    return Counter(line.fate for line in lines)
