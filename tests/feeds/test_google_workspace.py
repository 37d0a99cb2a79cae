"""How is an activity of Google Workspace read? Each activity beside the row that a person would write."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Reader

ANA = {"callerType": "USER", "email": "ana@northwind.example", "profileId": "1170011"}


def activity(application: str, *events: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "kind": "admin#reports#activity",
        "id": {
            "time": "2026-03-02T09:14:05.120Z",
            "uniqueQualifier": "-4410020031",
            "applicationName": application,
            "customerId": "C0north",
        },
        "actor": ANA,
        "ipAddress": "203.0.113.7",
        "events": list(events),
        **others,
    }


def event(kind: str, name: str, **values: Any) -> dict[str, Any]:
    fields = {str: "value", bool: "boolValue", int: "intValue", list: "multiValue"}
    return {
        "type": kind,
        "name": name,
        "parameters": [{"name": key, fields[type(value)]: value} for key, value in values.items()],
    }


EXAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a role": (
        activity(
            "admin",
            event("DELEGATED_ADMIN_SETTINGS", "ASSIGN_ROLE", ROLE_NAME="Helpdesk", USER_EMAIL="ben@northwind.example"),
        ),
        {
            "event_id": "-4410020031",
            "event": "ASSIGN_ROLE",
            "category": "Members",
            "action": "Role Changed",
            "actor": "ana@northwind.example",
            "actor_id": "1170011",
            "actor_type": "human",
            "resource": "ben@northwind.example",
            "resource_type": "user",
            "source": "admin",
            "ip": "203.0.113.7",
            "outcome": "success",
            "workspace": "C0north",
        },
    ),
    "a setting": (
        activity(
            "admin",
            event(
                "APPLICATION_SETTINGS",
                "CHANGE_APPLICATION_SETTING",
                SETTING_NAME="Session length",
                OLD_VALUE="14 days",
                NEW_VALUE="12 hours",
            ),
        ),
        {
            "category": "APPLICATION_SETTINGS",
            "action": "CHANGE_APPLICATION_SETTING",
            "resource": "Session length",
            "resource_type": "setting",
            "changes": '{"Session length":["14 days","12 hours"]}',
        },
    ),
    "a document shared": (
        activity(
            "drive",
            event(
                "acl_change",
                "change_user_access",
                primary_event=True,
                old_value=["none"],
                new_value=["can_edit"],
                doc_title="Price list",
                doc_id="d0c-7",
                target_user="guest@contoso.example",
            ),
            networkInfo={"ipAsn": [64500], "regionCode": "ES", "subdivisionCode": "ES-MD"},
        ),
        {
            "category": "acl_change",
            "action": "change_user_access",
            "resource": "Price list",
            "resource_type": "document",
            "resource_id": "d0c-7",
            "changes": '{"change_user_access":[["none"],["can_edit"]]}',
            "country": "ES",
            "region": "ES-MD",
        },
    ),
    "a refused sign-in": (
        activity(
            "login",
            event("login", "login_failure", login_type="google_password"),
            actor={"email": "", "profileId": "1170012"},
            ipAddress="[2001:db8::9]:443",
        ),
        {"actor": "1170012", "ip": "2001:db8::9", "outcome": "failure", "category": "login"},
    ),
    "a warning": (
        activity(
            "login",
            event("account_warning", "suspicious_login", affected_email_address="ben@northwind.example"),
            actor={"profileId": "105250506097979753968"},
            ipAddress="",
        ),
        {"actor": "ben@northwind.example", "actor_type": None, "ip": None, "outcome": None, "resource_type": "user"},
    ),
    "an app connected": (
        activity("token", event("auth", "authorize", client_id="77.apps.example", app_name="Route Planner")),
        {
            "category": "Connections",
            "action": "Created",
            "resource": "Route Planner",
            "resource_type": "application",
            "resource_id": "77.apps.example",
        },
    ),
    "a robot": (
        activity(
            "drive",
            {"type": "access", "name": "edit", "parameters": None},
            actor={"callerType": "KEY", "key": "SYSTEM"},
        ),
        {"actor": "SYSTEM", "actor_type": "system", "event": "edit", "resource": None, "changes": None},
    ),
    "a service account": (
        activity(
            "admin",
            event("USER_SETTINGS", "CREATE_USER", USER_EMAIL="cleo@northwind.example"),
            actor={"email": "sync@north-shop.iam.gserviceaccount.com", "applicationInfo": {"oauthClientId": "1"}},
        ),
        {"actor": "sync@north-shop.iam.gserviceaccount.com", "actor_type": "service", "action": "Joined"},
    ),
    "Google's own staff": (
        activity("access_transparency", event("GSUITE_RESOURCE", "ACCESS"), actor={"callerType": "KEY"}),
        {"actor": None, "actor_type": "support", "category": "GSUITE_RESOURCE"},
    ),
}


@pytest.mark.parametrize(("raw", "expected"), EXAMPLES.values(), ids=list(EXAMPLES))
def test_an_activity_becomes_the_row_that_a_person_would_write(
    read: Reader, raw: dict[str, Any], expected: dict[str, Any]
) -> None:
    (row,) = read("google_workspace", raw)
    assert {name: row[name] for name in expected} == expected
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"


def test_each_event_of_an_activity_is_a_row(read: Reader) -> None:
    raw = activity(
        "drive", event("access", "view", doc_title="Price list"), event("access", "download", doc_title="Price list")
    )
    rows = read("google_workspace", raw)
    assert [(row["event_id"], row["event"]) for row in rows] == [("-4410020031", "view"), ("-4410020031#2", "download")]


def test_an_activity_without_time_or_events_is_kept_apart(read: Reader) -> None:
    timeless = activity("drive", event("access", "view"))
    del timeless["id"]["time"]
    rows = read("google_workspace", timeless, activity("drive"))
    assert [row["reason"] for row in rows] == ["no time", "no events"]


def test_an_event_without_name_and_type_is_that_of_its_application(read: Reader) -> None:
    (row,) = read("google_workspace", activity("admin", {"parameters": []}))
    assert row["event"] == "admin"


def test_nobody_has_no_id_and_a_refusal_is_a_failure(read: Reader) -> None:
    nobody = {"callerType": "USER", "profileId": "105250506097979753968"}
    refusal = event("CONTEXT_AWARE_ACCESS_USER_EVENT", "ACCESS_DENY_EVENT")
    (row,) = read("google_workspace", activity("context_aware_access", refusal, actor=nobody))
    assert (row["actor"], row["actor_id"], row["actor_type"], row["outcome"]) == (None, None, None, "failure")
