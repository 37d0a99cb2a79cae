"""How is a tenant log of Auth0 read? Raw logs, made after Auth0's documentation, beside the rows expected of them."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

LOGIN: dict[str, Any] = {
    "date": "2026-03-02T09:14:05.120Z",
    "type": "s",
    "connection": "Staff",
    "connection_id": "con_17",
    "client_id": "cLi17",
    "client_name": "Forecast portal",
    "ip": "203.0.113.7",
    "user_agent": "Firefox 136.0.0 / Linux",
    "hostname": "northwind.eu.auth0.com",
    "tenant_name": "northwind",
    "user_id": "auth0|17",
    "user_name": "ana@northwind.example",
    "details": {"stats": {"loginsCount": 3}},
    "log_id": "900017",
}


def call(
    method: str, path: str, *, status: int = 200, user: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """Return the log of a call of the Management API, by a person unless `user` is empty."""
    person = {"user_id": "auth0|17", "name": "Ana Ruiz", "email": "ana@northwind.example"} if user is None else user
    request = {
        "method": method,
        "path": path,
        "channel": "https://manage.auth0.com/",
        "auth": {"user": person, "strategy": "jwt"},
    }
    body = more.pop("body", {})
    return {
        "date": "2026-03-02T09:14:05.120Z",
        "type": "sapi",
        "description": "Some operation",
        "client_id": "cLi99",
        "client_name": "",
        "ip": "203.0.113.7",
        "user_id": person.get("user_id", ""),
        "log_id": "900018",
        "details": {"request": request | {"body": body}, "response": {"statusCode": status, "body": body}},
    } | more


def streamed(log: dict[str, Any]) -> dict[str, Any]:
    return {"log_id": log["log_id"], "data": log}


EXPECTED_LOGIN = {
    "event_id": "900017",
    "event": "s",
    "category": "Login",
    "action": "Login",
    "actor": "ana@northwind.example",
    "actor_id": "auth0|17",
    "actor_type": "human",
    "resource": "Forecast portal",
    "source": "Forecast portal",
    "ip": "203.0.113.7",
    "outcome": "success",
    "workspace": "northwind",
    "user_agent": "Firefox 136.0.0 / Linux",
}


@pytest.mark.parametrize(
    "delivered",
    [
        LOGIN,
        streamed(LOGIN),
        {"id": "e-1", "detail-type": "Auth0 log", "time": "2026-03-02T09:15:00Z", "detail": streamed(LOGIN)},
        {"id": "900017", "type": "com.auth0.Log", "specversion": "1.0", "data": streamed(LOGIN)},
    ],
    ids=["API", "log stream", "EventBridge", "Event Grid"],
)
def test_a_sign_in_however_it_is_delivered(read: Reader, delivered: dict[str, Any]) -> None:
    (row,) = read("auth0", delivered)
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"
    assert {key: row[key] for key in EXPECTED_LOGIN} == EXPECTED_LOGIN


def test_the_api_adds_a_location(read: Reader) -> None:
    (row,) = read(
        "auth0", LOGIN | {"location_info": {"country_code": "ES", "country_name": "Spain", "city_name": "Madrid"}}
    )
    assert (row["country"], row["city"]) == ("ES", "Madrid")


@pytest.mark.parametrize(
    ("log", "category", "action"),
    [
        (call("post", "/api/v2/clients"), "Integrations", "Created"),
        (call("patch", "/api/v2/connections/con_aB17"), "Connections", "Updated"),
        (call("delete", "/api/v2/custom-domains/cd_17"), "Domains", "Domain Deleted"),
        (call("post", "/api/v2/users/auth0%7C9/roles"), "Members", "Role Changed"),
        (call("post", "/api/v2/tenants/invitations"), "Members", "Invited"),
        (call("patch", "/api/v2/tenants/invitations/inv_Xy1", body={"state": "accepted"}), "Members", "Joined"),
        (call("patch", "/api/v2/tenants/invitations/inv_Xy1", body={"state": "declined"}), "tenants", "Update"),
        (call("post", "/api/v2/clients/cLi17/rotate-secret"), "API Keys", "Created"),
        (call("patch", "/api/v2/tenants/settings"), "Organization", "Updated"),
        (call("PUT", "/v2/guardian/policies"), "guardian", "Update"),
    ],
)
def test_calls_are_read_from_method_and_path(read: Reader, log: dict[str, Any], category: str, action: str) -> None:
    (row,) = read("auth0", streamed(log))
    assert (row["category"], row["action"], row["event"]) == (category, action, "Some operation")


def test_a_call_of_a_person_and_one_of_an_application(read: Reader) -> None:
    made = call("post", "/api/v2/roles", body={"id": "rol_17", "name": "Auditors"})
    (row,) = read("auth0", streamed(made))
    assert (row["actor"], row["actor_type"], row["source"]) == ("ana@northwind.example", "human", "Dashboard")
    assert (row["resource"], row["resource_type"], row["resource_id"]) == ("Auditors", "roles", "rol_17")
    machine = call("post", "/api/v2/roles", user={"user_id": "cLi99@clients"}, client_name="Deployer")
    unnamed = call("post", "/api/v2/roles", user={}, log_id="2")
    found = read("auth0", streamed(machine), streamed(unnamed))
    assert [(row["actor"], row["actor_id"], row["actor_type"]) for row in found] == [
        ("Deployer", "cLi99", "service"),
        ("cLi99", "cLi99", "service"),
    ]


@pytest.mark.parametrize(
    ("changes", "actor", "kind", "outcome"),
    [
        ({"type": "fp"}, "ana@northwind.example", "human", "failure"),
        (
            {"type": "fu", "user_name": "", "user_id": "", "details": {"body": {"username": "anna"}}},
            "anna",
            "human",
            "failure",
        ),
        ({"type": "fcoa", "user_name": None, "user_id": None}, None, None, "failure"),
        ({"type": "ss", "user_name": ""}, "auth0|17", "human", "success"),
        ({"type": "seccft", "user_name": "", "user_id": ""}, "Forecast portal", "service", "success"),
        ({"type": "pwd_leak"}, "ana@northwind.example", "human", "failure"),
        ({"type": "api_limit", "user_name": None, "user_id": None}, None, "system", "failure"),
        ({"type": "w"}, "ana@northwind.example", "human", None),
        ({"type": "some_new_thing_failed"}, "ana@northwind.example", "human", "failure"),
    ],
)
def test_who_and_how_it_went(
    read: Reader, changes: dict[str, Any], actor: str | None, kind: str | None, outcome: str | None
) -> None:
    (row,) = read("auth0", streamed(LOGIN | changes))
    assert (row["event"], row["actor"], row["actor_type"], row["outcome"]) == (changes["type"], actor, kind, outcome)


def test_a_call_that_was_refused_failed(read: Reader) -> None:
    refused, failed = read(
        "auth0",
        streamed(call("delete", "/api/v2/clients/cLi17", status=400)),
        streamed(
            call(
                "delete", "/api/v2/clients/cLi17", type="fapi", description="Bad HTTP authentication header", log_id="2"
            )
        ),
    )
    assert [(row["event"], row["outcome"]) for row in (refused, failed)] == [
        ("Some operation", "failure"),
        ("fapi", "failure"),
    ]


def test_odd_types(read: Reader) -> None:
    listed = LOGIN | {"details": [], "auth0_client": [], "ip": "2001:db8::17"}
    (row,) = read("auth0", streamed(listed))
    assert (row["actor"], row["ip"]) == ("ana@northwind.example", "2001:db8::17")
    no_time = {key: value for key, value in LOGIN.items() if key != "date"}
    reasons = [row["reason"] for row in read("auth0", streamed(no_time), streamed(LOGIN | {"user_name": ["ana"]}))]
    assert reasons == ["no time", "field data.user_name is of type array, not text"]


@pytest.mark.parametrize(
    "stub",
    [
        {"data": {"log_id": "9001", "type": "s", "client_id": "cLi17"}},
        {"data": {"type": "f", "date": "2026-03-02T09:14:05.120Z"}},
        {"data": {"type": "sapi", "details": {"request": {"method": "post"}}}},
        {"log_id": "9001", "type": "s", "date": "2026-03-02T09:14:05.120Z"},
    ],
)
def test_few_fields_are_enough_to_recognise_an_event(stub: dict[str, Any]) -> None:
    assert recognise([stub], FEEDS) is FEEDS["auth0"]
