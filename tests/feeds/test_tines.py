"""How are events of a Tines tenant's audit logs read?"""

from __future__ import annotations

from typing import Any

from conftest import Reader

from audit_reports.feed import recognise
from audit_reports.feeds import FEEDS

KEY_CREATED: dict[str, Any] = {
    "id": 40017,
    "created_at": "2026-03-02T09:14:05Z",
    "updated_at": "2026-03-02T09:14:06Z",
    "operation_name": "AuthenticationTokenCreation",
    "inputs": {"inputs": {"isServiceToken": True, "name": "nightly export"}},
    "outputs": {},
    "request_ip": "203.0.113.7",
    "request_user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
    "tenant_id": 512,
    "user_id": 17,
    "user_email": "ana@northwind.example",
    "user_name": "Ana Ruiz",
}


def rows(read: Reader, *events: dict[str, Any]) -> list[dict[str, Any]]:
    """Read several events, an id each."""
    return read("tines", *[event | {"id": n} for n, event in enumerate(events)])


def test_an_operation_becomes_a_row(read: Reader) -> None:
    (row,) = read("tines", KEY_CREATED)
    assert row["occurred_at"].isoformat() == "2026-03-02T09:14:05+00:00"
    assert (row["event_id"], row["event"]) == ("40017", "AuthenticationTokenCreation")
    assert (row["category"], row["action"]) == ("API Keys", "Created")
    assert (row["actor"], row["actor_id"], row["actor_type"]) == ("ana@northwind.example", "17", "human")
    assert (row["resource"], row["resource_type"]) == ("nightly export", "AuthenticationToken")
    assert (row["source"], row["ip"], row["workspace"]) == ("App", "203.0.113.7", "512")
    assert row["outcome"] == "success"


def test_operations_are_named_by_what_and_verb(read: Reader) -> None:
    names = {
        "StoryItemsCreation": ("StoryItems", "Creation"),
        "SsoConfigurationSamlSet": ("Organization", "Updated"),
        "GlobalResourceDestruction": ("GlobalResource", "Destruction"),
        "UsersInvitation": ("Members", "Invited"),
        "TeamMemberRemoval": ("Members", "Removed"),
        "StoryRestore": ("Workflows", "Restored"),
        "Login": ("Login", "Login"),
        "BatchStoryArchive": ("Workflows", "Deleted"),
        "CredentialDestruction": ("Connections", "Deleted"),
    }
    found = rows(read, *[KEY_CREATED | {"operation_name": name, "inputs": None} for name in names])
    assert [(row["category"], row["action"]) for row in found] == list(names.values())


def test_whether_actions_were_disabled_is_in_the_inputs(read: Reader) -> None:
    switch = KEY_CREATED | {"operation_name": "ActionsDisabledChange"}
    found = rows(
        read,
        switch | {"inputs": {"inputs": {"actionIds": [1, 2], "disabled": True}}},
        switch | {"inputs": {"disabled": False}},
        {key: value for key, value in switch.items() if key != "inputs"},
    )
    assert [(row["category"], row["action"]) for row in found] == [
        ("Actions", "Disabled"),
        ("Actions", "Enabled"),
        ("ActionsDisabled", "Change"),
    ]


def test_a_user_without_email_is_named_by_what_there_is(read: Reader) -> None:
    named, numbered, nobody = rows(
        read,
        KEY_CREATED | {"user_email": None, "request_user_agent": "curl/8.5.0"},
        KEY_CREATED | {"user_email": "", "user_name": ""},
        KEY_CREATED | {"user_email": None, "user_name": None, "user_id": None, "request_ip": "203.0.113.7:443"},
    )
    assert (named["actor"], named["actor_type"], named["source"]) == ("Ana Ruiz", None, "API")
    assert numbered["actor"] == "17"
    assert (nobody["actor"], nobody["actor_type"], nobody["ip"]) == (None, None, "203.0.113.7")


def test_inputs_of_any_type_are_read_others_are_not(read: Reader) -> None:
    text, listed, broken = rows(
        read,
        KEY_CREATED | {"inputs": "cut off"},
        KEY_CREATED | {"inputs": [{"name": "x"}]},
        KEY_CREATED | {"user_email": ["ana@northwind.example"]},
    )
    assert (text["resource"], listed["resource"]) == (None, None)
    assert broken == {"reason": "field user_email is of type array, not text"}


def test_few_fields_are_enough_to_be_recognised() -> None:
    few: list[dict[str, Any]] = [
        {"operation_name": "Login", "user_email": "ana@northwind.example"},
        {"operation_name": "Login", "created_at": "2026-03-02T09:14:05Z"},
        {"operation_name": "Login", "tenant_id": 512},
    ]
    assert {feed.name if feed else None for feed in (recognise([event], FEEDS) for event in few)} == {"tines"}


def test_an_empty_input_names_nothing(read: Reader) -> None:
    (row,) = read(
        "tines", KEY_CREATED | {"inputs": {"inputs": {"name": "", "email": "ben@northwind.example", "id": ""}}}
    )
    assert (row["resource"], row["resource_id"]) == ("ben@northwind.example", None)
