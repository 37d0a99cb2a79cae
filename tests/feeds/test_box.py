"""How are events of a Box enterprise read?"""

from __future__ import annotations

import json
from typing import Any

from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

DOWNLOADED: dict[str, Any] = {
    "type": "event",
    "event_id": "b0c1-0017",
    "event_type": "DOWNLOAD",
    "created_at": "2026-03-02T01:14:05-08:00",
    "created_by": {"type": "user", "id": "17", "name": "Ana Ruiz", "login": "ana@northwind.example"},
    "action_by": None,
    "source": {
        "item_type": "file",
        "item_id": "9001",
        "item_name": "forecast.xlsx",
        "owned_by": {"type": "user", "id": "9", "name": "Ben Okoro", "login": "ben@northwind.example"},
    },
    "ip_address": "203.0.113.7",
    "session_id": None,
    "additional_details": {"size": 512, "service_id": "77", "service_name": "Box Web Application"},
}


def rows(read: Reader, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """Read several events, an id each."""
    return read("box", *[event | {"event_id": n} for n, event in enumerate(events)])


def test_an_event_becomes_a_row(read: Reader) -> None:
    (row,) = read("box", DOWNLOADED)
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05+00:00"
    assert (row["event_id"], row["event"], row["category"], row["action"]) == (
        "b0c1-0017",
        "DOWNLOAD",
        "item",
        "download",
    )
    assert (row["actor"], row["actor_id"], row["actor_type"]) == ("ana@northwind.example", "17", "human")
    assert (row["resource"], row["resource_type"], row["resource_id"]) == ("forecast.xlsx", "file", "9001")
    assert (row["source"], row["ip"], row["outcome"]) == ("Box Web Application", "203.0.113.7", "success")
    assert (row["country"], row["changes"], row["workspace"]) == (None, None, None)


def test_counterparts_else_family_and_verb(read: Reader) -> None:
    names = {
        "NEW_USER": ("Members", "Joined"),
        "CHANGE_ADMIN_ROLE": ("Members", "Role Changed"),
        "APPLICATION_PUBLIC_KEY_ADDED": ("API Keys", "Created"),
        "CONTENT_WORKFLOW_AUTOMATION_DELETE": ("Workflows", "Deleted"),
        "LEGAL_HOLD_POLICY_CREATE": ("legal_hold_policy", "create"),
        "REMOVE_DEVICE_ASSOCIATION": ("device_association", "remove"),
        "FAILED_LOGIN": ("login", "failed_login"),
    }
    found = rows(read, *[DOWNLOADED | {"event_type": name} for name in names])
    assert [(row["category"], row["action"]) for row in found] == list(names.values())


def test_what_was_refused_failed_and_an_alert_says_nothing(read: Reader) -> None:
    names = (
        "FAILED_LOGIN",
        "DEVICE_TRUST_CHECK_FAILED",
        "SHIELD_EXTERNAL_COLLAB_INVITE_BLOCKED",
        "LOGIN",
        "SHIELD_ALERT",
    )
    found = rows(read, *[DOWNLOADED | {"event_type": name} for name in names])
    assert [row["outcome"] for row in found] == ["failure", "failure", "failure", "success", None]


def test_who_acts_beside_users(read: Reader) -> None:
    anonymous = {"type": "user", "id": "2", "name": "Unknown User", "login": ""}
    automation = {"type": "user", "id": "88", "name": "Sync", "login": "AutomationUser_12_ab@boxdevedition.com"}
    tried, visitor, app, unnamed = rows(
        read,
        DOWNLOADED
        | {
            "event_type": "FAILED_LOGIN",
            "created_by": anonymous,
            "source": {"type": "user", "id": "9", "login": "ben@northwind.example"},
        },
        DOWNLOADED | {"created_by": anonymous},
        DOWNLOADED | {"created_by": automation},
        DOWNLOADED | {"created_by": {"type": "user", "id": 17}},
    )
    assert (tried["actor"], tried["actor_type"], tried["outcome"]) == ("ben@northwind.example", None, "failure")
    assert (visitor["actor"], visitor["actor_type"]) == ("Unknown User", None)
    assert (app["actor"], app["actor_type"]) == ("AutomationUser_12_ab@boxdevedition.com", "service")
    assert (unnamed["actor"], unnamed["actor_type"]) == ("17", "human")


def test_details_may_be_text_and_a_source_absent(read: Reader) -> None:
    details = {"shield_alert": {"rule_name": "Unusual download", "user": {"email": "ben@northwind.example"}}}
    text, words, listed = rows(
        read,
        DOWNLOADED | {"event_type": "SHIELD_ALERT", "source": None, "additional_details": json.dumps(details)},
        DOWNLOADED | {"source": None, "additional_details": "cut {off", "ip_address": "Unknown IP"},
        DOWNLOADED | {"created_by": ["ana@northwind.example"]},
    )
    assert (text["resource"], text["actor"]) == ("Unusual download", "ana@northwind.example")
    assert (words["resource"], words["source"], words["ip"]) == (None, None, None)
    assert listed == {"reason": "field created_by is of type array, not object"}


def test_an_event_without_its_time_is_not_guessed(read: Reader) -> None:
    recorded, none = rows(
        read,
        {key: value for key, value in DOWNLOADED.items() if key != "created_at"}
        | {"recorded_at": "2026-03-02T09:14:06Z"},
        DOWNLOADED | {"created_at": ""},
    )
    assert recorded["occurred_at"].isoformat() == "2026-03-02T09:14:06+00:00"
    assert none == {"reason": "no time"}


def test_few_fields_are_enough_to_be_recognised() -> None:
    few: list[dict[str, Any]] = [
        {"type": "event", "event_type": "DOWNLOAD"},
        {"event_type": "DOWNLOAD", "created_by": {"name": "Ana Ruiz"}},
        {"event_type": "DOWNLOAD", "event_id": "b0c1", "source": {"item_id": "9001"}},
    ]
    assert {feed.name if feed else None for feed in (recognise([event], FEEDS) for event in few)} == {"box"}


def test_a_failed_login_of_a_known_user_is_that_users(read: Reader) -> None:
    tried = {"event_type": "FAILED_LOGIN", "source": {"type": "user", "id": "9", "login": "ben@northwind.example"}}
    named, nobody, other = rows(
        read,
        DOWNLOADED | tried | {"created_by": {"type": "user", "login": "ana@northwind.example"}},
        DOWNLOADED | tried | {"created_by": None},
        DOWNLOADED | {"created_by": None, "action_by": {"type": "user", "login": "eve@northwind.example"}},
    )
    assert (named["actor"], named["actor_type"]) == ("ana@northwind.example", "human")
    assert (nobody["actor"], nobody["actor_type"]) == ("ben@northwind.example", None)
    assert (other["actor"], other["actor_type"]) == ("eve@northwind.example", "human")


def test_empty_texts_name_no_resource(read: Reader) -> None:
    (row,) = rows(read, DOWNLOADED | {"source": {"type": "", "id": "", "name": "", "login": "", "user_id": "9"}})
    assert (row["resource"], row["resource_type"], row["resource_id"]) == ("9", "user", "9")
