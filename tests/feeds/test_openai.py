"""How does an audit log of an OpenAI organization become rows?"""

from __future__ import annotations

import json
from typing import Any

from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

ANA = {
    "type": "session",
    "session": {
        "user": {"id": "user-nw17", "email": "ana@northwind.example"},
        "ip_address": "203.0.113.7:50514",
        "user_agent": "Mozilla/5.0",
        "ip_address_details": {"country": "ES", "city": "Madrid", "region": "Madrid", "asn": "64500"},
    },
}


def entry(kind: str, details: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    event = {"id": f"audit_log-{kind}", "type": kind, "effective_at": 1772442845, "actor": ANA} | more
    return event if details is None else event | {kind: details}


def test_a_session_tells_who_from_where_and_what_was_asked(read: Reader) -> None:
    (row,) = read("openai", entry("user.updated", {"id": "user-nw9", "changes_requested": {"role": "owner"}}))
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05+00:00"
    assert (row["actor"], row["actor_id"], row["actor_type"]) == ("ana@northwind.example", "user-nw17", "human")
    assert (row["category"], row["action"], row["event"]) == ("Members", "Role Changed", "user.updated")
    assert (row["resource"], row["resource_type"], row["resource_id"]) == ("user-nw9", "user", "user-nw9")
    assert json.loads(row["changes"]) == {"role": [None, "owner"]}
    assert (row["ip"], row["country"], row["city"], row["source"]) == ("203.0.113.7", "ES", "Madrid", "App")
    assert row["outcome"] == "success"


def test_an_api_key_acts_for_its_user_or_its_service_account(read: Reader) -> None:
    of_user = {
        "type": "api_key",
        "api_key": {"id": "key_1", "type": "user", "user": {"id": "user-nw17", "email": "ana@northwind.example"}},
    }
    of_service = {
        "type": "api_key",
        "api_key": {"id": "key_2", "type": "service_account", "service_account": {"id": "svc-ci"}},
    }
    bare = {"type": "api_key", "api_key": {"id": "key_3", "user": {"id": "", "email": ""}}}
    project = {"project": {"id": "proj_1", "name": "Northwind Search"}}
    rows = read(
        "openai",
        entry("api_key.created", {"id": "key_9", "data": {"scopes": ["api.model.request"]}}, actor=of_user, **project),
        entry("api_key.deleted", {"id": "key_9"}, actor=of_service),
        entry("scim.disabled", {"id": "org-nw"}, actor=bare),
    )
    assert [(row["actor"], row["actor_type"], row["source"], row["ip"]) for row in rows] == [
        ("ana@northwind.example", "api_key", "API", None),
        ("svc-ci", "service", "API", None),
        ("key_3", "api_key", "API", None),
    ]
    assert [(row["category"], row["action"]) for row in rows] == [
        ("API Keys", "Created"),
        ("API Keys", "Deleted"),
        ("Integrations", "Disabled"),
    ]
    assert rows[0]["workspace"] == "Northwind Search"


def test_details_are_found_under_the_dotted_and_the_underscored_name(read: Reader) -> None:
    details = {"id": "invite-1", "data": {"email": "ben@northwind.example", "role": "member"}}
    rows = read(
        "openai", entry("invite.sent", details), entry("invite.sent", id="audit_log-2") | {"invite_sent": details}
    )
    assert [(row["category"], row["action"], row["resource"]) for row in rows] == [
        ("Members", "Invited", "ben@northwind.example")
    ] * 2


def test_other_types_keep_the_vendors_family_and_verb(read: Reader) -> None:
    configs = {"configs": [{"id": "ipallow_1", "name": "Madrid office"}]}
    rows = read("openai", entry("ip_allowlist.config.activated", configs), entry("rate_limit.updated", {"id": "rl-1"}))
    assert [(row["category"], row["action"], row["resource"]) for row in rows] == [
        ("ip_allowlist.config", "activated", "Madrid office"),
        ("rate_limit", "updated", "rl-1"),
    ]


def test_a_failed_login_is_a_failure_though_nobody_is_known(read: Reader) -> None:
    (row,) = read("openai", entry("login.failed", {"error_code": "invalid_credentials"}, actor=None))
    assert (row["actor"], row["actor_type"], row["outcome"], row["action"]) == (None, None, "failure", "failed")


def test_a_hostile_type_is_no_path(read: Reader) -> None:
    rows = read("openai", *(entry(kind, {"id": "x"}) for kind in ("$.actor", "/actor", 'a"].b', "..")))
    assert [row["resource"] for row in rows] == [None] * 4


def test_what_is_of_another_type_and_what_has_no_time_is_named(read: Reader) -> None:
    rows = read(
        "openai",
        entry("login.succeeded", actor="ana@northwind.example"),
        entry("login.succeeded", effective_at=None),
        entry("login.succeeded", effective_at="yesterday"),
    )
    assert [row["reason"] for row in rows] == [
        "field actor is of type text, not object",
        "no time",
        "a time that cannot be read",
    ]


def test_few_fields_are_enough_to_be_recognised() -> None:
    few: list[dict[str, Any]] = [
        {"type": "login.failed", "effective_at": 1772442845},
        {"type": "login.failed", "actor": ANA},
        {"type": "api_key.created", "actor": {"api_key": {"id": "key_1"}}},
    ]
    assert {feed.name if feed else None for feed in (recognise([event], FEEDS) for event in few)} == {"openai"}
