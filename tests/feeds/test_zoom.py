"""How are Zoom's operation logs, sign-ins and webhooks read? Each event beside the row that a person would write."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

OPERATION: dict[str, Any] = {
    "time": "2026-03-02T09:14:05Z",
    "operator": "ana@northwind.example",
    "category_type": "User",
    "action": "Add",
    "operation_detail": "Add User ben@northwind.example  - User Type: Licensed - Department: Sales",
}
SIGN_IN: dict[str, Any] = {
    "time": "2026-03-02T09:14:05Z",
    "type": "Sign in",
    "email": "ben@northwind.example",
    "ip_address": "203.0.113.7",
    "client_type": "Windows",
    "version": "6.3.1",
}

EXAMPLES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        OPERATION,
        {
            "event": "User: Add",
            "category": "Members",
            "action": "Joined",
            "actor": "ana@northwind.example",
            "actor_type": "human",
            "resource": "ben@northwind.example",
            "resource_type": "User",
            "changes": None,
            "ip": None,
            "outcome": "success",
        },
    ),
    (
        OPERATION | {"action": "SCIM API - Delete", "operation_detail": "Delete User ben@northwind.example"},
        {"event": "User: SCIM API - Delete", "category": "Members", "action": "Removed", "source": "SCIM API"},
    ),
    (
        OPERATION
        | {"action": "Batch Update", "operation_detail": "Change Role  - ben@northwind.example: from Member to Admin"},
        {
            "category": "Members",
            "action": "Role Changed",
            "resource": "ben@northwind.example",
            "changes": '{"Role":["Member","Admin"]}',
        },
    ),
    (
        OPERATION
        | {
            "category_type": "Account",
            "action": "Update",
            "operation_detail": "Security  - Waiting room: from Off to On - Greeting: from ready to go to ready - "
            "Sign out after: from 30 minutes to 2 hours",
        },
        {
            "event": "Account: Update",
            "category": "Organization",
            "action": "Updated",
            "resource": "Security",
            "changes": '{"Sign out after":["30 minutes","2 hours"],"Waiting room":["Off","On"]}',
        },
    ),
    (
        OPERATION
        | {
            "category_type": "User Group",
            "action": "Update",
            "operation_detail": "Edit User Group Sales  - Description: from none to North - and South",
        },
        {"event": "User Group: Update", "category": "User Group", "resource": "Sales", "changes": None},
    ),
    (
        OPERATION | {"category_type": "Role", "operation_detail": "", "operator": "System"},
        {"event": "Role: Add", "category": "Role", "action": "Add", "actor": "System", "actor_type": "system"},
    ),
    (
        SIGN_IN,
        {
            "event": "Sign in",
            "category": "Sign In/Sign Out",
            "action": "Sign in",
            "actor": "ben@northwind.example",
            "actor_type": "human",
            "source": "Windows",
            "ip": "203.0.113.7",
        },
    ),
    (
        SIGN_IN | {"type": "Sign out", "ip_address": "[2001:db8::9]:443", "client_type": ""},
        {"event": "Sign out", "ip": "2001:db8::9", "source": None},
    ),
    (
        {
            "event": "user.signed_in",
            "event_ts": 1772442846500,
            "payload": {
                "account_id": "acc-north",
                "object": {
                    "id": "zu-ben",
                    "email": "ben@northwind.example",
                    "client_type": "Mac",
                    "date_time": "2026-03-02T09:14:05Z",
                },
            },
        },
        {
            "event": "user.signed_in",
            "category": "user",
            "action": "signed_in",
            "actor": "ben@northwind.example",
            "actor_id": "zu-ben",
            "source": "Mac",
            "workspace": "acc-north",
        },
    ),
    (
        {
            "event": "user.deleted",
            "event_ts": 1772442845000,
            "payload": {
                "account_id": "acc-north",
                "operator": "ana@northwind.example",
                "operator_id": "zu-ana",
                "object": {"id": "zu-ben", "email": "ben@northwind.example"},
            },
        },
        {
            "category": "Members",
            "action": "Removed",
            "actor": "ana@northwind.example",
            "actor_id": "zu-ana",
            "resource": "ben@northwind.example",
            "resource_id": "zu-ben",
        },
    ),
]


@pytest.mark.parametrize(("event", "expected"), EXAMPLES, ids=[str(n) for n in range(len(EXAMPLES))])
def test_an_event_becomes_the_row_that_a_person_would_write(
    read: Reader, event: dict[str, Any], expected: dict[str, Any]
) -> None:
    (row,) = read("zoom", event)
    assert {name: row[name] for name in expected} == expected
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05+00:00"


def test_an_operation_without_a_time_is_kept_apart(read: Reader) -> None:
    rows = read("zoom", {**OPERATION, "time": ""}, {**OPERATION, "time": "2026-03-02 09:14:05"})
    assert [row["reason"] for row in rows] == ["no time", "a time without a zone"]


def test_an_operation_without_a_category(read: Reader) -> None:
    (row,) = read("zoom", {**OPERATION, "category_type": "", "operation_detail": "Passcode"})
    assert (row["event"], row["category"], row["resource_type"]) == (OPERATION["action"], None, None)


@pytest.mark.parametrize(
    "stub",
    [
        {"category_type": "User", "action": "Add"},
        {"category_type": "User", "operation_detail": "Add User ben@northwind.example"},
        {"email": "ana@northwind.example", "type": "Sign in"},
    ],
)
def test_few_fields_are_enough_to_recognise_an_event(stub: dict[str, Any]) -> None:
    assert recognise([stub], FEEDS) is FEEDS["zoom"]
