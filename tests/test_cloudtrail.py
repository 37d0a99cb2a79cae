"""CloudTrail as AWS delivers it: nothing is lost, and every count is the one that the raw files give by themselves.

The independent side of each comparison reads the files with gzip and json alone.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from conftest import Cli

from audit_reports import AuditLog
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import Landing, land
from audit_reports.store import Store

Event = dict[str, Any]
NOW = datetime(2026, 3, 30, 6, tzinfo=UTC)

# Of the calls in these files, those that the home feed has a category for.
COUNTERPARTS = {
    "CreateAccessKey": "API Keys",
    "DeleteAccessKey": "API Keys",
    "CreateUser": "Members",
    "DeleteUser": "Members",
    "AddUserToGroup": "Members",
    "RemoveUserFromGroup": "Members",
    "AttachUserPolicy": "Members",
    "DetachUserPolicy": "Members",
    "PutUserPolicy": "Members",
    "DeleteUserPolicy": "Members",
}


# ------------------------------------------------------------------------------------------ what the raw files say


def raw_events(folder: Path) -> list[Event]:
    events: list[Event] = []
    for path in sorted(folder.iterdir()):
        text = gzip.decompress(path.read_bytes()).decode()
        lines = path.name.endswith(".jsonl.gz")
        events += [json.loads(line) for line in text.splitlines()] if lines else json.loads(text)["Records"]
    return events


def actor_of(event: Event) -> str | None:
    identity = event.get("userIdentity") or {}
    if identity.get("type") == "AssumedRole":
        return str(identity["arn"].split("/", 2)[2])
    return identity.get("userName") or identity.get("invokedBy") or identity.get("principalId")


def category_of(event: Event) -> str:
    service: str = event["eventSource"].removesuffix(".amazonaws.com")
    return COUNTERPARTS.get(event["eventName"], service)


def event_of(event: Event) -> str:
    return str(event["eventName"])


def time_of(event: Event) -> datetime:
    return datetime.fromisoformat(event.get("eventTime") or event["@timestamp"])


def hour_of(event: Event) -> int:
    return time_of(event).astimezone(UTC).hour


READERS: dict[str, Callable[[Event], object]] = {
    "actor": actor_of,
    "category": category_of,
    "event": event_of,
    "hour": hour_of,
}


@pytest.fixture(scope="module")
def events(shared_data: Path) -> list[Event]:
    return raw_events(shared_data / "cloudtrail")


@pytest.fixture(scope="module")
def landed(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Landing, Path]:
    folder = tmp_path_factory.mktemp("cloudtrail")
    landing = land(Store.create(folder / "store"), [str(shared_data / "cloudtrail")], FEEDS, now=NOW)
    return landing, folder / "store"


# ------------------------------------------------------------------------------------------------- the comparisons


def test_every_event_lands_and_those_with_a_timestamp_alone_have_its_time(
    events: list[Event], landed: tuple[Landing, Path]
) -> None:
    landing, store = landed
    assert (landing.read, landing.landed, landing.duplicates, landing.quarantined) == (3003, 3003, 0, 0)
    rows = {row["event_id"]: row for row in AuditLog(store).polars().iter_rows(named=True)}
    assert len(events) == len(rows) == 3003
    shipped = [event for event in events if "eventTime" not in event]
    assert len(shipped) == 103
    for event in events:
        row = rows[event["eventID"]]
        assert row["occurred_at"] == time_of(event)
        assert json.loads(row["raw"]) == event


def test_landing_the_folder_again_changes_nothing(shared_data: Path, landed: tuple[Landing, Path], cli: Cli) -> None:
    again = cli("ingest", shared_data / "cloudtrail", "--store", landed[1])
    assert again.code == 0
    assert again.rows == [{"landing": None, "read": 0, "landed": 0, "duplicates": 0, "quarantined": 0}]
    assert again.err.count("landed before, in landing 1") == 56


def test_it_lands_in_one_store_with_the_events_of_all_other_products(shared_data: Path, store: Path, cli: Cli) -> None:
    ran = cli("ingest", shared_data / "cloudtrail", shared_data / "feeds", "--store", store)
    (books,) = ran.rows
    assert ran.code == 0
    assert books["read"] == books["landed"] + books["duplicates"] + books["quarantined"]
    whole, *feeds = cli("store", "info", "--store", store).rows
    assert {row["feed"] for row in feeds} == {file.stem for file in (shared_data / "feeds").glob("*.jsonl")}
    assert sum(row["events"] for row in feeds) == whole["events"] == books["landed"]
    assert sum(row["quarantined"] for row in feeds) == whole["quarantined"] == books["quarantined"]


@pytest.mark.parametrize("dimension", READERS)
def test_a_summary_agrees_with_counts_made_straight_from_the_raw_files(
    dimension: str, events: list[Event], landed: tuple[Landing, Path], cli: Cli
) -> None:
    ran = cli("summary", "--store", landed[1], "--by", dimension)
    assert (ran.code, ran.err) == (0, "")
    expected = Counter(READERS[dimension](event) for event in events)
    assert {row[dimension]: row["events"] for row in ran.rows} == expected
    counts = [row["events"] for row in ran.rows]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == 3003
    for row in ran.rows:
        ours = [event for event in events if READERS[dimension](event) == row[dimension]]
        times = [time_of(event).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for event in ours]
        assert (row["first_seen"], row["last_seen"]) == (min(times), max(times))
        assert row["actors"] == len({actor_of(event) for event in ours} - {None})


def test_a_caller_that_is_a_service_has_no_address(events: list[Event], landed: tuple[Landing, Path]) -> None:
    rows = {row["event_id"]: row for row in AuditLog(landed[1]).polars().iter_rows(named=True)}
    for event in events:
        address = event.get("sourceIPAddress", "")
        expected = address if re.fullmatch(r"[0-9.]+|[0-9a-fA-F:]*:[0-9a-fA-F:.]*", address) else None
        assert rows[event["eventID"]]["ip"] == expected
        assert rows[event["eventID"]]["outcome"] == ("failure" if "errorCode" in event else "success")


# ------------------------------------------------------------------------------------ what a person reads off an event


def right(expected: Event, row: Event) -> dict[str, bool]:
    """Say of each field whether the row has what the expectation allows."""
    moments = [datetime.fromisoformat(t) for t in (expected["occurred_at"], *expected.get("occurred_at_any", []))]
    parts = expected.get("event_parts") or {}
    return {
        "actor": row["actor"] in [expected["actor"], *expected.get("actor_any", [])],
        "event": expected["event"] is None
        or row["event"] in [expected["event"], *expected.get("event_any", [])]
        or bool(parts and all(part in row["event"] for part in parts.values())),
        "occurred_at": any(abs(row["occurred_at"] - at) < timedelta(milliseconds=1) for at in moments),
        "ip": row["ip"] in [expected["ip"], *expected.get("ip_any", [])],
        "country": row["country"] in [expected["country"], *expected.get("country_any", [])],
        "id": expected.get("id") is None or row["event_id"] == expected["id"],
    }


def test_odd_events_are_read_as_a_person_reads_them(shared_data: Path, store: Path) -> None:
    """241 events of all kinds of identity; every field of every one is right."""
    file = shared_data / "feeds" / "cloudtrail.jsonl"
    text = (shared_data / "expectations" / "cloudtrail.jsonl").read_text(encoding="utf-8")
    expectations = [json.loads(line) for line in text.splitlines()]
    landing = land(Store.create(store), [str(file)], FEEDS, now=NOW)
    log = AuditLog(store)
    by_raw = {row["raw"]: row for row in log.polars().iter_rows(named=True)}
    aside = {row["line"]: row["reason"] for row in log.quarantine().iter_rows(named=True)}
    assert landing.read == len(expectations) == 241

    wrong: Counter[str] = Counter()
    for number, (line, expected) in enumerate(
        zip(file.read_text(encoding="utf-8").splitlines(), expectations, strict=True), start=1
    ):
        if expected["occurred_at"] is None:
            assert aside[number] in ("no time", "a time that cannot be read")
        else:
            assert number not in aside
            wrong.update(field for field, is_right in right(expected, by_raw[line]).items() if not is_right)
    assert not wrong


IDENTITIES: list[tuple[Event, str | None, str | None]] = [
    # the event's userIdentity, the row's actor and actor_type
    ({"type": "Root", "accountId": "1"}, "root", "human"),
    ({"type": "Root", "userName": "alias"}, "alias", "human"),
    ({"type": "IAMUser", "userName": "ana", "principalId": "AIDA"}, "ana", "human"),
    ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/Ops/ana"}, "ana", "service"),
    ({"type": "AssumedRole", "userName": "Ops"}, "Ops", "service"),
    ({"type": "FederatedUser", "arn": "arn:aws:sts::1:federated-user/ben"}, "ben", "human"),
    ({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}, "ec2.amazonaws.com", "system"),
    ({"type": "AWSAccount", "principalId": "AIDA", "accountId": "1"}, "AIDA", "service"),
    ({"type": "SAMLUser", "principalId": "x:ana", "userName": "ana"}, "ana", "human"),
    ({"type": "IdentityCenterUser", "onBehalfOf": {"userId": "544"}, "accountId": "1"}, "544", "human"),
    ({}, None, None),
]


def test_each_kind_of_identity_has_its_name(store: Path, tmp_path: Path) -> None:
    event = {"eventTime": "2026-03-02T09:14:05Z", "eventSource": "s3.amazonaws.com", "eventName": "GetObject"}
    file = tmp_path / "identities.json"
    records = [
        {"eventVersion": "1.08", "eventID": f"{number:02}", **event, "userIdentity": identity}
        for number, (identity, _, _) in enumerate(IDENTITIES)
    ]
    file.write_text(json.dumps({"Records": records}))
    assert land(Store.create(store), [str(file)], FEEDS, now=NOW).landed == len(IDENTITIES)
    rows = AuditLog(store).polars().sort("event_id")
    assert rows.select("actor", "actor_type").rows() == [(actor, kind) for _, actor, kind in IDENTITIES]
    assert set(rows.select("event", "category", "action").rows()) == {("GetObject", "s3", "Get")}
    assert rows.schema["occurred_at"] == pl.Datetime("us", "UTC")
