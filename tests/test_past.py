"""A review beside its past: each line of events, and the row that the tables must have of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land
from audit_reports.log import AuditLog
from audit_reports.period import Period
from audit_reports.reviews.review import Review, make_review
from audit_reports.store import Store

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
"""In the week under review, W10; every other time is told in weeks and hours from it."""

# weeks from W10, hours, who, type, role, category and action, city and country, outcome
EVENTS = [
    (-12, 0, "ana", "human", "Member", "Members Invited", "Madrid ES", "success"),
    (-4, 0, "ana", "human", "Member", "Assistants Updated", "Madrid ES", "success"),
    (-3, 0, "ana", "human", "Member", "Assistants Updated", "Madrid ES", "success"),
    (-3, 1, "ana", "human", "Member", "Assistants Updated", "Madrid ES", "success"),
    (-2, 0, "ana", "human", "Admin", "Assistants Updated", "Madrid ES", "success"),
    (-1, 0, "ana", "human", "Admin", "Assistants Updated", "Madrid ES", "success"),
    (-1, 0, "ben", "human", None, "Workflows Created", "Berlin DE", None),
    (0, 0, "ana", "human", None, "Assistants Updated", "Madrid ES", "success"),
    (0, 11, "ana", "human", "Owner", "API Keys Created", "Hanoi VN", "failure"),  # 21:00: outside hours
    (0, 120, "ana", "human", "Admin", "Assistants Updated", None, None),  # a Saturday; at 10:00
    (0, 1, "cai", "human", "Guest", "Members Invited", "Berlin DE", "success"),
    (0, 2, "bot", "service", None, "Assistants Updated", None, "success"),
    (0, 3, None, None, None, "Assistants Updated", "Madrid ES", "success"),
]


def line(number: int, event: tuple[Any, ...]) -> str:
    weeks, hours, actor, kind, role, what, place, outcome = event
    category, action = what.rsplit(" ", 1)
    found: dict[str, Any] = {
        "id": f"e{number}",
        "occurred_at": (MONDAY + timedelta(weeks=weeks, hours=hours)).isoformat(),
        "category": category,
        "action": action,
        "outcome": outcome,
    }
    if actor:
        found["actor"] = {"name": actor, "type": kind, "role": role}
    if place:
        found["location"] = dict(zip(("city", "country"), place.split(), strict=True))
    return json.dumps(found)


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Review:
    folder = tmp_path_factory.mktemp("past")
    return reviewed(folder, EVENTS)


def reviewed(folder: Path, events: list[tuple[Any, ...]], **filters: str) -> Review:
    inbox = folder / "events.jsonl"
    inbox.write_text("".join(f"{line(number, event)}\n" for number, event in enumerate(events)))
    store = Store.create(folder / "store")
    land(store, [str(inbox)], FEEDS, now=MONDAY + timedelta(weeks=2))
    log = AuditLog(store.uri).filter(**filters) if filters else AuditLog(store.uri)
    return make_review(log, Period.parse("2026-W10", timezone="UTC", now=MONDAY))


def test_actors_are_told_beside_their_past(review: Review) -> None:
    columns = ("actor", "role", "actor_type", "events", "before", "usual", "state", "always_shown", "failures")
    assert review.actors.select(columns).rows() == [
        ("ana", "Admin", "human", 3, 1, 0.5, None, 1, 1),
        ("bot", None, "service", 1, 0, 0.0, "new", 0, 0),
        ("cai", "Guest", "human", 1, 0, 0.0, "new", 0, 0),
        (None, None, None, 1, 0, 0.0, "new", 0, 0),
        ("ben", None, "human", 0, 1, 0.0, "gone", 0, 0),
    ]


def test_what_is_new_of_an_actor_needs_a_past(review: Review) -> None:
    columns = (
        "actor",
        "categories",
        "places",
        "countries",
        "new_actions",
        "new_places",
        "outside_hours",
        "outside_share",
    )
    assert review.actors.select(columns).rows() == [
        ("ana", 2, 2, 2, ["API Keys, Created"], ["Hanoi, VN"], 2, pytest.approx(2 / 3)),
        ("bot", 1, 0, 0, [], [], None, None),
        ("cai", 1, 1, 1, [], [], 0, 0.0),
        (None, 1, 1, 1, [], [], None, None),
        ("ben", 0, 0, 0, [], [], None, None),
    ]
    assert review.actors["history"].to_list() == [
        [0, 0, 0, 0, 1, 2, 1, 1, 3],
        [0, 0, 0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 0, 1, 0],
    ]


def test_categories_that_stopped_or_were_never_there_are_rows(review: Review) -> None:
    columns = ("category", "action", "events", "before", "usual", "state", "actors", "history")
    assert review.categories.select(columns).rows() == [
        ("Assistants", "Updated", 4, 1, 0.5, None, 2, [0, 0, 0, 0, 1, 2, 1, 1, 4]),
        ("API Keys", "Created", 1, 0, 0.0, "new", 1, [0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("Members", "Invited", 1, 0, 0.0, "back", 1, [0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("Workflows", "Created", 0, 1, 0.0, "gone", 0, [0, 0, 0, 0, 0, 0, 0, 1, 0]),
    ]


def test_locations_say_who_was_never_there(review: Review) -> None:
    columns = ("location", "country", "country_name", "events", "before", "state", "actors", "new_actors")
    assert review.locations.select(columns).rows() == [
        ("Madrid, ES", "ES", "Spain", 2, 1, None, 1, []),
        (None, None, None, 2, 0, "new", 2, []),
        ("Berlin, DE", "DE", "Germany", 1, 1, None, 1, []),
        ("Hanoi, VN", "VN", "Vietnam", 1, 0, "new", 1, ["ana"]),
    ]


def test_figures_have_the_median_of_eight(review: Review) -> None:
    told = {one.name: (one.value, one.before, one.usual) for one in review.figures}
    assert told == {
        "events": (6, 2, 0.5), "actors": (3, 2, 0.5), "new_actors": (2, 1, 0.0), "countries": (3, 2, 0.5),
        "new_countries": (1, 1, 0.0), "always_shown": (1, 0, 0.0), "failures": (1, 0, 0.0), "api_keys": (1, 0, 0.0),
        "role_changes": (0, 0, 0.0), "membership": (0, 0, 0.0), "deletions": (0, 0, 0.0), "outside_hours": (2, 0, 0.0),
    }  # fmt: skip
    assert review.figure("new_actors").names == ("cai", "bot")


@pytest.mark.parametrize(
    ("weeks", "usual"),
    [([0], None), ([0, -1, -2], None), ([0, -1, -2, -3], 1.0), ([0, -3], 0.0)],
    ids=["no past", "two weeks", "three weeks", "three weeks, two of them without events"],
)
def test_a_median_needs_three_periods_that_the_log_covers(
    tmp_path: Path, weeks: list[int], usual: float | None
) -> None:
    events = [(week, -10, "ana", "human", None, "Assistants Updated", None, None) for week in weeks]
    review = reviewed(tmp_path, events)
    assert review.figure("events").usual == review.actors["usual"][0] == usual


def test_the_log_and_not_the_filter_says_how_far_the_past_reaches(tmp_path: Path) -> None:
    events = [
        (-5, -10, "ben", "human", None, "Assistants Updated", None, None),
        (0, 0, "ana", "human", None, "Assistants Updated", None, None),
    ]
    review = reviewed(tmp_path, events, actor="ana")
    assert (review.figure("events").value, review.figure("events").usual) == (1, 0.0)
    assert review.actors.select("actor", "state").rows() == [("ana", "new")]


def test_a_period_without_a_past_calls_nothing_new(tmp_path: Path) -> None:
    review = reviewed(tmp_path, [(0, 0, "ana", "human", None, "Assistants Updated", "Madrid ES", None)])
    for table in (review.actors, review.categories, review.locations):
        assert table["state"].to_list() == [None]
    assert review.figure("new_actors").value is None


def test_no_event_gives_tables_without_rows(tmp_path: Path) -> None:
    review = reviewed(tmp_path, [(5, 0, "ana", "human", None, "Assistants Updated", "Madrid ES", None)])
    for table in (review.actors, review.categories, review.locations):
        assert table.height == 0
        assert table.schema["history"] == pl.List(pl.Int64)
