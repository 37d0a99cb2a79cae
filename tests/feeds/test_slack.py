"""How is an entry of Slack's audit logs read? Each event beside the row that a person would write."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

ANA: dict[str, Any] = {
    "type": "user",
    "user": {"id": "W0ANA", "name": "Ana Ruiz", "email": "ana@northwind.example", "team": "E0NORTH"},
}
CONTEXT: dict[str, Any] = {
    "location": {"type": "workspace", "id": "T0SALES", "name": "Northwind Sales", "domain": "northwind-sales"},
    "ua": "Mozilla/5.0 (X11; Linux x86_64) Chrome/131.0",
    "ip_address": "203.0.113.7",
    "session_id": 88120031,
}
ENTRY: dict[str, Any] = {
    "id": "5b1f0c1e-0001",
    "date_create": 1772442845,
    "action": "role_change_to_admin",
    "actor": ANA,
    "entity": {"type": "user", "user": {"id": "W0BEN", "name": "Ben Okoro", "email": "ben@northwind.example"}},
    "context": CONTEXT,
}

EXAMPLES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        ENTRY,
        {
            "event_id": "5b1f0c1e-0001",
            "event": "role_change_to_admin",
            "category": "Members",
            "action": "Role Changed",
            "actor": "ana@northwind.example",
            "actor_id": "W0ANA",
            "actor_type": "human",
            "resource": "ben@northwind.example",
            "resource_type": "user",
            "resource_id": "W0BEN",
            "source": "Browser",
            "ip": "203.0.113.7",
            "outcome": "success",
            "workspace": "Northwind Sales",
        },
    ),
    (
        ENTRY
        | {
            "action": "app_installed",
            "entity": {"type": "app", "app": {"id": "A0CI", "name": "Build Herald", "scopes": ["chat:write"]}},
            "context": CONTEXT | {"ua": "com.tinyspeck.chatlyio/25.01 (iPhone)", "ip_address": "2001:db8::9"},
        },
        {
            "category": "Integrations",
            "action": "Created",
            "resource": "Build Herald",
            "resource_id": "A0CI",
            "source": "Mobile app",
            "ip": "2001:db8::9",
        },
    ),
    (
        ENTRY
        | {
            "action": "app_scopes_expanded",
            "entity": {"type": "app", "app": {"id": "A0CI", "name": "Build Herald"}},
            "details": {"previous_scopes": ["chat:write"], "new_scopes": ["chat:write", "files:read"]},
            "context": CONTEXT | {"ua": "okhttp/4.12"},
        },
        {
            "category": "Integrations",
            "action": "Updated",
            "changes": '{"scopes":[["chat:write"],["chat:write","files:read"]]}',
            "source": "API",
        },
    ),
    (
        ENTRY
        | {
            "action": "pref.sso_setting_changed",
            "entity": {"type": "workspace", "workspace": {"id": "T0SALES", "name": "Northwind Sales"}},
            "details": {"previous_value": "optional", "new_value": {"type": ["required"]}},
        },
        {
            "category": "Organization",
            "action": "Updated",
            "resource": "Northwind Sales",
            "changes": '{"sso_setting_changed":["optional",{"type":["required"]}]}',
        },
    ),
    (
        ENTRY
        | {
            "action": "user_login_failed",
            "actor": {"type": "user", "user": {"id": "W0CLEO", "name": "", "email": None}},
            "context": CONTEXT | {"ua": "", "ip_address": "203.0.113.7:51044"},
        },
        {
            "category": "user",
            "action": "login_failed",
            "actor": "W0CLEO",
            "actor_type": "human",
            "ip": "203.0.113.7",
            "source": None,
            "user_agent": None,
            "outcome": "failure",
        },
    ),
    (
        ENTRY
        | {
            "action": "private_channel_archived",
            "actor": {"type": "user", "user": {"id": "USLACKUSER", "name": "", "email": ""}},
            "entity": {"type": "channel", "channel": {"id": "C0Q3", "name": "q3-plans", "privacy": "private"}},
        },
        {
            "category": "channel",
            "action": "archived",
            "actor": "USLACKUSER",
            "actor_type": "system",
            "resource": "q3-plans",
        },
    ),
    (
        ENTRY
        | {
            "action": "anomaly",
            "details": {"location": "Leeds, GB", "reason": ["asn"], "action_timestamp": 1772442840123456},
            "entity": "unknown",
            "date_create": "1772442845",
        },
        {"category": "anomaly", "action": "anomaly", "country": None, "outcome": None, "resource": None},
    ),
]


@pytest.mark.parametrize(("entry", "expected"), EXAMPLES, ids=[entry["action"] for entry, _ in EXAMPLES])
def test_an_entry_becomes_the_row_that_a_person_would_write(
    read: Reader, entry: dict[str, Any], expected: dict[str, Any]
) -> None:
    (row,) = read("slack", entry)
    assert {name: row[name] for name in expected} == expected
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05+00:00"


def test_an_entry_without_a_time_that_can_be_read_is_kept_apart(read: Reader) -> None:
    rows = read("slack", {**ENTRY, "date_create": None}, {**ENTRY, "date_create": "yesterday"})
    assert [row["reason"] for row in rows] == ["no time", "a time that cannot be read"]


@pytest.mark.parametrize(
    "stub",
    [
        {"action": "user_logout", "date_create": 1772442845},
        {"action": "user_logout", "actor": {"type": "user", "user": {"id": "W17"}}},
        {"action": "user_logout", "context": {"ip_address": "203.0.113.7"}},
    ],
)
def test_few_fields_are_enough_to_recognise_an_event(stub: dict[str, Any]) -> None:
    assert recognise([stub], FEEDS) is FEEDS["slack"]
