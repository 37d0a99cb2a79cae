"""How does the audit log of a Wiz tenant become rows?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

ANA = {"id": "auth|ana", "name": "ana@northwind.example"}
ROBOT = {"id": "sa-1", "name": "northwind-ci"}


def entry(action: str, parameters: Any = None, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"3f0c-{action}",
        "action": action,
        "requestId": "9a1b",
        "status": "SUCCESS",
        "timestamp": "2026-03-02T09:14:05.120345Z",
        "actionParameters": parameters,
        "userAgent": "Mozilla/5.0",
        "sourceIP": "203.0.113.7",
        "serviceAccount": None,
        "user": ANA,
    } | fields


def test_a_user_changes_a_role(read: Reader) -> None:
    parameters = {"input": {"id": "auth|ben", "patch": {"role": "GLOBAL_ADMIN"}}, "selection": ["__typename"]}
    (row,) = read("wiz", entry("UpdateUser", parameters))
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120345+00:00"
    assert (row["actor"], row["actor_id"], row["actor_type"]) == ("ana@northwind.example", "auth|ana", "human")
    assert (row["event"], row["category"], row["action"]) == ("UpdateUser", "Members", "Role Changed")
    assert (row["resource"], row["resource_type"], row["resource_id"]) == ("auth|ben", "User", "auth|ben")
    assert json.loads(row["changes"]) == {"role": [None, "GLOBAL_ADMIN"]}
    assert (row["ip"], row["source"], row["outcome"]) == ("203.0.113.7", "App", "success")


def test_counterparts_and_the_vendors_own_families(read: Reader) -> None:
    rows = read(
        "wiz",
        entry("CreateServiceAccount", {"input": {"name": "northwind-ci"}}),
        entry("DeleteConnector", {"input": {"id": "c-1"}}),
        entry("UpdateIPRestrictions", {"input": {"patch": {"loginAllowList": ["203.0.113.0/24"]}}}),
        entry("SendUserEmailInvite", {"input": {"id": "auth|ben"}}),
        entry("CreateDigitalTrustCustomDomain", {"input": {"name": "trust.northwind.example"}}),
        entry("CreateCloudConfigurationRule", {"input": {"name": "No public buckets"}}),
        entry("UpdateUser", {"input": {"id": "auth|ben", "patch": {"name": "Ben Okoro"}}}),
    )
    assert [(row["category"], row["action"], row["resource"]) for row in rows] == [
        ("API Keys", "Created", "northwind-ci"),
        ("Connections", "Deleted", "c-1"),
        ("Organization", "Updated", None),
        ("Members", "Invited", "auth|ben"),
        ("Domains", "Domain Created", "trust.northwind.example"),
        ("CloudConfigurationRule", "Create", "No public buckets"),
        ("User", "Update", "Ben Okoro"),
    ]


def test_a_service_account_and_a_user_without_a_name(read: Reader) -> None:
    rows = read(
        "wiz",
        entry(
            "RerunReport", {"input": {"id": "r-1"}}, user=None, serviceAccount=ROBOT, userAgent="python-requests/2.31.0"
        ),
        entry("RerunReport", {}, id="2", user={"id": "auth|ana", "name": ""}, status="ACCESS_DENIED"),
    )
    assert [(row["actor"], row["actor_type"], row["source"], row["outcome"]) for row in rows] == [
        ("northwind-ci", "service", "API", "success"),
        ("auth|ana", "human", "App", "failure"),
    ]


def test_a_failed_sign_in_names_who_tried(read: Reader) -> None:
    tried = {"userEmail": "eve@northwind.example", "userID": "x", "name": "", "error": "wrong password", "role": ""}
    rows = read(
        "wiz",
        entry("Login", tried, user=None, status="FAILED", sourceIP=None, userAgent=None),
        entry("DeleteUser", {"name": "ben@northwind.example"}, user=None, status="FAILED"),
    )
    assert [(row["actor"], row["actor_type"], row["ip"], row["outcome"]) for row in rows] == [
        ("eve@northwind.example", "human", None, "failure"),
        (None, None, "203.0.113.7", "failure"),
    ]


def test_parameters_of_any_type_and_an_actor_of_another(read: Reader) -> None:
    rows = read(
        "wiz",
        entry("Login", json.dumps({"role": "READER"})),
        entry("Login", "{cut", id="2"),
        entry("Login", ["a"], id="3"),
        entry("Login", id="4", user="ana@northwind.example"),
        entry("Login", id="5", timestamp="soon"),
    )
    assert [row.get("actor_role") for row in rows[:3]] == ["READER", None, None]
    assert [row["reason"] for row in rows[3:]] == [
        "field user is of type text, not object",
        "a time that cannot be read",
    ]


@pytest.mark.parametrize("kept", [("actionParameters",), ("requestId", "status"), ("sourceIP", "timestamp")])
def test_few_fields_are_enough_to_recognise_an_event(kept: tuple[str, ...]) -> None:
    event = {name: value for name, value in entry("DeleteUser", {}).items() if name in (*kept, "action")}
    assert recognise([event], FEEDS) is FEEDS["wiz"]


def test_a_time_without_a_zone_is_utc(read: Reader) -> None:
    (row,) = read("wiz", entry("DeleteUser", timestamp="2026-03-02 09:14:05.120"))
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"
