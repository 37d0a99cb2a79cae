"""What does the contract of feeds promise, whatever the product? Each form in which an event may come, beside its row."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from conftest import Reader

from audit_reports import AuditLog
from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS
from audit_reports.ingest.landing import land

POD = {"verb": "create", "auditID": "a-1", "user": {"username": "ana@northwind.example"}, "sourceIPs": ["203.0.113.7"]}
SECRET: dict[str, Any] = {
    "time": "2026-03-02T09:14:05Z",
    "category": "AuditEvent",
    "operationName": "SecretGet",
    "identity": {"claim": {"upn": "ana@northwind.example"}},
    "properties": {"clientInfo": "curl/8", "httpStatusCode": 403},
}
SIGN_IN: dict[str, Any] = {
    "time": "2026-03-02T09:14:05Z",
    "category": "SignInLogs",
    "operationName": "Sign-in activity",
    "properties": {
        "id": "s-1",
        "createdDateTime": "2026-03-02T09:14:01Z",
        "userPrincipalName": "ana@northwind.example",
        "ipAddress": "203.0.113.7",
        "location": {"countryOrRegion": "ES"},
        "status": {"errorCode": 0},
    },
}
CLUSTER: dict[str, Any] = {
    "time": "2026-03-02T09:14:05Z",
    "operationName": "Microsoft.Databricks/accounts/login",
    "properties": {
        "serviceName": "accounts",
        "actionName": "login",
        "sourceIPAddress": "203.0.113.7",
        "requestParams": '{"user":"ana@northwind.example"}',
    },
}


def test_what_a_reader_reads_is_what_lands(read: Reader, tmp_path: Path) -> None:
    several: dict[str, Any] = {
        "id": {"time": "2026-03-02T09:14:05Z", "uniqueQualifier": "-44", "applicationName": "login"},
        "actor": {"email": "ana@northwind.example"},
        "events": [{"name": "login_success"}, {"name": "logout"}],
    }
    for feed, events in {
        "azure_activity": [SECRET, SECRET | {"properties": json.dumps(SECRET["properties"])}, SECRET | {"time": None}],
        "google_workspace": [several, several | {"events": None}],
        "entra": [SIGN_IN, SIGN_IN | {"properties": SIGN_IN["properties"] | {"ipAddress": ["203.0.113.7"]}}],
    }.items():
        lines, store = tmp_path / f"{feed}.jsonl", tmp_path / f"{feed}-store"
        lines.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
        land(store, [str(lines)], FEEDS, now=datetime(2026, 11, 1, tzinfo=UTC), feed=feed)
        log = AuditLog(store)
        landed = log.polars().drop("landing", "landed_at").sort("raw", "event_id").to_dicts()
        rows = read(feed, *events)
        assert sorted((row for row in rows if "raw" in row), key=lambda row: (row["raw"], row["event_id"])) == landed
        assert [row["reason"] for row in rows if "raw" not in row] == log.quarantine()["reason"].to_list() != []


@pytest.mark.parametrize(
    ("feed", "event", "members"),
    [
        ("azure_activity", SECRET, ["properties"]),
        ("azure_activity", SECRET, ["properties", "identity"]),
        ("azure_activity", SECRET | {"category": "kube-audit", "properties": {"log": json.dumps(POD)}}, ["properties"]),
        ("azure_activity", SECRET | {"authorization": {"role": "Owner"}}, ["authorization", "identity"]),
        ("entra", SIGN_IN, ["properties"]),
        ("databricks", CLUSTER, ["properties"]),
    ],
)
@pytest.mark.parametrize("indent", [None, 1])
def test_an_object_may_come_as_its_json_text(
    read: Reader, feed: str, event: dict[str, Any], members: list[str], indent: int | None
) -> None:
    as_text = event | {name: json.dumps(event[name], indent=indent) for name in members}
    assert recognise([event], FEEDS) is recognise([as_text], FEEDS) is FEEDS[feed]
    (plain,), (opened,) = read(feed, event), read(feed, as_text)
    assert opened["raw"] == json.dumps(as_text), "kept as it came"
    own = {"raw", "event_id"} if len(plain["event_id"]) == 64 else {"raw"}  # a hash is that of the text
    assert {name: opened[name] for name in opened if name not in own} == {
        name: plain[name] for name in plain if name not in own
    }


@pytest.mark.parametrize("text", ["Managed Service Identity", "{not JSON", "[1", "", "{}", "null", '"{}"'])
def test_any_other_text_in_its_place_is_left_as_it_is(read: Reader, text: str) -> None:
    (row,) = read("azure_activity", SECRET | {"properties": text})
    assert (row["event"], row["actor"], row["user_agent"]) == ("SecretGet", "ana@northwind.example", None)


def test_a_single_event_may_stand_where_a_list_is_due(read: Reader) -> None:
    activity = {
        "id": {"time": "2026-03-02T09:14:05Z", "uniqueQualifier": "-44", "applicationName": "login"},
        "actor": {"email": "ana@northwind.example"},
    }
    events = [{"type": "login", "name": "login_success", "parameters": [{"name": "login_type", "value": "saml"}]}]
    (alone,) = read("google_workspace", activity | {"events": events[0]})
    (listed,) = read("google_workspace", activity | {"events": events})
    assert (alone["event"], alone["event_id"], alone["category"]) == ("login_success", "-44", "login")
    assert alone | {"raw": ""} == listed | {"raw": ""}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        *(("ES", "ES"), ("es", "ES"), ("Spain", "ES"), ("UK", "GB"), ("XK", "XK"), ("United States of America", "US")),
        *(("EU", None), ("AP", None), ("ZZ", None), ("XX", None), ("Unknown", None), ("", None), ("E5", None)),
    ],
)
def test_a_country_is_its_code(read: Reader, said: str, code: str | None) -> None:
    event = {
        "action": "repo.create",
        "actor": "ana",
        "created_at": 1772442845000,
        "actor_location": {"country_code": said},
    }
    (row,) = read("github", event)
    assert row["country"] == code


@pytest.mark.parametrize(
    ("said", "hour"),
    [
        ("3/2/2026 9:14:05 AM", 9),
        ("03/02/2026 09:14:05", 9),
        ("3/2/2026 13:14:05", 13),
        ("3/2/2026 9:14:05 PM +00:00", 21),
        ("3/2/2026 9:14:05 AM +01:00", 8),
        ("2026-03-02T11:14:05+02:00", 9),
        ("2026-03-02T09:14:05", 9),
    ],
)
@pytest.mark.parametrize("feed", ["azure_activity", "entra"])
def test_the_times_that_microsoft_writes(read: Reader, feed: str, said: str, hour: int) -> None:
    (row,) = read(feed, {"time": said, "category": "RiskyUsers", "operationName": "Risky user"})
    assert row["occurred_at"].isoformat() == f"2026-03-02T{hour:02}:14:05+00:00"
