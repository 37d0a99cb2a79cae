"""The sample is a believable workspace that is always the same, and whose truth can be found in its files.

Everything here is recomputed from the raw files with the standard library alone, as a landing has to find it.
"""

from __future__ import annotations

import csv
import gzip
import io
import ipaddress
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit_reports.catalogue import EVENT_TYPES
from audit_reports.sample import HOSTILE_TEXTS, SILENT_DAY, Books, Incident, Sample, write_sample

Event = dict[str, Any]

STORIES = {
    "worst_night": 40,
    "mass_deletion": 40,
    "acts_after_removal": 5,
    "role_for_an_evening": 2,
    "silent_day": 0,
    "late_events": 30,
    "copies": 41,
    "broken_lines": 0,
    "hostile_names": 4 * len(HOSTILE_TEXTS),
    "forged_copy": 1,
    "key_on_a_second_network": 9,
    "failures_then_success": 18,
    "weekend_domain": 3,
    "leaving_spree": 87,
    "support_at_night": 5,
    "impossible_travel": 5,
    "dormant_account": 24,
}
"""The incidents, and how many events show each."""

DOCUMENTATION_NETWORKS = [
    ipaddress.ip_network(text) for text in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def read(sample: Sample) -> dict[str, list[Event | None]]:
    """Each file's lines or elements; None for one that is no JSON object."""
    return {path.name: list(elements(path)) for path in sample.files}


@pytest.fixture(scope="module")
def landed(read: dict[str, list[Event | None]]) -> list[Event]:
    events, _ = land(read)
    return events


def elements(path: Path) -> Iterator[Event | None]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if path.suffix == ".csv":
        yield from map(nested, csv.DictReader(io.StringIO(data.decode(), newline="")))
    elif path.suffix == ".json":
        document = json.loads(data)
        yield from document["events"] if isinstance(document, dict) else document
    else:
        yield from (parsed(line) for line in data.split(b"\n") if line.strip())


def parsed(line: bytes) -> Event | None:
    try:
        value = json.loads(line.decode())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def nested(row: dict[str, str]) -> Event:
    event: Event = {}
    for column, cell in row.items():
        outer, _, inner = column.partition(".")
        if inner and cell:
            event.setdefault(outer, {})[inner] = cell
        elif cell:
            event[outer] = json.loads(cell) if column == "changes" else cell
    return event


def land(read: dict[str, list[Event | None]]) -> tuple[list[Event], dict[str, Books]]:
    """Land the files one by one, and keep books: the first of an event stays, an equal one is a duplicate."""
    known: dict[tuple[str, date], Event] = {}
    books = {}
    for name, found in read.items():
        fates: Counter[str] = Counter()
        for event in found:
            key = key_of(event)
            if event is None or key is None:
                fates["quarantined"] += 1
            elif key not in known:
                known[key] = event
                fates["landed"] += 1
            else:
                fates["duplicates" if known[key] == event else "quarantined"] += 1
        books[name] = Books(len(found), fates["landed"], fates["duplicates"], fates["quarantined"])
    return list(known.values()), books


def key_of(event: Event | None) -> tuple[str, date] | None:
    try:
        moment = datetime.fromisoformat((event or {})["occurred_at"])
        identity: str = (event or {})["id"]
    except (KeyError, ValueError):
        return None
    return (identity, moment.astimezone(UTC).date()) if moment.tzinfo else None


def story(sample: Sample, name: str) -> Incident:
    return next(incident for incident in sample.truth if incident.name == name)


def shown(landed: list[Event], incident: Incident) -> list[Event]:
    by_id = {event["id"]: event for event in landed}
    return [by_id[event_id] for event_id in incident.event_ids]


def actor_of(event: Event) -> str | None:
    actor = event.get("actor", {})
    label: str | None = actor.get("email") or actor.get("name") or actor.get("id")
    return label


# ---------------------------------------------------------------------------------------------- as a whole


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(sample: Sample, tmp_path: Path) -> None:
    again, other = write_sample(tmp_path / "again"), write_sample(tmp_path / "other", seed=8)
    for first, second, third in zip(sample.files, again.files, other.files, strict=True):
        assert first.name == second.name == third.name
        assert first.read_bytes() == second.read_bytes() != third.read_bytes()
    written, repeated = (made.files[0].parent.parent / "truth.json" for made in (sample, again))
    assert written.read_bytes() == repeated.read_bytes()


def test_it_is_twelve_weeks_of_twenty_thousand_events_with_a_fixed_last_day(
    sample: Sample, landed: list[Event]
) -> None:
    days = {event["occurred_at"][:10] for event in landed}
    assert (min(days), max(days)) == ("2026-01-05", "2026-03-29")
    assert (sample.first_day, sample.last_day) == (date(2026, 1, 5), date(2026, 3, 29))
    assert [path.name[:8] for path in sample.files] == [f"2026-W{week:02}" for week in range(2, 14)]
    assert 18_000 < len(landed) < 25_000
    assert len({event["id"] for event in landed}) == len(landed)


def test_all_fifty_event_types_occur_and_no_other(landed: list[Event], tmp_path: Path) -> None:
    other, _ = land({path.name: list(elements(path)) for path in write_sample(tmp_path, seed=2026).files})
    for events in (landed, other):
        assert {(event["category"], event["action"]) for event in events} == set(EVENT_TYPES)


def test_the_books_are_those_that_an_independent_reader_keeps(
    sample: Sample, read: dict[str, list[Event | None]]
) -> None:
    _, books = land(read)
    assert books == sample.books
    assert all(book.read == book.landed + book.duplicates + book.quarantined for book in books.values())
    assert sum(book.duplicates for book in books.values()) == 41
    assert sum(book.quarantined for book in books.values()) == 10


def test_the_truth_is_written_beside_the_inbox(sample: Sample) -> None:
    folder = sample.files[0].parent
    assert sorted(folder.iterdir()) == sorted(sample.files)
    truth = json.loads((folder.parent / "truth.json").read_text(encoding="utf-8"))
    assert truth["files"] == [path.name for path in sample.files]
    assert truth["books"] == {name: asdict(books) for name, books in sample.books.items()}
    assert [incident["name"] for incident in truth["incidents"]] == [story.name for story in sample.truth]
    assert (truth["workspace"], truth["worst_week"]) == ("Northwind", "2026-W10")


def test_forty_people_in_four_roles_and_six_countries_keep_office_hours(landed: list[Event]) -> None:
    people = [event for event in landed if actor_of(event) and event["actor"]["type"] == "human"]
    at_northwind = {str(actor_of(event)) for event in people if "email" in event["actor"]}
    assert len(at_northwind) == 40
    assert {event["actor"]["role"] for event in people} == {"Owner", "Admin", "Editor", "Member"}
    countries = Counter(event["location"]["country"] for event in landed if "location" in event)
    assert set(countries) == {"ES", "GB", "US", "DE", "BR", "IN", "VN"}
    weekdays = Counter(date.fromisoformat(event["occurred_at"][:10]).weekday() for event in people)
    assert weekdays[5] + weekdays[6] < weekdays[1] / 4
    types = {event["actor"]["type"] for event in landed if "actor" in event}
    assert types == {"human", "service", "api_key", "system", "support"}


def test_every_address_is_of_a_documentation_range_and_some_are_v6(landed: list[Event]) -> None:
    addresses = {ipaddress.ip_address(event["ip"]) for event in landed if event.get("ip")}
    assert {address.version for address in addresses} == {4, 6}
    assert all(any(address in network for network in DOCUMENTATION_NETWORKS) for address in addresses)


@pytest.mark.parametrize("name", ["actor", "resource", "changes", "source", "ip", "location", "workspace", "outcome"])
def test_each_optional_field_is_absent_somewhere_and_present_elsewhere(name: str, landed: list[Event]) -> None:
    assert 0 < sum(name in event for event in landed) < len(landed)


# ------------------------------------------------------------------------------------------- the incidents


def test_the_incidents_are_those_that_were_planted(sample: Sample) -> None:
    assert {incident.name: len(incident.event_ids) for incident in sample.truth} == STORIES


def test_each_incident_is_in_the_files_at_its_time_and_by_its_actor(sample: Sample, landed: list[Event]) -> None:
    for incident in sample.truth:
        times = [datetime.fromisoformat(event["occurred_at"]) for event in shown(landed, incident)]
        assert times == sorted(times)
        if times:
            assert [incident.since, incident.until] == [times[0], times[-1]], incident.name
        if incident.actor:
            assert incident.actor in {actor_of(event) for event in shown(landed, incident)}, incident.name


def test_the_worst_night_comes_from_a_country_never_seen_and_makes_keys_that_do_not_live(
    sample: Sample, landed: list[Event]
) -> None:
    night = story(sample, "worst_night")
    abroad = [event for event in landed if event.get("location", {}).get("country") == "VN"]
    assert {event["id"] for event in abroad} == set(night.event_ids)
    assert night.since.isocalendar()[:2] == (2026, 10)
    assert timedelta(hours=2) < night.until - night.since < timedelta(hours=3)
    keys = [event for event in abroad if event["resource"]["name"] == "backup-sync"]
    made, deleted = (datetime.fromisoformat(event["occurred_at"]) for event in keys)
    assert [event["action"] for event in keys] == ["Created", "Deleted"]
    assert deleted - made < timedelta(minutes=7)


def test_forty_assistants_go_within_ten_minutes(sample: Sample, landed: list[Event]) -> None:
    deletion = story(sample, "mass_deletion")
    assert deletion.until - deletion.since < timedelta(minutes=10)
    assert len({event["resource"]["id"] for event in shown(landed, deletion)}) == 40


def test_the_removed_member_acts_only_before_and_in_the_incident(sample: Sample, landed: list[Event]) -> None:
    ghost = story(sample, "acts_after_removal")
    later = [
        event["id"]
        for event in landed
        if actor_of(event) == ghost.actor and event["occurred_at"] > ghost.facts["removed_at"]
    ]
    assert sorted(later) == sorted(ghost.event_ids)


def test_the_silent_day_is_silent_and_a_working_day(landed: list[Event]) -> None:
    days = Counter(date.fromisoformat(event["occurred_at"][:10]) for event in landed)
    assert SILENT_DAY.isoweekday() == 3
    assert days[SILENT_DAY] == 0
    assert len(days) == 12 * 7 - 1


def test_late_events_are_in_the_next_weeks_file_alone(sample: Sample, read: dict[str, list[Event | None]]) -> None:
    late = story(sample, "late_events")
    ids = {name: {event.get("id") for event in found if event} for name, found in read.items()}
    assert set(late.event_ids) <= ids[late.facts["arrived_in"]]
    assert not set(late.event_ids) & ids[late.facts["expected_in"]]
    assert (late.since.isocalendar()[1], late.until.isocalendar()[1]) == (11, 11)


def test_broken_lines_stand_where_the_truth_says(sample: Sample) -> None:
    paths = {path.name: path for path in sample.files}
    broken = story(sample, "broken_lines").facts["lines"]
    assert len(broken) == sum(books.quarantined for books in sample.books.values())
    for place in broken:
        path = paths[place["file"]]
        data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        line = parsed(data.split(b"\n")[place["line"] - 1])
        assert key_of(line) is None or place["reason"] == "another value"


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_each_hostile_text_is_an_actor_a_resource_and_a_user_agent(text: str, landed: list[Event]) -> None:
    assert any(event.get("actor", {}).get("name") == text for event in landed)
    assert any(event.get("resource", {}).get("name") == text for event in landed)
    assert any(event.get("user_agent") == text for event in landed)
