"""How is an event of `salesforce` read? Raw events after the vendor's documentation, each beside the row expected of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, Reader

from audit_reports.feeds import salesforce

LOGIN = {
    "EVENT_TYPE": "Login",
    "TIMESTAMP": "20260302091405.120",
    "TIMESTAMP_DERIVED": "2026-03-02T09:14:05.120Z",
    "REQUEST_ID": "req-1",
    "ORGANIZATION_ID": "00DNW",
    "USER_ID": "005NW1",
    "USER_ID_DERIVED": "005NW1AAA",
    "USER_NAME": "ana@northwind.example",
    "USER_TYPE": "Standard",
    "CLIENT_IP": "Salesforce.com IP",
    "SOURCE_IP": "203.0.113.7",
    "COUNTRY_CODE": "ES",
    "LOGIN_STATUS": "LOGIN_ERROR_INVALID_PASSWORD",
    "REQUEST_STATUS": "",
    "BROWSER_TYPE": "Mozilla/5.0",
    "API_TYPE": "",
}
REAL_TIME = {
    "EventIdentifier": "ev-1",
    "EventDate": "2026-03-02T09:14:05.120Z",
    "CreatedDate": "2026-03-02T09:14:07.000Z",
    "Username": "ana@northwind.example",
    "UserId": "005NW1AAA",
    "UserType": "Standard",
    "SourceIp": "203.0.113.7",
    "Application": "Browser",
    "LoginType": "Application",
    "Browser": "Firefox 140",
    "City": "Madrid",
    "Country": "Spain",
    "CountryIso": "ES",
    "Subdivision": "Madrid",
    "Status": "Success",
    "PolicyOutcome": None,
}
REAL_TIME_ROW = {
    "event_id": "ev-1",
    "category": "Login",
    "actor": "ana@northwind.example",
    "actor_id": "005NW1AAA",
    "actor_type": "human",
    "source": "Browser",
    "ip": "203.0.113.7",
    "country": "ES",
    "region": "Madrid",
    "city": "Madrid",
    "outcome": "success",
    "user_agent": "Firefox 140",
    "occurred_at": "2026-03-02T09:14:05.120000+00:00",
}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a login that failed, of an event log file": (
        LOGIN,
        {
            "event_id": "req-1",
            "event": "Login",
            "category": "Login",
            "action": "Login",
            "actor": "ana@northwind.example",
            "actor_id": "005NW1AAA",
            "actor_role": "Standard",
            "actor_type": "human",
            "ip": "203.0.113.7",
            "country": "ES",
            "outcome": "failure",
            "workspace": "00DNW",
            "user_agent": "Mozilla/5.0",
            "occurred_at": "2026-03-02T09:14:05.120000+00:00",
        },
    ),
    "an administrator logged in as somebody": (
        {
            "EVENT_TYPE": "LoginAs",
            "TIMESTAMP": "20260302091405.120",
            "REQUEST_ID": "req-2",
            "ORGANIZATION_ID": "00DNW",
            "USER_ID_DERIVED": "005NW9AAA",
            "DELEGATED_USER_ID_DERIVED": "005NW1AAA",
            "DELEGATED_USER_NAME": "ana@northwind.example",
            "CLIENT_IP": "203.0.113.7",
        },
        {
            "actor": "ana@northwind.example",
            "actor_id": "005NW1AAA",
            "resource": "005NW9AAA",
            "resource_type": "User",
            "occurred_at": "2026-03-02T09:14:05.120000+00:00",
        },
    ),
    "an exported report, of a user with only an id": (
        {
            "EVENT_TYPE": "ReportExport",
            "TIMESTAMP_DERIVED": "2026-03-02T09:14:05.120Z",
            "REQUEST_ID": "req-3",
            "USER_ID": "005NW1",
            "REPORT_ID_DERIVED": "00ONW1AAA",
            "REPORT_ID": "00ONW1",
            "REQUEST_STATUS": "S",
        },
        {"actor": "005NW1", "resource": "00ONW1AAA", "resource_type": "Report", "outcome": "success"},
    ),
    "a step of a transaction has no id of its own": (
        {
            "EVENT_TYPE": "ApexExecution",
            "TIMESTAMP_DERIVED": "2026-03-02T09:14:05.120Z",
            "REQUEST_ID": "req-3",
            "USER_ID": "005NW1",
            "USER_TYPE": "A",
        },
        {"event": "ApexExecution", "actor": "005NW1", "actor_type": "system"},
    ),
    "a real-time event, by query": (
        REAL_TIME | {"attributes": {"type": "LoginEvent", "url": "/services/data/v60.0/sobjects/LoginEvent/ev-1"}},
        REAL_TIME_ROW | {"event": "LoginEvent"},
    ),
    "a real-time event, by CometD": (
        {
            "channel": "/event/LoginEventStream",
            "data": {"schema": "sch-1", "payload": REAL_TIME | {"EventDate": 1772442845120}, "event": {"replayId": 7}},
        },
        REAL_TIME_ROW | {"event": "LoginEventStream"},
    ),
    "a real-time event, by EventBridge": (
        {
            "version": "0",
            "id": "aws-1",
            "detail-type": "LoginEventStream",
            "source": "aws.partner/salesforce.com/00DNW/channel",
            "time": "2026-03-02T09:15:00Z",
            "detail": {"schemaId": "sch-1", "id": "d-1", "payload": REAL_TIME | {"Status": "Invalid Password"}},
        },
        REAL_TIME_ROW | {"event": "LoginEventStream", "outcome": "failure"},
    ),
    "a real-time login-as that no policy acted on": (
        {
            "attributes": {"type": "LoginAsEvent"},
            "EventIdentifier": "ev-2",
            "EventDate": "2026-03-02T09:14:05.120+0000",
            "Username": "ben@northwind.example",
            "UserId": "005NW9AAA",
            "DelegatedUsername": "ana@northwind.example",
            "SourceIp": "203.0.113.7",
            "PolicyOutcome": "NoAction",
        },
        {"actor": "ana@northwind.example", "resource": "ben@northwind.example", "outcome": None},
    ),
    "a permission set given to users": (
        {
            "attributes": {"type": "PermissionSetEventStore"},
            "EventIdentifier": "ev-3",
            "EventDate": "2026-03-02T09:14:05.120Z",
            "Username": "ana@northwind.example",
            "Operation": "AssignedToUsers",
            "ParentName": "Export Reports",
            "PolicyOutcome": "Block",
        },
        {
            "event": "PermissionSetEventStore",
            "category": "Members",
            "action": "Role Changed",
            "resource": "Export Reports",
            "resource_type": "Permission Set",
            "outcome": "failure",
        },
    ),
    "an entry of the setup audit trail": (
        {
            "attributes": {"type": "SetupAuditTrail"},
            "Id": "0YmNW1AAA",
            "Action": "deactivateduser",
            "Section": "Manage Users",
            "Display": "Deactivated user Ben Okoro",
            "CreatedDate": "2026-03-02T09:14:05.000+0000",
            "CreatedById": "005NW1AAA",
            "CreatedBy": {"Username": "ana@northwind.example"},
            "DelegateUser": None,
        },
        {
            "event_id": "0YmNW1AAA",
            "event": "deactivateduser",
            "category": "Members",
            "action": "Removed",
            "actor": "ana@northwind.example",
            "actor_id": "005NW1AAA",
            "resource": "Deactivated user Ben Okoro",
            "outcome": "success",
            "occurred_at": "2026-03-02T09:14:05+00:00",
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_reads_an_event(read: Reader, name: str) -> None:
    event, expected = CASES[name]
    assert salesforce.FEED.recognises(event)
    (row,) = read("salesforce", event)
    assert "reason" not in row, row
    got = row | {"occurred_at": row["occurred_at"].isoformat()}
    assert {column: got[column] for column in expected} == expected


def test_a_request_that_logs_its_steps_loses_none(read: Reader) -> None:
    steps = [CASES["a step of a transaction has no id of its own"][0] | {"CPU_TIME": cpu} for cpu in (1, 2)]
    assert len({row["event_id"] for row in read("salesforce", *steps)}) == 2


def test_an_event_log_file_is_a_csv(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "login.csv"
    file.write_text("\n".join(",".join(f'"{cell}"' for cell in line) for line in (LOGIN, LOGIN.values())) + "\n")
    assert cli("ingest", file, "--store", tmp_path / "store").code == 0
    (row,) = cli("events", "--store", tmp_path / "store", "--format", "jsonl").rows
    assert (row["feed"], row["actor"], row["ip"]) == ("salesforce", "ana@northwind.example", "203.0.113.7")


@pytest.mark.parametrize("key", ["TIMESTAMP", "ORGANIZATION_ID", "REQUEST_ID", "USER_ID"])
def test_few_fields_are_enough_to_recognise_a_row(key: str) -> None:
    assert salesforce.FEED.recognises({"EVENT_TYPE": "Login", key: "x"})


def test_other_forms_of_time_actor_and_name(read: Reader) -> None:
    rows = read(
        "salesforce",
        LOGIN | {"REQUEST_ID": "1", "TIMESTAMP_DERIVED": 1772442845120},
        {"EVENT_TYPE": "Login", "REQUEST_ID": "2", "EVENT_DATE": "2026-03-02T09:14:05.120Z"},
        LOGIN | {"REQUEST_ID": "3", "EVENT_TYPE": "LoginAs", "DELEGATED_USERNAME": "ben@northwind.example"},
        LOGIN | {"REQUEST_ID": "4", "ENTITY_NAME": ["Account", "Lead"]},
        {"event": {"EventApiName": "ReportEvent"}, "payload": REAL_TIME},
    )
    assert {row["occurred_at"].isoformat() for row in rows} == {"2026-03-02T09:14:05.120000+00:00"}
    ana, ben = "ana@northwind.example", "ben@northwind.example"
    assert [row["actor"] for row in rows] == [ana, None, ben, ana, ana]
    assert rows[-1]["event"] == "ReportEvent"
