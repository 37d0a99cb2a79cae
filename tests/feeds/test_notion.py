"""How are events of a Notion workspace's audit log read?"""

from __future__ import annotations

import json
from typing import Any

from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

ROLE: dict[str, Any] = {
    "id": "7d1f0c52-0000-4000-8000-0000000000e1",
    "timestamp": "2026-03-02T09:14:05.120Z",
    "workspace_id": "7d1f0c52-0000-4000-8000-0000000000a1",
    "actor": {"object": "user", "id": "u-17", "type": "person", "person": {"email": "ana@northwind.example"}},
    "ip_address": "203.0.113.7",
    "platform": "web",
    "type": "workspace.permissions.member_role_updated",
    "details": {
        "member": {"object": "user", "id": "u-9", "type": "person", "person": {"email": "ben@northwind.example"}},
        "old_role": "member",
        "new_role": "owner",
    },
}


def rows(read: Reader, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """Read several events, an id each."""
    numbered = [
        {"event": event["event"] | {"id": n}} if "event" in event else event | {"id": n}
        for n, event in enumerate(events)
    ]
    return read("notion", *numbered)


def test_an_event_becomes_a_row(read: Reader) -> None:
    (row,) = read("notion", {"event": ROLE})
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05.120000+00:00"
    assert (row["event_id"], row["event"]) == (ROLE["id"], "workspace.permissions.member_role_updated")
    assert (row["category"], row["action"]) == ("Members", "Role Changed")
    assert (row["actor"], row["actor_id"], row["actor_type"]) == ("ana@northwind.example", "u-17", "human")
    assert (row["resource"], row["resource_type"], row["resource_id"]) == ("ben@northwind.example", "user", "u-9")
    assert json.loads(row["changes"]) == {"role": ["member", "owner"]}
    assert (row["source"], row["ip"], row["workspace"]) == ("web", "203.0.113.7", ROLE["workspace_id"])


def test_an_event_taken_out_of_its_envelope_is_read_the_same(read: Reader) -> None:
    inside, outside = rows(read, {"event": ROLE}, ROLE)
    assert {k: v for k, v in inside.items() if k not in ("event_id", "raw")} == {
        k: v for k, v in outside.items() if k not in ("event_id", "raw")
    }


def test_only_members_of_the_workspace_have_a_counterpart(read: Reader) -> None:
    names = {
        "workspace.permissions.member_added": ("Members", "Joined"),
        "workspace.scim_token_generated": ("API Keys", "Created"),
        "workspace.scim_token_revoked": ("API Keys", "Deleted"),
        "teamspace.permissions.member_added": ("teamspace.permissions", "member_added"),
        "workspace.audit_log_exported": ("workspace", "audit_log_exported"),
        "user.login": ("user", "login"),
    }
    found = rows(read, *[{"event": ROLE | {"type": name, "details": {}}} for name in names])
    assert [(row["category"], row["action"]) for row in found] == list(names.values())


def test_a_page_shared_with_somebody_is_what_was_acted_on(read: Reader) -> None:
    guest = {"object": "user", "id": "u-9", "type": "person", "person": {"email": "ben@northwind.example"}}
    page, space = rows(
        read,
        {
            "event": ROLE
            | {
                "type": "page.permissions.guest_role_updated",
                "details": {
                    "entity": guest,
                    "target": {"type": "page_id", "page_id": "p-1"},
                    "old_permission": "read_only",
                    "new_permission": "full_access",
                },
            }
        },
        {
            "event": ROLE
            | {
                "type": "teamspace.permissions.member_added",
                "details": {"member": guest, "target": {"object": "teamspace", "id": "t-1", "name": "Finance"}},
            }
        },
    )
    assert (page["resource"], page["resource_type"], page["resource_id"]) == ("p-1", "page", "p-1")
    assert json.loads(page["changes"]) == {"permission": ["read_only", "full_access"]}
    assert (space["resource"], space["resource_type"], space["resource_id"]) == ("Finance", "teamspace", "t-1")


def test_bots_and_users_who_have_only_an_id(read: Reader) -> None:
    bot, unnamed, empty = rows(
        read,
        {"event": ROLE | {"actor": {"object": "user", "id": "b-1", "type": "bot", "name": "Calendar sync", "bot": {}}}},
        {"event": ROLE | {"actor": {"object": "user", "id": "u-3", "type": "person", "person": {"email": ""}}}},
        {"event": ROLE | {"actor": None, "ip_address": "unknown"}},
    )
    assert (bot["actor"], bot["actor_type"]) == ("Calendar sync", "service")
    assert (unnamed["actor"], unnamed["actor_type"]) == ("u-3", "human")
    assert (empty["actor"], empty["actor_type"], empty["ip"]) == (None, None, None)


def test_details_of_any_type_are_read_an_actor_is_not(read: Reader) -> None:
    text, broken = read(
        "notion", {"event": ROLE | {"details": "none"}}, {"event": ROLE | {"actor": "ana@northwind.example"}}
    )
    assert (text["resource"], text["changes"]) == (None, None)
    assert broken == {"reason": "field event.actor is of type text, not object"}


def test_few_fields_are_enough_to_be_recognised() -> None:
    few: list[dict[str, Any]] = [
        {"event": {"type": "user.login", "timestamp": ROLE["timestamp"]}},
        {"event": {"type": "user.login", "actor": {"person": {"email": "ana@northwind.example"}}}},
        {"type": "page.viewed", "timestamp": ROLE["timestamp"], "actor": ROLE["actor"]},
    ]
    assert {feed.name if feed else None for feed in (recognise([event], FEEDS) for event in few)} == {"notion"}
