"""What deserves attention? Every planted incident of the sample is found, by its events; the false ones are counted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit_reports import AuditLog, UsageError
from audit_reports.always_shown import always_shown
from audit_reports.demo import World
from audit_reports.feeds import FEEDS
from audit_reports.findings import CHECKS, check_settings, find
from audit_reports.findings.evidence import Evidence
from audit_reports.findings.exceptions import Expected, sift
from audit_reports.findings.finding import Finding
from audit_reports.ingest.landing import land
from audit_reports.past import Past
from audit_reports.period import Period
from audit_reports.trust import look

NOW = datetime(2026, 4, 1, tzinfo=UTC)
WEEKS = [f"2026-W{number:02}" for number in range(2, 14)]


def findings(log: AuditLog, name: str, **settings: dict[str, float]) -> list[Finding]:
    period = Period.parse(name, timezone=log.timezone, now=NOW)
    trust = look(log, log, period, matched=1)
    return find(Evidence(Past(log, period, always_shown({"invent"})), trust), settings)


# ------------------------------------------------------------------------------------------------------ the sample world


@pytest.fixture(scope="module")
def log(world: World) -> AuditLog:
    return AuditLog(world.store, timezone="Europe/Madrid")


@pytest.fixture(scope="module")
def found(log: AuditLog) -> dict[str, list[Finding]]:
    return {week: findings(log, week) for week in WEEKS}


FOUND_BY = {
    "failures_then_success": {"failed_then_succeeded"},
    "support_at_night": {"support_access"},
    "acts_after_removal": {"acted_after_removal"},
    "role_for_an_evening": {"role_raised_and_lowered"},
    "impossible_travel": {"impossible_travel", "first_country"},
    "worst_night": {
        "first_country",
        "impossible_travel",
        "created_and_removed",
        "role_raised_and_lowered",
        "unusual_hours",
    },
    "mass_deletion": {"mass_deletion"},
    "key_on_a_second_network": {"new_network"},
    "dormant_account": {"dormant_actor"},
    "weekend_domain": {"first_sensitive"},
    "leaving_spree": {"mass_deletion"},
}
"""Which checks must find which incident; the others are for `trust`: what is late, copied, broken or not collected."""


@pytest.mark.parametrize("name", FOUND_BY)
def test_every_planted_incident_is_found(name: str, world: World, found: dict[str, list[Finding]]) -> None:
    incident = next(one for one in world.sample.truth if one.name == name)
    week = f"{incident.since.isocalendar().year}-W{incident.since.isocalendar().week:02}"
    hits = [one for one in found[week] if set(one.event_ids) & set(incident.event_ids)]
    assert {one.finding for one in hits} >= FOUND_BY[name]
    assert "high" in {one.severity for one in hits} or name in ("support_at_night", "dormant_account", "weekend_domain")


def test_the_silent_day_is_found(world: World, found: dict[str, list[Finding]]) -> None:
    (silent,) = [one for week in found.values() for one in week if one.finding == "silent_feed"]
    incident = next(one for one in world.sample.truth if one.name == "silent_day")
    assert (silent.since, silent.until) == (incident.since, incident.until - timedelta(microseconds=1))
    assert silent.events == 0


def test_nothing_grave_is_found_that_was_not_planted(world: World, found: dict[str, list[Finding]]) -> None:
    planted = {event for incident in world.sample.truth for event in incident.event_ids}
    false = [one for week in found.values() for one in week if one.event_ids and not planted & set(one.event_ids)]
    assert [one for one in false if one.severity == "high"] == []
    # Members do grave things for the first time, and people come and go: told, and not as an alarm.
    assert len([one for one in false if one.severity == "medium"]) <= 12
    assert {one.finding for one in false} <= {"first_sensitive", "new_actors", "support_access", "stopped_actor"}


def test_a_findings_filter_gives_its_events_and_no_others(log: AuditLog, found: dict[str, list[Finding]]) -> None:
    for week in ("2026-W07", "2026-W10"):
        for one in found[week]:
            view = log.narrowed(one.where)
            assert view.count() == one.events
            assert set(view.polars()["event_id"]) == set(one.event_ids)
            assert len({other.id for other in found[week]}) == len(found[week])


def test_the_worst_comes_first(found: dict[str, list[Finding]]) -> None:
    first = found["2026-W10"][0]
    assert (first.severity, first.actor) == ("high", "marta.vidal@northwind.example")
    ranks = [("high", "medium", "low").index(one.severity) for one in found["2026-W10"]]
    assert ranks == sorted(ranks)


def test_the_same_store_gives_the_same_findings(log: AuditLog, found: dict[str, list[Finding]]) -> None:
    again = findings(AuditLog(log.uri, timezone="Europe/Madrid"), "2026-W10")
    assert again == found["2026-W10"]


# ----------------------------------------------------------------------------------------------------- each check alone

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
WEEK = datetime(2026, 3, 2, 9, tzinfo=UTC)


def events(
    count: int, *, since: datetime = START, every: timedelta = timedelta(days=1), **fields: Any
) -> list[dict[str, Any]]:
    """Return events of the feed `invent`, one every so often, with whatever fields differ."""
    return [
        {
            "occurred_at": (since + n * every).isoformat(),
            "category": "Assistants",
            "action": "Updated",
            "actor": {"id": "u1", "email": "ana@x", "type": "human"},
        }
        | {name: value(n) if callable(value) else value for name, value in fields.items()}
        for n in range(count)
    ]


PAST = events(56)
"""Somebody who does one thing every morning for eight weeks."""

HOUR = timedelta(hours=1)
SPAIN: dict[str, Any] = {"location": {"country": "ES"}}
BRAZIL: dict[str, Any] = {"location": {"country": "BR"}}


@dataclass(frozen=True)
class Case:
    """What happened, and which findings of one check it must give: who, and by how many events."""

    check: str
    told: str
    events: list[dict[str, Any]]
    expected: list[tuple[str | None, int]]


CASES = [
    Case(
        "first_country",
        "a new country of somebody known",
        events(56, **SPAIN) + events(2, since=WEEK, **BRAZIL),
        [("ana@x", 2)],
    ),
    Case("first_country", "no country is no new country", events(56, **SPAIN) + events(2, since=WEEK), []),
    Case("first_country", "no country in the past: nothing is new", PAST + events(2, since=WEEK, **BRAZIL), []),
    Case("first_country", "somebody new has no past", events(3, since=WEEK, **BRAZIL), []),
    Case("new_actors", "somebody new is told as such", events(3, since=WEEK, **BRAZIL), [("ana@x", 3)]),
    Case(
        "impossible_travel",
        "two continents in an hour",
        PAST + events(1, since=WEEK, **SPAIN) + events(1, since=WEEK + HOUR, **BRAZIL),
        [("ana@x", 2)],
    ),
    Case(
        "impossible_travel",
        "a day is enough to fly",
        PAST + events(1, since=WEEK, **SPAIN) + events(1, since=WEEK + 24 * HOUR, **BRAZIL),
        [],
    ),
    Case(
        "unusual_hours",
        "five events at three in the night",
        PAST + events(10, since=START + HOUR) + events(5, since=WEEK - 6 * HOUR, every=timedelta(minutes=1)),
        [("ana@x", 5)],
    ),
    Case(
        "unusual_hours",
        "as every day",
        PAST + events(10, since=START + HOUR) + events(5, since=WEEK, every=timedelta(minutes=1)),
        [],
    ),
    Case(
        "first_sensitive",
        "a key for the first time",
        PAST + events(1, since=WEEK, category="API Keys", action="Created"),
        [("ana@x", 1)],
    ),
    Case(
        "first_sensitive",
        "a key as before",
        PAST
        + events(1, category="API Keys", action="Created")
        + events(1, since=WEEK, category="API Keys", action="Created"),
        [],
    ),
    Case(
        "burst",
        "two hundred instead of seven",
        PAST + events(200, since=WEEK, every=timedelta(minutes=5)),
        [("ana@x", 200)],
    ),
    Case("burst", "no past, no baseline", events(200, since=WEEK, every=timedelta(minutes=5)), []),
    Case(
        "mass_deletion",
        "twenty in twenty minutes",
        events(20, since=WEEK, every=timedelta(minutes=1), action="Deleted"),
        [("ana@x", 20)],
    ),
    Case(
        "mass_deletion",
        "nineteen are not many",
        events(19, since=WEEK, every=timedelta(minutes=1), action="Deleted"),
        [],
    ),
    Case("mass_deletion", "twenty in a day are not at once", events(20, since=WEEK, every=HOUR, action="Deleted"), []),
    Case(
        "created_and_removed",
        "a key of ten minutes",
        events(
            2,
            since=WEEK,
            every=HOUR / 6,
            category="API Keys",
            action=lambda n: ("Created", "Deleted")[n],
            resource={"id": "k", "name": "tmp"},
        ),
        [("ana@x", 2)],
    ),
    Case(
        "created_and_removed",
        "two different keys",
        events(
            2,
            since=WEEK,
            category="API Keys",
            every=HOUR / 6,
            action=lambda n: ("Created", "Deleted")[n],
            resource=lambda n: {"id": f"k{n}"},
        ),
        [],
    ),
    Case(
        "role_raised_and_lowered",
        "an Owner for an hour",
        events(
            2,
            since=WEEK,
            every=HOUR,
            category="Members",
            action="Role Changed",
            resource={"id": "u2", "name": "Ben"},
            changes=lambda n: {"role": [["Member", "Owner"], ["Owner", "Member"]][n]},
        ),
        [("ana@x", 2)],
    ),
    Case(
        "role_raised_and_lowered",
        "raised twice",
        events(
            2,
            since=WEEK,
            every=HOUR,
            category="Members",
            action="Role Changed",
            resource={"id": "u2"},
            changes=lambda n: {"role": [["Member", "Editor"], ["Editor", "Owner"]][n]},
        ),
        [],
    ),
    Case(
        "acted_after_removal",
        "removed, and still there",
        events(1, since=WEEK, category="Members", action="Removed", resource={"id": "u2"})
        + events(3, since=WEEK + HOUR, actor={"id": "u2", "email": "ben@x"}),
        [("ben@x", 3)],
    ),
    Case(
        "acted_after_removal",
        "removed and invited again",
        events(
            2,
            since=WEEK,
            every=HOUR,
            category="Members",
            action=lambda n: ("Removed", "Invited")[n],
            resource={"id": "u2"},
        )
        + events(3, since=WEEK + 2 * HOUR, actor={"id": "u2", "email": "ben@x"}),
        [],
    ),
    Case(
        "failed_then_succeeded",
        "five refusals and a success",
        events(6, since=WEEK, every=timedelta(minutes=1), outcome=lambda n: "failure" if n < 5 else "success"),
        [("ana@x", 6)],
    ),
    Case(
        "failed_then_succeeded",
        "refused to the end",
        events(6, since=WEEK, every=timedelta(minutes=1), outcome="failure"),
        [],
    ),
    Case(
        "stopped_actor",
        "gone after eight weeks of ten a day",
        events(600, every=timedelta(hours=2.2)) + events(1, since=WEEK, actor={"email": "ben@x"}),
        [("ana@x", 0)],
    ),
    Case("dormant_actor", "back after two months", events(3) + events(6, since=WEEK, every=HOUR), [("ana@x", 6)]),
    Case("dormant_actor", "never away", PAST + events(6, since=WEEK, every=HOUR), []),
    Case(
        "new_network",
        "a key from elsewhere",
        events(57, actor={"email": "ci@x", "type": "api_key"}, ip=lambda n: "192.0.2.1" if n < 56 else "198.51.100.1"),
        [("ci@x", 1)],
    ),
    Case("new_network", "people move", events(57, ip=lambda n: "192.0.2.1" if n < 56 else "198.51.100.1"), []),
    Case(
        "support_access",
        "the vendor was here",
        events(1, since=WEEK, actor={"email": "s@v", "type": "support"}),
        [("s@v", 1)],
    ),
    Case("silent_feed", "a whole week of nothing", PAST + events(1, since=WEEK + timedelta(days=7)), [(None, 0)]),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.check}: {case.told}")
def test_a_check_finds_what_it_says(case: Case, tmp_path: Path) -> None:
    rows = [{"id": f"e{number}"} | event for number, event in enumerate(case.events)]
    inbox = tmp_path / "inbox.jsonl"
    inbox.write_text("".join(json.dumps(row) + "\n" for row in rows))
    land(tmp_path / "store", [str(inbox)], FEEDS, now=NOW)
    told = [one for one in findings(AuditLog(tmp_path / "store"), "2026-W10") if one.finding == case.check]
    assert [(one.actor, one.events) for one in told] == case.expected
    for one in told:
        assert all(text[-1] in ".?" for text in (one.sentence, one.reason, one.advice))


def test_every_check_has_a_case_that_finds_and_one_registry() -> None:
    assert {case.check for case in CASES if case.expected} | {"silent_feed"} == set(CHECKS)
    for name, check in CHECKS.items():
        assert check.name == name
        assert check.description.endswith(".") and check.title and check.advice
        assert all(threshold.meaning for threshold in check.thresholds.values())


# ------------------------------------------------------------------------------------------- thresholds and exceptions


def test_a_threshold_may_be_set(log: AuditLog) -> None:
    assert any(one.finding == "mass_deletion" for one in findings(log, "2026-W10"))
    assert not any(one.finding == "mass_deletion" for one in findings(log, "2026-W10", mass_deletion={"threshold": 41}))


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"mass_deletions": {}}, "unknown finding 'mass_deletions': did you mean 'mass_deletion'?"),
        ({"mass_deletion": {"treshold": 3}}, "unknown threshold 'treshold': did you mean 'threshold'?"),
        ({"mass_deletion": {"threshold": "many"}}, "must be a number, zero or more: deletions within an hour"),
    ],
)
def test_a_wrong_threshold_is_refused(tables: dict[str, dict[str, object]], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        check_settings(tables)
    assert words in str(caught.value)


DECIDED = {
    "finding": "mass_deletion",
    "filter": {"actor": "dev.patel@northwind.example"},
    "owner": "ana@example.com",
    "reason": "cleaning up",
    "until": date(2026, 3, 8),
}


def test_an_exception_hides_what_it_covers_until_its_last_day(log: AuditLog, found: dict[str, list[Finding]]) -> None:
    expected = Expected.of(DECIDED, timezone="Europe/Madrid")
    told, hidden = sift(log, found["2026-W10"], [expected], on=date(2026, 3, 8))
    assert [(one.finding.finding, one.by.reason) for one in hidden] == [("mass_deletion", "cleaning up")]
    assert len(told) == len(found["2026-W10"]) - 1
    assert sift(log, found["2026-W10"], [expected], on=date(2026, 3, 9))[1] == []


def test_an_exception_hides_nothing_that_it_covers_in_part(log: AuditLog, found: dict[str, list[Finding]]) -> None:
    part = Expected.of(
        {**DECIDED, "filter": {"actor": "dev.patel@northwind.example", "city": "Nowhere"}}, timezone="UTC"
    )
    assert sift(log, found["2026-W10"], [part], on=date(2026, 3, 8))[1] == []


def test_an_exception_hides_nothing_of_another_check_and_no_silence(
    log: AuditLog, found: dict[str, list[Finding]]
) -> None:
    another = Expected.of({**DECIDED, "finding": "burst"}, timezone="Europe/Madrid")
    assert sift(log, found["2026-W10"], [another], on=date(2026, 3, 8))[1] == []
    silent = [one for week in found.values() for one in week if one.finding == "silent_feed"]
    decided = Expected.of({**DECIDED, "finding": "silent_feed", "filter": {"feed": "invent"}}, timezone="Europe/Madrid")
    assert sift(log, silent, [decided], on=date(2026, 3, 8)) == (silent, []), "it has no event that could match"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"finding": "mass"}, "unknown finding 'mass': did you mean 'mass_deletion'?"),
        ({"until": "2026-12-31"}, "until must be a date"),
        ({"owner": ""}, "owner must be text"),
        ({"filter": {}}, "with one condition at least"),
        ({"filter": {"actr": "x"}}, "unknown filter 'actr': did you mean 'actor'?"),
    ],
)
def test_an_exception_that_cannot_be_meant_is_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        Expected.of({**DECIDED, **change}, timezone="UTC")
    assert words in str(caught.value)
